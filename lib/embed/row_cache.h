#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "embed/builtin_model.h"

namespace cairn::embed {

/// Recently used model rows, also the knowledge that a term has none (a null pointer).
///
/// When it is full, what was not asked for since the last time goes; when that is less than a
/// quarter, every second row goes as well. So a sweep pays for many insertions.
///
/// Thread safety: thread-safe.
class RowCache {
 public:
  using Row = std::shared_ptr<const ModelRow>;

  explicit RowCache(size_t max_bytes) : max_bytes_(max_bytes) {}

  /// One entry per term; empty where the cache knows nothing.
  std::vector<std::optional<Row>> Find(std::span<const std::string> terms) CAIRN_EXCLUDES(mutex_);
  void Insert(const std::string& term, Row row) CAIRN_EXCLUDES(mutex_);

  /// Never more than max_bytes.
  size_t byte_size() const CAIRN_EXCLUDES(mutex_);

 private:
  struct Entry {
    Row row;
    bool used = false;  ///< since the last sweep
  };
  void Sweep() CAIRN_REQUIRES(mutex_);
  template <typename Unwanted>
  void EraseIf(const Unwanted& unwanted) CAIRN_REQUIRES(mutex_);

  const size_t max_bytes_;
  mutable Mutex mutex_;
  std::unordered_map<std::string, Entry> entries_ CAIRN_GUARDED_BY(mutex_);
  size_t bytes_ CAIRN_GUARDED_BY(mutex_) = 0;
};

}  // namespace cairn::embed
