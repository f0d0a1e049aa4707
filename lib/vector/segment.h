#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bitmap.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "vector/calibration.h"
#include "vector/graph.h"
#include "vector/quantizer.h"
#include "vector/row_table.h"
#include "vector/vector_index.h"

namespace cairn::vector {

/// A sealed part of an index: rows that never change, their codes, and the graph over them.
///
/// `blocks` and `bias` of `graph` point into memory that `graph_owner` keeps: a Slab, or a mapped
/// segment file. Deleted rows are marked outside, by whoever holds the segment.
///
/// Thread safety: immutable.
struct Segment {
  Segment(Quantizer q, RowTable r) : quantizer(std::move(q)), rows(std::move(r)) {}

  Quantizer quantizer;
  RowTable rows;
  Graph graph;
  std::shared_ptr<const void> graph_owner;
  std::vector<uint32_t> entries;  ///< what graph.entries points to
  /// What graph.entry_table points to, unless it is empty.
  std::shared_ptr<const EntryTable> entry_table = std::make_shared<const EntryTable>();
  Calibration calibration;
  uint32_t calibrated_rows = 0;  ///< how many rows there were then
  /// Mean squared distance between a vector and what its code stands for, when the quantizer was
  /// trained; and how many rows there were then.
  float code_error = 0;
  float max_code_error = 0;  ///< the largest distance (not squared) of any row from its code
  uint32_t trained_rows = 0;
  /// Rows in the order of their documents; empty when they are in that order already.
  std::vector<uint32_t> by_document;
  uint64_t heap_bytes = 0;  ///< of codes and graph; 0 when they are mapped

  uint32_t size() const { return rows.size(); }
  /// Calls body(row) for the rows of a document.
  template <typename Body>
  void ForEachRowOf(DocNo doc, const Body& body) const {
    uint32_t low = 0;
    uint32_t high = size();
    while (low < high) {
      uint32_t middle = low + (high - low) / 2;
      if (rows.Doc(Ordered(middle)) < doc) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    for (; low < size() && rows.Doc(Ordered(low)) == doc; ++low) body(Ordered(low));
  }
  /// Makes `graph` point to `entries` and to this table of them.
  void EnterBy(std::shared_ptr<const EntryTable> table);
  /// Fills by_document when the rows are not in the order of their documents.
  void SortByDocument();

 private:
  uint32_t Ordered(uint32_t i) const { return by_document.empty() ? i : by_document[i]; }
};
using SegmentPtr = std::shared_ptr<const Segment>;

}  // namespace cairn::vector
