#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "observe/metrics.h"
#include "resilience/batcher.h"
#include "resilience/bulkhead.h"
#include "resilience/circuit_breaker.h"
#include "resilience/retry.h"

namespace cairn::resilience {

/// Brings the numbers of one part into a registry whenever that is read, so that counting costs the
/// part nothing more. Series carry the part's name as label `name`; parts of one name add up.
///
/// Thread safety: thread-compatible; the registry may be read at any time. Ownership: keeps the
/// registry; ends before the part.
class Reporter {
 public:
  Reporter(std::shared_ptr<metrics::Registry> registry, const CircuitBreaker* breaker);
  Reporter(std::shared_ptr<metrics::Registry> registry, const Retry* retry);
  Reporter(std::shared_ptr<metrics::Registry> registry, const Bulkhead* bulkhead);
  Reporter(std::shared_ptr<metrics::Registry> registry, const Batcher* batcher);
  ~Reporter();
  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;

 private:
  Reporter(std::shared_ptr<metrics::Registry> registry, std::string name,
           std::function<void(Reporter&)> collect);

  void Count(std::string_view metric, std::string_view help, uint64_t value,
             std::string_view label = {}, std::string_view label_value = {});
  void Level(std::string_view metric, std::string_view help, double value,
             std::string_view label = {}, std::string_view label_value = {});
  metrics::Labels LabelsWith(std::string_view label, std::string_view label_value) const;

  const std::shared_ptr<metrics::Registry> registry_;
  const std::string name_;
  /// What was told already, by metric and label. Only touched by the collector, of which one runs.
  std::map<std::pair<std::string, std::string>, uint64_t> told_;
  uint64_t collector_ = 0;
};

}  // namespace cairn::resilience
