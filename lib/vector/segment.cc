#include "vector/segment.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace cairn::vector {

void Segment::MakeEntryTable() {
  auto table = std::make_shared<EntryTable>();
  for (uint32_t entry : entries) {
    const uint8_t* code = graph.Code(entry);
    table->codes.insert(table->codes.end(), code, code + graph.code_bytes);
    table->bias.push_back(graph.bias[entry]);
  }
  graph.entries = entries;
  graph.entry_codes = table->codes.data();
  graph.entry_bias = table->bias.data();
  entry_table = std::move(table);
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
