// The C++ classes of the resilience parts, on the shared library alone.
#include <cairn/cairn.hpp>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

extern "C" {
#include "check.h"
}

namespace {

template <typename Call>
cairn_status CodeOf(Call call) {
  try {
    call();
  } catch (const cairn::Error& e) {
    return e.code();
  } catch (const std::logic_error&) {
    return -1;
  }
  return CAIRN_OK;
}

[[noreturn]] void Fail(cairn_status code) { throw cairn::Error(code, "no answer"); }

cairn_retry_options AtOnce() {
  cairn_retry_options options{};
  options.base_ns = -1;
  return options;
}

void BreakersStopCalls() {
  cairn::Metrics metrics;
  cairn_breaker_options options{};
  options.metrics = metrics.get();
  options.consecutive_failures = 2;
  cairn::CircuitBreaker breaker("db", options);
  std::vector<std::string> reasons;
  breaker.listen([&](std::int32_t, std::int32_t, const char* reason) {
    reasons.emplace_back(reason);
    throw std::logic_error("dropped");
  });
  CHECK(breaker.call([] { return std::string("value"); }) == "value");
  CHECK(CodeOf([&] { breaker.call([] { Fail(CAIRN_NOT_FOUND); }); }) == CAIRN_NOT_FOUND);
  CHECK(CodeOf([&] { breaker.call([] { Fail(CAIRN_TIMED_OUT); }); }) == CAIRN_TIMED_OUT);
  CHECK(CodeOf([&] { breaker.call([] { throw std::logic_error("own"); }); }) == -1);
  CHECK(breaker.state() == CAIRN_BREAKER_OPEN);
  CHECK(CodeOf([&] { breaker.call([] {}); }) == CAIRN_UNAVAILABLE);
  CHECK(reasons == std::vector<std::string>{"consecutive failures"});
  CHECK(breaker.stats().refused_count == 1);
  cairn::CircuitBreaker copy = breaker;
  copy.force(CAIRN_BREAKER_CLOSED);
  CHECK(breaker.state() == CAIRN_BREAKER_CLOSED);
  CHECK(metrics.text().find("{name=\"db\",outcome=\"failure\"} 2\n") != std::string::npos);
  CHECK(CodeOf([&] { breaker.force(77); }) == CAIRN_INVALID_ARGUMENT);
  options.open_ns = -1;
  CHECK(CodeOf([&] { cairn::CircuitBreaker("db", options); }) == CAIRN_INVALID_ARGUMENT);
}

void RetriesThrowWhatTheLastAttemptThrew() {
  cairn::Retry retry("db", AtOnce());
  std::uint32_t attempts = 0;
  retry.run([&](cairn_attempt& attempt) {
    attempts = attempt.number;
    if (attempt.number < 3) Fail(CAIRN_UNAVAILABLE);
  });
  CHECK(attempts == 3);
  CHECK(CodeOf([&] { retry.run([](cairn_attempt&) { Fail(CAIRN_ABORTED); }); }) == CAIRN_ABORTED);
  CHECK(CodeOf([&] { retry.run([](cairn_attempt&) { throw std::logic_error("own"); }); }) == -1);
  CHECK(CodeOf([&] { retry.run([](cairn_attempt&) {}, 0); }) == CAIRN_TIMED_OUT);
}

void PipelinesGoThroughTheirParts() {
  cairn::Retry retry("db", AtOnce());
  cairn::CircuitBreaker breaker("db");
  cairn::Bulkhead bulkhead("db");
  cairn_pipeline_options options{};
  CHECK(CodeOf([&] { cairn::Pipeline("db", options); }) == CAIRN_INVALID_ARGUMENT);
  options.retry = retry.get();
  options.breaker = breaker.get();
  options.bulkhead = bulkhead.get();
  cairn::Pipeline pipeline("db", options);
  pipeline.run([](cairn_attempt& attempt) {
    if (attempt.number == 1) Fail(CAIRN_UNAVAILABLE);
  });
  CHECK(breaker.stats().success_count == 1 && breaker.stats().failure_count == 1);
  bulkhead.enter();
  bulkhead.leave();
  breaker.force(CAIRN_BREAKER_FORCED_OPEN);
  CHECK(CodeOf([&] { pipeline.run([](cairn_attempt&) {}); }) == CAIRN_UNAVAILABLE);
}

void BatchersGiveEachCallerItsSlice() {
  cairn::Batcher batcher([](cairn::Batch& batch) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      std::string_view input = batch.input(i);
      if (input == "throw") throw std::logic_error("own");
      if (input == "fail") {
        batch.fail(i, CAIRN_NOT_FOUND, "no such thing");
      } else {
        batch.set_output(i, std::string(input) + "!");
      }
    }
    CHECK(CodeOf([&] { batch.set_output(99, "x"); }) == CAIRN_OUT_OF_RANGE);
  });
  CHECK(batcher.submit("a") == "a!");
  CHECK(batcher.submit(std::string_view("\0b", 2), 1, 60'000'000'000) == std::string("\0b!", 3));
  CHECK(CodeOf([&] { batcher.submit("fail"); }) == CAIRN_NOT_FOUND);
  CHECK(CodeOf([&] { batcher.submit("throw"); }) == CAIRN_UNKNOWN);
  CHECK(batcher.stats().failed_count == 2);
  batcher.close();
  CHECK(CodeOf([&] { batcher.submit("a"); }) == CAIRN_FAILED_PRECONDITION);
}

}  // namespace

int main() {
  RUN(BreakersStopCalls);
  RUN(RetriesThrowWhatTheLastAttemptThrew);
  RUN(PipelinesGoThroughTheirParts);
  RUN(BatchersGiveEachCallerItsSlice);
  return check_result();
}
