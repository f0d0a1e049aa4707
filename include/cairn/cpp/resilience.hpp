// SPDX-License-Identifier: Apache-2.0
#ifndef CAIRN_CPP_RESILIENCE_HPP_
#define CAIRN_CPP_RESILIENCE_HPP_

#include <cairn/cairn.h>
#include <cairn/cpp/error.hpp>
#include <cairn/cpp/handle.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace cairn {

/// A registry of metrics that any number of parts report to. Copies share it. Thread-safe.
class Metrics {
 public:
  Metrics() {
    detail::ErrorSlot error;
    cairn_metrics* made = nullptr;
    error.check(cairn_metrics_create(&made, error.out()));
    handle_ = Handle(made);
  }

  /// Everything that is reported now, in the Prometheus text format.
  std::string text() const {
    detail::ErrorSlot error;
    cairn_buffer* text = nullptr;
    error.check(cairn_metrics_text(handle_.get(), &text, error.out()));
    return detail::to_string(text);
  }

  cairn_metrics* get() const noexcept { return handle_.get(); }

 private:
  using Handle = detail::Shared<cairn_metrics, cairn_metrics_retain, cairn_metrics_release>;
  Handle handle_;
};

namespace detail {

/// The code that stands for an exception.
inline cairn_status status_of(const std::exception_ptr& thrown) noexcept {
  try {
    std::rethrow_exception(thrown);
  } catch (const Error& error) {
    return error.code();
  } catch (...) {
    return CAIRN_UNKNOWN;
  }
}

/// One call that is made by attempts; lives in its frame.
template <typename F>
struct AttemptState {
  F& attempt;
  std::exception_ptr thrown;

  static cairn_status run(cairn_attempt* number, void* user_data) noexcept {
    auto* state = static_cast<AttemptState*>(user_data);
    state->thrown = nullptr;
    try {
      state->attempt(*number);
      return CAIRN_OK;
    } catch (...) {
      state->thrown = std::current_exception();
      return status_of(state->thrown);
    }
  }

  /// Throws what the last attempt threw, if that is how the call ended.
  void check(const ErrorSlot& error, cairn_status status) const {
    if (status != CAIRN_OK && thrown != nullptr && status_of(thrown) == status) {
      std::rethrow_exception(thrown);
    }
    error.check(status);
  }
};

template <typename Options>
void set_name(Options* options, std::string_view name) {
  options->struct_size = sizeof(Options);
  options->name = name.data();
  options->name_bytes = name.size();
}

}  // namespace detail

/// Stops calls to a target that fails, and tries it again after a while. Copies share it.
/// Thread-safe.
class CircuitBreaker {
 public:
  /// options: as in <cairn/breaker.h>; struct_size and name are set here.
  explicit CircuitBreaker(std::string_view name = {}, cairn_breaker_options options = {}) {
    detail::set_name(&options, name);
    detail::ErrorSlot error;
    cairn_breaker* made = nullptr;
    error.check(cairn_breaker_create(&options, &made, error.out()));
    handle_ = Handle(made);
  }

  /// Makes a call and returns its result, or throws Error with CAIRN_UNAVAILABLE when calls are not
  /// let through. What the call throws goes through; an Error counts by its code.
  template <typename F>
  std::invoke_result_t<F&> call(F&& function) {
    cairn_breaker_permit permit{};
    detail::ErrorSlot error;
    error.check(cairn_breaker_acquire(get(), CAIRN_NOW, &permit, nullptr, error.out()));
    Guard guard{get(), &permit};
    try {
      return function();
    } catch (...) {
      guard.status = detail::status_of(std::current_exception());
      throw;
    }
  }

  /// CAIRN_BREAKER_*.
  std::int32_t state() const noexcept { return cairn_breaker_state(get()); }

  /// As cairn_breaker_force.
  void force(std::int32_t state) {
    detail::ErrorSlot error;
    error.check(cairn_breaker_force(get(), state, error.out()));
  }

