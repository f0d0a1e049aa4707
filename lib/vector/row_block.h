#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/ids.h"

namespace cairn::vector {

/// Uninitialised floats on a cache line boundary. Large buffers are mapped by themselves, so that
/// their memory goes back to the operating system at once, not into the allocator's free lists.
class FloatBuffer {
 public:
  explicit FloatBuffer(size_t count);
  ~FloatBuffer();
  FloatBuffer(const FloatBuffer&) = delete;
  FloatBuffer& operator=(const FloatBuffer&) = delete;
  float* data() const { return data_; }

 private:
  const size_t bytes_;
  float* data_ = nullptr;
};

/// A fixed number of vectors side by side, with the chunk that each belongs to.
///
/// Thread safety: one writer fills rows from the front; a row is never written again once a
/// published view counts it, so readers of the rows below that count need no lock.
class RowBlock {
 public:
  RowBlock(uint32_t capacity, uint32_t dim);
  RowBlock(const RowBlock&) = delete;
  RowBlock& operator=(const RowBlock&) = delete;

  uint32_t capacity() const { return capacity_; }
  const float* Row(uint32_t row) const { return floats_.data() + size_t{row} * dim_; }
  DocNo Doc(uint32_t row) const { return docs_[row]; }
  const uint32_t* Ordinals(uint32_t row) const { return ordinals_.get() + row; }
  ChunkRef Chunk(uint32_t row) const { return {docs_[row], ordinals_[row]}; }
  uint64_t memory_bytes() const;

  /// Writes `count` rows as these chunks of `doc`.
  void Write(uint32_t row, DocNo doc, const uint32_t* ordinals, const float* vectors,
             uint32_t count);

 private:
  const uint32_t capacity_;
  const uint32_t dim_;
  const FloatBuffer floats_;
  std::unique_ptr<DocNo[]> docs_;
  std::unique_ptr<uint32_t[]> ordinals_;
};

/// Which rows of a block are dead. Immutable once a view holds it.
class DeadRows {
 public:
  explicit DeadRows(uint32_t capacity) : words_((capacity + 63) / 64) {}
  bool Test(uint32_t row) const { return ((words_[row / 64] >> (row % 64)) & 1) != 0; }
  void Set(uint32_t row) { words_[row / 64] |= uint64_t{1} << (row % 64); }
  uint64_t memory_bytes() const { return sizeof(*this) + words_.size() * sizeof(uint64_t); }

 private:
  std::vector<uint64_t> words_;
};

}  // namespace cairn::vector
