#include "limiter/redis_store.h"

#include "unit/limiter/redis_fixture.h"

namespace cairn::limiter {
namespace {

constexpr int64_t kHourNs = int64_t{3600} * 1'000'000'000;
constexpr int64_t kLongNs = 5'000'000'000;

class RedisStoreTest : public RedisTest {
 protected:
  void SetUp() override {
    RedisTest::SetUp();
    if (client_ != nullptr) store_ = std::make_unique<RedisStore>(client_);
  }

  Decision Decide(const Policy& policy, std::string_view key, uint64_t cost = 1,
                  bool peek = false) {
    auto decision = store_->Decide({&policy, key, cost, peek}, kLongNs);
    CAIRN_EXPECT_OK(decision);
    return decision.ok() ? *decision : Decision();
  }

  std::unique_ptr<RedisStore> store_;
};

Policy OneRule(Algorithm algorithm, uint64_t limit) {
  return {.name = "p", .rules = {{"r", algorithm, limit, kHourNs, 0, 0}}};
}

TEST_F(RedisStoreTest, WithoutAServerThereIsNoDecision) {
  server_->Kill();
  const Policy policy = OneRule(Algorithm::kGcra, 1);
  EXPECT_FALSE(store_->Decide({&policy, "k"}, kLongNs).ok());
  EXPECT_FALSE(store_->Refund(policy, "k", 1, kLongNs).ok());
  EXPECT_FALSE(store_->Reset(policy, "k", kLongNs).ok());
}

TEST_F(RedisStoreTest, AServerThatRefusesIsNoDecisionEither) {
  const Policy policy = OneRule(Algorithm::kGcra, 1);
  CAIRN_ASSERT_OK(client_->Call({"CONFIG", "SET", "maxmemory", "1"}));
  CAIRN_EXPECT_ERROR(store_->Decide({&policy, "k"}, kLongNs), Code::kFailedPrecondition, "OOM");
}

TEST_F(RedisStoreTest, ALimitThatLuaCannotCountIsRefused) {
  Policy policy = OneRule(Algorithm::kFixedWindow, (uint64_t{1} << 53) + 1);
  policy.rules[0].window_ns = 300 * 24 * kHourNs;
  CAIRN_EXPECT_ERROR(store_->Decide({&policy, "k"}, kLongNs), Code::kUnsupported, "rule \"r\"");
}

TEST_F(RedisStoreTest, EveryAlgorithmCountsDownAndRefuses) {
  for (const Algorithm algorithm : {Algorithm::kGcra, Algorithm::kFixedWindow,
                                    Algorithm::kSlidingWindow, Algorithm::kConcurrency}) {
    SCOPED_TRACE(AlgorithmName(algorithm));
    const Policy policy = OneRule(algorithm, 2);
    EXPECT_EQ(Decide(policy, "k", 1, true).remaining, 2u);
    Decision decision = Decide(policy, "k");
    EXPECT_TRUE(decision.allowed());
    EXPECT_EQ(decision.rule, "r");
    EXPECT_EQ(decision.limit, 2u);
    EXPECT_EQ(decision.remaining, 1u);
    EXPECT_GT(decision.reset_after_ns, 0);
    EXPECT_LE(decision.reset_after_ns, kHourNs + kHourNs / 16 + 1'000);
    EXPECT_EQ(decision.retry_after_ns, 0);
    EXPECT_EQ(decision.permit != 0, algorithm == Algorithm::kConcurrency);
    EXPECT_EQ(Decide(policy, "k").remaining, 0u);
    decision = Decide(policy, "k");
    EXPECT_FALSE(decision.allowed());
    EXPECT_GT(decision.retry_after_ns, 0);
    EXPECT_EQ(decision.permit, 0u);
    EXPECT_TRUE(Decide(policy, "other").allowed());
    CAIRN_EXPECT_OK(store_->Reset(policy, "k", kLongNs));
    EXPECT_TRUE(Decide(policy, "k").allowed());
  }
}

TEST_F(RedisStoreTest, OfSeveralRulesTheOneThatMattersIsTold) {
  const Policy policy{.name = "p",
                      .rules = {{"wide", Algorithm::kGcra, 100, kHourNs, 0, 0},
                                {"narrow", Algorithm::kFixedWindow, 3, 20 * kHourNs, 0, 0},
                                {"middle", Algorithm::kSlidingWindow, 5, kHourNs, 0, 0}}};
  EXPECT_EQ(Decide(policy, "k", 2).rule, "narrow");
  EXPECT_EQ(Decide(policy, "k", 2).rule, "narrow");
  const Decision refused = Decide(policy, "k", 2);
  EXPECT_FALSE(refused.allowed());
  EXPECT_EQ(refused.rule_index, 1);
  EXPECT_EQ(Decide(policy, "k", 1).remaining, 0u) << "what was refused was charged";
}

TEST_F(RedisStoreTest, PermitsComeBackAndAreGoneOnlyOnce) {
  const Policy policy = OneRule(Algorithm::kConcurrency, 2);
  const Decision first = Decide(policy, "k");
  const Decision second = Decide(policy, "k");
  EXPECT_NE(first.permit, second.permit);
  EXPECT_FALSE(Decide(policy, "k").allowed());
  CAIRN_EXPECT_OK(store_->Release(policy, "k", first.permit, kLongNs));
  CAIRN_EXPECT_OK(store_->Release(policy, "k", first.permit, kLongNs));
  EXPECT_TRUE(Decide(policy, "k").allowed());
  EXPECT_FALSE(Decide(policy, "k").allowed());
}

TEST_F(RedisStoreTest, ManyDecisionsAreOneRoundTrip) {
  const Policy gcra = OneRule(Algorithm::kGcra, 3);
  const Policy other{.name = "q", .rules = {{"r", Algorithm::kFixedWindow, 3, kHourNs, 0, 0}}};
  std::vector<StoreCall> calls;
  for (int i = 0; i < 5; ++i) {
    calls.push_back({&gcra, "k"});
    calls.push_back({&other, "k"});
  }
  for (int round = 0; round < 2; ++round) {  // the second time the scripts are known
    CAIRN_ASSERT_OK(
        client_->Call({"DEL", "cairn:limit:{1.1:pk}gcra:r", "cairn:limit:{1.1:qk}fixed:r"}));
    const uint64_t before = client_->counts().calls;
    std::vector<Decision> decisions(calls.size());
    CAIRN_ASSERT_OK(store_->DecideMany(calls, decisions, kLongNs));
    for (size_t i = 0; i < decisions.size(); ++i) EXPECT_EQ(decisions[i].allowed(), i < 6) << i;
    EXPECT_EQ(client_->counts().calls - before, round == 0 ? 2u : 1u);
  }
}

TEST_F(RedisStoreTest, AWrongKeyTakesNoOtherDecisionWithIt) {
  const Policy policy = OneRule(Algorithm::kGcra, 3);
  CAIRN_ASSERT_OK(client_->Call({"SADD", "cairn:limit:{1.3:pbad}gcra:r", "x"}));
  const std::vector<StoreCall> calls = {{&policy, "a"}, {&policy, "bad"}, {&policy, "c"}};
  std::vector<Decision> decisions(calls.size());
  CAIRN_EXPECT_ERROR(store_->DecideMany(calls, decisions, kLongNs), Code::kFailedPrecondition,
                     "WRONGTYPE");
  EXPECT_EQ(Decide(policy, "c").remaining, 1u) << "the call before was not carried out";
}

TEST_F(RedisStoreTest, EachDecisionOfACallHasItsOwnCost) {
  const Policy policy = OneRule(Algorithm::kFixedWindow, 10);
  for (const uint64_t cost : {uint64_t{3}, uint64_t{4}}) {
    const std::vector<StoreCall> calls = {
        {&policy, "a", cost}, {&policy, "b", 3}, {&policy, "a", 3}, {&policy, "a", 1, true}};
    std::vector<Decision> decisions(calls.size());
    CAIRN_ASSERT_OK(store_->DecideMany(calls, decisions, kLongNs));
    EXPECT_EQ(decisions[0].remaining, 10 - cost);
    EXPECT_EQ(decisions[1].remaining, 7u);
    EXPECT_EQ(decisions[2].remaining, 7 - cost);
    EXPECT_EQ(decisions[3].remaining, 7 - cost) << "looking charged";
    for (const char* key : {"a", "b"}) CAIRN_EXPECT_OK(store_->Reset(policy, key, kLongNs));
  }
  const std::vector<StoreCall> same = {{&policy, "a", 4}, {&policy, "b", 4}, {&policy, "a", 4}};
  std::vector<Decision> decisions(same.size());
  CAIRN_ASSERT_OK(store_->DecideMany(same, decisions, kLongNs));
  EXPECT_EQ(decisions[2].remaining, 2u);
  EXPECT_EQ(decisions[1].remaining, 6u);
}

TEST_F(RedisStoreTest, MoreDecisionsThanACallHoldsAreSeveralCalls) {
  const Policy policy = OneRule(Algorithm::kFixedWindow, 150);
  const std::vector<StoreCall> calls(2 * RedisBatch::kMostTogether + 50, {&policy, "k"});
  std::vector<Decision> decisions(calls.size());
  CAIRN_ASSERT_OK(store_->DecideMany(calls, decisions, kLongNs));
  for (size_t i = 0; i < decisions.size(); ++i) EXPECT_EQ(decisions[i].allowed(), i < 150) << i;
}

/// How often the server ran a script since it was asked to count anew.
uint64_t ScriptsRun(net::RedisClient* client) {
  auto info = client->Call({"INFO", "commandstats"});
  const size_t at = info.ok() ? info->text.find("cmdstat_evalsha:calls=") : std::string::npos;
  return at == std::string::npos ? 0 : std::stoull(info->text.substr(at + 22));
}

TEST_F(RedisStoreTest, BehindAProxyEveryDecisionIsACall) {
  const Policy policy = OneRule(Algorithm::kGcra, 3);
  const std::vector<StoreCall> calls = {{&policy, "a"}, {&policy, "b"}, {&policy, "c"}};
  std::vector<Decision> decisions(calls.size());
  for (const bool is_spread : {false, true}) {
    RedisStore store(client_, is_spread);
    Decide(policy, "k");  // the script is known
    CAIRN_ASSERT_OK(client_->Call({"CONFIG", "RESETSTAT"}));
    CAIRN_EXPECT_OK(store.DecideMany(calls, decisions, kLongNs));
    EXPECT_EQ(ScriptsRun(client_.get()), is_spread ? 3u : 1u);
  }
}

TEST_F(RedisStoreTest, AServerThatForgotTheScriptsIsTaughtThemAgain) {
  const Policy policy = OneRule(Algorithm::kGcra, 10);
  EXPECT_EQ(Decide(policy, "k").remaining, 9u);
  CAIRN_ASSERT_OK(client_->Call({"SCRIPT", "FLUSH"}));
  EXPECT_EQ(Decide(policy, "k").remaining, 8u);
  const uint64_t before = client_->counts().calls;
  EXPECT_EQ(Decide(policy, "k").remaining, 7u);
  EXPECT_EQ(client_->counts().calls - before, 1u);
}

TEST_F(RedisStoreTest, KeysOfAnyBytesDoNotMeet) {
  const Policy policy = OneRule(Algorithm::kGcra, 1);
  const Policy longer{.name = "pk", .rules = policy.rules};
  const std::string_view kKeys[] = {"",  "}",   "{", "k}gcra:r", std::string_view("\0", 1),
                                    "k", "\r\n"};
  for (std::string_view key : kKeys) EXPECT_TRUE(Decide(policy, key).allowed());
  for (std::string_view key : kKeys) EXPECT_FALSE(Decide(policy, key).allowed());
  EXPECT_TRUE(Decide(longer, "").allowed()) << "taken for policy p with key k";
}

TEST_F(RedisStoreTest, AllKeysOfADecisionHaveOneClusterSlot) {
  const Policy policy{.name = "}{p}",
                      .rules = {{"a", Algorithm::kGcra, 9, kHourNs, 0, 0},
                                {"b{x}", Algorithm::kSlidingWindow, 9, kHourNs, 0, 0},
                                {"c", Algorithm::kConcurrency, 9, kHourNs, 0, 0}}};
  CAIRN_EXPECT_OK(store_->Decide({&policy, "}k{"}, kLongNs));
  auto keys = client_->Call({"KEYS", "*"});
  CAIRN_ASSERT_OK(keys);
  ASSERT_EQ(keys->elements.size(), 3u);
  const auto tag = [](const std::string& key) {
    const size_t open = key.find('{');
    return key.substr(open + 1, key.find('}', open) - open - 1);
  };
  for (const net::RedisReply& key : keys->elements) {
    EXPECT_EQ(tag(key.text), tag(keys->elements[0].text)) << key.text;
    EXPECT_FALSE(tag(key.text).empty());
  }
}

TEST_F(RedisStoreTest, AForeignValueUnderAKeyIsNoCrash) {
  const Policy policy = OneRule(Algorithm::kGcra, 1);
  // No text of ours; no number; more than any; less than any.
  const std::string_view kForeign[] = {"not a number",
                                       std::string_view("\0\0\0\0\0\0\xf8\x7f"
                                                        "12345678",
                                                        16),
                                       std::string_view("\0\0\0\0\0\0\xf0\x7f"
                                                        "12345678",
                                                        16),
                                       "",
                                       std::string_view("\0\0\0\0\0\0\xf0\xff"
                                                        "12345678",
                                                        16)};
  for (const Algorithm algorithm :
       {Algorithm::kGcra, Algorithm::kFixedWindow, Algorithm::kSlidingWindow}) {
    Policy any = OneRule(algorithm, 7);
    any.rules[0].window_ns = 5 * kHourNs / 7;
    for (const std::string_view value : kForeign) {
      const std::string key = StrCat("cairn:limit:{1.1:pk}", AlgorithmName(algorithm), ":r");
      CAIRN_ASSERT_OK(client_->Call({"SET", key, value}));
      const Decision decision = Decide(any, "k");
      EXPECT_LE(decision.remaining, 7u);
      EXPECT_LE(decision.retry_after_ns, 2 * kHourNs);
      CAIRN_EXPECT_OK(store_->Reset(any, "k", kLongNs));
    }
  }
  CAIRN_ASSERT_OK(client_->Call({"SET", "cairn:limit:{1.1:pk}gcra:r", "not a number"}));
  EXPECT_TRUE(Decide(policy, "k").allowed());
  CAIRN_ASSERT_OK(client_->Call({"DEL", "cairn:limit:{1.1:pk}gcra:r"}));
  CAIRN_ASSERT_OK(client_->Call({"SADD", "cairn:limit:{1.1:pk}gcra:r", "x"}));
  CAIRN_EXPECT_ERROR(store_->Decide({&policy, "k"}, kLongNs), Code::kFailedPrecondition,
                     "WRONGTYPE");
}

}  // namespace
}  // namespace cairn::limiter
