#include "vector/entry_table.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/code_distance.h"
#include "vector/graph.h"
#include "vector/quantizer.h"

namespace cairn::vector {
namespace {

constexpr size_t kTriedRows = 256;
constexpr float kHardlyFarther = 2;  // of squared distances
constexpr double kMostFound = 0.99;

class TableMaker {
 public:
  TableMaker(const Quantizer& quantizer, const Graph& graph, std::span<const uint32_t> rows)
      : quantizer_(quantizer), graph_(graph), rows_(rows) {}

  std::shared_ptr<const EntryTable> Make() {
    auto count = static_cast<size_t>(std::ceil(std::sqrt(static_cast<double>(rows_.size()))));
    MakeGroups(count);
    while (count > 0 && count * 2 <= rows_.size() && !FindsNearest()) {
      count *= 2;
      MakeGroups(count);
    }
    return std::make_shared<const EntryTable>(std::move(table_));
  }

 private:
  void MakeGroups(size_t count) {
    table_ = {};
    ChooseCentres(count);
    std::vector<std::vector<uint32_t>> groups(table_.centres.size());
    for (uint32_t row : rows_) groups[NearestCentres(row)[0]].push_back(row);
    table_.largest = table_.centres.size();
    for (const std::vector<uint32_t>& group : groups) {
      for (uint32_t row : group) Add(row, &table_.entries);
      table_.ends.push_back(static_cast<uint32_t>(table_.entries.size()));
      table_.largest = std::max(table_.largest, group.size());
    }
  }
  void ChooseCentres(size_t count) {
    table_.codes.reserve((count + rows_.size()) * graph_.code_bytes);
    for (size_t i = 0; i < count; ++i) Add(rows_[rows_.size() * i / count], &table_.centres);
  }
  void Add(uint32_t row, std::vector<EntryTable::Entry>* to) {
    const uint8_t* code = graph_.Code(row);
    table_.codes.insert(table_.codes.end(), code, code + graph_.code_bytes);
    to->push_back({row, graph_.bias[row]});
  }
  /// Squared distances from a row to centres or entries, whose codes begin at `first`.
  const std::vector<float>& Distances(uint32_t row, size_t first,
                                      const std::vector<EntryTable::Entry>& to) {
    quantizer_.QueryOfCode(graph_.Code(row), graph_.bias[row], &query_);
    dots_.resize(to.size());
    distances_.resize(to.size());
    const uint8_t* codes = table_.codes.data() + first * graph_.code_bytes;
    kernels::ActiveCodeKernel().dot7(query_.lanes.data(), {codes, graph_.code_bytes, nullptr},
                                     to.size(), graph_.lanes, dots_.data());
    for (size_t i = 0; i < to.size(); ++i) {
      distances_[i] = to[i].bias + query_.constant - query_.weight * static_cast<float>(dots_[i]);
    }
    return distances_;
  }
  /// The two nearest; where there is only one, twice.
  std::array<size_t, 2> NearestCentres(uint32_t row) {
    const std::vector<float>& distances = Distances(row, 0, table_.centres);
    std::array<size_t, 2> nearest = {0, 0};
    for (size_t i = 1; i < distances.size(); ++i) {
      if (distances[i] < distances[nearest[0]]) {
        nearest = {i, nearest[0]};
      } else if (nearest[1] == nearest[0] || distances[i] < distances[nearest[1]]) {
        nearest[1] = i;
      }
    }
    return nearest;
  }
  /// Whether for most rows the groups of the two nearest centres hold an entry that is hardly
  /// farther than the nearest of all. Rows in more clusters than there are centres, all as far from
  /// each other, have theirs in any group.
  bool FindsNearest() {
    size_t tried = 0;
    size_t found = 0;
    for (size_t i = 0; i < kTriedRows; ++i) {
      auto row = static_cast<uint32_t>(uint64_t{graph_.row_count} * i / kTriedRows);
      std::array<size_t, 2> groups = NearestCentres(row);
      const std::vector<float>& distances = Distances(row, table_.centres.size(), table_.entries);
      auto nearest = std::min_element(distances.begin(), distances.end());
      if (table_.entries[static_cast<size_t>(nearest - distances.begin())].row == row) continue;
      ++tried;
      for (size_t group : groups) {
        auto begin = distances.begin() + table_.begin(group);
        auto end = distances.begin() + table_.ends[group];
        if (begin == end || *std::min_element(begin, end) > kHardlyFarther * *nearest) continue;
        ++found;
        break;
      }
    }
    return static_cast<double>(found) >= kMostFound * static_cast<double>(tried);
  }

  const Quantizer& quantizer_;
  const Graph& graph_;
  const std::span<const uint32_t> rows_;
  EntryTable table_;
  QueryCode query_;
  std::vector<int32_t> dots_;
  std::vector<float> distances_;
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
