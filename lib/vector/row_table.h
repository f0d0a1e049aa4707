#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/ids.h"
#include "base/prefetch.h"

namespace cairn::vector {

class HeapRows;

/// Up to RowTable::kPageRows rows side by side, in memory that `owner` keeps: the heap's, or a
/// mapped file's.
struct RowPage {
  const float* vectors = nullptr;
  const DocNo* docs = nullptr;
  const uint32_t* ordinals = nullptr;
  std::shared_ptr<const void> owner;
  HeapRows* heap = nullptr;  ///< what `owner` keeps, where that is a page on the heap
};

/// The original vectors of a segment's rows and the chunks that they belong to. Copies share the
/// pages.
///
/// A row is written once, before any table counts it. Each place in a page is taken atomically by
/// the first table that appends there; a copy of the table that finds its next place taken moves to
/// a page of its own. So copies may be appended to and read in different threads, none sees
/// another's rows, and a table that is copied before every append still appends in place.
///
/// Thread safety: thread-compatible; a const table is safe to read from any thread.
class RowTable {
 public:
  static constexpr uint32_t kPageRows = 1024;

  explicit RowTable(uint32_t dim) : dim_(dim) {}

  uint32_t dim() const { return dim_; }
  uint32_t size() const { return size_; }
  const float* Vector(uint32_t row) const {
    return pages_[row / kPageRows].vectors + size_t{row % kPageRows} * dim_;
  }
  /// Asks for all that there is of a row.
  void Prefetch(uint32_t row) const {
    constexpr uint32_t kFloatsPerLine = 16;
    const RowPage& page = pages_[row / kPageRows];
    const uint32_t at = row % kPageRows;
    const float* vector = page.vectors + size_t{at} * dim_;
    for (uint32_t d = 0; d < dim_; d += kFloatsPerLine) PrefetchToRead(vector + d);
    PrefetchToRead(page.docs + at);
    PrefetchToRead(page.ordinals + at);
  }
  DocNo Doc(uint32_t row) const { return pages_[row / kPageRows].docs[row % kPageRows]; }
  uint32_t Ordinal(uint32_t row) const { return pages_[row / kPageRows].ordinals[row % kPageRows]; }
  ChunkRef Chunk(uint32_t row) const { return {Doc(row), Ordinal(row)}; }
  /// Of pages on the heap, shared ones included.
  uint64_t heap_bytes() const;

  /// Appends a copy of `vector`, which may be a row of this table. A last page that is mapped, or
  /// where a copy of the table has appended, is copied first. Running out of memory changes
  /// nothing.
  void Append(const float* vector, const ChunkRef& chunk);
  /// Appends pages of mapped memory: `rows` rows whose arrays lie one after another. The table must
  /// be empty.
  void Map(const float* vectors, const DocNo* docs, const uint32_t* ordinals, uint32_t rows,
           std::shared_ptr<const void> owner);

 private:
  uint32_t dim_;
  uint32_t size_ = 0;
  std::vector<RowPage> pages_;
};

}  // namespace cairn::vector
