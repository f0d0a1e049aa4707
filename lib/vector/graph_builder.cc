#include "vector/graph_builder.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "base/sync_point.h"
#include "kernels/code_distance.h"
#include "vector/entry_points.h"
#include "vector/graph_search.h"
#include "vector/search_scratch.h"

namespace cairn::vector {
namespace {

constexpr float kSlack = 1.1f;         // on squared distances
constexpr uint32_t kHeadroomTo = 27;   // a full list is chosen again to at most this many
constexpr uint32_t kSerialRows = 256;  // linked by one thread before the others join
constexpr uint32_t kRowsPerJob = 64;
constexpr size_t kPairsPerCall = 8;
constexpr float kEqualShare = 1e-5f;  // of a row's squared length: nearer rows count as equal
constexpr uint32_t kMaxEqual = 4;     // neighbours of one row that equal each other
constexpr size_t kEntriesToReachAll = 16;
constexpr size_t kEntryBytesToScan = 3u << 19;

/// splitmix64; builds by one thread are repeatable.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  uint32_t Below(uint32_t bound) { return static_cast<uint32_t>((Next() >> 32) * bound >> 32); }

 private:
  uint64_t state_;
};

class RowLock {
 public:
  explicit RowLock(std::atomic<uint8_t>* lock) : lock_(lock) {
    while (lock_->exchange(1, std::memory_order_acquire) != 0) {
      while (lock_->load(std::memory_order_relaxed) != 0) {
      }
    }
  }
  ~RowLock() { lock_->store(0, std::memory_order_release); }
  RowLock(const RowLock&) = delete;
  RowLock& operator=(const RowLock&) = delete;

 private:
  std::atomic<uint8_t>* const lock_;
};

/// The buffers of one building thread.
struct BuildScratch {
  SearchScratch search;
  QueryCode row;
  QueryCode pair;
  std::vector<Candidate> candidates;
  std::vector<uint32_t> gathered;
};

/// The neighbours chosen for one row, nearest first.
struct Choice {
  uint32_t rows[kMaxDegree];
  float distances[kMaxDegree];
  uint32_t count = 0;
};

class Builder {
 public:
  Builder(const Quantizer& quantizer, const GraphBuildOptions& options, OwnedGraph* graph)
      : quantizer_(quantizer),
        options_(options),
        owned_(*graph),
        graph_(graph->view()),
        dot_(kernels::ActiveCodeKernel().dot7),
        locks_(std::make_unique<std::atomic<uint8_t>[]>(graph->row_count)) {
    if (quantizer.parameters().metric == Metric::kInnerProduct) FindFurtherCoordinates();
  }

  Status Grow(uint32_t first) {
    std::vector<uint32_t> order(owned_.row_count - first);
    std::iota(order.begin(), order.end(), first);
    Random random(owned_.row_count);
    for (uint32_t i = static_cast<uint32_t>(order.size()); i > 1; --i) {
      std::swap(order[i - 1], order[random.Below(i)]);
    }
    if (first == 0) {
      owned_.entries.clear();
      SpreadEntries(quantizer_, owned_, 0, SpreadEntryCount(owned_.row_count), &owned_.entries);
      MoveToFront(owned_.entries, &order);
      CAIRN_RETURN_IF_ERROR(InsertFirst(order));
    } else {
      CAIRN_RETURN_IF_ERROR(InsertMore(first, order));
    }
    SampleEntries(owned_, first, &owned_.entries);
    if (first == 0 || Twentieths(first) < Twentieths(owned_.row_count)) ReachAll(owned_.row_count);
    return OkStatus();
  }

