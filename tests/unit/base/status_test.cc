#include "base/status.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "support/matchers.h"

namespace cairn {
namespace {

TEST(StatusTest, OkIsEmptyAndCostsAPointer) {
  Status status;
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.code(), Code::kOk);
  EXPECT_EQ(status.message(), "");
  EXPECT_EQ(status.index(), std::nullopt);
  EXPECT_EQ(sizeof(Status), sizeof(void*));
  EXPECT_TRUE(Status(Code::kOk, "ignored").ok());
  EXPECT_TRUE(OkStatus().ok());
}

TEST(StatusTest, AFailureKeepsCodeAndSentence) {
  Status status = Error(Code::kNotFound, "no document ", 7, " in ", std::string("notes"), '!');
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.code(), Code::kNotFound);
  EXPECT_EQ(status.message(), "no document 7 in notes!");
}

TEST(StatusTest, CopiesAreIndependent) {
  Status a = Error(Code::kIoError, "first");
  Status b = a;
  a = Error(Code::kAborted, "second");
  EXPECT_EQ(b.message(), "first");
  b = a;
  EXPECT_EQ(b.code(), Code::kAborted);
  Status& self = b;
  b = self;
  EXPECT_EQ(b.message(), "second");
  b = OkStatus();
  EXPECT_TRUE(b.ok());
  EXPECT_FALSE(a.ok());
}

TEST(StatusTest, MovingTakesTheFailureAlong) {
  Status a = Error(Code::kIoError, "first");
  Status b = std::move(a);
  EXPECT_EQ(b.message(), "first");
}

TEST(StatusTest, ContextGoesBeforeTheMessageAndOkStaysOk) {
  Status status = Error(Code::kIoError, "disk gone").WithIndex(3).WithContext("commit");
  EXPECT_EQ(status.message(), "commit: disk gone");
  EXPECT_EQ(status.code(), Code::kIoError);
  EXPECT_EQ(status.index(), 3u);
  EXPECT_TRUE(OkStatus().WithContext("commit").ok());
  EXPECT_TRUE(OkStatus().WithIndex(3).ok());
}

TEST(StatusTest, CodesHaveTheirNumbersAndNames) {
  EXPECT_EQ(static_cast<int32_t>(Code::kOk), 0);
  EXPECT_EQ(static_cast<int32_t>(Code::kInvalidArgument), 3);
  EXPECT_EQ(static_cast<int32_t>(Code::kNotFound), 5);
  EXPECT_EQ(static_cast<int32_t>(Code::kDataLoss), 15);
  EXPECT_EQ(static_cast<int32_t>(Code::kRateLimited), 17);
  EXPECT_EQ(static_cast<int32_t>(Code::kLocked), 18);
  EXPECT_EQ(static_cast<int32_t>(Code::kIoError), 19);
  EXPECT_EQ(CodeName(Code::kOk), "ok");
  EXPECT_EQ(CodeName(Code::kResourceExhausted), "resource_exhausted");
  EXPECT_EQ(CodeName(static_cast<Code>(16)), "unknown");
  EXPECT_EQ(CodeName(static_cast<Code>(-1)), "unknown");
}

TEST(StrCatTest, TakesStringsAndNumbers) {
  EXPECT_EQ(StrCat(), "");
  EXPECT_EQ(StrCat("a", std::string_view("b"), std::string("c"), 'd', -1,
                   uint64_t{18446744073709551615u}),
            "abcd-118446744073709551615");
}

Result<int> Half(int number) {
  if (number % 2 != 0) return Error(Code::kInvalidArgument, number, " is odd");
  return number / 2;
}

Result<int> Quarter(int number) {
  CAIRN_ASSIGN_OR_RETURN(int half, Half(number));
  CAIRN_ASSIGN_OR_RETURN(half, Half(half));
  return half;
}

Status Check(int number) {
  CAIRN_RETURN_IF_ERROR(Half(number).status());
  return OkStatus();
}

TEST(ResultTest, HoldsAValueOrAStatus) {
  Result<int> good = Half(4);
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(*good, 2);
  EXPECT_TRUE(good.status().ok());
  Result<int> bad = Half(3);
  EXPECT_FALSE(bad.ok());
  EXPECT_EQ(bad.status().message(), "3 is odd");
}

TEST(ResultTest, AnOkStatusIsNoValue) {
  Result<int> result{OkStatus()};
  EXPECT_FALSE(result.ok());
  CAIRN_EXPECT_ERROR(result, Code::kInternal, "OK status");
}

TEST(ResultTest, MacrosPassFailuresOn) {
  EXPECT_EQ(Quarter(8).value(), 2);
  CAIRN_EXPECT_ERROR(Quarter(6), Code::kInvalidArgument, "3 is odd");
  CAIRN_EXPECT_OK(Check(2));
  CAIRN_EXPECT_ERROR(Check(1), Code::kInvalidArgument, "1 is odd");
}

TEST(ResultTest, CarriesWhatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(5));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(**result, 5);
  std::unique_ptr<int> taken = std::move(result).value();
  EXPECT_EQ(*taken, 5);
}

}  // namespace
}  // namespace cairn
