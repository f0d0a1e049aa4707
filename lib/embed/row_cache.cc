#include "embed/row_cache.h"

#include <utility>

namespace cairn::embed {
namespace {

/// A hash node, two string heads and the shared row, roughly.
constexpr size_t kEntryOverhead = 96;

size_t SizeOf(const std::string& term, const RowCache::Row& row) {
  return kEntryOverhead + term.size() +
         (row == nullptr ? 0 : sizeof(ModelRow) + row->values.capacity());
}

}  // namespace

std::vector<std::optional<RowCache::Row>> RowCache::Find(std::span<const std::string> terms) {
  std::vector<std::optional<Row>> found(terms.size());
  MutexLock lock(mutex_);
  for (size_t i = 0; i < terms.size(); ++i) {
    if (auto it = young_.find(terms[i]); it != young_.end()) {
      found[i] = it->second;
    } else if (auto aged = old_.find(terms[i]); aged != old_.end()) {
      found[i] = aged->second;
      InsertLocked(terms[i], *found[i]);
    }
  }
  return found;
}

void RowCache::Insert(const std::string& term, Row row) {
  MutexLock lock(mutex_);
  InsertLocked(term, std::move(row));
}

void RowCache::InsertLocked(const std::string& term, Row row) {
  const size_t size = SizeOf(term, row);
  if (size > half_bytes_) return;
  if (young_bytes_ + size > half_bytes_) {
    old_ = std::move(young_);
    old_bytes_ = young_bytes_;
    young_.clear();
    young_bytes_ = 0;
  }
  if (young_.try_emplace(term, std::move(row)).second) young_bytes_ += size;
}

size_t RowCache::byte_size() const {
  MutexLock lock(mutex_);
  return young_bytes_ + old_bytes_;
}

}  // namespace cairn::embed
