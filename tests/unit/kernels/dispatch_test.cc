#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <string_view>

#include "kernels/kernel_list.h"

namespace cairn::kernels {
namespace {

TEST(DispatchTest, UnknownNamesGiveTheWidest) {
  const Kernel* widest = SupportedKernels().front();
  EXPECT_EQ(&ChooseKernel(nullptr), widest);
  for (const char* name : {"", "sse", "AVX2", "avx2 ", "avx5120"}) {
    EXPECT_EQ(&ChooseKernel(name), widest) << name;
  }
}

TEST(DispatchTest, EverySupportedKernelCanBeNamed) {
  std::set<std::string_view> names;
  for (const Kernel* kernel : SupportedKernels()) {
    EXPECT_EQ(&ChooseKernel(kernel->name.data()), kernel);
    EXPECT_TRUE(names.insert(kernel->name).second);
  }
}

TEST(DispatchTest, ScalarIsAlwaysThereAndLast) {
  ASSERT_FALSE(SupportedKernels().empty());
  EXPECT_EQ(SupportedKernels().back()->name, "scalar");
}

TEST(DispatchTest, TheListHoldsWhatTheProcessorOffers) {
  size_t expected = 1;
#if CAIRN_KERNELS_X86
  expected += __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? 1 : 0;
  expected += __builtin_cpu_supports("avx512f") ? 1 : 0;
#endif
  EXPECT_EQ(SupportedKernels().size(), expected);
}

TEST(DispatchTest, TheChoiceIsMadeOnce) {
  const Kernel* before = &ActiveKernel();
  setenv("CAIRN_KERNEL", before->name == "scalar" ? "avx2" : "scalar", 1);
  EXPECT_EQ(&ActiveKernel(), before);
  unsetenv("CAIRN_KERNEL");
}

}  // namespace
}  // namespace cairn::kernels