  Status CopyLive(const Graph& from, const RowMarks& dead) {
    std::vector<uint32_t> old_rows;
    std::vector<uint32_t> new_rows(from.row_count, kNoNeighbour);
    for (uint32_t row = 0; row < from.row_count; ++row) {
      if (dead.Test(row)) continue;
      new_rows[row] = static_cast<uint32_t>(old_rows.size());
      old_rows.push_back(row);
    }
    CAIRN_RETURN_IF_ERROR(
        ForRows(static_cast<uint32_t>(old_rows.size()), [&](uint32_t row, BuildScratch* scratch) {
          CopyRow(from, old_rows[row], new_rows, row, scratch);
        }));
    owned_.entries.clear();
    for (uint32_t entry : from.entries) {
      if (new_rows[entry] != kNoNeighbour) owned_.entries.push_back(new_rows[entry]);
    }
    if (owned_.entries.empty() && !old_rows.empty()) owned_.entries.push_back(0);
    ReachAll(static_cast<uint32_t>(old_rows.size()));
    return OkStatus();
  }

 private:
  /// `front` is some of the rows of `order`.
  void MoveToFront(std::span<const uint32_t> front, std::vector<uint32_t>* order) const {
    std::vector<bool> moved(owned_.row_count);
    for (uint32_t row : front) moved[row] = true;
    std::vector<uint32_t> moved_first(front.begin(), front.end());
    for (uint32_t row : *order) {
      if (!moved[row]) moved_first.push_back(row);
    }
    *order = std::move(moved_first);
  }

  /// Links a new graph's rows, the entries first: a row can be entered once it is linked.
  Status InsertFirst(const std::vector<uint32_t>& order) {
    size_t entries = owned_.entries.size();
    size_t serial = std::min<size_t>(entries, kSerialRows);
    BuildScratch scratch;
    for (size_t i = 1; i < serial; ++i) {
      graph_.entries = std::span(order).first(i);
      Insert(order[i], &scratch);
    }
    graph_.entries = std::span(order).first(serial);
    CAIRN_RETURN_IF_ERROR(InsertAll(order, serial, entries));
    EnterByTable();
    return InsertAll(order, entries, order.size());
  }
  /// Links rows beyond `first`, again those first by which the others enter: they may be more than
  /// the graph had, and of other kinds.
  Status InsertMore(uint32_t first, std::vector<uint32_t> order) {
    EnterByTable();
    size_t known = owned_.entries.size();
    size_t more = SpreadEntryCount(owned_.row_count) - SpreadEntryCount(first);
    std::vector<uint32_t> entries = owned_.entries;
    SpreadEntries(quantizer_, owned_, first, more, &entries);
    size_t added = entries.size() - known;
    if (added > 0) {
      MoveToFront(std::span(entries).subspan(known), &order);
      CAIRN_RETURN_IF_ERROR(InsertAll(order, 0, added));
      owned_.entries = std::move(entries);
      EnterByTable();
    }
    return InsertAll(order, added, order.size());
  }
  /// A row that is linked into the wrong cluster is lost, so that each is compared with all entries
  /// where they are few, and with more centres than searches need where they are many.
  void EnterByTable() {
    bool few = owned_.entries.size() * owned_.code_bytes <= kEntryBytesToScan;
    graph_.entries = owned_.entries;
    entry_table_ =
        MakeEntryTable(quantizer_, graph_, owned_.entries, few ? 1 : 2 * owned_.entry_centres);
    graph_.entry_table = entry_table_.get();
  }
  Status InsertAll(const std::vector<uint32_t>& order, size_t begin, size_t end) {
    return ForRows(static_cast<uint32_t>(end - begin),
                   [&](uint32_t i, BuildScratch* scratch) { Insert(order[begin + i], scratch); });
  }

  void FindFurtherCoordinates() {
    further_.resize(owned_.row_count);
    float step = quantizer_.step();
    for (uint32_t row = 0; row < owned_.row_count; ++row) {
      const uint8_t* code = owned_.Code(row);
      int64_t length = 0;
      for (size_t d = 0; d < owned_.lanes; ++d) {
        int32_t lane = static_cast<int32_t>(code[d]) - 64;
        length += lane * lane;
      }
      float own = step * step * static_cast<float>(length);
      further_[row] = std::sqrt(std::max(0.0f, owned_.bias[row] - own));
    }
  }
  float Further(uint32_t row) const { return further_.empty() ? 0 : further_[row]; }

