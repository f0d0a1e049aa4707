#include "vector/graph_search.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <limits>
#include <span>
#include <utility>

#include "kernels/code_distance.h"

namespace cairn::vector {
extern float knob[8];
namespace {

constexpr uint64_t kExpanded = uint64_t{1} << 31;
constexpr uint32_t kTiesWhileBuilding = 8;
constexpr Candidate kNothing = {std::numeric_limits<float>::infinity(), kNoNeighbour};

/// Floats as integers of the same order.
uint64_t OrderOf(float value) {
  auto bits = std::bit_cast<uint32_t>(value);
  return bits ^ ((bits >> 31) != 0 ? 0xFFFFFFFFu : 0x80000000u);
}
float ValueOf(uint64_t order) {
  auto bits = static_cast<uint32_t>(order);
  return std::bit_cast<float>(bits ^ ((bits >> 31) != 0 ? 0x80000000u : 0xFFFFFFFFu));
}

/// The best rows met so far, nearest first, in one array of integers: distance, a bit that says
/// whether the row's neighbours were looked at, row.
class Pool {
 public:
  /// Of rows at exactly the same distance, copies of each other most likely, about `most_ties` are
  /// kept, so that they cannot fill the pool.
  Pool(std::vector<uint64_t>* buffer, uint32_t capacity, uint32_t most_ties)
      : capacity_(capacity), most_ties_(most_ties) {
    if (buffer->size() < capacity) buffer->resize(capacity);
    entries_ = buffer->data();
  }

  uint32_t size() const { return size_; }
  /// A row at this distance or farther cannot enter.
  float bound() const { return bound_distance_; }
  uint32_t Row(uint32_t i) const { return static_cast<uint32_t>(entries_[i] & (kExpanded - 1)); }
  float Distance(uint32_t i) const { return ValueOf(entries_[i] >> 32); }
  bool full() const { return size_ == capacity_; }

  /// The place where it went, or capacity when it is too far.
  uint32_t Offer(float distance, uint32_t row) {
    uint64_t entry = OrderOf(distance) << 32 | row;
    if (entry >= bound_) return capacity_;
    uint64_t* at = Place(entry);
    if (IsOneOfMany(entry, at)) return capacity_;
    uint64_t* end = entries_ + (size_ < capacity_ ? size_++ : capacity_ - 1);
    MakeRoom(at, end);
    *at = entry;
    // At an equal distance the first met stays.
    if (size_ == capacity_) {
      bound_ = entries_[capacity_ - 1] >> 32 << 32;
      bound_distance_ = ValueOf(bound_ >> 32);
    }
    return static_cast<uint32_t>(at - entries_);
  }
  /// The next entry from `at` on that was not expanded; size() when there is none.
  uint32_t Next(uint32_t at) const {
    while (at < size_ && (entries_[at] & kExpanded) != 0) ++at;
    return at;
  }
  uint32_t Expand(uint32_t i) {
    uint32_t row = Row(i);
    entries_[i] |= kExpanded;
    return row;
  }

 private:
  /// Where the entry goes. Written so that few branches are hard to foretell: most entries that get
  /// here go near the end of a short pool.
  uint64_t* Place(uint64_t entry) const {
    if (size_ <= kShortPool) {
      uint64_t* at = entries_ + size_;
      while (at > entries_ && at[-1] >= entry) --at;
      return at;
    }
    uint64_t* at = entries_;
    uint32_t length = size_;
    while (length > 1) {
      uint32_t half = length / 2;
      at += at[half - 1] < entry ? half : 0;
      length -= half;
    }
    return at + (*at < entry ? 1 : 0);
  }
  /// Moves [at, end) one place up. Most entries that get into a short pool go near its end, where a
  /// call of memmove costs more than what it moves.
  void MakeRoom(uint64_t* at, uint64_t* end) const {
    if (size_ > kShortPool) {
      std::memmove(at + 1, at, static_cast<size_t>(end - at) * sizeof(*at));
      return;
    }
    for (; end > at; --end) *end = end[-1];
  }
  /// `at` is where the entry would go.
  bool IsOneOfMany(uint64_t entry, const uint64_t* at) const {
    auto place = static_cast<size_t>(at - entries_);
    auto ties = [&](size_t other) { return entries_[other] >> 32 == entry >> 32; };
    return (place >= most_ties_ && ties(place - most_ties_)) ||
           (place + most_ties_ <= size_ && ties(place + most_ties_ - 1));
  }

