#include "cache_fixture.h"
#include "fake_tier.h"

namespace cairn::cache {
namespace {

class TierTest : public CacheFixture {
 protected:
  TierTest() {
    options_.tiers = {tier_};
    options_.tier_options.skip_ns = kSecond;
  }
  /// Memory as after a restart.
  void Restart() { cache_.reset(); }

  std::shared_ptr<FakeTier> tier_ = std::make_shared<FakeTier>();
};

TEST_F(TierTest, AFailingTierIsAMissAndANumber) {
  tier_->failing = true;
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(Get("missing"), "-");
    Set("a", std::to_string(i));
    EXPECT_EQ(Get("a"), std::to_string(i));
  }
  const TierStats stats = cache().Stats().tiers[0];
  EXPECT_EQ(stats.failures, 5u) << "then it is passed over";
  EXPECT_GT(stats.skipped, 0u);
  EXPECT_TRUE(stats.skipping);
}

TEST_F(TierTest, ItRecoversByItselfAndWhatWasOverwrittenMeanwhileDoesNotComeBack) {
  Set("a", "old");
  Set("b", "old");
  Set("kept", "1");
  tier_->failing = true;
  for (int i = 0; i < 10; ++i) Get("missing");
  Set("a", "new");
  cache().Delete(space(), "b");
  tier_->failing = false;
  clock_.Advance(2 * kSecond);
  Restart();
  // Another process cannot know what this one owed; the debt dies with it only when it is not paid.
  options_.tiers = {tier_};
  EXPECT_EQ(Get("kept"), "1");
}

TEST_F(TierTest, DebtsArePaidBeforeItIsReadAgain) {
  Set("a", "old");
  Set("b", "old");
  tier_->failing = true;
  for (int i = 0; i < 10; ++i) Get("missing");
  cache().Delete(space(), "a");
  EXPECT_EQ(Get("a"), "-");
  tier_->failing = false;
  EXPECT_EQ(Get("a"), "-") << "still passed over";
  clock_.Advance(2 * kSecond);
  EXPECT_EQ(Get("a"), "-");
  EXPECT_EQ(cache().Stats().tiers[0].skipping, false);
  Restart();
  EXPECT_EQ(Get("a"), "-");
  EXPECT_EQ(Get("b"), "old");
}

TEST_F(TierTest, TooManyDebtsBecomeABump) {
  Set("kept", "1");
  tier_->failing = true;
  for (int i = 0; i < 2000; ++i) cache().Delete(space(), std::to_string(i));
  tier_->failing = false;
  clock_.Advance(2 * kSecond);
  Get("missing");
  Restart();
  EXPECT_EQ(Get("kept"), "-");
}

TEST_F(TierTest, SurvivesARestartWithNothingAndEmptyValues) {
  SetOptions nothing;
  nothing.negative = true;
  Set("a", "1");
  Set("empty", "");
  Set("nothing", "", nothing);
  Restart();
  EXPECT_EQ(Get("a"), "1");
  EXPECT_EQ(Get("empty"), "");
  const Handle handle = cache().Get(space(), "nothing");
  ASSERT_TRUE(handle);
  EXPECT_TRUE(handle.negative());
  EXPECT_EQ(cache().Stats(space()).tier_hits, 3u);
  const int calls = tier_->calls;
  EXPECT_EQ(Get("a"), "1");
  EXPECT_EQ(tier_->calls, calls) << "it is in memory now";
}

TEST_F(TierTest, ABatchIsOneRoundTrip) {
  for (int i = 0; i < 10; ++i) Set(std::to_string(i), "x");
  Restart();
  cache();
  const std::vector<std::string_view> keys = {"1", "missing", "2", "3"};
  const int calls = tier_->calls;
  const std::vector<Handle> handles = cache().GetBatch(space(), keys);
  EXPECT_EQ(tier_->calls, calls + 1);
  EXPECT_TRUE(handles[0] && !handles[1] && handles[2] && handles[3]);
}

TEST_F(TierTest, ABumpByAnotherProcessIsSeen) {
  Set("a", "1");
  EXPECT_EQ(Get("missing"), "-");
  ASSERT_TRUE(tier_->Bump("", 0).ok());
  EXPECT_EQ(Get("missing"), "-");
  EXPECT_EQ(Get("a"), "-") << "the last miss told of the bump";
}

TEST_F(TierTest, ALoadUnderAnOldEpochIsNotWritten) {
  LoadResult result;
  const Loader loader = [this](Loaded* out) {
    out->value = "old";
    cache().Bump(space());
    return OkStatus();
  };
  EXPECT_TRUE(cache().GetOrLoad(space(), "a", loader, {}, &result).ok());
  EXPECT_EQ(result.value(), "old");
  EXPECT_EQ(Get("a"), "-");
  Restart();
  EXPECT_EQ(Get("a"), "-");
}

TEST_F(TierTest, WritesBehindArriveInOrder) {
  ThreadPool pool(2);
  options_.pool = &pool;
  options_.tier_options.write_behind = true;
  for (int i = 0; i < 200; ++i) Set("a", std::to_string(i));
  cache().Flush();
  Restart();
  EXPECT_EQ(Get("a"), "199");
  Restart();
}

}  // namespace
}  // namespace cairn::cache
