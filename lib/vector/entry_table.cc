#include "vector/entry_table.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/code_distance.h"
#include "vector/graph.h"
#include "vector/quantizer.h"

namespace cairn::vector {
namespace {

constexpr double kProbedGroups = 2;  // by a search, besides the centres

/// Chooses centres one after the other, always the row that is farthest from all of them (Gonzalez,
/// 1985): of data in clusters, each is met before any gets two.
class TableMaker {
 public:
  TableMaker(const Quantizer& quantizer, const Graph& graph, std::span<const uint32_t> rows)
      : quantizer_(quantizer),
        graph_(graph),
        rows_(rows),
        distances_(rows.size(), std::numeric_limits<float>::infinity()),
        groups_(rows.size()),
        dots_(rows.size()) {
    codes_.reserve(rows.size() * graph.code_bytes);
    for (uint32_t row : rows) AddCode(row, &codes_);
  }

  std::shared_ptr<const EntryTable> MakeWith(size_t centres) {
    AddCentres(centres);
    return Arrange(centres_.size(), groups_);
  }
  std::shared_ptr<const EntryTable> MakeForLeastWork() {
    auto count = static_cast<size_t>(2 * std::ceil(std::sqrt(static_cast<double>(rows_.size()))));
    double least = std::numeric_limits<double>::infinity();
    size_t centres = 0;
    std::vector<uint32_t> groups;
    for (; AddCentres(count) && Work() < least; count *= 2) {
      least = Work();
      centres = centres_.size();
      groups = groups_;
    }
    return Arrange(centres, groups);
  }

 private:
  void AddCode(uint32_t row, std::vector<uint8_t>* to) const {
    const uint8_t* code = graph_.Code(row);
    to->insert(to->end(), code, code + graph_.code_bytes);
  }
  /// Until there are `count`, or every row lies on one. Whether there are more now.
  bool AddCentres(size_t count) {
    const size_t before = centres_.size();
    while (centres_.size() < std::min(count, rows_.size())) {
      auto farthest = std::max_element(distances_.begin(), distances_.end());
      if (!(*farthest > 0)) break;
      AddCentre(static_cast<size_t>(farthest - distances_.begin()));
    }
    return centres_.size() > before;
  }
  /// Rows that are nearer to it than to the centre of their group join its group.
  void AddCentre(size_t place) {
    const auto group = static_cast<uint32_t>(centres_.size());
    const uint32_t row = rows_[place];
    centres_.push_back(row);
    quantizer_.QueryOfCode(graph_.Code(row), graph_.bias[row], &query_);
    kernels::ActiveCodeKernel().dot7(query_.lanes.data(),
                                     {codes_.data(), graph_.code_bytes, nullptr}, rows_.size(),
                                     graph_.lanes, dots_.data());
    for (size_t i = 0; i < rows_.size(); ++i) {
      float distance =
          graph_.bias[rows_[i]] + query_.constant - query_.weight * static_cast<float>(dots_[i]);
      if (!(distance < distances_[i])) continue;
      distances_[i] = distance;
      groups_[i] = group;
    }
    distances_[place] = 0;
    groups_[place] = group;
  }
  /// How many codes a search scores on the average that enters near any of the rows.
  double Work() const {
    std::vector<double> sizes(centres_.size());
    for (uint32_t group : groups_) ++sizes[group];
    double squares = 0;
    for (double size : sizes) squares += size * size;
    return static_cast<double>(centres_.size()) +
           kProbedGroups * squares / static_cast<double>(rows_.size());
  }
  std::shared_ptr<const EntryTable> Arrange(size_t centres,
                                            const std::vector<uint32_t>& groups) const {
    auto table = std::make_shared<EntryTable>();
    table->codes.reserve((centres + groups.size()) * graph_.code_bytes);
    auto add = [&](uint32_t row, std::vector<EntryTable::Entry>* to) {
      AddCode(row, &table->codes);
      to->push_back({row, graph_.bias[row]});
    };
    std::vector<std::vector<uint32_t>> members(centres);
    for (size_t i = 0; i < groups.size(); ++i) members[groups[i]].push_back(rows_[i]);
    for (size_t i = 0; i < centres; ++i) add(centres_[i], &table->centres);
    table->largest = centres;
    for (const std::vector<uint32_t>& group : members) {
      for (uint32_t row : group) add(row, &table->entries);
      table->ends.push_back(static_cast<uint32_t>(table->entries.size()));
      table->largest = std::max(table->largest, group.size());
    }
    return table;
  }

  const Quantizer& quantizer_;
  const Graph& graph_;
  const std::span<const uint32_t> rows_;
  std::vector<uint8_t> codes_;     // of the rows
  std::vector<float> distances_;   // of each row from its nearest centre, squared
  std::vector<uint32_t> groups_;   // that of each row's nearest centre
  std::vector<uint32_t> centres_;  // rows of the graph
  std::vector<int32_t> dots_;
  QueryCode query_;
};

}  // namespace

uint64_t EntryTable::heap_bytes() const {
  return codes.capacity() + (centres.capacity() + entries.capacity()) * sizeof(Entry) +
         ends.capacity() * sizeof(uint32_t);
}

std::shared_ptr<const EntryTable> MakeEntryTable(const Quantizer& quantizer, const Graph& graph,
                                                 std::span<const uint32_t> rows, size_t centres) {
  if (graph.width != CodeWidth::kSeven || rows.empty()) return std::make_shared<EntryTable>();
  TableMaker maker(quantizer, graph, rows);
  return centres == 0 ? maker.MakeForLeastWork() : maker.MakeWith(centres);
}

}  // namespace cairn::vector