  /// Runs body(i, scratch) for i in [0, count) on all threads.
  template <typename Body>
  Status ForRows(uint32_t count, const Body& body) {
    uint32_t jobs = (count + kRowsPerJob - 1) / kRowsPerJob;
    std::atomic<uint32_t> next{0};
    std::atomic<bool> stop{false};
    auto work = [&](size_t) {
      BuildScratch scratch;
      for (uint32_t job; !stop && (job = next++) < jobs;) {
        if (options_.cancelled && options_.cancelled()) stop = true;
        uint32_t end = std::min(count, (job + 1) * kRowsPerJob);
        for (uint32_t i = job * kRowsPerJob; i < end; ++i) body(i, &scratch);
      }
    };
    if (options_.pool == nullptr || jobs < 2) {
      work(0);
    } else {
      options_.pool->ParallelFor(options_.pool->thread_count() + 1, work);
    }
    return stop ? Error(Code::kCancelled, "the graph build was cancelled") : OkStatus();
  }

  void MakeQuery(uint32_t row, QueryCode* out) const {
    quantizer_.QueryOfCode(owned_.Code(row), owned_.bias[row], out);
  }
  /// Squared distances from the row of `query` to `count` others.
  void Distances(const QueryCode& query, float further, const uint32_t* rows, size_t count,
                 float* out) const {
    int32_t dots[kMaxDegree];
    dot_(query.lanes.data(), {graph_.blocks, graph_.stride, rows}, count, graph_.lanes, dots);
    for (size_t i = 0; i < count; ++i) {
      float distance = owned_.bias[rows[i]] - query.weight * static_cast<float>(dots[i]) +
                       query.constant - 2 * further * Further(rows[i]);
      out[i] = std::max(0.0f, distance);  // copies are as far apart as rounding makes them
    }
  }

  /// Chooses from candidates, nearest first: one is taken unless a taken one is nearer to it than
  /// the row itself is, by the slack, or equals too many of them: rows that are copies of each
  /// other would fill each other's lists and leave no way out.
  void Choose(const std::vector<Candidate>& candidates, uint32_t most, BuildScratch* scratch,
              Choice* out) const {
    out->count = 0;
    float distances[kPairsPerCall];
    for (const Candidate& candidate : candidates) {
      if (out->count == most) return;
      bool taken = true;
      uint32_t equal = 0;
      if (out->count > 0) MakeQuery(candidate.row, &scratch->pair);
      float none = kEqualShare * owned_.bias[candidate.row];
      for (uint32_t i = 0; taken && i < out->count; i += kPairsPerCall) {
        uint32_t count = std::min<uint32_t>(kPairsPerCall, out->count - i);
        Distances(scratch->pair, Further(candidate.row), out->rows + i, count, distances);
        for (uint32_t j = 0; j < count; ++j) {
          taken = taken && distances[j] * kSlack >= candidate.distance;
          equal += distances[j] <= none ? 1 : 0;
        }
      }
      if (!taken || equal >= kMaxEqual) continue;
      out->rows[out->count] = candidate.row;
      out->distances[out->count++] = candidate.distance;
    }
  }

  static void Store(uint32_t* neighbours, uint32_t i, uint32_t row) {
    std::atomic_ref<uint32_t>(neighbours[i]).store(row, std::memory_order_relaxed);
  }
  void StoreChoice(uint32_t row, const Choice& choice) {
    uint32_t* neighbours = owned_.Neighbours(row);
    for (uint32_t i = 0; i < kMaxDegree; ++i) {
      Store(neighbours, i, i < choice.count ? choice.rows[i] : kNoNeighbour);
    }
    if (!owned_.edges.exists()) return;
    EdgeSketcher sketcher(owned_, row);
    for (uint32_t i = 0; i < choice.count; ++i) {
      sketcher.Write(i, choice.rows[i], Steps(row, choice.rows[i], choice.distances[i]));
    }
  }
  void StoreOne(uint32_t row, uint32_t place, uint32_t other, float distance) {
    Store(owned_.Neighbours(row), place, other);
    if (!owned_.edges.exists()) return;
    EdgeSketcher(owned_, row).Write(place, other, Steps(row, other, distance));
  }
  /// The distance of two codes, without their further coordinates, in steps.
  float Steps(uint32_t a, uint32_t b, float distance) const {
    float further = Further(a) - Further(b);
    return std::sqrt(std::max(0.0f, distance - further * further) * owned_.edges.per_step);
  }