  static constexpr uint32_t kShortPool = 32;

  uint64_t* entries_;
  const uint32_t capacity_;
  const uint32_t most_ties_;
  uint32_t size_ = 0;
  uint64_t bound_ = ~uint64_t{0};
  float bound_distance_ = std::numeric_limits<float>::infinity();
};

/// One search: what its steps share.
template <bool kGrowing>
class Walk {
 public:
  Walk(const Graph& graph, const QueryCode& query, const FurtherCoordinate& further, uint32_t room,
       uint32_t most_ties, SearchScratch* scratch)
      : graph_(graph),
        query_(query.lanes.data()),
        weight_(query.weight),
        constant_(query.constant),
        per_step_(graph.edges.per_step),
        projections_(query.projections.data()),
        sketched_(graph.edges.exists()),
        edges_(kernels::ActiveCodeKernel().promising_edges),
        further_(further),
        score_(graph.width == CodeWidth::kSeven ? kernels::ActiveCodeKernel().dot7
                                                : kernels::ActiveCodeKernel().dot4),
        scratch_(*scratch),
        pool_(&scratch->pool, room, most_ties) {
    scratch_.visited.Begin(graph.row_count);
    seen_ = scratch_.visited.words();
    size_t entries =
        graph.entry_table != nullptr ? graph.entry_table->largest : graph.entries.size();
    size_t most = std::max<size_t>(2 * kMaxDegree, entries);
    if (scratch_.dots.size() < most) scratch_.dots.resize(most);
    if (scratch_.rows.size() < most) scratch_.rows.resize(most);
    if (scratch_.distances.size() < most) scratch_.distances.resize(most);
  }

  Pool& pool() { return pool_; }
  uint64_t scored() const { return scored_; }
  uint32_t* rows() { return scratch_.rows.data(); }

  /// True the first time.
  bool Visit(uint32_t row) {
    uint64_t& word = seen_[row / 64];
    uint64_t bit = uint64_t{1} << (row % 64);
    bool fresh = (word & bit) == 0;
    word |= bit;
    return fresh;
  }
  void Remember(const uint32_t* rows, size_t count) {
    auto& marked = scratch_.visited.marked();
    marked.insert(marked.end(), rows, rows + count);
  }
  static uint32_t Load(const uint32_t* neighbour) {
    if constexpr (!kGrowing) return *neighbour;
    // Only threads that insert write, so the const is not the object's own.
    return std::atomic_ref<uint32_t>(*const_cast<uint32_t*>(neighbour))
        .load(std::memory_order_relaxed);
  }
  void PrefetchNeighbours(uint32_t row) const {
    const auto* neighbours = reinterpret_cast<const uint8_t*>(graph_.Neighbours(row));
    __builtin_prefetch(neighbours);
    __builtin_prefetch(neighbours + kCacheLine);
    if (!kGrowing) __builtin_prefetch(neighbours + kNeighbourBytes);
  }

  /// Starts from the nearest entry, or one that is hardly farther.
  void Enter() {
    Candidate start = graph_.entry_table != nullptr ? NearestInTable(*graph_.entry_table)
                                                    : NearestOf(graph_.entries);
    if (start.row == kNoNeighbour) return;
    Visit(start.row);
    Remember(&start.row, 1);
    pool_.Offer(start.distance, start.row);
    scratch_.distances[0] = start.distance;
    if (counted_ != nullptr) OfferCounted(&start.row, 1);
  }

