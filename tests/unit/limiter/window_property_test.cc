// Fixed and sliding windows whose limit changes at any time, against a list of everything charged.
#include <deque>

#include "unit/limiter/fixture.h"

namespace cairn::limiter {
namespace {

/// Remembers every charge, and in which part of the time it was.
class Ledger {
 public:
  /// A charge counts from its part on, for `kept_parts` parts.
  Ledger(int64_t part_ns, int64_t kept_parts) : part_ns_(part_ns), kept_parts_(kept_parts) {}

  uint64_t Used(int64_t time) const {
    uint64_t used = 0;
    for (const Charge& charge : charges_) used += Counts(charge, time) ? charge.cost : 0;
    return used;
  }
  void Take(int64_t time, uint64_t cost) {
    std::erase_if(charges_, [&](const Charge& charge) { return !Counts(charge, time); });
    charges_.push_back({time / part_ns_, cost});
  }
  /// How long until so much less is used.
  int64_t TimeUntilFree(int64_t time, uint64_t wanted) const {
    uint64_t freed = 0;
    for (const Charge& charge : charges_) {
      if (!Counts(charge, time)) continue;
      freed += charge.cost;
      if (freed >= wanted) return (charge.part + kept_parts_) * part_ns_ - time;
    }
    return -1;
  }

 private:
  struct Charge {
    int64_t part;
    uint64_t cost;
  };
  bool Counts(const Charge& charge, int64_t time) const {
    return time / part_ns_ < charge.part + kept_parts_;
  }

  const int64_t part_ns_;
  const int64_t kept_parts_;
  std::deque<Charge> charges_;
};

struct Shape {
  Algorithm algorithm;
  uint32_t slices;
};

class WindowPropertyTest : public ::testing::TestWithParam<Shape> {};

TEST_P(WindowPropertyTest, DecidesLikeALedgerWhateverTheLimitBecomes) {
  const Shape shape = GetParam();
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const bool is_sliced = shape.algorithm == Algorithm::kSlidingWindow;
  const int64_t part_ns = is_sliced ? kSecond : 8 * kSecond;
  const int64_t window_ns = is_sliced ? shape.slices * part_ns : part_ns;
  Rule rule = MakeRule(shape.algorithm, 20, window_ns);
  rule.slices = shape.slices;
  OnePolicy one(MakePolicy({rule}));
  const int64_t start = one.clock.MonotonicNs();
  one.Peek();
  Ledger ledger(part_ns, is_sliced ? shape.slices + 1 : 1);
  for (int step = 0; step < 20'000; ++step) {
    const int64_t most = random() % 50 == 0 ? window_ns : part_ns / 2;
    one.clock.Advance(static_cast<int64_t>(random() % static_cast<uint64_t>(most)));
    const int64_t time = one.clock.MonotonicNs() - start;
    if (random() % 40 == 0) {
      // Not below what is used: then what is owed is cut, which a list of charges cannot tell.
      rule.limit = std::max<uint64_t>(ledger.Used(time), 7) + random() % 30;
      ASSERT_TRUE(one.limiter->SetPolicy(MakePolicy({rule})).ok());
    }
    const uint64_t cost = 1 + random() % 7;
    const uint64_t used = ledger.Used(time);
    const bool fits = used + cost <= rule.limit;
    const Decision decision = one.Check("k", cost);
    ASSERT_EQ(decision.allowed(), fits) << "step " << step << ", used " << used;
    if (fits) ledger.Take(time, cost);
    ASSERT_EQ(decision.remaining, rule.limit - ledger.Used(time)) << "step " << step;
    ASSERT_EQ(decision.retry_after_ns,
              fits ? 0 : ledger.TimeUntilFree(time, used + cost - rule.limit))
        << "step " << step;
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, WindowPropertyTest,
                         ::testing::Values(Shape{Algorithm::kFixedWindow, 0},
                                           Shape{Algorithm::kSlidingWindow, 1},
                                           Shape{Algorithm::kSlidingWindow, 10},
                                           Shape{Algorithm::kSlidingWindow, 64}));

}  // namespace
}  // namespace cairn::limiter
