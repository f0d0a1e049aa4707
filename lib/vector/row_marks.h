#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace cairn::vector {

/// A set of rows in pages of bits that copies share: marking one row of a copy copies one page, so
/// a version for each deletion is cheap and the versions that readers hold stay as they are.
///
/// Thread safety: thread-compatible; a const object is safe to read from any thread.
class RowMarks {
 public:
  bool Test(uint32_t row) const {
    size_t page = row / kPageRows;
    if (page >= pages_.size() || pages_[page] == nullptr) return false;
    return (((*pages_[page])[row % kPageRows / 64] >> (row % 64)) & 1) != 0;
  }
  /// False when the row was marked before.
  bool Set(uint32_t row);
  uint32_t count() const { return count_; }
  uint64_t heap_bytes() const;

 private:
  static constexpr size_t kPageRows = 32768;
  using Page = std::array<uint64_t, kPageRows / 64>;
  std::vector<std::shared_ptr<Page>> pages_;
  uint32_t count_ = 0;
};

}  // namespace cairn::vector
