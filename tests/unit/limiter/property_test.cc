// Every algorithm against a slow exact reference, on random schedules.
#include <deque>
#include <map>

#include "unit/limiter/fixture.h"

namespace cairn::limiter {
namespace {

using Wide = __int128_t;

/// A token bucket without rounding: a token is `parts`, a multiple of every window, and each
/// nanosecond brings parts / window times the limit.
class ExactBucket {
 public:
  explicit ExactBucket(const Rule& rule) : ExactBucket(rule, rule.window_ns) {}
  ExactBucket(const Rule& rule, int64_t parts) : parts_(parts) {
    Use(rule);
    level_ = full_;
  }

  bool Fits(int64_t time, uint64_t cost) const { return At(time) >= Wide(cost) * parts_; }
  bool IsFull(int64_t time) const { return At(time) == full_; }
  /// May go a little below zero, when the tested limiter is a nanosecond early.
  void Charge(int64_t time, uint64_t cost) { Set(time, At(time) - Wide(cost) * parts_); }
  void Refund(int64_t time, uint64_t cost) {
    Set(time, std::min(full_, At(time) + Wide(cost) * parts_));
  }
  /// What was used stays used, cut to what the new rule holds.
  void Change(int64_t time, const Rule& rule) {
    const Wide used = full_ - At(time);
    Use(rule);
    Set(time, full_ - std::min(used, full_));
  }
  uint64_t Tokens(int64_t time) const {
    return static_cast<uint64_t>(std::max<Wide>(At(time), 0) / parts_);
  }

 private:
  Wide At(int64_t time) const {
    return std::min(full_, level_ + Wide(time - time_) * parts_per_ns_);
  }
  void Set(int64_t time, Wide level) {
    level_ = level;
    time_ = time;
  }
  void Use(const Rule& rule) {
    full_ = Wide(rule.capacity()) * parts_;
    parts_per_ns_ = Wide(rule.limit) * (parts_ / rule.window_ns);
  }

