#include <cstdlib>

#include "kernels/kernel_list.h"

namespace cairn::kernels {
namespace {

/// The kernels of this processor, the widest first. __builtin_cpu_supports also asks whether the
/// operating system saves the registers.
struct KernelList {
  KernelList() {
#if CAIRN_KERNELS_X86
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f")) kernels[count++] = &kAvx512Kernel;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
      kernels[count++] = &kAvx2Kernel;
    }
#endif
    kernels[count++] = &kScalarKernel;
  }
  const Kernel* kernels[3] = {};
  size_t count = 0;
};

struct CodeKernelList {
  CodeKernelList() {
#if CAIRN_KERNELS_X86
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw")) {
      kernels[count++] = &kAvx512VnniCodeKernel;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
      kernels[count++] = &kAvx2CodeKernel;
    }
#endif
#if CAIRN_KERNELS_NEON
    kernels[count++] = &kNeonCodeKernel;
#endif
    kernels[count++] = &kScalarCodeKernel;
  }
  const CodeKernel* kernels[4] = {};
  size_t count = 0;
};

}  // namespace

std::span<const Kernel* const> SupportedKernels() {
  static const KernelList list;
  return {list.kernels, list.count};
}

const Kernel& ChooseKernel(const char* wanted) {
  std::span<const Kernel* const> supported = SupportedKernels();
  if (wanted != nullptr) {
    for (const Kernel* kernel : supported) {
      if (kernel->name == wanted) return *kernel;
    }
  }
  return *supported.front();
}

std::span<const CodeKernel* const> SupportedCodeKernels() {
  static const CodeKernelList list;
  return {list.kernels, list.count};
}

const CodeKernel& ChooseCodeKernel(const char* wanted) {
  std::span<const CodeKernel* const> supported = SupportedCodeKernels();
  if (wanted != nullptr) {
    for (const CodeKernel* kernel : supported) {
      if (kernel->name.starts_with(wanted)) return *kernel;
    }
  }
  return *supported.front();
}

const CodeKernel& ActiveCodeKernel() {
  static const CodeKernel& active = ChooseCodeKernel(std::getenv("CAIRN_KERNEL"));
  return active;
}

const Kernel& ActiveKernel() {
  static const Kernel& active = ChooseKernel(std::getenv("CAIRN_KERNEL"));
  return active;
}

}  // namespace cairn::kernels
