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
    auto it = entries_.find(terms[i]);
    if (it == entries_.end()) continue;
    it->second.used = true;
    found[i] = it->second.row;
  }
  return found;
}

void RowCache::Insert(const std::string& term, Row row) {
  const size_t size = SizeOf(term, row);
  if (size > max_bytes_ / 2) return;
  MutexLock lock(mutex_);
  if (bytes_ + size > max_bytes_) Sweep();
  if (entries_.try_emplace(term, Entry{std::move(row)}).second) bytes_ += size;
}

void RowCache::Sweep() {
  EraseIf([](Entry& entry) { return !std::exchange(entry.used, false); });
  bool second = false;
  while (bytes_ > max_bytes_ / 2 + max_bytes_ / 4) {
    EraseIf([&second](Entry&) { return second = !second; });
  }
}

template <typename Unwanted>
void RowCache::EraseIf(const Unwanted& unwanted) {
  for (auto it = entries_.begin(); it != entries_.end();) {
    if (unwanted(it->second)) {
      bytes_ -= SizeOf(it->first, it->second.row);
      it = entries_.erase(it);
    } else {
      ++it;
    }
  }
}

size_t RowCache::byte_size() const {
  MutexLock lock(mutex_);
  return bytes_;
}

}  // namespace cairn::embed
