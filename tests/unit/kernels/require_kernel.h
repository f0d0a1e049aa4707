#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "kernels/distance.h"

namespace cairn::test {

/// Makes sure that a run under CAIRN_KERNEL=x is a run of kernel x, or none. Every program that
/// includes this header registers it.
class RequireKernel : public ::testing::Environment {
 public:
  void SetUp() override {
    const char* wanted = std::getenv("CAIRN_KERNEL");
    if (wanted == nullptr) return;
    auto supported = kernels::SupportedKernels();
    if (std::none_of(supported.begin(), supported.end(),
                     [wanted](const kernels::Kernel* kernel) { return kernel->name == wanted; })) {
      GTEST_SKIP() << "this processor does not run the kernel " << wanted;
    }
    ASSERT_EQ(kernels::ActiveKernel().name, wanted);
  }
};

inline ::testing::Environment* const kRequireKernel =
    ::testing::AddGlobalTestEnvironment(new RequireKernel);

}  // namespace cairn::test
