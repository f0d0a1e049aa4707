#include "analysis/fold_case.h"

#include <gtest/gtest.h>

namespace cairn::analysis {
namespace {

TEST(FoldCase, LabelsCompareWithoutCase) {
  EXPECT_EQ(FoldCase(""), "");
  EXPECT_EQ(FoldCase("Tag/Sub_1"), "tag/sub_1");
  EXPECT_EQ(FoldCase("Straße ÉCOLE"), "strasse école");
  EXPECT_EQ(FoldCase("Ｆｕｌｌ"), "full");
  EXPECT_EQ(FoldCase("e\xcc\x81"), "\xc3\xa9");
}

TEST(FoldCase, InvalidUtf8FoldsAsAscii) { EXPECT_EQ(FoldCase("AB\xff"), "ab\xff"); }

}  // namespace
}  // namespace cairn::analysis