  /// Writes the unmet neighbours of `row` to `out` and asks for their codes. How many.
  size_t Gather(uint32_t row, float distance, uint32_t* out) {
    const uint32_t* neighbours = graph_.Neighbours(row);
    size_t count = 0;
    if constexpr (!kGrowing) {
      if (sketched_ && pool_.full()) {
        uint32_t mask = Promising(row, distance);
        for (; mask != 0; mask &= mask - 1) {
          uint32_t other = neighbours[std::countr_zero(mask)];
          if (other >= graph_.row_count) break;
          out[count] = other;
          count += Visit(other) ? 1 : 0;
        }
        for (size_t i = 0; i < count; ++i) graph_.PrefetchCode(out[i]);
        return count;
      }
    }
    for (uint32_t i = 0; i < kMaxDegree; ++i) {
      uint32_t other = Load(neighbours + i);
      // Ends the list, and keeps a damaged one from leading anywhere.
      if (other >= graph_.row_count) break;
      out[count] = other;
      count += Visit(other) ? 1 : 0;
    }
    for (size_t i = 0; i < count; ++i) graph_.PrefetchCode(out[i]);
    return count;
  }

  /// Scores rows and offers them. The first pool place that changed, or `next` when that is before
  /// it.
  uint32_t OfferAll(const uint32_t* rows, size_t count, uint32_t next) {
    ScoreRows({graph_.blocks, graph_.stride, rows}, count);
    const int32_t* dots = scratch_.dots.data();
    float* distances = scratch_.distances.data();
    for (size_t i = 0; i < count; ++i) {
      distances[i] = Distance(graph_.bias[rows[i]], dots[i], rows[i]);
    }
    Remember(rows, count);
    if (counted_ != nullptr) OfferCounted(rows, count);
    uint32_t first = next;
    for (size_t i = 0; i < count; ++i) {
      if (distances[i] >= pool_.bound()) continue;
      uint32_t place = pool_.Offer(distances[i], rows[i]);
      if (place < first) {
        first = place;
        PrefetchNeighbours(rows[i]);
      }
    }
    return first;
  }

  /// From now on the rows that count go to `counted` too, and are what is found.
  void CountInto(Pool* counted, const RowSet* allowed, const RowMarks* dead) {
    counted_ = counted;
    allowed_ = allowed;
    dead_ = dead;
  }
  uint32_t CountedInBeam() const {
    uint32_t count = 0;
    for (uint32_t i = 0; i < pool_.size(); ++i) count += Counts(pool_.Row(i)) ? 1 : 0;
    return count;
  }
  void TakeFound() {
    const Pool& pool = counted_ != nullptr ? *counted_ : pool_;
    auto& found = scratch_.found;
    found.resize(pool.size());
    for (uint32_t i = 0; i < pool.size(); ++i) found[i] = {pool.Distance(i), pool.Row(i)};
  }

 private:
  uint32_t Promising(uint32_t row, float distance) const {
    float reach = ((pool_.bound() + constant_) * knob[1] - (distance + constant_)) * per_step_;
    return edges_({projections_, graph_.edges.slope.data(), graph_.edges.inverse.data(), reach},
                  graph_.Code(row), graph_.lanes, graph_.Sketch(row));
  }
  void OfferCounted(const uint32_t* rows, size_t count) {
    const float* distances = scratch_.distances.data();
    for (size_t i = 0; i < count; ++i) {
      if (distances[i] >= counted_->bound() || !Counts(rows[i])) continue;
      counted_->Offer(distances[i], rows[i]);
    }
  }
  bool Counts(uint32_t row) const {
    return (allowed_ == nullptr || allowed_->Test(row)) && (dead_ == nullptr || !dead_->Test(row));
  }
  Candidate NearestOf(std::span<const uint32_t> rows) {
    ScoreRows({graph_.blocks, graph_.stride, rows.data()}, rows.size());
    Candidate nearest = kNothing;
    for (size_t i = 0; i < rows.size(); ++i) {
      float distance = Distance(graph_.bias[rows[i]], scratch_.dots[i], rows[i]);
      if (distance < nearest.distance) nearest = {distance, rows[i]};
    }
    return nearest;
  }
  /// Of the two groups whose centres are nearest.
  Candidate NearestInTable(const EntryTable& table) {
    ScoreRows({table.codes.data(), graph_.code_bytes, nullptr}, table.centres.size());
    Candidate first = kNothing;
    Candidate second = kNothing;
    for (uint32_t i = 0; i < table.centres.size(); ++i) {
      float distance = EntryDistance(table.centres[i], i);
      if (distance < first.distance) {
        second = std::exchange(first, {distance, i});
      } else if (distance < second.distance) {
        second = {distance, i};
      }
    }
    Candidate nearest = kNothing;
    for (const Candidate& group : {first, second}) {
      if (group.row == kNoNeighbour) continue;
      uint32_t begin = table.begin(group.row);
      uint32_t count = table.ends[group.row] - begin;
      const uint8_t* codes =
          table.codes.data() + (table.centres.size() + begin) * graph_.code_bytes;
      ScoreRows({codes, graph_.code_bytes, nullptr}, count);
      for (uint32_t i = 0; i < count; ++i) {
        const EntryTable::Entry& entry = table.entries[begin + i];
        float distance = EntryDistance(entry, i);
        if (distance < nearest.distance) nearest = {distance, entry.row};
      }
    }
    return nearest;
  }
  float EntryDistance(const EntryTable::Entry& entry, size_t place) const {
    return Distance(entry.bias, scratch_.dots[place], entry.row);
  }
  void ScoreRows(const kernels::CodeRows& rows, size_t count) {
    score_(query_, rows, count, graph_.lanes, scratch_.dots.data());
    scored_ += count;
  }
  float Distance(float bias, int32_t dot, uint32_t row) const {
    float distance = bias - weight_ * static_cast<float>(dot);
    if constexpr (kGrowing) {
      if (further_.of_row != nullptr) distance -= further_.twice_query * further_.of_row[row];
    }
    return distance;
  }

