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

const Kernel& ActiveKernel() {
  static const Kernel& active = ChooseKernel(std::getenv("CAIRN_KERNEL"));
  return active;
}

}  // namespace cairn::kernels
