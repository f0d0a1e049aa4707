#include "vector/row_table.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <new>
#include <utility>

namespace cairn::vector {

/// Room for rows, in one allocation.
class HeapRows {
 public:
  HeapRows(uint32_t dim, uint32_t capacity)
      : dim_(dim),
        capacity_(capacity),
        bytes_(capacity * (dim * sizeof(float) + sizeof(DocNo) + sizeof(uint32_t))),
        memory_(static_cast<std::byte*>(::operator new(bytes_, kAlignment))) {}
  ~HeapRows() { ::operator delete(memory_, kAlignment); }
  HeapRows(const HeapRows&) = delete;
  HeapRows& operator=(const HeapRows&) = delete;

  uint64_t heap_bytes() const { return bytes_ + sizeof(*this); }
  float* vectors() const { return reinterpret_cast<float*>(memory_ + capacity_ * sizeof(DocNo)); }
  DocNo* docs() const { return reinterpret_cast<DocNo*>(memory_); }
  uint32_t* ordinals() const {
    return reinterpret_cast<uint32_t*>(vectors() + size_t{capacity_} * dim_);
  }

  /// Takes place `row` for the caller; false when there is none or it is taken.
  bool Take(uint32_t row) {
    uint32_t expected = row;
    return row < capacity_ && taken_.compare_exchange_strong(expected, row + 1);
  }
  void Write(uint32_t row, const float* vector, const ChunkRef& chunk) {
    std::memcpy(vectors() + size_t{row} * dim_, vector, dim_ * sizeof(float));
    docs()[row] = chunk.doc;
    ordinals()[row] = chunk.ordinal;
  }
  /// Fills an empty page with the first rows of another.
  void CopyFrom(const RowPage& page, uint32_t rows) {
    std::memcpy(vectors(), page.vectors, size_t{rows} * dim_ * sizeof(float));
    std::copy_n(page.docs, rows, docs());
    std::copy_n(page.ordinals, rows, ordinals());
    taken_ = rows;
  }

 private:
  static constexpr std::align_val_t kAlignment{64};

  const size_t dim_;
  const size_t capacity_;
  const size_t bytes_;
  std::byte* const memory_;
  std::atomic<uint32_t> taken_{0};
};

namespace {

constexpr uint32_t kFirstRows = 16;  // a multiple of 8, so that vectors start on a cache line

RowPage NewPage(uint32_t dim, uint32_t capacity) {
  auto rows = std::make_shared<HeapRows>(dim, capacity);
  HeapRows* heap = rows.get();
  return {heap->vectors(), heap->docs(), heap->ordinals(), std::move(rows), heap};
}

/// A copy of the first rows of a page, with room for as many again.
RowPage RoomierCopy(const RowPage& page, uint32_t dim, uint32_t rows) {
  RowPage copy = NewPage(dim, std::max(kFirstRows, std::bit_ceil(rows + 1)));
  copy.heap->CopyFrom(page, rows);
  return copy;
}

}  // namespace

uint64_t RowTable::heap_bytes() const {
  uint64_t bytes = 0;
  for (const RowPage& page : pages_) bytes += page.heap != nullptr ? page.heap->heap_bytes() : 0;
  return bytes;
}

void RowTable::Append(const float* vector, const ChunkRef& chunk) {
  uint32_t row = size_ % kPageRows;
  if (row == 0) pages_.push_back(NewPage(dim_, size_ == 0 ? kFirstRows : kPageRows));
  RowPage& page = pages_.back();
  RowPage before;  // keeps `vector`
  if (page.heap == nullptr || !page.heap->Take(row)) {
    before = std::exchange(page, RoomierCopy(page, dim_, row));
    page.heap->Take(row);
  }
  page.heap->Write(row, vector, chunk);
  ++size_;
}

void RowTable::Map(const float* vectors, const DocNo* docs, const uint32_t* ordinals, uint32_t rows,
                   std::shared_ptr<const void> owner) {
  pages_.reserve((size_t{rows} + kPageRows - 1) / kPageRows);
  for (size_t row = 0; row < rows; row += kPageRows) {
    pages_.push_back({vectors + row * dim_, docs + row, ordinals + row, owner, nullptr});
  }
  size_ = rows;
}

}  // namespace cairn::vector