  using Listener = std::function<void(std::int32_t from, std::int32_t to, const char* reason)>;

  /// Has a function called after every change of state; what it throws is dropped.
  void listen(Listener listener) {
    detail::ErrorSlot error;
    error.check(cairn_breaker_listen(get(), on_change, new Listener(std::move(listener)),
                                     free_listener, error.out()));
  }

  cairn_breaker_stats stats() const {
    cairn_breaker_stats stats{};
    stats.struct_size = sizeof stats;
    detail::ErrorSlot error;
    error.check(cairn_breaker_stats_get(get(), &stats, error.out()));
    return stats;
  }

  cairn_breaker* get() const noexcept { return handle_.get(); }

 private:
  struct Guard {
    cairn_breaker* breaker;
    cairn_breaker_permit* permit;
    cairn_status status = CAIRN_OK;
    ~Guard() { cairn_breaker_record(breaker, permit, status, CAIRN_NOW); }
  };

  static void on_change(std::int32_t from, std::int32_t to, std::uint32_t, const char* reason,
                        void* user_data) noexcept {
    try {
      (*static_cast<Listener*>(user_data))(from, to, reason);
    } catch (...) {  // nobody is there to receive it
    }
  }
  static void free_listener(void* user_data) noexcept { delete static_cast<Listener*>(user_data); }

  using Handle = detail::Shared<cairn_breaker, cairn_breaker_retain, cairn_breaker_release>;
  Handle handle_;
};

/// Repeats calls that failed in a way that may pass. Copies share it. Thread-safe.
class Retry {
 public:
  explicit Retry(std::string_view name = {}, cairn_retry_options options = {}) {
    detail::set_name(&options, name);
    detail::ErrorSlot error;
    cairn_retry* made = nullptr;
    error.check(cairn_retry_create(&options, &made, error.out()));
    handle_ = Handle(made);
  }

  /// Makes attempts until one does not throw. `attempt` takes a cairn_attempt&; an Error is tried
  /// again if its code is retryable, other exceptions never are. timeout_ns: negative: no limit.
  template <typename F>
  void run(F&& attempt, std::int64_t timeout_ns = -1) {
    detail::AttemptState<std::remove_reference_t<F>> state{attempt, nullptr};
    detail::ErrorSlot error;
    state.check(error, cairn_retry_run(get(), timeout_ns, state.run, &state, nullptr, error.out()));
  }

  cairn_retry* get() const noexcept { return handle_.get(); }

 private:
  using Handle = detail::Shared<cairn_retry, cairn_retry_retain, cairn_retry_release>;
  Handle handle_;
};

/// Bounds how many calls run at once. Thread-safe.
class Bulkhead {
 public:
  explicit Bulkhead(std::string_view name = {}, cairn_bulkhead_options options = {}) {
    detail::set_name(&options, name);
    detail::ErrorSlot error;
    cairn_bulkhead* made = nullptr;
    error.check(cairn_bulkhead_create(&options, &made, error.out()));
    handle_.reset(made);
  }

  /// Takes a place, to be given back with leave().
  void enter(std::int64_t timeout_ns = -1) {
    detail::ErrorSlot error;
    error.check(cairn_bulkhead_enter(get(), timeout_ns, error.out()));
  }
  void leave() noexcept { cairn_bulkhead_leave(get()); }

  cairn_bulkhead* get() const noexcept { return handle_.get(); }

 private:
  detail::Owned<cairn_bulkhead, cairn_bulkhead_release> handle_;
};

/// Makes calls through limiter, timeout, retry, bulkhead and breaker. Thread-safe.
class Pipeline {
 public:
  /// options: the parts, as in <cairn/pipeline.h>; struct_size and name are set here.
  Pipeline(std::string_view name, cairn_pipeline_options options) {
    detail::set_name(&options, name);
    detail::ErrorSlot error;
    cairn_pipeline* made = nullptr;
    error.check(cairn_pipeline_create(&options, &made, error.out()));
    handle_.reset(made);
  }

