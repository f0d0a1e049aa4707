#include "vector/calibrate_entry_table.h"

#include <algorithm>
#include <limits>

#include "vector/graph_search.h"

namespace cairn::vector {
namespace {

constexpr uint32_t kTriedRows = 512;
constexpr uint32_t kRowsPerTried = 16;  // of small graphs
constexpr uint32_t kBeam = 64;
constexpr size_t kMostGrowth = 8;  // of a table
constexpr float kElsewhere = 2;    // times farther, squared, is not the same neighbourhood

class Walker {
 public:
  Walker(const Quantizer& quantizer, const Graph& graph, std::span<const uint32_t> entries)
      : quantizer_(quantizer), graph_(graph) {
    graph_.entries = entries;
    graph_.edges = {};  // without them a walk misses rows only because of where it entered
  }

  /// How many of the tried rows are not found because a walk enters by `table`.
  uint32_t Lost(const EntryTable& table) {
    const uint32_t tries = std::min(kTriedRows, graph_.row_count / kRowsPerTried);
    uint32_t lost = 0;
    for (uint32_t i = 0; i < tries; ++i) {
      auto row = static_cast<uint32_t>(uint64_t{graph_.row_count} * i / tries);
      float distance = Nearest(row, &table);
      // The row itself, or a copy, is at the same place.
      if (!(distance > 0)) continue;
      float by_any_entry = Nearest(row, nullptr);
      lost += distance > kElsewhere * by_any_entry ? 1 : 0;
    }
    return lost;
  }

 private:
  /// The squared distance of what a walk to `row` finds.
  float Nearest(uint32_t row, const EntryTable* table) {
    quantizer_.QueryOfCode(graph_.Code(row), graph_.bias[row], &query_);
    graph_.entry_table = table;
    GraphTask task;
    task.query = &query_;
    task.ef = task.most_ties = kBeam;
    task.keep = 1;
    task.scratch = &scratch_;
    task.codes_scored = &scored_;
    SearchGraph(graph_, task);
    return scratch_.found.empty() ? std::numeric_limits<float>::infinity()
                                  : scratch_.found[0].distance;
  }

  const Quantizer& quantizer_;
  Graph graph_;
  QueryCode query_;
  SearchScratch scratch_;
  uint64_t scored_ = 0;
};

}  // namespace

std::shared_ptr<const EntryTable> CalibrateEntryTable(const Quantizer& quantizer,
                                                      const Graph& graph,
                                                      std::span<const uint32_t> entries) {
  auto table = MakeEntryTable(quantizer, graph, entries);
  if (table->centres.empty()) return table;
  Walker walker(quantizer, graph, entries);
  uint32_t fewest_lost = walker.Lost(*table);
  const size_t most = std::min(entries.size(), kMostGrowth * table->centres.size());
  // More centres may lose more, as long as they are fewer than clusters.
  for (size_t centres = table->centres.size(); fewest_lost > 0 && centres < most;) {
    centres = std::min(most, centres * 3 / 2 + 1);
    auto larger = MakeEntryTable(quantizer, graph, entries, centres);
    uint32_t lost = walker.Lost(*larger);
    if (lost >= fewest_lost) continue;
    fewest_lost = lost;
    table = std::move(larger);
  }
  return table;
}

}  // namespace cairn::vector
