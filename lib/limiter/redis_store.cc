#include "limiter/redis_store.h"

#include <array>
#include <new>
#include <random>

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

/// The decision that the numbers stand for, see Decision on which rule it tells about.
Decision ReadDecision(const StoreCall& call, std::span<const int64_t> numbers) {
  const std::vector<Rule>& rules = call.policy->rules;
  const bool is_allowed = numbers[0] == 1;
  numbers = numbers.subspan(1);
  Decision decision;
  decision.outcome = is_allowed ? Outcome::kAllowed : Outcome::kRefused;
  for (size_t i = 0; i < rules.size(); ++i) {
    const RedisRule rule(rules[i]);
    const size_t count = RedisAnswersOf(rule.form());
    const RedisReading reading =
        rule.Read(numbers.first(count), call.cost, is_allowed && !call.peek);
    numbers = numbers.subspan(count);
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

}  // namespace

RedisStore::RedisStore(std::shared_ptr<net::RedisClient> client, bool is_spread)
    : client_(std::move(client)),
      batch_(client_.get(), is_spread),
      combiner_(
          [this](const Combiner::Items& items, int64_t timeout_ns,
                 const std::function<void()>& meanwhile) { Send(items, timeout_ns, meanwhile); }),
      permits_(RandomStart()) {}

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

RedisQuestion RedisStore::QuestionOf(RedisAction action, const StoreCall& call, uint64_t permit) {
  const Policy& policy = *call.policy;
  RedisQuestion question;
  for (const Rule& rule : policy.rules) question.keys.push_back(KeyOf(policy, rule, call.key));
  question.arguments.emplace_back(call.peek ? "0" : "1");
  std::array<RedisForm, Policy::kMaxRules> forms;
  size_t numbers = 1;
  for (size_t i = 0; i < policy.rules.size(); ++i) {
    const RedisRule rule(policy.rules[i]);
    forms[i] = rule.form();
    rule.AppendArguments(call.cost, permit, &question.arguments);
    numbers += RedisAnswersOf(forms[i]);
  }
  question.script = ScriptFor(action, {forms.data(), policy.rules.size()});
  question.number_count = action == RedisAction::kDecide ? static_cast<uint32_t>(numbers) : 0;
  return question;
}

Result<uint64_t> RedisStore::Prepare(const StoreCall& call) {
  CAIRN_RETURN_IF_ERROR(CheckCountable(*call.policy));
  return !call.peek && PermitRule(*call.policy) != nullptr ? NewPermit() : 0;
}

void RedisStore::Send(const Combiner::Items& items, int64_t timeout_ns,
                      const std::function<void()>& meanwhile) {
  try {
    std::vector<RedisQuestion*> questions;
    questions.reserve(items.size());
    for (const auto& item : items) questions.push_back(&static_cast<Shared*>(item.get())->question);
    batch_.Ask(questions, timeout_ns, meanwhile);
  } catch (const std::bad_alloc&) {
    for (const auto& item : items) {
      static_cast<Shared*>(item.get())->question.status =
          Status(Code::kResourceExhausted, "out of memory");
    }
  }
}

uint64_t RedisStore::NewPermit() {
  const uint64_t permit = permits_.fetch_add(kGoldenStep, std::memory_order_relaxed) >> 2;
  return permit == 0 ? 1 : permit;
}

Result<Decision> RedisStore::Decide(const StoreCall& call, int64_t timeout_ns) {
  CAIRN_RETURN_IF_ERROR(client_->CheckReachable());
  CAIRN_ASSIGN_OR_RETURN(const uint64_t permit, Prepare(call));
  const auto shared = std::make_shared<Shared>();
  shared->question = QuestionOf(RedisAction::kDecide, call, permit);
  CAIRN_RETURN_IF_ERROR(combiner_.Ask(shared, timeout_ns));
  CAIRN_RETURN_IF_ERROR(shared->question.status);
  Decision decision = ReadDecision(call, shared->question.numbers);
  if (decision.allowed()) decision.permit = permit;
  return decision;
}

Status RedisStore::DecideMany(std::span<const StoreCall> calls, std::span<Decision> decisions_out,
                              int64_t timeout_ns) {
  CAIRN_RETURN_IF_ERROR(client_->CheckReachable());
  std::vector<RedisQuestion> questions;
  std::vector<RedisQuestion*> pointers;
  std::vector<uint64_t> permits;
  questions.reserve(calls.size());
  for (const StoreCall& call : calls) {
    CAIRN_ASSIGN_OR_RETURN(const uint64_t permit, Prepare(call));
    permits.push_back(permit);
    questions.push_back(QuestionOf(RedisAction::kDecide, call, permit));
    pointers.push_back(&questions.back());
  }
  batch_.Ask(pointers, timeout_ns);
  for (size_t i = 0; i < calls.size(); ++i) {
    CAIRN_RETURN_IF_ERROR(questions[i].status);
    decisions_out[i] = ReadDecision(calls[i], questions[i].numbers);
    if (decisions_out[i].allowed()) decisions_out[i].permit = permits[i];
  }
  return OkStatus();
}

Status RedisStore::Refund(const Policy& policy, std::string_view key, uint64_t cost,
                          int64_t timeout_ns) {
  RedisQuestion question = QuestionOf(RedisAction::kRefund, {&policy, key, cost, false}, 0);
  RedisQuestion* const pointer = &question;
  batch_.Ask({&pointer, 1}, timeout_ns);
  return question.status;
}

Status RedisStore::Release(const Policy& policy, std::string_view key, uint64_t permit,
                           int64_t timeout_ns) {
  const Rule* rule = PermitRule(policy);
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
  if (!replies[0].is_error()) return OkStatus();
  return Error(Code::kFailedPrecondition, "Redis refused a decision: ", replies[0].text);
}

}  // namespace cairn::limiter