  void Insert(uint32_t row, BuildScratch* scratch) {
    MakeQuery(row, &scratch->row);
    FurtherCoordinate further;
    if (!further_.empty()) further = {further_.data(), 2 * further_[row]};
    SearchGrowingGraph(graph_, scratch->row, further, options_.ef_construction, &scratch->search);
    auto& candidates = scratch->candidates;
    candidates.clear();
    for (const Candidate& found : scratch->search.found) {
      if (found.row == row) continue;
      candidates.push_back(found);
    }
    Choice choice;
    Choose(candidates, kMaxDegree, scratch, &choice);
    {
      RowLock lock(&locks_[row]);
      StoreChoice(row, choice);
    }
    for (uint32_t i = 0; i < choice.count; ++i) {
      LinkBack(choice.rows[i], row, choice.distances[i], scratch);
    }
  }

  /// Makes `row` a neighbour of `owner`.
  void LinkBack(uint32_t owner, uint32_t row, float distance, BuildScratch* scratch) {
    RowLock lock(&locks_[owner]);
    uint32_t* neighbours = owned_.Neighbours(owner);
    uint32_t count = 0;
    for (; count < kMaxDegree && neighbours[count] != kNoNeighbour; ++count) {
      if (neighbours[count] == row) return;
    }
    if (count < kMaxDegree) return StoreOne(owner, count, row, distance);
    ChooseAgain(owner, neighbours, count, {distance, row}, kHeadroomTo, scratch);
  }

