#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"

namespace cairn::metrics {

/// A number that only grows. Thread safety: thread-safe, lock-free.
class Counter {
 public:
  void Add(uint64_t delta = 1) { value_.fetch_add(delta, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

/// A number that goes up and down. Thread safety: thread-safe, lock-free.
class Gauge {
 public:
  void Set(int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void Add(int64_t delta) { value_.fetch_add(delta, std::memory_order_relaxed); }
  int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

/// Counts observations in fixed buckets. Thread safety: thread-safe, lock-free.
class Histogram {
 public:
  /// `bounds` are the upper bounds of the buckets, ascending; a last bucket takes the rest.
  explicit Histogram(std::vector<double> bounds);
  void Observe(double value);
  const std::vector<double>& bounds() const { return bounds_; }
  uint64_t bucket(size_t i) const { return buckets_[i].load(std::memory_order_relaxed); }
  double sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  const std::vector<double> bounds_;
  std::unique_ptr<std::atomic<uint64_t>[]> buckets_;  ///< bounds_.size() + 1
  std::atomic<double> sum_{0};
};

/// Owns metrics and renders them. Nothing runs unless a metric is touched or read.
///
/// A metric is named by its name and one label value; asking again for the same pair gives the same
/// object, which lives as long as the registry. Thread safety: thread-safe.
class Registry {
 public:
  Counter& GetCounter(std::string_view name, std::string_view help, std::string_view label = "",
                      std::string_view label_value = "");
  Gauge& GetGauge(std::string_view name, std::string_view help, std::string_view label = "",
                  std::string_view label_value = "");
  Histogram& GetHistogram(std::string_view name, std::string_view help, std::vector<double> bounds);

  /// Everything in the Prometheus text format, in the order of the names.
  std::string ToPrometheusText() const;

 private:
  struct Family {
    std::string help;
    std::map<std::string, std::unique_ptr<Counter>> counters;  ///< by rendered label
    std::map<std::string, std::unique_ptr<Gauge>> gauges;
    std::unique_ptr<Histogram> histogram;
  };
  Family& GetFamily(std::string_view name, std::string_view help) CAIRN_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::map<std::string, Family, std::less<>> families_ CAIRN_GUARDED_BY(mutex_);
};

}  // namespace cairn::metrics
