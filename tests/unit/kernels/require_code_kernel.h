#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "kernels/kernel_list.h"

namespace cairn::test {

/// As RequireKernel, for the kernels of codes: "avx512" asks for "avx512vnni".
class RequireCodeKernel : public ::testing::Environment {
 public:
  void SetUp() override {
    const char* wanted = std::getenv("CAIRN_KERNEL");
    if (wanted == nullptr) return;
    std::string_view name = wanted;
    if (name == "avx512") name = "avx512vnni";
    auto supported = kernels::SupportedCodeKernels();
    if (std::none_of(supported.begin(), supported.end(),
                     [name](const kernels::CodeKernel* kernel) { return kernel->name == name; })) {
      GTEST_SKIP() << "this processor does not run the kernel " << name;
    }
    ASSERT_EQ(kernels::ActiveCodeKernel().name, name);
  }
};

inline ::testing::Environment* const kRequireCodeKernel =
    ::testing::AddGlobalTestEnvironment(new RequireCodeKernel);

}  // namespace cairn::test
