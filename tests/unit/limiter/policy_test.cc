#include "limiter/policy.h"

#include <gmock/gmock.h>

#include "unit/limiter/fixture.h"

namespace cairn::limiter {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(LimiterPolicyTest, AllFaultsAreListedAtOnce) {
  Policy policy;
  policy.name = "bad name";
  policy.memory_bytes = 1;
  policy.rules = {{"", Algorithm::kGcra, 0, 0, 0, 0},
                  {"a", Algorithm::kFixedWindow, 2, 1, 5, 9},
                  {"a", Algorithm::kSlidingWindow, uint64_t{1} << 33, kDay, 0, 65}};
  const std::vector<std::string> faults = FaultsOf(policy);
  EXPECT_THAT(faults, SizeIs(11)) << ::testing::PrintToString(faults);
  const Status status = Validate(policy);
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  for (const char* part :
       {"bad name", "memory_bytes is 1", "limit is 0", "window is 0", "used twice",
        "10^9 per second", "burst is set", "slices is set", "slices is 65", "8589934592"}) {
    EXPECT_THAT(std::string(status.message()), HasSubstr(part));
  }
}

TEST(LimiterPolicyTest, NumbersThatWouldOverflowAreRefused) {
  constexpr uint64_t kMost = UINT64_MAX;
  const auto faults = [](Rule rule) { return FaultsOf(MakePolicy({rule})); };
  EXPECT_THAT(faults(MakeRule(Algorithm::kGcra, kMost, kSecond)), SizeIs(1));
  EXPECT_THAT(faults(MakeRule(Algorithm::kGcra, 1, INT64_MAX)), SizeIs(1));
  EXPECT_THAT(faults(MakeRule(Algorithm::kGcra, 1, -1)), SizeIs(1));
  EXPECT_THAT(faults(MakeRule(Algorithm::kGcra, 1, kDay, kMost)), SizeIs(1));
  EXPECT_THAT(faults(MakeRule(Algorithm::kGcra, 1, kDay, 401)), SizeIs(1));
  EXPECT_THAT(faults(MakeRule(Algorithm::kGcra, 1'000'000'001, kSecond)), SizeIs(1));
  EXPECT_THAT(faults(MakeRule(Algorithm::kConcurrency, uint64_t{1} << 32, kSecond)), SizeIs(1));
  EXPECT_THAT(faults(MakeRule(static_cast<Algorithm>(9), 1, kSecond)), SizeIs(1));
}

TEST(LimiterPolicyTest, OneADayAndABillionASecondAreFine) {
  EXPECT_THAT(FaultsOf(MakePolicy({MakeRule(Algorithm::kGcra, 1, kDay)})), IsEmpty());
  EXPECT_THAT(FaultsOf(MakePolicy({MakeRule(Algorithm::kGcra, 1'000'000'000, kSecond)})),
              IsEmpty());
  EXPECT_THAT(FaultsOf(MakePolicy({MakeRule(Algorithm::kGcra, 1, 1)})), IsEmpty());
}

TEST(LimiterPolicyTest, RuleCountsAndPermitsAreBounded) {
  EXPECT_THAT(FaultsOf(MakePolicy({})), SizeIs(1));
  std::vector<Rule> nine(9, MakeRule(Algorithm::kGcra, 1, kSecond));
  EXPECT_THAT(FaultsOf(MakePolicy(nine)), SizeIs(1));
  std::vector<Rule> two(2, MakeRule(Algorithm::kConcurrency, 1, kSecond));
  EXPECT_THAT(FaultsOf(MakePolicy(two)), SizeIs(1));
}

TEST(LimiterPolicyTest, CreationReportsEveryPolicy) {
  Policy a = MakePolicy({});
  Policy b = MakePolicy({MakeRule(Algorithm::kGcra, 0, kSecond)});
  const Policy both[] = {a, b};
  auto made = Limiter::Create(both);
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(std::string(made.status().message()), HasSubstr("it has 0 rules"));
  EXPECT_THAT(std::string(made.status().message()), HasSubstr("limit is 0"));
  EXPECT_THAT(std::string(made.status().message()), HasSubstr("used twice"));
}

TEST(LimiterPolicyTest, UnknownNamesTellThoseThatAre) {
  OnePolicy one(MakePolicy({MakeRule(Algorithm::kGcra, 1, kSecond)}));
  EXPECT_TRUE(one.limiter->Find("test").ok());
  auto found = one.limiter->Find("tset");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.status().code(), Code::kNotFound);
  EXPECT_THAT(std::string(found.status().message()), HasSubstr("there are: test"));
}

}  // namespace
}  // namespace cairn::limiter
