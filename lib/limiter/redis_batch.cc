#include "limiter/redis_batch.h"

#include <algorithm>

#include "base/clock.h"

namespace cairn::limiter {
namespace {

using net::RedisPipeline;
using net::RedisReply;

/// First with a name that is not known, then in full, and both once more when a call with several
/// keys was refused.
constexpr int kMostRounds = 4;

Status Refusal(std::string_view words) {
  return Error(Code::kFailedPrecondition, "Redis refused a decision: ", words);
}

Status Garbled() {
  return Status(Code::kDataLoss, "Redis answered to a script what it does not return");
}

void AddCall(std::span<RedisQuestion* const> questions, bool in_full,
             std::vector<std::string_view>* words, RedisPipeline* pipeline) {
  const RedisScript& script = *questions[0]->script;
  const std::string key_count = std::to_string(questions.size() * questions[0]->keys.size());
  words->assign({in_full ? "EVAL" : "EVALSHA", in_full ? script.source : script.sha1, key_count});
  for (const RedisQuestion* question : questions) {
    words->insert(words->end(), question->keys.begin(), question->keys.end());
  }
  const std::vector<std::string>& first = questions[0]->arguments;
  const bool is_same = std::all_of(questions.begin(), questions.end(), [&](const auto* question) {
    return question->arguments == first;
  });
  for (const RedisQuestion* question : is_same ? questions.first(1) : questions) {
    words->insert(words->end(), question->arguments.begin(), question->arguments.end());
  }
  pipeline->Add(*words);
}

/// Takes one question's part of the answer; false when the answer is not what it should be.
bool TakeNumbers(std::span<const RedisReply>* left, RedisQuestion* question) {
  question->status = OkStatus();
  if (!left->empty() && left->front().kind == RedisReply::Kind::kString) {
    question->status = Refusal(left->front().text);
    *left = left->subspan(1);
    return true;
  }
  if (left->size() < question->number_count) return false;
  for (size_t i = 0; i < question->number_count; ++i) {
    question->numbers[i] = std::max<int64_t>((*left)[i].integer, 0);
  }
  *left = left->subspan(question->number_count);
  return true;
}

void TakeAnswers(const RedisReply& reply, std::span<RedisQuestion* const> questions) {
  std::span<const RedisReply> left = reply.elements;
  bool is_whole = reply.kind == RedisReply::Kind::kArray;
  for (RedisQuestion* question : questions) is_whole = is_whole && TakeNumbers(&left, question);
  if (is_whole && left.empty()) return;
  for (RedisQuestion* question : questions) question->status = Garbled();
}

void FailAll(std::span<RedisQuestion* const> questions, const Status& status) {
  for (RedisQuestion* question : questions) question->status = status;
}

}  // namespace

void RedisBatch::Ask(std::span<RedisQuestion* const> questions, int64_t timeout_ns,
                     const std::function<void()>& meanwhile) {
  const int64_t deadline_ns = Clock::System()->MonotonicNs() + timeout_ns;
  std::unordered_set<const RedisScript*> unknown;
  Questions again(questions.begin(), questions.end());
  int64_t left_ns = timeout_ns;
  for (int round = 0; round < kMostRounds && !again.empty(); ++round) {
    const std::vector<Questions> calls = Group(again);
    again.clear();
    Status status(Code::kTimedOut, "Redis had to be asked again, too late");
    if (left_ns > 0) status = AskOnce(calls, &unknown, &again, left_ns, meanwhile);
    if (!status.ok()) {
      for (const Questions& call : calls) FailAll(call, status);
      return;
    }
    if (!again.empty()) left_ns = deadline_ns - Clock::System()->MonotonicNs();
  }
  FailAll(again, Refusal("it forgets scripts at once"));
}

std::vector<RedisBatch::Questions> RedisBatch::Group(
    std::span<RedisQuestion* const> questions) const {
  const size_t most = is_spread_.load(std::memory_order_relaxed) ? 1 : kMostTogether;
  std::vector<Questions> calls;
  for (RedisQuestion* question : questions) {
    // The last call of a script may have room; those before it have none.
    const auto last = std::find_if(calls.rbegin(), calls.rend(), [&](const Questions& call) {
      return call[0]->script == question->script;
    });
    if (last != calls.rend() && last->size() < most) {
      last->push_back(question);
    } else {
      calls.push_back({question});
    }
  }
  return calls;
}

Status RedisBatch::AskOnce(const std::vector<Questions>& calls,
                           std::unordered_set<const RedisScript*>* unknown, Questions* again,
                           int64_t timeout_ns, const std::function<void()>& meanwhile) {
  RedisPipeline pipeline;
  std::vector<std::string_view> words;
  // In one pipeline the first call teaches the server what the others name.
  for (const Questions& call : calls) {
    AddCall(call, unknown->erase(call[0]->script) != 0, &words, &pipeline);
  }
  std::vector<RedisReply> replies;
  CAIRN_RETURN_IF_ERROR(client_->Execute(pipeline, &replies, timeout_ns, meanwhile));
  for (size_t i = 0; i < calls.size(); ++i) {
    const RedisReply& reply = replies[i];
    const bool is_unknown = reply.is_error() && reply.text.starts_with("NOSCRIPT");
    const bool is_spread = reply.is_error() && reply.text.starts_with("CROSSSLOT");
    if (is_unknown) unknown->insert(calls[i][0]->script);
    if (is_spread && calls[i].size() > 1) is_spread_.store(true, std::memory_order_relaxed);
    if (is_unknown || (is_spread && calls[i].size() > 1)) {
      again->insert(again->end(), calls[i].begin(), calls[i].end());
    } else if (reply.is_error()) {
      FailAll(calls[i], Refusal(reply.text));
    } else {
      TakeAnswers(reply, calls[i]);
    }
  }
  return OkStatus();
}

}  // namespace cairn::limiter
