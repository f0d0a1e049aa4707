#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace cairn::vector {

class Quantizer;
struct Graph;

/// Rows where searches of a graph may start, in groups around centres, with their codes side by
/// side: a search scores the centres, then the groups of the nearest ones.
///
/// Thread safety: immutable.
struct EntryTable {
  struct Entry {
    uint32_t row = 0;
    float bias = 0;
  };

  std::vector<uint8_t> codes;  ///< of `centres`, then of `entries`
  std::vector<Entry> centres;  ///< some of the entries
  std::vector<Entry> entries;  ///< one group after the other
  std::vector<uint32_t> ends;  ///< of the groups, in `entries`
  size_t largest = 0;          ///< the most codes that are scored at once

  uint32_t begin(size_t group) const { return group == 0 ? 0 : ends[group - 1]; }
  uint64_t heap_bytes() const;
};

/// Every one of `rows`, which are rows of `graph`, joins the nearest of so many centres that lie as
/// far from each other as any; 0 = as many as make searches score the fewest codes. The table is
/// empty when the codes have no seven bits.
std::shared_ptr<const EntryTable> MakeEntryTable(const Quantizer& quantizer, const Graph& graph,
                                                 std::span<const uint32_t> rows,
                                                 size_t centres = 0);

}  // namespace cairn::vector
