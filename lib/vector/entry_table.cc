#include "vector/entry_table.h"

#include <algorithm>
#include <cmath>

#include "kernels/code_distance.h"
#include "vector/graph.h"
#include "vector/quantizer.h"

namespace cairn::vector {
namespace {

class TableMaker {
 public:
  TableMaker(const Quantizer& quantizer, const Graph& graph, std::span<const uint32_t> rows)
      : quantizer_(quantizer), graph_(graph), rows_(rows) {}

  std::shared_ptr<const EntryTable> Make() {
    ChooseCentres();
    std::vector<std::vector<uint32_t>> groups(table_.centres.size());
    for (uint32_t row : rows_) groups[NearestCentre(row)].push_back(row);
    table_.largest = table_.centres.size();
    for (const std::vector<uint32_t>& group : groups) {
      for (uint32_t row : group) Add(row, &table_.entries);
      table_.ends.push_back(static_cast<uint32_t>(table_.entries.size()));
      table_.largest = std::max(table_.largest, group.size());
    }
    return std::make_shared<const EntryTable>(std::move(table_));
  }

 private:
  void ChooseCentres() {
    auto count = static_cast<size_t>(std::ceil(std::sqrt(static_cast<double>(rows_.size()))));
    table_.codes.reserve((count + rows_.size()) * graph_.code_bytes);
    for (size_t i = 0; i < count; ++i) Add(rows_[rows_.size() * i / count], &table_.centres);
    dots_.resize(count);
  }
  void Add(uint32_t row, std::vector<EntryTable::Entry>* to) {
    const uint8_t* code = graph_.Code(row);
    table_.codes.insert(table_.codes.end(), code, code + graph_.code_bytes);
    to->push_back({row, graph_.bias[row]});
  }
  size_t NearestCentre(uint32_t row) {
    quantizer_.QueryOfCode(graph_.Code(row), graph_.bias[row], &query_);
    kernels::ActiveCodeKernel().dot7(query_.lanes.data(),
                                     {table_.codes.data(), graph_.code_bytes, nullptr},
                                     dots_.size(), graph_.lanes, dots_.data());
    auto distance = [this](size_t i) {
      return table_.centres[i].bias - query_.weight * static_cast<float>(dots_[i]);
    };
    size_t nearest = 0;
    for (size_t i = 1; i < dots_.size(); ++i) {
      if (distance(i) < distance(nearest)) nearest = i;
    }
    return nearest;
  }

  const Quantizer& quantizer_;
  const Graph& graph_;
  const std::span<const uint32_t> rows_;
  EntryTable table_;
  QueryCode query_;
  std::vector<int32_t> dots_;
};

}  // namespace

uint64_t EntryTable::heap_bytes() const {
  return codes.capacity() + (centres.capacity() + entries.capacity()) * sizeof(Entry) +
         ends.capacity() * sizeof(uint32_t);
}

std::shared_ptr<const EntryTable> MakeEntryTable(const Quantizer& quantizer, const Graph& graph,
                                                 std::span<const uint32_t> rows) {
  return TableMaker(quantizer, graph, rows).Make();
}

}  // namespace cairn::vector
