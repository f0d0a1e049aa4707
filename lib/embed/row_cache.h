#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "embed/builtin_model.h"

namespace cairn::embed {

/// Recently used model rows, also the knowledge that a term has none (a null pointer).
///
/// Two generations: when the young one is full it becomes the old one and the old one is dropped;
/// a hit in the old one moves the row to the young one. Holds at most about `max_bytes`.
///
/// Thread safety: thread-safe.
class RowCache {
 public:
  using Row = std::shared_ptr<const ModelRow>;

  explicit RowCache(size_t max_bytes) : half_bytes_(max_bytes / 2) {}

  /// One entry per term; empty where the cache knows nothing.
  std::vector<std::optional<Row>> Find(std::span<const std::string> terms) CAIRN_EXCLUDES(mutex_);
  void Insert(const std::string& term, Row row) CAIRN_EXCLUDES(mutex_);

  size_t byte_size() const CAIRN_EXCLUDES(mutex_);

 private:
  using Rows = std::unordered_map<std::string, Row>;
  void InsertLocked(const std::string& term, Row row) CAIRN_REQUIRES(mutex_);

  const size_t half_bytes_;
  mutable Mutex mutex_;
  Rows young_ CAIRN_GUARDED_BY(mutex_);
  Rows old_ CAIRN_GUARDED_BY(mutex_);
  size_t young_bytes_ CAIRN_GUARDED_BY(mutex_) = 0;
  size_t old_bytes_ CAIRN_GUARDED_BY(mutex_) = 0;
};

}  // namespace cairn::embed
