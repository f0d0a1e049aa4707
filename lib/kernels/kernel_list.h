#pragma once

#include <span>

#include "kernels/code_distance.h"
#include "kernels/distance.h"

#if defined(__x86_64__) || defined(__i386__)
#define CAIRN_KERNELS_X86 1
#else
#define CAIRN_KERNELS_X86 0
#endif
#if defined(__aarch64__) || defined(__ARM_NEON)
#define CAIRN_KERNELS_NEON 1
#else
#define CAIRN_KERNELS_NEON 0
#endif

namespace cairn::kernels {

/// What code kernels consist of besides the dot products.
struct CodeKernelParts {
  ProjectCodeFunction* project_code;
  PromisingEdgesFunction* promising_edges;
  TransformFunction* transform;
  RoundQueryFunction* round_query;
};

// Only the scalar kernels may be called without asking the processor first.
extern const Kernel kScalarKernel;
extern const CodeKernel kScalarCodeKernel;
ProjectCodeFunction ProjectCodeScalar;
PromisingEdgesFunction PromisingEdgesScalar;
TransformFunction TransformScalar;
RoundQueryFunction RoundQueryScalar;
inline constexpr CodeKernelParts kScalarParts = {&ProjectCodeScalar, &PromisingEdgesScalar,
                                                 &TransformScalar, &RoundQueryScalar};
#if CAIRN_KERNELS_X86
extern const Kernel kAvx2Kernel;
extern const Kernel kAvx512Kernel;
extern const CodeKernel kAvx2CodeKernel;
extern const CodeKernel kAvx512VnniCodeKernel;
ProjectCodeFunction ProjectCodeAvx2;
PromisingEdgesFunction PromisingEdgesAvx2;
TransformFunction TransformAvx2;
RoundQueryFunction RoundQueryAvx2;
inline constexpr CodeKernelParts kAvx2Parts = {&ProjectCodeAvx2, &PromisingEdgesAvx2,
                                               &TransformAvx2, &RoundQueryAvx2};
#endif
#if CAIRN_KERNELS_NEON
extern const CodeKernel kNeonCodeKernel;
#endif

/// Every code kernel this processor runs, the widest first; "scalar" is always the last.
std::span<const CodeKernel* const> SupportedCodeKernels();

/// What ActiveKernel() and ActiveCodeKernel() would choose for this value of CAIRN_KERNEL (null =
/// not set). "avx512" stands for the VNNI codes too, where the processor has them.
const Kernel& ChooseKernel(const char* wanted);
const CodeKernel& ChooseCodeKernel(const char* wanted);

}  // namespace cairn::kernels
