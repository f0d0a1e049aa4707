#include "limiter/redis_store.h"

#include <array>
#include <random>
#include <set>

#include "base/clock.h"
#include "limiter/redis_rule.h"

namespace cairn::limiter {
namespace {

using net::RedisPipeline;
using net::RedisReply;

/// 2^64 divided by the golden ratio: steps of it come near each other only after a long time.
constexpr uint64_t kGoldenStep = 0x9e3779b97f4a7c15U;

uint64_t RandomStart() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

void AddTo(RedisPipeline* pipeline, std::string_view command, std::string_view script,
           size_t key_count, const std::vector<std::string>& words) {
  const std::string count = std::to_string(key_count);
  std::vector<std::string_view> all = {command, script, count};
  all.insert(all.end(), words.begin(), words.end());
  pipeline->Add(all);
}

bool IsUnknownScript(const RedisReply& reply) {
  return reply.is_error() && reply.text.starts_with("NOSCRIPT");
}

Status Refusal(const RedisReply& reply) {
  if (reply.is_error()) {
    return Error(Code::kFailedPrecondition, "Redis refused a decision: ", reply.text);
  }
  return Status(Code::kDataLoss, "Redis answered to a script what it does not return");
}

/// True when `a` of rule `a_limit` is the smaller share.
bool IsSmallerShare(uint64_t a, uint64_t a_limit, uint64_t b, uint64_t b_limit) {
  __extension__ using Wide = unsigned __int128;
  return Wide{a} * b_limit < Wide{b} * a_limit;
}

/// Lua's numbers are doubles.
Status CheckCountable(const Policy& policy) {
  constexpr uint64_t kMost = uint64_t{1} << 53;
  for (const Rule& rule : policy.rules) {
    if (rule.algorithm != Algorithm::kFixedWindow || rule.limit <= kMost) continue;
    return Error(Code::kUnsupported, "rule \"", rule.name, "\": Redis counts exactly only up to ",
                 kMost, ", and its limit is ", rule.limit);
  }
  return OkStatus();
}

uint64_t CapacityOf(const Rule& rule) {
  return rule.algorithm == Algorithm::kGcra ? rule.capacity() : rule.limit;
}

/// The decision that the reply of a script stands for, see Decision on which rule it tells about.
Result<Decision> ReadDecision(const StoreCall& call, const RedisReply& reply) {
  const std::vector<Rule>& rules = call.policy->rules;
  if (reply.elements.size() != 1 + rules.size() * kRedisAnswers) return Refusal(reply);
  const bool is_allowed = reply.elements[0].integer == 1;
  Decision decision;
  decision.outcome = is_allowed ? Outcome::kAllowed : Outcome::kRefused;
  for (size_t i = 0; i < rules.size(); ++i) {
    std::array<int64_t, kRedisAnswers> answer{};
    for (size_t j = 0; j < kRedisAnswers; ++j) {
      answer[j] = std::max<int64_t>(reply.elements[1 + i * kRedisAnswers + j].integer, 0);
    }
    const RedisReading reading =
        RedisRule(rules[i]).Read(answer, call.cost, is_allowed && !call.peek);
    const uint64_t limit = CapacityOf(rules[i]);
    const bool is_told = i == 0 || (is_allowed ? IsSmallerShare(reading.remaining, limit,
                                                                decision.remaining, decision.limit)
                                               : reading.retry_ns > decision.retry_after_ns);
    if (!is_told) continue;
    decision.rule_index = static_cast<uint8_t>(i);
    decision.rule = rules[i].name;
    decision.limit = limit;
    decision.remaining = reading.remaining;
    decision.reset_after_ns = reading.reset_ns;
    decision.retry_after_ns = is_allowed ? 0 : std::max<int64_t>(reading.retry_ns, 1);
  }
  return decision;
}

const Rule* ConcurrencyRule(const Policy& policy) {
  for (const Rule& rule : policy.rules) {
    if (rule.algorithm == Algorithm::kConcurrency) return &rule;
  }
  return nullptr;
}

}  // namespace

RedisStore::RedisStore(std::shared_ptr<net::RedisClient> client)
    : client_(std::move(client)), permits_(RandomStart()) {}

const RedisScript* RedisStore::ScriptFor(RedisAction action, std::span<const RedisForm> forms) {
  std::array<char, 1 + Policy::kMaxRules> name;
  size_t size = 0;
  name[size++] = action == RedisAction::kDecide ? 'd' : 'r';
  for (const RedisForm form : forms) name[size++] = static_cast<char>('0' + static_cast<int>(form));
  const std::string_view shape(name.data(), size);
  MutexLock lock(mutex_);
  auto found = scripts_.find(shape);
  if (found == scripts_.end()) {
    found = scripts_.emplace(shape, MakeRedisScript(action, forms)).first;
  }
  return &found->second;
}

std::string RedisStore::KeyOf(const Policy& policy, const Rule& rule, std::string_view key) const {
  // The lengths keep names and keys of any bytes apart, and the hash tag from being empty.
  return StrCat(client_->options().key_prefix, "limit:{", policy.name.size(), ".", key.size(), ":",
                policy.name, key, "}", AlgorithmName(rule.algorithm), ":", rule.name);
}

RedisStore::Invocation RedisStore::Invoke(RedisAction action, const StoreCall& call,
                                          uint64_t permit) {
  const Policy& policy = *call.policy;
  Invocation invocation;
  invocation.key_count = policy.rules.size();
  for (const Rule& rule : policy.rules) invocation.words.push_back(KeyOf(policy, rule, call.key));
  invocation.words.emplace_back(call.peek ? "0" : "1");
  std::array<RedisForm, Policy::kMaxRules> forms;
  for (size_t i = 0; i < policy.rules.size(); ++i) {
    const RedisRule rule(policy.rules[i]);
    forms[i] = rule.form();
    rule.AppendArguments(call.cost, permit, &invocation.words);
  }
  invocation.script = ScriptFor(action, {forms.data(), policy.rules.size()});
  return invocation;
}

Result<std::vector<RedisReply>> RedisStore::Run(std::span<const Invocation> invocations,
                                                int64_t timeout_ns) {
  const int64_t deadline_ns = Clock::System()->MonotonicNs() + timeout_ns;
  RedisPipeline pipeline;
  for (const Invocation& call : invocations) {
    AddTo(&pipeline, "EVALSHA", call.script->sha1, call.key_count, call.words);
  }
  std::vector<RedisReply> replies;
  CAIRN_RETURN_IF_ERROR(client_->Execute(pipeline, &replies, timeout_ns));

  pipeline.Clear();
  std::vector<size_t> unknown;
  std::set<const RedisScript*> sent;
  for (size_t i = 0; i < replies.size(); ++i) {
    if (!IsUnknownScript(replies[i])) continue;
    const Invocation& call = invocations[i];
    const bool is_first = sent.insert(call.script).second;
    AddTo(&pipeline, is_first ? "EVAL" : "EVALSHA",
          is_first ? call.script->source : call.script->sha1, call.key_count, call.words);
    unknown.push_back(i);
  }
  if (unknown.empty()) return replies;
  const int64_t left_ns = deadline_ns - Clock::System()->MonotonicNs();
  if (left_ns <= 0) return Status(Code::kTimedOut, "Redis had to be sent a script, too late");
  std::vector<RedisReply> late;
  CAIRN_RETURN_IF_ERROR(client_->Execute(pipeline, &late, left_ns));
  for (size_t i = 0; i < unknown.size(); ++i) replies[unknown[i]] = std::move(late[i]);
  return replies;
}

uint64_t RedisStore::NewPermit() {
  const uint64_t permit = permits_.fetch_add(kGoldenStep, std::memory_order_relaxed) >> 2;
  return permit == 0 ? 1 : permit;
}

Result<Decision> RedisStore::Decide(const StoreCall& call, int64_t timeout_ns) {
  Decision decision;
  CAIRN_RETURN_IF_ERROR(DecideMany({&call, 1}, {&decision, 1}, timeout_ns));
  return decision;
}

Status RedisStore::DecideMany(std::span<const StoreCall> calls, std::span<Decision> decisions_out,
                              int64_t timeout_ns) {
  CAIRN_RETURN_IF_ERROR(client_->CheckReachable());
  std::vector<Invocation> invocations;
  std::vector<uint64_t> permits;
  invocations.reserve(calls.size());
  permits.reserve(calls.size());
  for (const StoreCall& call : calls) {
    CAIRN_RETURN_IF_ERROR(CheckCountable(*call.policy));
    const bool takes_permit = !call.peek && ConcurrencyRule(*call.policy) != nullptr;
    permits.push_back(takes_permit ? NewPermit() : 0);
    invocations.push_back(Invoke(RedisAction::kDecide, call, permits.back()));
  }
  CAIRN_ASSIGN_OR_RETURN(const std::vector<RedisReply> replies, Run(invocations, timeout_ns));
  for (size_t i = 0; i < calls.size(); ++i) {
    CAIRN_ASSIGN_OR_RETURN(decisions_out[i], ReadDecision(calls[i], replies[i]));
    if (decisions_out[i].allowed()) decisions_out[i].permit = permits[i];
  }
  return OkStatus();
}

Status RedisStore::Refund(const Policy& policy, std::string_view key, uint64_t cost,
                          int64_t timeout_ns) {
  const StoreCall call{&policy, key, cost, false};
  const Invocation invocation = Invoke(RedisAction::kRefund, call, 0);
  CAIRN_ASSIGN_OR_RETURN(const std::vector<RedisReply> replies, Run({&invocation, 1}, timeout_ns));
  return replies[0].is_error() ? Refusal(replies[0]) : OkStatus();
}

Status RedisStore::Release(const Policy& policy, std::string_view key, uint64_t permit,
                           int64_t timeout_ns) {
  const Rule* rule = ConcurrencyRule(policy);
  if (rule == nullptr || permit == 0) return OkStatus();
  return client_->Call({"ZREM", KeyOf(policy, *rule, key), std::to_string(permit)}, timeout_ns)
      .status();
}

Status RedisStore::Reset(const Policy& policy, std::string_view key, int64_t timeout_ns) {
  std::vector<std::string> words = {"DEL"};
  for (const Rule& rule : policy.rules) words.push_back(KeyOf(policy, rule, key));
  RedisPipeline pipeline;
  pipeline.Add(std::vector<std::string_view>(words.begin(), words.end()));
  std::vector<RedisReply> replies;
  CAIRN_RETURN_IF_ERROR(client_->Execute(pipeline, &replies, timeout_ns));
  return replies[0].is_error() ? Refusal(replies[0]) : OkStatus();
}

}  // namespace cairn::limiter
