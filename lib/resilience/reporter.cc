#include "resilience/reporter.h"

namespace cairn::resilience {

Reporter::Reporter(std::shared_ptr<metrics::Registry> registry, std::string name,
                   std::function<void(Reporter&)> collect)
    : registry_(std::move(registry)), name_(std::move(name)) {
  collector_ = registry_->AddCollector([this, collect = std::move(collect)] { collect(*this); });
}

Reporter::~Reporter() { registry_->RemoveCollector(collector_); }

metrics::Labels Reporter::LabelsWith(std::string_view label, std::string_view label_value) const {
  metrics::Labels labels{{"name", name_}};
  if (!label.empty()) labels.emplace_back(label, label_value);
  return labels;
}

void Reporter::Count(std::string_view metric, std::string_view help, uint64_t value,
                     std::string_view label, std::string_view label_value) {
  uint64_t& told = told_[{std::string(metric), std::string(label_value)}];
  registry_->GetCounter(metric, help, LabelsWith(label, label_value)).Add(value - told);
  told = value;
}

void Reporter::Level(std::string_view metric, std::string_view help, double value,
                     std::string_view label, std::string_view label_value) {
  registry_->GetGauge(metric, help, LabelsWith(label, label_value)).Set(value);
}

Reporter::Reporter(std::shared_ptr<metrics::Registry> registry, const CircuitBreaker* breaker)
    : Reporter(std::move(registry), breaker->options().name, [breaker](Reporter& to) {
        BreakerStats stats = breaker->Stats();
        constexpr const char* kCalls = "cairn_breaker_calls_total";
        constexpr const char* kHelp = "Calls through a circuit breaker, by outcome.";
        to.Count(kCalls, kHelp, stats.successes, "outcome", "success");
        to.Count(kCalls, kHelp, stats.failures, "outcome", "failure");
        to.Count(kCalls, kHelp, stats.ignored, "outcome", "ignored");
        to.Count(kCalls, kHelp, stats.refused, "outcome", "refused");
        to.Count(kCalls, kHelp, stats.late, "outcome", "late");
        to.Count("cairn_breaker_slow_calls_total", "Slow calls.", stats.slow);
        to.Count("cairn_breaker_lost_trials_total", "Trials that never came back.",
                 stats.lost_trials);
        for (size_t i = 0; i < kBreakerStates; ++i) {
          std::string_view state = BreakerStateName(static_cast<BreakerState>(i));
          to.Count("cairn_breaker_changes_total", "Changes of state, by the new state.",
                   stats.entered[i], "state", state);
          to.Level("cairn_breaker_state", "1 for the state that a circuit breaker is in.",
                   static_cast<size_t>(stats.state) == i ? 1 : 0, "state", state);
        }
      }) {}

Reporter::Reporter(std::shared_ptr<metrics::Registry> registry, const Retry* retry)
    : Reporter(std::move(registry), retry->options().name, [retry](Reporter& to) {
        RetryStats stats = retry->Stats();
        to.Count("cairn_retry_calls_total", "Calls that ended, by outcome.",
                 stats.calls - stats.failures, "outcome", "success");
        to.Count("cairn_retry_calls_total", "Calls that ended, by outcome.", stats.failures,
                 "outcome", "failure");
        to.Count("cairn_retry_retries_total", "Attempts after the first.", stats.retries);
        constexpr const char* kEnds = "cairn_retry_given_up_total";
        constexpr const char* kHelp = "Retryable failures after which there was no more attempt.";
        to.Count(kEnds, kHelp, stats.out_of_attempts, "reason", "attempts");
        to.Count(kEnds, kHelp, stats.out_of_time, "reason", "deadline");
        to.Count(kEnds, kHelp, stats.out_of_budget, "reason", "budget");
      }) {}

Reporter::Reporter(std::shared_ptr<metrics::Registry> registry, const Bulkhead* bulkhead)
    : Reporter(std::move(registry), bulkhead->options().name, [bulkhead](Reporter& to) {
        BulkheadStats stats = bulkhead->Stats();
        constexpr const char* kCalls = "cairn_bulkhead_calls_total";
        constexpr const char* kHelp = "Calls that came to a bulkhead, by outcome.";
        to.Count(kCalls, kHelp, stats.admitted, "outcome", "admitted");
        to.Count(kCalls, kHelp, stats.overloaded, "outcome", "overloaded");
        to.Count(kCalls, kHelp, stats.timed_out, "outcome", "timed_out");
        to.Level("cairn_bulkhead_running", "Calls inside.", stats.running);
        to.Level("cairn_bulkhead_waiting", "Calls that wait for a place.", stats.waiting);
      }) {}

Reporter::Reporter(std::shared_ptr<metrics::Registry> registry, const Batcher* batcher)
    : Reporter(std::move(registry), batcher->options().name, [batcher](Reporter& to) {
        BatcherStats stats = batcher->Stats();
        to.Count("cairn_batcher_submitted_total", "Items taken into the queue.", stats.submitted);
        to.Count("cairn_batcher_overloaded_total", "Items refused.", stats.overloaded);
        to.Count("cairn_batcher_timed_out_total", "Items whose time ended.", stats.timed_out);
        to.Count("cairn_batcher_failed_total", "Items that were run and failed.", stats.failed);
        to.Count("cairn_batcher_batches_total", "Batches run.", stats.batches);
        to.Count("cairn_batcher_items_total", "Items in these batches.", stats.items);
        to.Count("cairn_batcher_isolated_total", "Items run again by themselves.", stats.isolated);
        to.Count("cairn_batcher_busy_microseconds_total", "Time in batches.", stats.busy_ns / 1000);
        to.Count("cairn_batcher_wait_microseconds_total", "Time of items in the queue.",
                 stats.wait_ns / 1000);
        to.Level("cairn_batcher_queued", "Items that wait.", stats.queued);
        to.Level("cairn_batcher_running", "Batches under way.", stats.running);
      }) {}

}  // namespace cairn::resilience
