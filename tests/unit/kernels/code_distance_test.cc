#include "kernels/code_distance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "kernels/kernel_list.h"
#include "unit/kernels/require_code_kernel.h"

namespace cairn::kernels {
namespace {

enum class Width { kSeven, kFour };

/// One query, and rows with a gap behind each code, in one block.
struct Case {
  Case(Width w, size_t d, size_t rows) : width(w), dim(d) {
    code_bytes = width == Width::kSeven ? dim : dim / 2;
    stride = code_bytes + 13;
    query.resize(dim);
    block.resize(rows * stride + 1, 0xFF);
  }
  uint8_t* Row(size_t i) { return block.data() + 1 + i * stride; }
  const uint8_t* Row(size_t i) const { return block.data() + 1 + i * stride; }

  void FillRandomly(std::mt19937& random) {
    for (int8_t& x : query) x = static_cast<int8_t>(static_cast<int>(random() % 255) - 127);
    for (uint8_t& x : block) {
      x = static_cast<uint8_t>(width == Width::kSeven ? random() % 128 : random() % 256);
    }
  }
  int64_t Reference(size_t row) const {
    const uint8_t* code = Row(row);
    int64_t sum = 0;
    for (size_t d = 0; d < dim; ++d) {
      int lane = code[width == Width::kSeven ? d : d / 64 * 32 + d % 32];
      if (width == Width::kFour) lane = d % 64 < 32 ? lane & 15 : lane >> 4;
      sum += query[d] * lane;
    }
    return sum;
  }

  Width width;
  size_t dim;
  size_t code_bytes = 0;
  size_t stride = 0;
  std::vector<int8_t> query;
  std::vector<uint8_t> block;
};

void Check(const CodeKernel& kernel, const Case& c, const uint32_t* ids, size_t count) {
  constexpr int32_t kUntouched = 0x5A5A5A5A;
  std::vector<int32_t> out(count + 1, kUntouched);
  auto score = c.width == Width::kSeven ? kernel.dot7 : kernel.dot4;
  score(c.query.data(), {c.Row(0), c.stride, ids}, count, c.dim, out.data());
  for (size_t i = 0; i < count; ++i) {
    ASSERT_EQ(out[i], c.Reference(ids == nullptr ? i : ids[i]))
        << kernel.name << " dim " << c.dim << " row " << i << " of " << count;
  }
  ASSERT_EQ(out[count], kUntouched) << kernel.name << " wrote behind the end of " << count;
}

void CheckAllKernels(const Case& c, const uint32_t* ids, size_t count) {
  for (const CodeKernel* kernel : SupportedCodeKernels()) Check(*kernel, c, ids, count);
}

constexpr size_t kDims[] = {64, 128, 192, 256, 320, 768, 832, 1536, 4096, 65'536};

class CodeDistanceTest : public ::testing::TestWithParam<Width> {};
INSTANTIATE_TEST_SUITE_P(Widths, CodeDistanceTest, ::testing::Values(Width::kSeven, Width::kFour));

TEST_P(CodeDistanceTest, RowsInARowEqualTheReference) {
  std::mt19937 random(1);
  for (size_t dim : kDims) {
    Case c(GetParam(), dim, 9);
    c.FillRandomly(random);
    for (size_t count = 0; count <= 9; ++count) CheckAllKernels(c, nullptr, count);
  }
}

TEST_P(CodeDistanceTest, GatheredRowsEqualTheReference) {
  std::mt19937 random(2);
  for (size_t dim : kDims) {
    Case c(GetParam(), dim, 23);
    c.FillRandomly(random);
    std::vector<uint32_t> ids(9);
    for (uint32_t& id : ids) id = static_cast<uint32_t>(random() % 23);  // some of them twice
    ids[3] = 22;
    for (size_t count = 0; count <= ids.size(); ++count) CheckAllKernels(c, ids.data(), count);
  }
}

TEST_P(CodeDistanceTest, NothingSaturates) {
  auto largest = static_cast<uint8_t>(GetParam() == Width::kSeven ? 127 : 0xFF);
  for (size_t dim : kDims) {
    for (int lane : {-127, 127, 0}) {
      for (uint8_t code : {largest, uint8_t{0}}) {
        Case c(GetParam(), dim, 5);
        std::fill(c.query.begin(), c.query.end(), static_cast<int8_t>(lane));
        std::fill(c.block.begin(), c.block.end(), code);
        CheckAllKernels(c, nullptr, 5);
      }
    }
  }
}

TEST_P(CodeDistanceTest, NoDimensionIsMissedOrTakenTwice) {
  for (size_t at = 0; at < 192; ++at) {
    Case c(GetParam(), 192, 1);
    std::fill(c.block.begin(), c.block.end(),
              GetParam() == Width::kSeven ? uint8_t{1} : uint8_t{0x11});
    c.query[at] = 77;
    ASSERT_EQ(c.Reference(0), 77);
    CheckAllKernels(c, nullptr, 1);
  }
}

TEST_P(CodeDistanceTest, OffsetsBeyondFourGigabytesDoNotWrap) {
  // The base is chosen so that the one row lies inside the block; no other byte is touched.
  Case c(GetParam(), 64, 1);
  std::mt19937 random(3);
  c.FillRandomly(random);
  uint32_t id = 3'000'000'000u;
  size_t stride = 192;
  const auto* base =
      reinterpret_cast<const uint8_t*>(reinterpret_cast<uintptr_t>(c.Row(0)) - size_t{id} * stride);
  for (const CodeKernel* kernel : SupportedCodeKernels()) {
    int32_t out = 0;
    auto score = c.width == Width::kSeven ? kernel->dot7 : kernel->dot4;
    score(c.query.data(), {base, stride, &id}, 1, c.dim, &out);
    EXPECT_EQ(out, c.Reference(0)) << kernel->name;
  }
}

TEST(CodeDispatchTest, EverySupportedKernelCanBeNamed) {
  for (const CodeKernel* kernel : SupportedCodeKernels()) {
    EXPECT_EQ(&ChooseCodeKernel(kernel->name.data()), kernel);
  }
  EXPECT_EQ(SupportedCodeKernels().back()->name, "scalar");
}

TEST(CodeDispatchTest, UnknownNamesGiveTheWidest) {
  const CodeKernel* widest = SupportedCodeKernels().front();
  EXPECT_EQ(&ChooseCodeKernel(nullptr), widest);
  for (const char* name : {"", "sse", "AVX2", "avx2 ", "scalars"}) {
    EXPECT_EQ(&ChooseCodeKernel(name), widest) << name;
  }
}

TEST(CodeDispatchTest, OneNameChoosesBothKindsOfKernels) {
#if CAIRN_KERNELS_X86
  bool vnni = __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vl") &&
              __builtin_cpu_supports("avx512bw");
  if (!vnni) GTEST_SKIP() << "avx512vnni is not among the kernels here";
  EXPECT_EQ(ChooseCodeKernel("avx512").name, "avx512vnni");
#else
  GTEST_SKIP() << "avx512vnni is not among the kernels here";
#endif
}

}  // namespace
}  // namespace cairn::kernels
