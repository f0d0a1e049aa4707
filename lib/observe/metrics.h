#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"

namespace cairn::metrics {

/// A number that only grows. Thread safety: thread-safe, lock-free.
class Counter {
 public:
  void Add(uint64_t delta = 1) { value_.fetch_add(delta, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};  // relaxed: a statistic orders nothing
};

/// A number that goes up and down. Thread safety: thread-safe, lock-free.
class Gauge {
 public:
  void Set(double value) { value_.store(value, std::memory_order_relaxed); }
  void Add(double delta);
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

/// How often values fell below each of some fixed bounds. Thread safety: thread-safe, lock-free.
class Histogram {
 public:
  /// Bounds are inclusive; they are put in order, and non-finite ones are dropped.
  explicit Histogram(std::vector<double> bounds);

  /// NaN is not counted.
  void Observe(double value);

  const std::vector<double>& bounds() const { return bounds_; }
  /// Values in each bucket, not accumulated; the last is for those beyond all bounds.
  std::vector<uint64_t> counts() const;
  double sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  const std::vector<double> bounds_;
  const std::unique_ptr<std::atomic<uint64_t>[]> counts_;  // bounds_.size() + 1
  std::atomic<double> sum_{0};
};

/// Bounds for durations in seconds, from 100 microseconds to 10 seconds.
std::vector<double> LatencyBounds();

/// Names and values that tell apart the series of one metric.
using Labels = std::vector<std::pair<std::string, std::string>>;

/// The metrics of one database or one host. Nothing runs by itself: metrics are numbers that are
/// written out when somebody asks.
///
/// Every getter returns the metric of that name and labels, made at the first call; the first call
/// for a name also settles its help text and bounds. A getter never fails: for a name or label that
/// Prometheus does not allow, a name used with another type, or more than kMaxSeries series, it
/// gives a metric that works but is not written out, and counts as rejected.
///
/// Thread safety: thread-safe; keep the reference rather than asking again. Ownership: the registry
/// owns the metrics, which live as long as it does.
class Registry {
 public:
  /// Bounds the memory that label values chosen by strangers can take.
  static constexpr size_t kMaxSeries = 10'000;

  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  Counter& GetCounter(std::string_view name, std::string_view help, Labels labels = {});
  Gauge& GetGauge(std::string_view name, std::string_view help, Labels labels = {});
  Histogram& GetHistogram(std::string_view name, std::string_view help,
                          std::vector<double> bounds = LatencyBounds(), Labels labels = {});

  /// The same with one label.
  Counter& GetCounter(std::string_view name, std::string_view help, std::string_view label,
                      std::string_view label_value);
  Gauge& GetGauge(std::string_view name, std::string_view help, std::string_view label,
                  std::string_view label_value);

  /// Calls `collect` whenever metrics are about to be written out, so that parts that count by
  /// themselves can bring their numbers up to date. It must not call ToPrometheusText, AddCollector
  /// or RemoveCollector. Returns a number for RemoveCollector.
  uint64_t AddCollector(std::function<void()> collect) CAIRN_EXCLUDES(collectors_mutex_);

  /// When this returns, the collector does not run and never will.
  void RemoveCollector(uint64_t number) CAIRN_EXCLUDES(collectors_mutex_);

  uint64_t rejected_count() const { return rejected_.value(); }

  /// Every metric in the Prometheus text format, version 0.0.4, ordered by name and labels.
  std::string ToPrometheusText() const CAIRN_EXCLUDES(mutex_, collectors_mutex_);

 private:
  struct Series;
  struct Family;
  enum class Type : uint8_t { kCounter, kGauge, kHistogram };

  Series* Find(Type type, std::string_view name, std::string_view help, Labels labels,
               std::vector<double> bounds) CAIRN_EXCLUDES(mutex_);
  Series* Reject(Type type) CAIRN_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::map<std::string, Family, std::less<>> families_ CAIRN_GUARDED_BY(mutex_);
  std::map<Type, std::unique_ptr<Series>> unseen_ CAIRN_GUARDED_BY(mutex_);
  size_t series_count_ CAIRN_GUARDED_BY(mutex_) = 0;
  Counter rejected_;

  mutable Mutex collectors_mutex_;  // taken before mutex_
  std::map<uint64_t, std::function<void()>> collectors_ CAIRN_GUARDED_BY(collectors_mutex_);
  uint64_t next_collector_ CAIRN_GUARDED_BY(collectors_mutex_) = 1;
};

}  // namespace cairn::metrics
