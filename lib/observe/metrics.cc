#include "observe/metrics.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace cairn::metrics {
namespace {

/// Relaxed compare-and-swap: the sum alone matters.
void AddTo(std::atomic<double>* target, double by) {
  double seen = target->load(std::memory_order_relaxed);
  while (!target->compare_exchange_weak(seen, seen + by, std::memory_order_relaxed)) {
  }
}

std::vector<double> InOrder(std::vector<double> bounds) {
  std::erase_if(bounds, [](double bound) { return !std::isfinite(bound); });
  std::sort(bounds.begin(), bounds.end());
  bounds.erase(std::unique(bounds.begin(), bounds.end()), bounds.end());
  return bounds;
}

bool IsName(std::string_view name, bool colon_allowed) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [colon_allowed](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (c == ':' && colon_allowed);
  });
}

/// Sorts them; false when Prometheus would not take them.
bool Normalize(Labels* labels) {
  std::sort(labels->begin(), labels->end());
  for (size_t i = 0; i < labels->size(); ++i) {
    const std::string& name = (*labels)[i].first;
    if (!IsName(name, false) || name.substr(0, 2) == "__" || name == "le") return false;
    if (i > 0 && name == (*labels)[i - 1].first) return false;
  }
  return true;
}

/// Backslash and newline escaped, and the quote in label values.
std::string Escaped(std::string_view text, bool quote) {
  std::string out;
  for (char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || (c == '"' && quote)) out += '\\';
    out += c;
  }
  return out;
}

std::string Number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char text[64];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

/// `{a="1",b="2"}`, or nothing without labels.
std::string Braces(const Labels& labels, std::string_view bound = {}) {
  std::string out;
  auto add = [&out](std::string_view name, std::string_view value) {
    out += out.empty() ? "{" : ",";
    out.append(name).append("=\"").append(Escaped(value, true)).append("\"");
  };
  for (const auto& [name, value] : labels) add(name, value);
  if (!bound.empty()) add("le", bound);
  return out.empty() ? out : out + "}";
}

void AddLine(std::string* out, std::string_view name, std::string_view suffix,
             std::string_view labels, std::string_view value) {
  out->append(name).append(suffix).append(labels).append(" ").append(value).append("\n");
}

void AddHistogram(std::string* out, const std::string& name, const Labels& labels,
                  const Histogram& histogram) {
  std::vector<uint64_t> counts = histogram.counts();
  uint64_t total = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    total += counts[i];
    std::string bound = i < histogram.bounds().size() ? Number(histogram.bounds()[i]) : "+Inf";
    AddLine(out, name, "_bucket", Braces(labels, bound), std::to_string(total));
  }
  AddLine(out, name, "_sum", Braces(labels), Number(histogram.sum()));
  AddLine(out, name, "_count", Braces(labels), std::to_string(total));
}

}  // namespace

void Gauge::Add(double delta) { AddTo(&value_, delta); }

Histogram::Histogram(std::vector<double> bounds)
    : bounds_(InOrder(std::move(bounds))),
      counts_(std::make_unique<std::atomic<uint64_t>[]>(bounds_.size() + 1)) {}

void Histogram::Observe(double value) {
  if (std::isnan(value)) return;
  auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  size_t bucket = static_cast<size_t>(bound - bounds_.begin());
  counts_[bucket].fetch_add(1, std::memory_order_relaxed);
  AddTo(&sum_, value);
}

std::vector<uint64_t> Histogram::counts() const {
  std::vector<uint64_t> counts(bounds_.size() + 1);
  for (size_t i = 0; i < counts.size(); ++i) counts[i] = counts_[i].load(std::memory_order_relaxed);
  return counts;
}

std::vector<double> LatencyBounds() {
  return {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
          0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};
}

/// One of the three, by the family's type.
struct Registry::Series {
  std::unique_ptr<Counter> counter;
  std::unique_ptr<Gauge> gauge;
  std::unique_ptr<Histogram> histogram;