  const Wide parts_;
  Wide full_ = 0;
  Wide parts_per_ns_ = 0;
  Wide level_ = 0;
  int64_t time_ = 0;
};

struct Rate {
  uint64_t limit;
  int64_t window_ns;
  uint64_t burst;
};

constexpr Rate kRates[] = {{1, kDay, 0},
                           {3, 7 * kSecond, 0},
                           {7, kSecond, 1},
                           {10, kSecond, 40},
                           {1, 1, 1},
                           {1'000'000'000, kSecond, 50},
                           {999'999'937, kSecond, 0},
                           {1'000'003, 7 * kSecond, 100},
                           {1000, kHour, 0},
                           {333'333'333, kSecond, 3}};
/// The clock counts nanoseconds, and a decision may be that much off the exact one.
constexpr int64_t kSlackNs = 2;

class GcraPropertyTest : public ::testing::TestWithParam<Rate> {};

TEST_P(GcraPropertyTest, DecidesAsAnExactBucketForAsLongAsOneLikes) {
  const Rate rate = GetParam();
  const Rule rule = MakeRule(Algorithm::kGcra, rate.limit, rate.window_ns, rate.burst);
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  OnePolicy one(MakePolicy({rule}));
  const int64_t start = one.clock.MonotonicNs();
  ExactBucket exact(rule);
  one.Peek();
  const double token_ns = static_cast<double>(rate.window_ns) / static_cast<double>(rate.limit);
  Decision last;
  for (int step = 0; step < 20'000; ++step) {
    int64_t wait = 0;
    if (last.outcome == Outcome::kRefused && random() % 3 != 0) {
      wait = last.retry_after_ns + static_cast<int64_t>(random() % 5) - 2;
    } else if (random() % 2 == 0) {
      wait = static_cast<int64_t>(token_ns * 2.2 * static_cast<double>(random() % 1024) / 1024.0);
    }
    one.clock.Advance(std::max<int64_t>(wait, 0));
    const int64_t time = one.clock.MonotonicNs() - start;
    const uint64_t cost = random() % 4 == 0 ? 1 + random() % rule.capacity() % 50 : 1;
    const Decision decision = one.Check("k", cost);
    last = decision;
    if (decision.allowed()) {
      ASSERT_TRUE(exact.Fits(time + kSlackNs, cost)) << "step " << step << " minted";
      exact.Charge(time, cost);
      ASSERT_LE(decision.remaining, exact.Tokens(time + kSlackNs));
      ASSERT_GE(decision.remaining, exact.Tokens(std::max<int64_t>(time - kSlackNs, 0)));
      ASSERT_EQ(decision.retry_after_ns, 0);
      if (random() % 16 == 0) {
        one.limiter->Refund(one.id, one.Of("k"), cost, one.clock.MonotonicNs());
        exact.Refund(time, cost);
      }
    } else {
      ASSERT_EQ(decision.outcome, Outcome::kRefused);
      ASSERT_FALSE(exact.Fits(time - kSlackNs, cost)) << "step " << step << " withheld";
      ASSERT_GE(decision.retry_after_ns, 1);
      ASSERT_TRUE(exact.Fits(time + decision.retry_after_ns + kSlackNs, cost));
      ASSERT_FALSE(exact.Fits(time + decision.retry_after_ns - 2 * kSlackNs - 2, cost));
      ASSERT_TRUE(one.Peek("k", cost).outcome == Outcome::kRefused);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rates, GcraPropertyTest, ::testing::ValuesIn(kRates));

/// Rate and burst change at any time, and the clock is set back for a moment or far ahead.
TEST(GcraChangePropertyTest, DecidesAsAnExactBucketWhateverTheRuleBecomes) {
  constexpr int64_t kWindows[] = {kSecond, 2 * kSecond, 7 * kSecond};
  constexpr int64_t kParts = 14 * kSecond;
  // Until a key is full again, each change may cost it what its units are rounded by.
  constexpr int64_t kUnitNs = 4;
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  Rule rule = MakeRule(Algorithm::kGcra, 40, kSecond);
  OnePolicy one(MakePolicy({rule}));
  const int64_t start = one.clock.MonotonicNs();
  ExactBucket exact(rule, kParts);
  one.Peek();
  int64_t changes = 0;
  int passed = 0;
  int refused = 0;
  for (int step = 0; step < 40'000; ++step) {
    const int64_t token_ns = rule.window_ns / static_cast<int64_t>(rule.limit);
    one.clock.Advance(static_cast<int64_t>(random() % static_cast<uint64_t>(2 * token_ns)));
    if (random() % 200 == 0) one.clock.Advance(static_cast<int64_t>(random() % 20) * kSecond);
    int64_t back = 0;
    const bool changed = random() % 30 == 0;
    if (changed || random() % 30 == 0) {
      // The newest time is known to within a millisecond, and exactly after one has passed.
      one.clock.Advance(TimeLine::kGrainNs);
      one.Peek("other");
      back = static_cast<int64_t>(random() % (TimeLine::kPatienceNs / 2));
    }
    const int64_t time = one.clock.MonotonicNs() - start;
    if (changed) {
      rule.limit = 20 + random() % 180;
      rule.window_ns = kWindows[random() % 3];
      rule.burst = random() % 3 == 0 ? 0 : 1 + random() % 60;
      ASSERT_TRUE(one.limiter->SetPolicy(MakePolicy({rule})).ok());
      exact.Change(time, rule);
      ++changes;
    }
    const int64_t slack = kSlackNs + kUnitNs * (1 + changes);
    if (exact.IsFull(time - slack)) changes = 0;
    const uint64_t cost = 1 + random() % std::min<uint64_t>(rule.capacity(), 7);
    one.clock.Set(start + time - back);
    const Decision decision = one.Check("k", cost);
    one.clock.Set(start + time);
    if (decision.allowed()) {
      ++passed;
      ASSERT_TRUE(exact.Fits(time + slack, cost)) << "step " << step << " minted";
      exact.Charge(time, cost);
      ASSERT_LE(decision.remaining, exact.Tokens(time + slack)) << "step " << step;
      ASSERT_GE(decision.remaining, exact.Tokens(time - slack)) << "step " << step;
      if (random() % 16 == 0) {
        one.limiter->Refund(one.id, one.Of("k"), cost, one.clock.MonotonicNs());
        exact.Refund(time, cost);
      }
    } else {
      ++refused;
      ASSERT_EQ(decision.outcome, Outcome::kRefused);
      ASSERT_FALSE(exact.Fits(time - slack, cost)) << "step " << step << " withheld";
      ASSERT_TRUE(exact.Fits(time + decision.retry_after_ns + slack, cost)) << "step " << step;
      ASSERT_FALSE(exact.Fits(time + decision.retry_after_ns - 2 * slack, cost));
    }
  }
  EXPECT_GT(passed, 5'000);
  EXPECT_GT(refused, 5'000);
}

/// A client that always waits for the next token, so that nothing is ever full, gets n * limit of
/// them in n windows, to the nanosecond: after 11 years too.
TEST(GcraDriftTest, ThreePerSevenIsExactlyThat) {
  for (const int64_t seven : {7 * kSecond, 7 * kDay}) {
    OnePolicy one(MakePolicy({MakeRule(Algorithm::kGcra, 3, seven, 2)}));
    const int64_t start = one.clock.MonotonicNs();
    ASSERT_EQ(one.CheckMany(3), 2u);
    for (int64_t token = 1; token <= 3 * 600; ++token) {
      const int64_t exact = static_cast<int64_t>((Wide(token) * seven + 2) / 3);
      one.clock.Set(start + exact - kSlackNs);
      ASSERT_FALSE(one.Check().allowed()) << token;
      one.clock.Set(start + exact + kSlackNs);
      ASSERT_TRUE(one.Check().allowed()) << token;
    }
  }
}

TEST(FixedWindowPropertyTest, CountsLikeAMapOfWindows) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (const Rate& rate : {Rate{5, kSecond, 0}, Rate{1, kDay, 0}, Rate{1000, 1000, 0}}) {
    OnePolicy one(MakePolicy({MakeRule(Algorithm::kFixedWindow, rate.limit, rate.window_ns)}));
    const int64_t start = one.clock.MonotonicNs();
    one.Peek();
    std::map<int64_t, uint64_t> used;
    for (int step = 0; step < 20'000; ++step) {
      one.clock.Advance(static_cast<int64_t>(random() % static_cast<uint64_t>(rate.window_ns / 3)));
      const int64_t time = one.clock.MonotonicNs() - start;
      const uint64_t cost = 1 + random() % rate.limit % 7;
      uint64_t& count = used[time / rate.window_ns];
      const bool fits = count + cost <= rate.limit;
      const Decision decision = one.Check("k", cost);
      ASSERT_EQ(decision.allowed(), fits) << step;
      if (fits) count += cost;
      ASSERT_EQ(decision.remaining, rate.limit - count);
      const int64_t left = rate.window_ns - time % rate.window_ns;
      ASSERT_EQ(decision.retry_after_ns, fits ? 0 : left);
      ASSERT_EQ(decision.reset_after_ns, left);
    }
  }
}

/// Permits as a list of when they were given.
TEST(ConcurrencyPropertyTest, LeasesLastAndEndAsTheySay) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  constexpr uint64_t kLimit = 5;
  constexpr int64_t kLease = 16 * kMs;
  constexpr int64_t kSlice = kMs;
  OnePolicy one(MakePolicy({MakeRule(Algorithm::kConcurrency, kLimit, kLease)}));
  struct Held {
    int64_t since;
    uint64_t permit;
  };
  std::vector<Held> held;
  for (int step = 0; step < 50'000; ++step) {
    one.clock.Advance(static_cast<int64_t>(random() % kMs * 3));
    const int64_t now = one.clock.MonotonicNs();
    if (!held.empty() && random() % 3 == 0) {
      const size_t victim = random() % held.size();
      one.limiter->Release(one.id, one.Of("k"), held[victim].permit, now);
      held.erase(held.begin() + static_cast<std::ptrdiff_t>(victim));
    }
    uint64_t surely = 0;
    uint64_t perhaps = 0;
    for (const Held& permit : held) {
      surely += now - permit.since <= kLease ? 1 : 0;
      perhaps += now - permit.since <= kLease + kSlice ? 1 : 0;
    }
    const Decision decision = one.Check();
    if (decision.allowed()) {
      ASSERT_LT(surely, kLimit) << step;
      ASSERT_NE(decision.permit, 0u);
      held.push_back({now, decision.permit});
    } else {
      ASSERT_GE(perhaps, kLimit) << step;
      ASSERT_EQ(decision.permit, 0u);
    }
  }
}

/// All rules or none, whatever they are.
TEST(AllOrNothingPropertyTest, EqualsItsRulesCheckedOneByOne) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const std::vector<Rule> rules = {MakeRule(Algorithm::kFixedWindow, 60, kMinute),
                                   MakeRule(Algorithm::kGcra, 1000, kHour, 40),
                                   MakeRule(Algorithm::kSlidingWindow, 80, 2 * kMinute)};
  OnePolicy all(MakePolicy(rules));
  std::vector<std::unique_ptr<OnePolicy>> alone;
  for (const Rule& rule : rules) alone.push_back(std::make_unique<OnePolicy>(MakePolicy({rule})));
  for (int step = 0; step < 30'000; ++step) {
    const int64_t wait = static_cast<int64_t>(random() % (6 * kSecond));
    const uint64_t cost = 1 + random() % 4;
    all.clock.Advance(wait);
    bool fits = true;
    for (auto& one : alone) {
      one->clock.Advance(wait);
      fits = one->Peek("k", cost).allowed() && fits;
    }
    const Decision decision = all.Check("k", cost);
    ASSERT_EQ(decision.allowed(), fits) << step;
    for (auto& one : alone) {
      ASSERT_EQ(fits && one->Check("k", cost).allowed(), fits);
    }
    const Decision told = alone[decision.rule_index]->Peek("k", cost);
    ASSERT_EQ(decision.remaining, told.remaining);
    ASSERT_EQ(decision.retry_after_ns, fits ? 0 : told.retry_after_ns);
  }
}

}  // namespace
}  // namespace cairn::limiter
