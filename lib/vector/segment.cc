#include "vector/segment.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace cairn::vector {

void Segment::EnterBy(std::shared_ptr<const EntryTable> table) {
  graph.entries = entries;
  entry_table = std::move(table);
  graph.entry_table = entry_table->centres.empty() ? nullptr : entry_table.get();
}

void Segment::SortByDocument() {
  by_document.clear();
  bool sorted = true;
  for (uint32_t row = 1; sorted && row < size(); ++row) sorted = rows.Doc(row - 1) <= rows.Doc(row);
  if (sorted) return;
  by_document.resize(size());
  std::iota(by_document.begin(), by_document.end(), 0u);
  std::sort(by_document.begin(), by_document.end(),
            [this](uint32_t a, uint32_t b) { return rows.Chunk(a) < rows.Chunk(b); });
}

}  // namespace cairn::vector
