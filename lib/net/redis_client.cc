#include "net/redis_client.h"

#include <algorithm>

#include "base/clock.h"
#include "net/outage_gate.h"
#include "net/redis_reader.h"

namespace cairn::net {
namespace {

std::shared_ptr<Gate> GateFor(const RedisOptions& options) {
  if (options.gate != nullptr) return options.gate;
  OutageGateOptions gate;
  gate.seed = static_cast<uint64_t>(Clock::System()->MonotonicNs());
  // A trial is a call: it has reported back when its time is up.
  gate.trial_ns = std::max(gate.trial_ns, 2 * options.command_timeout_ns);
  return std::make_shared<OutageGate>(gate);
}

/// The server answers, and says that it cannot serve anybody now.
bool IsOutage(const RedisReply& reply) {
  if (!reply.is_error()) return false;
  constexpr std::string_view kWords[] = {"LOADING", "BUSY ", "MASTERDOWN", "CLUSTERDOWN",
                                         "READONLY"};
  return std::any_of(std::begin(kWords), std::end(kWords),
                     [&](std::string_view word) { return reply.text.starts_with(word); });
}

}  // namespace

RedisClient::RedisClient(RedisOptions options)
    : options_(std::move(options)), gate_(GateFor(options_)), pool_(&options_) {}

Result<std::shared_ptr<RedisClient>> RedisClient::Create(RedisOptions options) {
  if (!RedisReader::IsSupported()) {
    return Status(Code::kUnsupported, "this build of Cairn has no Redis client");
  }
  std::string faults;
  for (const std::string& fault : FaultsOf(options)) {
    faults += faults.empty() ? fault : "; " + fault;
  }
  if (!faults.empty()) return Status(Code::kInvalidArgument, std::move(faults));
  return std::shared_ptr<RedisClient>(new RedisClient(std::move(options)));
}

Status RedisClient::Execute(const RedisPipeline& pipeline, std::vector<RedisReply>* replies,
                            int64_t timeout_ns, const std::function<void()>& meanwhile) {
  if (pipeline.empty()) return OkStatus();
  calls_.fetch_add(1, std::memory_order_relaxed);
  const Pass pass = gate_->Enter();
  if (!pass.is_admitted) return Refuse();
  if (timeout_ns <= 0) timeout_ns = options_.command_timeout_ns;
  Outcome outcome = Outcome::kUnused;
  Status status = ExecuteWithin(Clock::System()->MonotonicNs() + timeout_ns, pipeline, meanwhile,
                                replies, &outcome);
  gate_->Leave(pass, outcome);
  Count(status, pipeline.size());
  return status;
}

Status RedisClient::CheckReachable() {
  if (!gate_->IsShut()) return OkStatus();
  calls_.fetch_add(1, std::memory_order_relaxed);
  return Refuse();
}

Status RedisClient::Refuse() {
  refused_.fetch_add(1, std::memory_order_relaxed);
  return Status(Code::kUnavailable, "Redis does not answer; calls are held back until it does");
}

Status RedisClient::ExecuteWithin(int64_t deadline_ns, const RedisPipeline& pipeline,
                                  const std::function<void()>& meanwhile,
                                  std::vector<RedisReply>* replies, Outcome* outcome) {
  Result<std::unique_ptr<RedisConnection>> taken = pool_.Take(deadline_ns);
  if (!taken.ok()) {
    // Busy connections are the doing of other callers; a name that is not found is not.
    if (taken.status().code() != Code::kTimedOut) *outcome = Outcome::kFailure;
    return std::move(taken).status();
  }
  std::unique_ptr<RedisConnection> connection = *std::move(taken);
  const size_t before = replies->size();
  Status status = connection->Exchange(pipeline, deadline_ns, meanwhile, replies);
  // A reply above the bound is still an answer.
  const bool is_answered = status.ok() || status.code() == Code::kOutOfRange;
  *outcome = is_answered ? Outcome::kSuccess : Outcome::kFailure;
  if (status.ok() && IsOutage((*replies)[before])) {
    *outcome = Outcome::kFailure;
    connection->Close();  // another server may have taken its place behind the same name
  }
  pool_.GiveBack(std::move(connection));
  return status;
}

void RedisClient::Count(const Status& status, size_t command_count) {
  if (status.ok()) {
    commands_.fetch_add(command_count, std::memory_order_relaxed);
    return;
  }
  failures_.fetch_add(1, std::memory_order_relaxed);
  if (status.code() == Code::kTimedOut) timeouts_.fetch_add(1, std::memory_order_relaxed);
}

Result<RedisReply> RedisClient::Call(std::initializer_list<std::string_view> words,
                                     int64_t timeout_ns) {
  RedisPipeline pipeline;
  pipeline.Add(words);
  std::vector<RedisReply> replies;
  CAIRN_RETURN_IF_ERROR(Execute(pipeline, &replies, timeout_ns));
  if (replies[0].is_error()) {
    return Error(Code::kFailedPrecondition, "Redis refused ", *words.begin(), ": ",
                 replies[0].text);
  }
  return std::move(replies[0]);
}

RedisCounts RedisClient::counts() const {
  RedisCounts counts;
  counts.calls = calls_.load(std::memory_order_relaxed);
  counts.commands = commands_.load(std::memory_order_relaxed);
  counts.failures = failures_.load(std::memory_order_relaxed);
  counts.timeouts = timeouts_.load(std::memory_order_relaxed);
  counts.refused = refused_.load(std::memory_order_relaxed);
  counts.open_connections = pool_.open_count();
  return counts;
}

}  // namespace cairn::net
