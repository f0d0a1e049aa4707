#include "cache/redis_tier.h"

#include <gtest/gtest.h>

#include "support/matchers.h"
#include "support/redis_server.h"

namespace cairn::cache {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;

class RedisTierTest : public ::testing::Test {
 protected:
  void SetUp() override {
    CAIRN_REQUIRE_REDIS();
    server_ = std::make_unique<test::RedisServer>();
    tier_ = MakeTier();
  }

  std::unique_ptr<RedisTier> MakeTier(RedisTierOptions options = {}) {
    auto client = net::RedisClient::Create(server_->ClientOptions());
    CAIRN_EXPECT_OK(client);
    client_ = *client;
    return std::make_unique<RedisTier>(client_, options);
  }

  TierValue Get(std::string_view space, std::string_view key) { return Get(*tier_, space, key); }
  TierValue Get(RedisTier& tier, std::string_view space, std::string_view key) {
    TierValue value;
    CAIRN_EXPECT_OK(tier.Get(space, {&key, 1}, {&value, 1}, &epoch_));
    return value;
  }
  /// Under the present epoch.
  void Set(std::string_view space, std::string_view key, std::string_view value,
           int64_t ttl_ns = 0) {
    auto epoch = tier_->Epoch(space);
    CAIRN_ASSERT_OK(epoch);
    const TierWrite write{key, value, ttl_ns};
    CAIRN_EXPECT_OK(tier_->Set(space, *epoch, {&write, 1}));
  }

