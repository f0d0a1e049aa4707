#include "base/bitmap.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace cairn {
namespace {

Bitmap Of(const std::set<uint64_t>& members) {
  Bitmap bitmap;
  for (uint64_t member : members) bitmap.Set(member);
  return bitmap;
}

void ExpectIs(const Bitmap& bitmap, const std::set<uint64_t>& members) {
  EXPECT_EQ(bitmap.Count(), members.size());
  for (uint64_t i = 0; i < 700; ++i) ASSERT_EQ(bitmap.Test(i), members.count(i) == 1) << i;
}

TEST(BitmapTest, AnEmptyOneHasNothing) {
  Bitmap bitmap;
  EXPECT_FALSE(bitmap.Test(0));
  EXPECT_FALSE(bitmap.Test(UINT64_MAX));
  EXPECT_EQ(bitmap.Count(), 0u);
  bitmap.Reset(1'000'000);
  bitmap.And(Bitmap());
  bitmap.Or(Bitmap());
  bitmap.AndNot(Bitmap());
  EXPECT_EQ(bitmap.Count(), 0u);
}

TEST(BitmapTest, WordEdgesAreOrdinary) {
  Bitmap bitmap = Of({0, 63, 64, 127, 128});
  ExpectIs(bitmap, {0, 63, 64, 127, 128});
  bitmap.Set(63);
  bitmap.Reset(64);
  bitmap.Reset(65);
  ExpectIs(bitmap, {0, 63, 127, 128});
}

TEST(BitmapTest, SizesMayDiffer) {
  Bitmap a = Of({1, 500});
  a.And(Of({1}));
  ExpectIs(a, {1});
  a.Or(Of({600}));
  ExpectIs(a, {1, 600});
  a.AndNot(Of({1}));
  ExpectIs(a, {600});
  Bitmap b = Of({1});
  b.AndNot(Of({600}));
  b.And(Of({1, 600}));
  ExpectIs(b, {1});
}

TEST(BitmapTest, AgreesWithASet) {
  std::mt19937 random(23);
  for (int round = 0; round < 200; ++round) {
    std::set<uint64_t> a;
    std::set<uint64_t> b;
    for (size_t n = random() % 200; n > 0; --n) a.insert(random() % (1 + random() % 640));
    for (size_t n = random() % 200; n > 0; --n) b.insert(random() % (1 + random() % 640));
    Bitmap both = Of(a);
    Bitmap either = Of(a);
    Bitmap only = Of(a);
    both.And(Of(b));
    either.Or(Of(b));
    only.AndNot(Of(b));
    std::set<uint64_t> in_both;
    std::set<uint64_t> in_either = b;
    std::set<uint64_t> in_only;
    for (uint64_t i : a) {
      in_either.insert(i);
      (b.count(i) == 1 ? in_both : in_only).insert(i);
    }
    ExpectIs(both, in_both);
    ExpectIs(either, in_either);
    ExpectIs(only, in_only);
  }
}

}  // namespace
}  // namespace cairn