  void ChooseAgain(uint32_t owner, const uint32_t* rows, uint32_t count, const Candidate& further,
                   uint32_t most, BuildScratch* scratch) {
    auto& candidates = scratch->candidates;
    candidates.clear();
    if (further.row != kNoNeighbour) candidates.push_back(further);
    MakeQuery(owner, &scratch->row);
    float distances[kMaxDegree];
    for (uint32_t begin = 0; begin < count; begin += kMaxDegree) {
      uint32_t step = std::min(kMaxDegree, count - begin);
      Distances(scratch->row, Further(owner), rows + begin, step, distances);
      for (uint32_t i = 0; i < step; ++i) candidates.push_back({distances[i], rows[begin + i]});
    }
    std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
      return a.distance != b.distance ? a.distance < b.distance : a.row < b.row;
    });
    Choice choice;
    Choose(candidates, most, scratch, &choice);
    StoreChoice(owner, choice);
  }

  void CopyRow(const Graph& from, uint32_t old_row, const std::vector<uint32_t>& new_rows,
               uint32_t row, BuildScratch* scratch) {
    std::vector<uint32_t>& kept = scratch->gathered;
    kept.clear();
    bool lost = false;
    auto keep = [&](uint32_t old) {
      if (old == old_row || new_rows[old] == kNoNeighbour) return;
      kept.push_back(new_rows[old]);
    };
    const uint32_t* neighbours = from.Neighbours(old_row);
    for (uint32_t i = 0; i < kMaxDegree && neighbours[i] < from.row_count; ++i) {
      uint32_t near = neighbours[i];
      keep(near);
      if (new_rows[near] != kNoNeighbour) continue;
      lost = true;
      const uint32_t* beyond = from.Neighbours(near);
      for (uint32_t j = 0; j < kMaxDegree && beyond[j] < from.row_count; ++j) keep(beyond[j]);
    }
    if (!lost) {
      uint32_t* out = owned_.Neighbours(row);
      for (uint32_t i = 0; i < kept.size(); ++i) Store(out, i, kept[i]);
      return;
    }
    std::sort(kept.begin(), kept.end());
    kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
    ChooseAgain(row, kept.data(), static_cast<uint32_t>(kept.size()), {0, kNoNeighbour}, kMaxDegree,
                scratch);
  }

  /// How often a graph has grown by a twentieth until it has so many rows.
  static int Twentieths(uint32_t rows) {
    return static_cast<int>(std::log(static_cast<double>(rows)) / std::log(1.05));
  }
  /// Sees to it that each of the first `rows` can be reached from the first entries: rows that
  /// cannot get a link from one near them that has room, or become entries that must stay.
  void ReachAll(uint32_t rows) {
    std::vector<bool> reached(owned_.row_count);
    size_t few = std::min<size_t>(owned_.entries.size(), kEntriesToReachAll);
    std::vector<uint32_t> open(owned_.entries.begin(),
                               owned_.entries.begin() + static_cast<ptrdiff_t>(few));
    std::vector<uint32_t> required = open;
    for (uint32_t row : open) reached[row] = true;
    Flood(&open, &reached);
    for (uint32_t row = 0; row < rows; ++row) {
      if (reached[row]) continue;
      if (!LinkFromNear(row, reached)) required.push_back(row);
      reached[row] = true;
      open.push_back(row);
      Flood(&open, &reached);
    }
    required.insert(required.end(), owned_.entries.begin() + static_cast<ptrdiff_t>(few),
                    owned_.entries.end());
    owned_.entries = std::move(required);
  }
  void Flood(std::vector<uint32_t>* open, std::vector<bool>* reached) const {
    while (!open->empty()) {
      uint32_t row = open->back();
      open->pop_back();
      const uint32_t* neighbours = owned_.Neighbours(row);
      for (uint32_t i = 0; i < kMaxDegree && neighbours[i] != kNoNeighbour; ++i) {
        if ((*reached)[neighbours[i]]) continue;
        (*reached)[neighbours[i]] = true;
        open->push_back(neighbours[i]);
      }
    }
  }
  /// Two steps around `row`, nearest first in the number of steps.
  bool LinkFromNear(uint32_t row, const std::vector<bool>& reached) {
    std::vector<uint32_t> near;
    auto add_neighbours = [&](uint32_t of) {
      const uint32_t* neighbours = owned_.Neighbours(of);
      for (uint32_t i = 0; i < kMaxDegree && neighbours[i] != kNoNeighbour; ++i) {
        near.push_back(neighbours[i]);
      }
    };
    add_neighbours(row);
    size_t first_step = near.size();
    for (size_t i = 0; i < near.size(); ++i) {
      if (i < first_step) add_neighbours(near[i]);
      uint32_t* neighbours = owned_.Neighbours(near[i]);
      if (!reached[near[i]] || neighbours[kMaxDegree - 1] != kNoNeighbour) continue;
      uint32_t count = 0;
      while (neighbours[count] != kNoNeighbour) ++count;
      QueryCode query;
      MakeQuery(near[i], &query);
      float distance = 0;
      Distances(query, Further(near[i]), &row, 1, &distance);
      StoreOne(near[i], count, row, distance);
      return true;
    }
    return false;
  }

  const Quantizer& quantizer_;
  const GraphBuildOptions& options_;
  OwnedGraph& owned_;
  Graph graph_;
  std::shared_ptr<const EntryTable> entry_table_;
  void (*const dot_)(const int8_t*, const kernels::CodeRows&, size_t, size_t, int32_t*);
  std::unique_ptr<std::atomic<uint8_t>[]> locks_;
  std::vector<float> further_;  // empty but for inner product
};

}  // namespace

Status GrowGraph(const Quantizer& quantizer, uint32_t first, const GraphBuildOptions& options,
                 OwnedGraph* graph) {
  if (first >= graph->row_count) return OkStatus();
  return Builder(quantizer, options, graph).Grow(first);
}

Status CopyLiveGraph(const Quantizer& quantizer, const Graph& from, const RowMarks& dead,
                     const GraphBuildOptions& options, OwnedGraph* to) {
  return Builder(quantizer, options, to).CopyLive(from, dead);
}

}  // namespace cairn::vector