  Series(Type type, const std::vector<double>& bounds) {
    if (type == Type::kCounter) counter = std::make_unique<Counter>();
    if (type == Type::kGauge) gauge = std::make_unique<Gauge>();
    if (type == Type::kHistogram) histogram = std::make_unique<Histogram>(bounds);
  }
};

struct Registry::Family {
  Type type = Type::kCounter;
  std::string help;
  std::vector<double> bounds;
  std::map<Labels, std::unique_ptr<Series>> series;
};

Registry::Registry() = default;
Registry::~Registry() = default;

Registry::Series* Registry::Reject(Type type) {
  rejected_.Add();
  std::unique_ptr<Series>& unseen = unseen_[type];
  if (unseen == nullptr) unseen = std::make_unique<Series>(type, LatencyBounds());
  return unseen.get();
}

Registry::Series* Registry::Find(Type type, std::string_view name, std::string_view help,
                                 Labels labels, std::vector<double> bounds) {
  bool valid = IsName(name, true) && Normalize(&labels);
  MutexLock lock(mutex_);
  if (!valid) return Reject(type);
  auto found = families_.find(name);
  if (found == families_.end()) {
    if (series_count_ >= kMaxSeries) return Reject(type);
    Family fresh{type, std::string(help), std::move(bounds), {}};
    found = families_.emplace(std::string(name), std::move(fresh)).first;
  }
  Family& family = found->second;
  if (family.type != type) return Reject(type);
  auto existing = family.series.find(labels);
  if (existing != family.series.end()) return existing->second.get();
  if (series_count_ >= kMaxSeries) return Reject(type);
  ++series_count_;
  auto made = std::make_unique<Series>(type, family.bounds);
  return family.series.emplace(std::move(labels), std::move(made)).first->second.get();
}

Counter& Registry::GetCounter(std::string_view name, std::string_view help, Labels labels) {
  return *Find(Type::kCounter, name, help, std::move(labels), {})->counter;
}

Gauge& Registry::GetGauge(std::string_view name, std::string_view help, Labels labels) {
  return *Find(Type::kGauge, name, help, std::move(labels), {})->gauge;
}

Histogram& Registry::GetHistogram(std::string_view name, std::string_view help,
                                  std::vector<double> bounds, Labels labels) {
  return *Find(Type::kHistogram, name, help, std::move(labels), std::move(bounds))->histogram;
}

Counter& Registry::GetCounter(std::string_view name, std::string_view help, std::string_view label,
                              std::string_view label_value) {
  return GetCounter(name, help, Labels{{std::string(label), std::string(label_value)}});
}

Gauge& Registry::GetGauge(std::string_view name, std::string_view help, std::string_view label,
                          std::string_view label_value) {
  return GetGauge(name, help, Labels{{std::string(label), std::string(label_value)}});
}

uint64_t Registry::AddCollector(std::function<void()> collect) {
  MutexLock lock(collectors_mutex_);
  uint64_t number = next_collector_++;
  collectors_.emplace(number, std::move(collect));
  return number;
}

void Registry::RemoveCollector(uint64_t number) {
  MutexLock lock(collectors_mutex_);
  collectors_.erase(number);
}

std::string Registry::ToPrometheusText() const {
  static constexpr const char* kTypeNames[] = {"counter", "gauge", "histogram"};
  std::string out;
  {
    MutexLock lock(collectors_mutex_);
    for (const auto& [number, collect] : collectors_) collect();
  }
  MutexLock lock(mutex_);
  for (const auto& [name, family] : families_) {
    AddLine(&out, "# HELP ", name, "", Escaped(family.help, false));
    AddLine(&out, "# TYPE ", name, "", kTypeNames[static_cast<size_t>(family.type)]);
    for (const auto& [labels, series] : family.series) {
      if (family.type == Type::kCounter) {
        AddLine(&out, name, "", Braces(labels), std::to_string(series->counter->value()));
      } else if (family.type == Type::kGauge) {
        AddLine(&out, name, "", Braces(labels), Number(series->gauge->value()));
      } else {
        AddHistogram(&out, name, labels, *series->histogram);
      }
    }
  }
  return out;
}

}  // namespace cairn::metrics
