// The scripts on a clock of the test's own, against exact and slow models of the rules.
#include "limiter/redis_script.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <random>

#include "limiter/redis_rule.h"
#include "unit/limiter/redis_fixture.h"

namespace cairn::limiter {
namespace {

__extension__ using Wide = __int128;

TEST(Sha1Test, PublishedVectors) {
  EXPECT_EQ(Sha1Hex(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(Sha1Hex("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(Sha1Hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  EXPECT_EQ(Sha1Hex(std::string(1'000'000, 'a')), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

TEST(RedisRuleTest, ATokenIsExactWhateverTheRate) {
  const auto arguments = [](uint64_t limit, int64_t window_ns, uint64_t cost) {
    const Rule rule{"r", Algorithm::kGcra, limit, window_ns, 0, 0};
    std::vector<std::string> out;
    RedisRule(rule).AppendArguments(cost, 0, &out);
    return out;
  };
  using Words = std::vector<std::string>;
  EXPECT_EQ(arguments(1, 1'000'000'000, 1), (Words{"1000000", "1000000"}));
  EXPECT_EQ(arguments(3, 7'000'000'000, 1), (Words{"2333333", "1", "3", "7000000", "0"}));
  EXPECT_EQ(arguments(1'000'000'000, 1'000'000'000, 1'500),
            (Words{"1", "500", "1000", "1000000", "0"}));
  EXPECT_EQ(arguments(1, 86'400'000'000'000, 1), (Words{"86400000000", "86400000000"}));
}

/// A rule as it ought to behave, by brute force, on a clock that may go anywhere. Looking changes
/// nothing, unless what is kept lies further ahead than the rule can have put it.
class Model {
 public:
  virtual ~Model() = default;
  /// What it is like at a time; the calls below are about that.
  virtual void Look(int64_t now_us) = 0;
  virtual bool Fits(uint64_t cost) const = 0;
  virtual void Charge(uint64_t cost) = 0;
  virtual uint64_t Remaining() const = 0;
};

/// Times in parts of a microsecond, of which a token is a whole number.
class GcraModel final : public Model {
 public:
  explicit GcraModel(const Rule& rule) : rule_(rule) {}
  void Look(int64_t now_us) override {
    now_ = Wide{now_us} * rule_.limit * 1'000;
    kept_ = std::min(kept_, now_ + Most());
    seen_ = std::max(kept_, now_);
  }
  bool Fits(uint64_t cost) const override {
    return seen_ + Wide{rule_.window_ns} * cost <= now_ + Most();
  }
  void Charge(uint64_t cost) override { kept_ = seen_ += Wide{rule_.window_ns} * cost; }
  uint64_t Remaining() const override {
    return static_cast<uint64_t>((now_ + Most() - seen_) / rule_.window_ns);
  }

 private:
  Wide Most() const { return Wide{rule_.window_ns} * rule_.capacity(); }

  const Rule rule_;
  Wide now_ = 0;
  Wide kept_ = 0;  ///< when it is full again
  Wide seen_ = 0;
};

/// Both windows: every charge by the end of its window or slice.
class WindowModel final : public Model {
 public:
  explicit WindowModel(const Rule& rule) : rule_(rule) {
    const bool sliced = rule.algorithm == Algorithm::kSlidingWindow;
    slices_ = sliced ? (rule.slices == 0 ? 16 : rule.slices) : 0;
    length_us_ = (rule.window_ns + 999) / 1'000;
    if (sliced) length_us_ = (length_us_ + slices_ - 1) / slices_;
  }
  void Look(int64_t now_us) override {
    end_us_ = (now_us / length_us_ + 1) * length_us_;
    const bool is_ahead = std::any_of(kept_.begin(), kept_.end(),
                                      [&](const auto& charge) { return charge.first > end_us_; });
    seen_ = kept_;
    for (auto& [end_us, cost] : seen_) end_us = std::min(end_us, end_us_);
    std::erase_if(
        seen_, [&](const auto& charge) { return charge.first + length_us_ * slices_ <= now_us; });
    if (is_ahead) kept_ = seen_;
  }
  bool Fits(uint64_t cost) const override { return Sum() + cost <= rule_.limit; }
  void Charge(uint64_t cost) override {
    seen_.push_back({end_us_, cost});
    kept_ = seen_;
  }
  uint64_t Remaining() const override { return rule_.limit - Sum(); }

 private:
  uint64_t Sum() const {
    uint64_t sum = 0;
    for (const auto& [end_us, cost] : seen_) sum += cost;
    return sum;
  }

  const Rule rule_;
  int64_t slices_ = 0;
  int64_t length_us_ = 1;
  int64_t end_us_ = 0;
  std::deque<std::pair<int64_t, uint64_t>> kept_;
  std::deque<std::pair<int64_t, uint64_t>> seen_;
};

/// A lease that was seen to end is over.
class PermitModel final : public Model {
 public:
  explicit PermitModel(const Rule& rule) : rule_(rule) {}
  void Look(int64_t now_us) override {
    last_us_ = now_us + (rule_.window_ns + 999) / 1'000;
    for (int64_t& end_us : ends_) end_us = std::min(end_us, last_us_);
    std::erase_if(ends_, [&](int64_t end_us) { return end_us <= now_us; });
  }
  bool Fits(uint64_t /*cost*/) const override { return ends_.size() < rule_.limit; }
  void Charge(uint64_t /*cost*/) override { ends_.push_back(last_us_); }
  uint64_t Remaining() const override { return rule_.limit - ends_.size(); }

 private:
  const Rule rule_;
  int64_t last_us_ = 0;
  std::vector<int64_t> ends_;
};

std::unique_ptr<Model> MakeModel(const Rule& rule) {
  if (rule.algorithm == Algorithm::kGcra) return std::make_unique<GcraModel>(rule);
  if (rule.algorithm == Algorithm::kConcurrency) return std::make_unique<PermitModel>(rule);
  return std::make_unique<WindowModel>(rule);
}

class RedisScriptTest : public RedisTest {
 protected:
  static void Replace(std::string_view what, std::string_view with, std::string* text) {
    for (size_t at = text->find(what); at != std::string::npos; at = text->find(what, at + 1)) {
      text->replace(at, what.size(), with);
    }
  }

  /// Runs the script for the rules, with `now_us` in place of the server's time. Nothing expires
  /// meanwhile, unless `expires`: that is by the server's own clock.
  std::vector<int64_t> Run(RedisAction action, std::span<const Rule> rules, int64_t now_us,
                           uint64_t cost, bool charge, bool expires = false, size_t first = 0) {
    std::vector<RedisForm> forms;
    for (const Rule& rule : rules) forms.push_back(RedisRule(rule).form());
    size_t number_count = 1;
    for (const RedisForm form : forms) number_count += RedisAnswersOf(form);
    std::string source = MakeRedisScript(action, forms).source;
    Replace("call('TIME')", "{ARGV[#ARGV-1],ARGV[#ARGV]}", &source);
    if (!expires) Replace("/1000+2", "/1000+3600000", &source);
    std::vector<std::string> words = {"EVAL", source, std::to_string(rules.size())};
    for (size_t i = 0; i < rules.size(); ++i) words.push_back(StrCat("k", first + i));
    words.emplace_back(charge ? "1" : "0");
    for (const Rule& rule : rules) RedisRule(rule).AppendArguments(cost, ++permit_, &words);
    words.push_back(std::to_string(now_us / 1'000'000));
    words.push_back(std::to_string(now_us % 1'000'000));
    net::RedisPipeline pipeline;
    pipeline.Add(std::vector<std::string_view>(words.begin(), words.end()));
    std::vector<net::RedisReply> replies;
    CAIRN_EXPECT_OK(client_->Execute(pipeline, &replies));
    std::vector<int64_t> numbers;
    if (replies.empty()) return numbers;
    EXPECT_FALSE(replies[0].is_error()) << replies[0].text;
    for (const net::RedisReply& element : replies[0].elements) {
      EXPECT_EQ(element.kind, net::RedisReply::Kind::kInteger) << element.text;
      numbers.push_back(element.integer);
    }
    EXPECT_EQ(numbers.size(), action == RedisAction::kDecide ? number_count : 0);
    return numbers;
  }

  /// Would rule `i` let the cost pass at that time, if nothing came before?
  bool FitsAt(const std::vector<Rule>& rules, size_t i, int64_t now_us, uint64_t cost) {
    const std::vector<int64_t> got =
        Run(RedisAction::kDecide, {&rules[i], 1}, now_us, cost, false, false, i);
    return RedisRule(rules[i]).Read(std::span(got).subspan(1), cost, false).fits;
  }

  void CompareWithModels(const std::vector<Rule>& rules, uint64_t seed);

  uint64_t permit_ = 0;
};

/// Times of a clock that mostly creeps, now and then leaps, and sometimes is set back.
int64_t NextTime(std::mt19937_64* random, int64_t now_us, int64_t window_us) {
  const auto up_to = [&](int64_t most) {
    return static_cast<int64_t>((*random)() % static_cast<uint64_t>(most + 1));
  };
  switch ((*random)() % 20) {
    case 0:
      return now_us + up_to(3 * window_us);
    case 1:
      return now_us - up_to(2 * window_us);
    default:
      return now_us + up_to(window_us / 8);
  }
}

void RedisScriptTest::CompareWithModels(const std::vector<Rule>& rules, uint64_t seed) {
  SCOPED_TRACE(StrCat("seed ", seed));
  std::mt19937_64 random(seed);
  CAIRN_ASSERT_OK(client_->Call({"FLUSHALL"}));
  std::vector<std::unique_ptr<Model>> models;
  uint64_t most = UINT64_MAX;
  for (const Rule& rule : rules) {
    models.push_back(MakeModel(rule));
    most = std::min(most, rule.algorithm == Algorithm::kConcurrency ? most : rule.capacity());
  }
  int64_t now_us = 1'700'000'000'123'456;
  for (int step = 0; step < 250; ++step) {
    now_us = NextTime(&random, now_us, rules[0].window_ns / 1'000);
    const uint64_t cost = 1 + random() % std::min<uint64_t>(most, 4);
    const bool charge = random() % 4 != 0;
    bool fits = true;
    for (const auto& model : models) {
      model->Look(now_us);
      fits = model->Fits(cost) && fits;
    }
    const std::vector<int64_t> got = Run(RedisAction::kDecide, rules, now_us, cost, charge);
    ASSERT_FALSE(got.empty());
    ASSERT_EQ(got[0], fits ? 1 : 0) << "step " << step;
    size_t at = 1;
    for (size_t i = 0; i < rules.size(); ++i) {
      const bool fits_here = models[i]->Fits(cost);
      if (fits && charge) models[i]->Charge(cost);
      const RedisRule rule(rules[i]);
      const std::span<const int64_t> numbers(&got[at], RedisAnswersOf(rule.form()));
      at += numbers.size();
      const RedisReading reading = rule.Read(numbers, cost, fits && charge);
      ASSERT_EQ(reading.fits, fits_here) << "step " << step << ", rule " << i;
      ASSERT_EQ(reading.remaining, models[i]->Remaining()) << "step " << step << ", rule " << i;
      if (reading.fits) continue;
      const int64_t then_us = now_us + reading.retry_ns / 1'000;
      EXPECT_FALSE(FitsAt(rules, i, then_us - 1, cost)) << "step " << step << ", rule " << i;
      // Looking ahead makes a lease end.
      if (rules[i].algorithm == Algorithm::kConcurrency) continue;
      EXPECT_TRUE(FitsAt(rules, i, then_us, cost)) << "step " << step << ", rule " << i;
    }
    if (HasFailure()) return;
  }
}

constexpr int64_t kSecondNs = 1'000'000'000;

TEST_F(RedisScriptTest, EveryAlgorithmDoesWhatItsModelDoes) {
  const uint64_t seed = std::random_device()();
  const Rule kRules[] = {
      {"a", Algorithm::kGcra, 10, kSecondNs, 0, 0},
      {"b", Algorithm::kGcra, 3, 7 * kSecondNs, 5, 0},
      {"c", Algorithm::kGcra, 1'000'003, kSecondNs / 1'000, 7, 0},
      {"d", Algorithm::kFixedWindow, 7, 10 * kSecondNs, 0, 0},
      {"e", Algorithm::kSlidingWindow, 7, 10 * kSecondNs, 0, 0},
      {"f", Algorithm::kSlidingWindow, 100, kSecondNs, 0, 3},
      {"g", Algorithm::kSlidingWindow, 5, 1, 0, 32},
      {"h", Algorithm::kConcurrency, 4, 30 * kSecondNs, 0, 0},
  };
  for (const Rule& rule : kRules) {
    SCOPED_TRACE(rule.name);
    CompareWithModels({rule}, seed);
  }
}

TEST_F(RedisScriptTest, SeveralRulesAreAllOrNothing) {
  const uint64_t seed = std::random_device()();
  CompareWithModels({{"s", Algorithm::kGcra, 6, kSecondNs, 0, 0},
                     {"m", Algorithm::kFixedWindow, 20, 10 * kSecondNs, 0, 0},
                     {"h", Algorithm::kSlidingWindow, 30, 60 * kSecondNs, 0, 0},
                     {"c", Algorithm::kConcurrency, 9, 5 * kSecondNs, 0, 0}},
                    seed);
  std::vector<Rule> most(8, {"x", Algorithm::kSlidingWindow, 9, kSecondNs, 0, 32});
  CompareWithModels(most, seed);
}

TEST_F(RedisScriptTest, NoWindowEverHoldsMoreThanTheLimit) {
  const Rule rule{"s", Algorithm::kSlidingWindow, 5, kSecondNs, 0, 0};
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(StrCat("seed ", seed));
  std::mt19937_64 random(seed);
  std::vector<int64_t> admitted_us;
  int64_t now_us = 1'700'000'000'000'000;
  for (int step = 0; step < 2'000; ++step) {
    now_us += static_cast<int64_t>(random() % 120'000);
    if (Run(RedisAction::kDecide, {&rule, 1}, now_us, 1, true)[0] == 1)
      admitted_us.push_back(now_us);
  }
  ASSERT_GT(admitted_us.size(), 300u) << "the limiter hardly admits anything";
  for (size_t i = 5; i < admitted_us.size(); ++i) {
    ASSERT_GE(admitted_us[i] - admitted_us[i - 5], 1'000'000) << "six in one window";
  }
}

TEST_F(RedisScriptTest, ARefundGivesBackNoMoreThanWasTaken) {
  const Rule kRules[] = {{"g", Algorithm::kGcra, 3, 7 * kSecondNs, 5, 0},
                         {"f", Algorithm::kFixedWindow, 5, 10 * kSecondNs, 0, 0},
                         {"s", Algorithm::kSlidingWindow, 5, 10 * kSecondNs, 0, 0}};
  const int64_t now_us = 1'700'000'000'000'000;
  for (const Rule& rule : kRules) {
    SCOPED_TRACE(rule.name);
    CAIRN_ASSERT_OK(client_->Call({"FLUSHALL"}));
    Run(RedisAction::kRefund, {&rule, 1}, now_us, 3, true);
    EXPECT_EQ(Run(RedisAction::kDecide, {&rule, 1}, now_us, 5, true)[0], 1);
    EXPECT_EQ(Run(RedisAction::kDecide, {&rule, 1}, now_us, 1, true)[0], 0);
    Run(RedisAction::kRefund, {&rule, 1}, now_us, 2, true);
    EXPECT_EQ(Run(RedisAction::kDecide, {&rule, 1}, now_us, 2, true)[0], 1);
    EXPECT_EQ(Run(RedisAction::kDecide, {&rule, 1}, now_us, 1, true)[0], 0);
    Run(RedisAction::kRefund, {&rule, 1}, now_us, 1'000, true);
    EXPECT_EQ(Run(RedisAction::kDecide, {&rule, 1}, now_us, 5, true)[0], 1);
    EXPECT_EQ(Run(RedisAction::kDecide, {&rule, 1}, now_us, 1, true)[0], 0);
  }
}

TEST_F(RedisScriptTest, AChangedWindowGoesOnWithWhatWasUsed) {
  const Rule kLong{"s", Algorithm::kSlidingWindow, 5, 100 * kSecondNs, 0, 10};
  const Rule kShort{"s", Algorithm::kSlidingWindow, 5, 10 * kSecondNs, 0, 10};
  const int64_t now_us = 1'700'000'000'000'000;
  EXPECT_EQ(Run(RedisAction::kDecide, {&kLong, 1}, now_us, 4, true)[0], 1);
  EXPECT_EQ(Run(RedisAction::kDecide, {&kShort, 1}, now_us, 2, true)[0], 0);
  EXPECT_EQ(Run(RedisAction::kDecide, {&kShort, 1}, now_us, 1, true)[0], 1);
  EXPECT_EQ(Run(RedisAction::kDecide, {&kShort, 1}, now_us + 12'000'000, 5, true)[0], 1)
      << "what the long window had is held against the short one for longer than that one is";
}

TEST_F(RedisScriptTest, AChangedRateGoesOnWithWhatWasUsed) {
  // Of the first and the third a token is a whole number of microseconds.
  const Rule kRates[] = {{"g", Algorithm::kGcra, 4, 4 * kSecondNs, 0, 0},
                         {"g", Algorithm::kGcra, 3, 4 * kSecondNs, 4, 0},
                         {"g", Algorithm::kGcra, 4, 4 * kSecondNs, 0, 0}};
  const int64_t now_us = 1'700'000'000'000'000;
  EXPECT_EQ(Run(RedisAction::kDecide, {&kRates[0], 1}, now_us, 2, true)[1], 0);
  EXPECT_EQ(Run(RedisAction::kDecide, {&kRates[1], 1}, now_us, 1, true)[1], 2'000'000);
  EXPECT_EQ(Run(RedisAction::kDecide, {&kRates[2], 1}, now_us, 1, true)[1], 3'333'333);
}

TEST_F(RedisScriptTest, WhatMeansNothingAnyMoreExpires) {
  const std::vector<Rule> rules = {{"g", Algorithm::kGcra, 1, kSecondNs, 0, 0},
                                   {"f", Algorithm::kFixedWindow, 1, kSecondNs, 0, 0},
                                   {"s", Algorithm::kSlidingWindow, 1, kSecondNs, 0, 10},
                                   {"c", Algorithm::kConcurrency, 1, kSecondNs, 0, 0}};
  Run(RedisAction::kDecide, rules, 1'700'000'000'000'000, 1, true, true);
  for (size_t i = 0; i < rules.size(); ++i) {
    auto ttl = client_->Call({"PTTL", StrCat("k", i)});
    CAIRN_ASSERT_OK(ttl);
    EXPECT_GT(ttl->integer, 0) << rules[i].name;
    EXPECT_LE(ttl->integer, 1'102) << rules[i].name;
  }
}

}  // namespace
}  // namespace cairn::limiter
