#pragma once

#include "kernels/distance.h"

#if defined(__x86_64__) || defined(__i386__)
#define CAIRN_KERNELS_X86 1
#else
#define CAIRN_KERNELS_X86 0
#endif

namespace cairn::kernels {

// Only kScalarKernel may be called without asking the processor first.
extern const Kernel kScalarKernel;
#if CAIRN_KERNELS_X86
extern const Kernel kAvx2Kernel;
extern const Kernel kAvx512Kernel;
#endif

/// What ActiveKernel() would choose for this value of CAIRN_KERNEL (null = not set).
const Kernel& ChooseKernel(const char* wanted);

}  // namespace cairn::kernels
