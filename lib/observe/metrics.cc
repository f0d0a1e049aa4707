#include "observe/metrics.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/status.h"

namespace cairn::metrics {
namespace {

std::string Escape(std::string_view text, bool quotes) {
  std::string out;
  for (char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\\' || (quotes && c == '"')) {
      out += '\\';
      out += c;
    } else {
      out += c;
    }
  }
  return out;
}

std::string RenderLabel(std::string_view label, std::string_view value) {
  return label.empty() ? "" : StrCat('{', label, "=\"", Escape(value, true), "\"}");
}

std::string Shortest(double number) {
  char digits[32];
  auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  return std::string(digits, end);
}

void RenderHistogram(std::string_view name, const Histogram& histogram, std::string* out) {
  uint64_t cumulative = 0;
  for (size_t i = 0; i < histogram.bounds().size(); ++i) {
    cumulative += histogram.bucket(i);
    *out +=
        StrCat(name, "_bucket{le=\"", Shortest(histogram.bounds()[i]), "\"} ", cumulative, '\n');
  }
  cumulative += histogram.bucket(histogram.bounds().size());
  *out += StrCat(name, "_bucket{le=\"+Inf\"} ", cumulative, '\n');
  *out += StrCat(name, "_sum ", Shortest(histogram.sum()), '\n');
  *out += StrCat(name, "_count ", cumulative, '\n');
}

}  // namespace

Histogram::Histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)), buckets_(new std::atomic<uint64_t>[bounds_.size() + 1]) {
  for (size_t i = 0; i <= bounds_.size(); ++i) buckets_[i].store(0, std::memory_order_relaxed);
}

void Histogram::Observe(double value) {
  auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  buckets_[static_cast<size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  double sum = sum_.load(std::memory_order_relaxed);
  while (!sum_.compare_exchange_weak(sum, sum + value, std::memory_order_relaxed)) {
  }
}

Registry::Family& Registry::GetFamily(std::string_view name, std::string_view help) {
  auto it = families_.find(name);
  if (it == families_.end()) it = families_.emplace(std::string(name), Family()).first;
  if (it->second.help.empty()) it->second.help = std::string(help);
  return it->second;
}

Counter& Registry::GetCounter(std::string_view name, std::string_view help, std::string_view label,
                              std::string_view label_value) {
  MutexLock lock(mutex_);
  auto& slot = GetFamily(name, help).counters[RenderLabel(label, label_value)];
  if (slot == nullptr) slot = std::make_unique<Counter>();
  return *slot;
}

Gauge& Registry::GetGauge(std::string_view name, std::string_view help, std::string_view label,
                          std::string_view label_value) {
  MutexLock lock(mutex_);
  auto& slot = GetFamily(name, help).gauges[RenderLabel(label, label_value)];
  if (slot == nullptr) slot = std::make_unique<Gauge>();
  return *slot;
}

Histogram& Registry::GetHistogram(std::string_view name, std::string_view help,
                                  std::vector<double> bounds) {
  MutexLock lock(mutex_);
  auto& slot = GetFamily(name, help).histogram;
  if (slot == nullptr) slot = std::make_unique<Histogram>(std::move(bounds));
  return *slot;
}

std::string Registry::ToPrometheusText() const {
  MutexLock lock(mutex_);
  std::string out;
  for (const auto& [name, family] : families_) {
    std::string_view type = family.histogram != nullptr ? "histogram"
                            : family.gauges.empty()     ? "counter"
                                                        : "gauge";
    out += StrCat("# HELP ", name, ' ', Escape(family.help, false), '\n');
    out += StrCat("# TYPE ", name, ' ', type, '\n');
    for (const auto& [label, counter] : family.counters) {
      out += StrCat(name, label, ' ', counter->value(), '\n');
    }
    for (const auto& [label, gauge] : family.gauges) {
      out += StrCat(name, label, ' ', gauge->value(), '\n');
    }
    if (family.histogram != nullptr) RenderHistogram(name, *family.histogram, &out);
  }
  return out;
}

}  // namespace cairn::metrics