  std::unique_ptr<test::RedisServer> server_;
  std::shared_ptr<net::RedisClient> client_;
  std::unique_ptr<RedisTier> tier_;
  uint64_t epoch_ = 0;
};

TEST_F(RedisTierTest, WithoutAServerEveryCallFailsAndAfterwardsNoneDoes) {
  Set("s", "k", "v");
  server_->Kill();
  std::string_view key = "k";
  TierValue value;
  const TierWrite write{"k", "w", 0};
  EXPECT_FALSE(tier_->Get("s", {&key, 1}, {&value, 1}, &epoch_).ok());
  EXPECT_FALSE(tier_->Set("s", 1, {&write, 1}).ok());
  EXPECT_FALSE(tier_->Delete("s", {&key, 1}).ok());
  EXPECT_FALSE(tier_->Epoch("s").ok());
  EXPECT_FALSE(tier_->Bump("s", 1).ok());
  server_->Start();
  tier_ = MakeTier();
  EXPECT_FALSE(Get("s", "k").found) << "the server lost everything";
  Set("s", "k", "v");
  EXPECT_EQ(Get("s", "k").value, "v");
}

TEST_F(RedisTierTest, AServerThatRefusesIsAFailure) {
  CAIRN_ASSERT_OK(tier_->Epoch("s"));
  CAIRN_ASSERT_OK(client_->Call({"CONFIG", "SET", "maxmemory", "1"}));
  const TierWrite write{"k", "v", 0};
  CAIRN_EXPECT_ERROR(tier_->Set("s", 1, {&write, 1}), Code::kFailedPrecondition, "OOM");
}

TEST_F(RedisTierTest, AnyBytesComeBackAndAnEmptyValueIsFound) {
  std::string big(900'000, 'x');
  for (std::string_view value :
       {std::string_view(), std::string_view("\0\r\n\x01", 4), std::string_view(big)}) {
    for (std::string_view key : {std::string_view(), std::string_view("k\0:/", 4)}) {
      Set("s", key, value);
      const TierValue got = Get("s", key);
      EXPECT_TRUE(got.found);
      EXPECT_TRUE(got.value == value);
      EXPECT_EQ(got.ttl_ns, 0);
    }
  }
}

TEST_F(RedisTierTest, NamesThatLookAlikeDoNotMeet) {
  const std::pair<std::string_view, std::string_view> kPairs[] = {
      {"a", "b"},  {"a/b", ""},  {"", "a/b"},    {"a/", "b"},
      {"a", "/b"}, {"1:a", "b"}, {"a", ":epoch"}};
  for (const auto& [space, key] : kPairs) Set(space, key, StrCat(space, "|", key));
  for (const auto& [space, key] : kPairs) {
    EXPECT_EQ(Get(space, key).value, StrCat(space, "|", key));
  }
}

TEST_F(RedisTierTest, ManyKeysAreOneRoundTrip) {
  CAIRN_ASSERT_OK(tier_->Epoch("s"));
  std::vector<std::string> names;
  for (int i = 0; i < 300; ++i) names.push_back(StrCat("key", i));
  std::vector<TierWrite> writes;
  for (size_t i = 0; i < names.size(); i += 2) writes.push_back({names[i], names[i], 0});
  const std::vector<std::string_view> keys(names.begin(), names.end());
  std::vector<TierValue> values(keys.size());
  auto epoch = tier_->Epoch("s");
  CAIRN_ASSERT_OK(epoch);
  const uint64_t before = client_->counts().calls;
  CAIRN_ASSERT_OK(tier_->Set("s", *epoch, writes));
  CAIRN_ASSERT_OK(tier_->Get("s", keys, values, &epoch_));
  for (size_t i = 0; i < keys.size(); ++i) {
    ASSERT_EQ(values[i].found, i % 2 == 0) << i;
    EXPECT_EQ(values[i].value, i % 2 == 0 ? keys[i] : "");
  }
  CAIRN_ASSERT_OK(tier_->Delete("s", keys));
  EXPECT_EQ(client_->counts().calls - before, 3u);
  EXPECT_FALSE(Get("s", "key0").found);
}

TEST_F(RedisTierTest, TimesToLiveComeBackAsWhatIsLeft) {
  Set("s", "k", "v", 100 * kSecondNs);
  TierValue value = Get("s", "k");
  EXPECT_GT(value.ttl_ns, 90 * kSecondNs);
  EXPECT_LE(value.ttl_ns, 100 * kSecondNs);
  // Less than a millisecond is not nothing, and not for ever.
  Set("s", "short", "v", 1);
  auto ttl = client_->Call({"PTTL", "cairn:cache:1:s/short"});
  CAIRN_ASSERT_OK(ttl);
  EXPECT_NE(ttl->integer, -1);
  EXPECT_LE(ttl->integer, 1);
}

TEST_F(RedisTierTest, NothingStaysForEverInRedis) {
  tier_ = MakeTier({.max_ttl_ns = 50 * kSecondNs});
  for (const int64_t ttl_ns : {int64_t{0}, 100 * kSecondNs}) {
    Set("s", "k", "v", ttl_ns);
    auto ttl = client_->Call({"PTTL", "cairn:cache:1:s/k"});
    CAIRN_ASSERT_OK(ttl);
    EXPECT_GT(ttl->integer, 0);
    EXPECT_LE(ttl->integer, 50'000);
  }
}

TEST_F(RedisTierTest, AValueTooLargeTakesTheOldOneAway) {
  tier_ = MakeTier({.max_value_bytes = 10});
  Set("s", "k", "old");
  Set("s", "k", std::string(11, 'x'));
  EXPECT_FALSE(Get("s", "k").found);
}

TEST_F(RedisTierTest, ABumpHidesEverythingFromEverybody) {
  auto other = MakeTier();
  Set("s", "k", "v");
  Set("t", "k", "v");
  const uint64_t before = *tier_->Epoch("s");
  auto bumped = other->Bump("s", 0);
  CAIRN_ASSERT_OK(bumped);
  EXPECT_GT(*bumped, before);
  EXPECT_FALSE(Get("s", "k").found);
  EXPECT_EQ(epoch_, *bumped);
  EXPECT_TRUE(Get("t", "k").found);
  // A loader that began before the bump.
  const TierWrite late{"k", "old", 0};
  CAIRN_EXPECT_OK(tier_->Set("s", before, {&late, 1}));
  EXPECT_FALSE(Get("s", "k").found);
  Set("s", "k", "new");
  EXPECT_EQ(Get(*other, "s", "k").value, "new");
}

TEST_F(RedisTierTest, ABumpGoesAtLeastAsFarAsAsked) {
  auto first = tier_->Bump("s", 0);
  CAIRN_ASSERT_OK(first);
  const uint64_t far = *first + 1'000'000'000'000;
  auto second = tier_->Bump("s", far);
  auto third = tier_->Bump("s", 0);
  CAIRN_ASSERT_OK(second);
  CAIRN_ASSERT_OK(third);
  EXPECT_EQ(*second, far);
  EXPECT_EQ(*third, far + 1);
}

TEST_F(RedisTierTest, ALostEpochDoesNotBringOldValuesBack) {
  Set("s", "first", "v");
  const uint64_t first = *tier_->Epoch("s");
  CAIRN_ASSERT_OK(tier_->Bump("s", 0));
  Set("s", "second", "v");
  const uint64_t second = *tier_->Epoch("s");
  CAIRN_ASSERT_OK(client_->Call({"DEL", "cairn:cache:1:s:epoch"}));
  EXPECT_FALSE(Get("s", "first").found);
  EXPECT_FALSE(Get("s", "second").found);
  EXPECT_GT(epoch_, first);
  EXPECT_GT(epoch_, second);
  EXPECT_EQ(*tier_->Epoch("s"), epoch_);
}

TEST_F(RedisTierTest, ForeignValuesAreNotFound) {
  CAIRN_ASSERT_OK(tier_->Epoch("s"));
  for (const char* value : {"", "x", "\x01", "\x01\xff", "\x02zz"}) {
    CAIRN_ASSERT_OK(client_->Call({"SET", "cairn:cache:1:s/k", value}));
    EXPECT_FALSE(Get("s", "k").found);
  }
  CAIRN_ASSERT_OK(client_->Call({"SET", "cairn:cache:1:s:epoch", "yesterday"}));
  std::string_view key = "k";
  TierValue value;
  CAIRN_EXPECT_ERROR(tier_->Get("s", {&key, 1}, {&value, 1}, &epoch_), Code::kDataLoss,
                     "something else");
}

}  // namespace
}  // namespace cairn::cache