  const Graph& graph_;
  const int8_t* const query_;
  const float weight_;
  const float constant_;
  const float per_step_;
  const float* const projections_;
  const bool sketched_;
  kernels::PromisingEdgesFunction* const edges_;
  const FurtherCoordinate& further_;
  void (*const score_)(const int8_t*, const kernels::CodeRows&, size_t, size_t, int32_t*);
  SearchScratch& scratch_;
  Pool pool_;
  Pool* counted_ = nullptr;  // null: every row counts
  const RowSet* allowed_ = nullptr;
  const RowMarks* dead_ = nullptr;
  uint64_t* seen_;
  uint64_t scored_ = 0;
};

/// The rows that one step of a walk met, whose codes are on their way.
struct Step {
  uint32_t* rows;
  size_t count;
};

/// Two steps overlap: before the rows of one are scored, the neighbours of the next best row are
/// gathered, so that memory always has something to fetch. The price is that a step is chosen
/// without knowing what the step before it finds.
template <bool kGrowing>
void BestFirst(const Graph& graph, const FurtherCoordinate& further, const GraphTask& task) {
  bool all_count = task.allowed == nullptr && task.dead == nullptr;
  uint32_t room = all_count ? std::max(task.ef, task.keep) : task.ef;
  Walk<kGrowing> walk(graph, *task.query, further, room, task.most_ties, task.scratch);
  Pool counted(&task.scratch->counted, task.keep, task.most_ties);
  if (!all_count) walk.CountInto(&counted, task.allowed, task.dead);
  walk.Enter();
  Pool& pool = walk.pool();
  Step step{walk.rows(), 0};
  Step ahead{walk.rows() + kMaxDegree, 0};
  uint32_t at = 0;
  for (bool gathered = false;;) {
    bool more = at < std::min(task.ef, pool.size());
    if (more) {
      ahead.count = walk.Gather(pool.Row(at), pool.Distance(at), ahead.rows);
      pool.Expand(at);
      at = pool.Next(at + 1);
      if (at < pool.size()) walk.PrefetchNeighbours(pool.Row(at));
    }
    if (gathered) at = pool.Next(walk.OfferAll(step.rows, step.count, at));
    if (!more && at >= std::min(task.ef, pool.size())) break;
    gathered = more;
    std::swap(step, ahead);
  }
  walk.TakeFound();
  if (task.counted_in_beam != nullptr) *task.counted_in_beam = walk.CountedInBeam();
  *task.codes_scored += walk.scored();
}

}  // namespace

void SearchGraph(const Graph& graph, const GraphTask& task) { BestFirst<false>(graph, {}, task); }

void SearchGrowingGraph(const Graph& graph, const QueryCode& query,
                        const FurtherCoordinate& further, uint32_t ef, SearchScratch* scratch) {
  uint64_t scored = 0;
  BestFirst<true>(graph, further, {&query, ef, ef, kTiesWhileBuilding, scratch, &scored});
}

}  // namespace cairn::vector
