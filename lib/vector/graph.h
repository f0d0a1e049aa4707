#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/prefetch.h"
#include "kernels/edge_sketch.h"
#include "vector/edge_sketches.h"
#include "vector/entry_table.h"
#include "vector/quantizer.h"

namespace cairn::vector {

constexpr uint32_t kMaxDegree = 32;            ///< neighbours per row
constexpr uint32_t kNoNeighbour = UINT32_MAX;  ///< ends a shorter list
constexpr uint32_t kMaxGraphRows = 1u << 31;
constexpr size_t kNeighbourBytes = kMaxDegree * sizeof(uint32_t);
constexpr size_t kCacheLine = 64;

/// A neighbour graph over coded rows, as the search sees it: one block per row, its code first, its
/// neighbours behind it and then a sketch of where they lie, so that one stream of cache lines
/// holds all that a step reads.
///
/// Ids are below row_count in a graph made here; a search of a graph read from a file checks them.
struct Graph {
  const uint8_t* blocks = nullptr;  ///< row_count x stride bytes, on a cache line boundary
  size_t stride = 0;
  size_t code_bytes = 0;
  size_t lanes = 0;
  CodeWidth width = CodeWidth::kSeven;
  const float* bias = nullptr;  ///< row_count
  uint32_t row_count = 0;
  std::span<const uint32_t> entries;        ///< rows where searches may start, well spread
  const EntryTable* entry_table = nullptr;  ///< of `entries`; null = each of them is tried

  EdgeScale edges;  ///< of the sketches

  const uint8_t* Code(uint32_t row) const { return blocks + size_t{row} * stride; }
  const uint32_t* Neighbours(uint32_t row) const {
    return reinterpret_cast<const uint32_t*>(Code(row) + code_bytes);
  }
  const uint8_t* Sketch(uint32_t row) const { return Code(row) + code_bytes + kNeighbourBytes; }
  void PrefetchCode(uint32_t row) const {
    const uint8_t* code = Code(row);
    for (size_t at = 0; at < code_bytes; at += kCacheLine) PrefetchToRead(code + at);
  }
  void PrefetchBias(uint32_t row) const { PrefetchToRead(bias + row); }
};

/// Bytes from one block to the next.
constexpr size_t BlockStride(size_t code_bytes) {
  size_t sketch = HasSketches(code_bytes) ? kernels::kSketchBytes : 0;
  return (code_bytes + kNeighbourBytes + sketch + kCacheLine - 1) / kCacheLine * kCacheLine;
}

/// Zeroed memory on 2 MB boundaries, in huge pages where the system has them to give.
class Slab {
 public:
  explicit Slab(size_t bytes);
  ~Slab();
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;
  uint8_t* data() const { return data_; }
  size_t bytes() const { return bytes_; }

 private:
  void* mapping_ = nullptr;
  size_t mapped_bytes_ = 0;
  uint8_t* data_ = nullptr;
  const size_t bytes_;
};

/// A graph under construction, or one that owns its memory.
struct OwnedGraph {
  std::shared_ptr<Slab> slab;
  std::vector<float> bias;
  std::vector<uint32_t> entries;
  size_t entry_centres = 0;  ///< that searches of the graph it grew from needed; 0 = not known
  size_t code_bytes = 0;
  size_t lanes = 0;
  CodeWidth width = CodeWidth::kSeven;
  uint32_t row_count = 0;
  EdgeScale edges;

  /// Room for `rows` rows with codes of `quantizer`; no row has neighbours.
  static OwnedGraph Create(const Quantizer& quantizer, uint32_t rows);

  size_t stride() const { return BlockStride(code_bytes); }
  uint8_t* Code(uint32_t row) const { return slab->data() + size_t{row} * stride(); }
  uint32_t* Neighbours(uint32_t row) const {
    return reinterpret_cast<uint32_t*>(Code(row) + code_bytes);
  }
  uint8_t* Sketch(uint32_t row) const { return Code(row) + code_bytes + kNeighbourBytes; }
  Graph view() const;
};

}  // namespace cairn::vector
