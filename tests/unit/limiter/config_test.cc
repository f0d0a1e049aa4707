// Policies from JSON, values of HTTP fields, and network prefixes.
#include "limiter/config.h"

#include <gmock/gmock.h>

#include "limiter/http_fields.h"
#include "limiter/ip_prefix.h"
#include "unit/limiter/fixture.h"

namespace cairn::limiter {
namespace {

using ::testing::HasSubstr;

TEST(LimiterConfigTest, ReadsEverySetting) {
  auto policies = ParsePolicies(R"({"memory_bytes": 100000, "overflow": "deny", "policies": {
      "a": {"algorithm": "gcra", "limit": 10, "window": "90s", "burst": 40, "name": "calls"},
      "b": {"limits": [{"limit": 60, "window": 0.5},
                       {"algorithm": "fixed", "limit": 7, "window": "2d"}],
            "memory_bytes": 8192, "overflow": "allow"},
      "c": {"algorithm": "sliding", "limit": 5, "window": "h", "slices": 8},
      "d": "60/m, 1000/h", "e": {"preset": "reindex"}, "f": {"limits": "1/ms"},
      "g": {"algorithm": "concurrency", "limit": 3, "window": 30}}})");
  ASSERT_TRUE(policies.ok()) << policies.status().message();
  ASSERT_EQ(policies->size(), 7u);
  const auto& p = *policies;
  EXPECT_EQ(p[0].rules[0], (Rule{"calls", Algorithm::kGcra, 10, 90 * kSecond, 40, 0}));
  EXPECT_EQ(p[0].overflow, Overflow::kDeny);
  EXPECT_EQ(p[0].memory_bytes, 100'000u);
  EXPECT_EQ(p[1].overflow, Overflow::kAllow);
  EXPECT_EQ(p[1].memory_bytes, 8192u);
  EXPECT_EQ(p[1].rules[0],
            (Rule{"sliding_500ms", Algorithm::kSlidingWindow, 60, kSecond / 2, 0, 0}));
  EXPECT_EQ(p[1].rules[1], (Rule{"fixed_2d", Algorithm::kFixedWindow, 7, 2 * kDay, 0, 0}));
  EXPECT_EQ(p[2].rules[0].slices, 8u);
  EXPECT_EQ(p[3].rules[1], (Rule{"sliding_1h", Algorithm::kSlidingWindow, 1000, kHour, 0, 0}));
  EXPECT_EQ(p[4].rules[0].limit, 5u);
  EXPECT_EQ(p[5].rules[0].window_ns, kMs);
  EXPECT_EQ(p[6].rules[0].algorithm, Algorithm::kConcurrency);
  for (const Policy& policy : p) EXPECT_TRUE(Validate(policy).ok());
}

TEST(LimiterConfigTest, EveryFaultIsListed) {
  auto policies = ParsePolicies(R"({"memory_byte": 1, "overflow": "maybe", "policies": {
      "a": {"limit": 1.5, "window": "1w"}, "b": {"limits": [3, {"window": 1, "brst": 2}]},
      "c": {"preset": "x"}, "d": [], "e": {"preset": "api", "limits": "1/s"}, "f": "1/",
      "g": {"algorithm": "gcrb", "limit": 1, "window": 1}, "h": "0/s", "i": {"limits": 1},
      "j": {"limit": 1, "window": -1, "name": 5}}})");
  ASSERT_FALSE(policies.ok());
  EXPECT_EQ(policies.status().code(), Code::kInvalidArgument);
  const std::string text(policies.status().message());
  for (const char* part :
       {"memory_byte\"", "overflow is", "limit is 1.5E0", "\"1w\"", "limit 0: it is not an object",
        "\"brst\"", "limit 1: limit is missing", "there is no preset \"x\"", "policy \"d\"",
        "exclude each other", "\"1/\" is no limit", "\"gcrb\"", "limit is 0",
        "limits must be an array", "window is -1", "name is 5"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(LimiterConfigTest, WhatIsNoConfigurationIsRefused) {
  for (const char* text : {"[]", "{", "1", "{}", R"({"policies": []})"}) {
    EXPECT_EQ(ParsePolicies(text).status().code(), Code::kInvalidArgument) << text;
  }
  for (const char* text :
       {"", "1", "/s", "1/s,", "1/2", "1/99999999999999999999s", "-1/s", "1/9999999999999999d"}) {
    EXPECT_FALSE(ParseLimits(text).ok()) << text;
  }
}

TEST(LimiterConfigTest, PresetsAreThoseOfTheRequirements) {
  const std::vector<Policy> presets = Presets();
  ASSERT_EQ(presets.size(), 5u);
  EXPECT_EQ(presets[0].rules[0],
            (Rule{"sliding_1m", Algorithm::kSlidingWindow, 100, kMinute, 0, 0}));
  EXPECT_EQ(presets[4].rules.size(), 2u);
  EXPECT_TRUE(Limiter::Create(presets).ok());
}

TEST(HttpFieldsTest, RoundTimesUp) {
  Decision decision;
  decision.outcome = Outcome::kRefused;
  decision.rule = "r";
  for (const auto& [ns, seconds] : std::initializer_list<std::pair<int64_t, const char*>>{
           {1, "1"}, {kSecond, "1"}, {kSecond + 1, "2"}, {kHour - 1, "3600"}}) {
    decision.retry_after_ns = ns;
    EXPECT_EQ(RetryAfterField(decision), seconds);
    EXPECT_EQ(RateLimitField(decision), std::string("\"r\";r=0;t=") + seconds);
  }
  decision.outcome = Outcome::kAllowed;
  decision.remaining = 5;
  decision.retry_after_ns = 0;
  decision.reset_after_ns = 0;
  EXPECT_EQ(RetryAfterField(decision), "");
  EXPECT_EQ(RateLimitField(decision), "\"r\";r=5");
  decision.outcome = Outcome::kImpossible;
  EXPECT_EQ(RetryAfterField(decision), "") << "coming back is no use";
}

TEST(HttpFieldsTest, NumbersFitAStructuredField) {
  Decision decision;
  decision.rule = "r";
  decision.remaining = UINT64_MAX;
  EXPECT_EQ(RateLimitField(decision), "\"r\";r=999999999999999");
}

TEST(HttpFieldsTest, PoliciesTellQuotaAndWindow) {
  Policy policy = MakePolicy({MakeRule(Algorithm::kGcra, 10, kSecond, 45),
                              MakeRule(Algorithm::kFixedWindow, 5, kMs),
                              MakeRule(Algorithm::kConcurrency, 3, kMinute)});
  EXPECT_EQ(RateLimitPolicyField(policy),
            "\"gcra0\";q=45;w=5, \"fixed1\";q=5;w=1, "
            "\"concurrency2\";q=3;qu=\"concurrent-requests\"");
}

TEST(IpPrefixTest, CutsAddresses) {
  const auto prefix = [](std::string_view address, uint32_t v4 = 32, uint32_t v6 = 64) {
    auto made = IpPrefix(address, v4, v6);
    return made.ok() ? *made : "refused";
  };
  EXPECT_EQ(prefix("255.255.255.255", 9), std::string("\4\xff\x80\0\0", 5));
  EXPECT_EQ(prefix("255.255.255.255", 0), std::string("\4\0\0\0\0", 5));
  EXPECT_EQ(prefix("::ffff:1.2.3.4"), prefix("1.2.3.4"));
  EXPECT_EQ(prefix("fe80::1%eth0"), prefix("fe80::2"));
  EXPECT_NE(prefix("fe80::1", 32, 128), prefix("fe80::2", 32, 128));
  EXPECT_NE(prefix("2001:db8:0:1::"), prefix("2001:db8:0:2::"));
  for (const char* bad : {"", "1.2.3", "1.2.3.4.5", "::g", "1.2.3.4/8", "localhost"}) {
    EXPECT_EQ(prefix(bad), "refused") << bad;
  }
  EXPECT_EQ(prefix(std::string_view("1.2.3.4\0x", 9)), "refused");
  EXPECT_EQ(prefix("1.2.3.4", 33), "refused");
  EXPECT_EQ(prefix("1.2.3.4", 32, 129), "refused");
}

}  // namespace
}  // namespace cairn::limiter