  /// As Retry::run.
  template <typename F>
  void run(F&& attempt, std::int64_t timeout_ns = -1) {
    detail::AttemptState<std::remove_reference_t<F>> state{attempt, nullptr};
    detail::ErrorSlot error;
    state.check(error, cairn_pipeline_run(handle_.get(), timeout_ns, state.run, &state, nullptr,
                                          error.out()));
  }

 private:
  detail::Owned<cairn_pipeline, cairn_pipeline_release> handle_;
};

/// The batch that a function works off, borrowed for its call.
class Batch {
 public:
  explicit Batch(cairn_batch* batch) noexcept : batch_(batch) {}

  std::size_t size() const noexcept { return cairn_batch_size(batch_); }
  std::string_view input(std::size_t index) const noexcept {
    std::size_t size = 0;
    const char* data = cairn_batch_input(batch_, index, &size);
    return {data, size};
  }
  void set_output(std::size_t index, std::string_view output) {
    detail::ErrorSlot error;
    error.check(cairn_batch_set_output(batch_, index, output.data(), output.size(), error.out()));
  }
  void fail(std::size_t index, cairn_status status, std::string_view message) {
    detail::ErrorSlot error;
    error.check(
        cairn_batch_fail(batch_, index, status, message.data(), message.size(), error.out()));
  }

 private:
  cairn_batch* batch_;
};

/// Puts items of many callers together and has them worked off in batches. Copies share it.
/// Thread-safe.
class Batcher {
 public:
  /// Works off one batch. An Error that it throws is that of every member; so is any other
  /// exception, as CAIRN_UNKNOWN.
  using Run = std::function<void(Batch&)>;

  explicit Batcher(Run run, std::string_view name = {}, cairn_batcher_options options = {}) {
    detail::set_name(&options, name);
    options.run_fn = on_batch;
    options.run_user_data = new Run(std::move(run));
    options.run_free = free_run;
    detail::ErrorSlot error;
    cairn_batcher* made = nullptr;
    error.check(cairn_batcher_create(&options, &made, error.out()));
    handle_ = Handle(made);
  }

  /// Hands in one item and waits for its output.
  std::string submit(std::string_view input, std::uint64_t cost = 1, std::int64_t timeout_ns = -1) {
    detail::ErrorSlot error;
    cairn_buffer* output = nullptr;
    error.check(cairn_batcher_submit(get(), input.data(), input.size(), cost, timeout_ns, &output,
                                     error.out()));
    return detail::to_string(output);
  }

  /// Works off the queue, or cancels what is in it, and refuses what comes later.
  void close(bool cancel = false) {
    detail::ErrorSlot error;
    error.check(cairn_batcher_close(get(), cancel ? 1 : 0, error.out()));
  }

  cairn_batcher_stats stats() const {
    cairn_batcher_stats stats{};
    stats.struct_size = sizeof stats;
    detail::ErrorSlot error;
    error.check(cairn_batcher_stats_get(get(), &stats, error.out()));
    return stats;
  }

  cairn_batcher* get() const noexcept { return handle_.get(); }

 private:
  static cairn_status on_batch(cairn_batch* given, void* user_data) noexcept {
    try {
      Batch batch(given);
      (*static_cast<Run*>(user_data))(batch);
      return CAIRN_OK;
    } catch (...) {
      return detail::status_of(std::current_exception());
    }
  }
  static void free_run(void* user_data) noexcept { delete static_cast<Run*>(user_data); }

  using Handle = detail::Shared<cairn_batcher, cairn_batcher_retain, cairn_batcher_release>;
  Handle handle_;
};

}  // namespace cairn

#endif  // CAIRN_CPP_RESILIENCE_HPP_
