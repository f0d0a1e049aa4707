#include "vector/graph_search.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <limits>
#include <span>
#include <utility>

#include "base/prefetch.h"
#include "kernels/code_distance.h"

namespace cairn::vector {
namespace {

constexpr uint32_t kTiesWhileBuilding = 8;
// The first steps lead to where the query is, and meet more near rows than are kept.
constexpr uint32_t kEarlySteps = 4;
constexpr uint32_t kMostFetched = 16;  // vectors, ahead of their use
constexpr Candidate kNoCandidate = {std::numeric_limits<float>::infinity(), kNoNeighbour};

/// The best rows met so far, nearest first: squared distance, row, and in the lowest bit whether
/// the row's neighbours were looked at. As integers these are in order, and, since the distances
/// are positive normal numbers, as doubles too.
class Pool {
 public:
  /// Of rows at exactly the same distance, copies of each other most likely, about `most_ties` are
  /// kept, so that they cannot fill the pool.
  Pool(std::vector<uint64_t>* buffer, uint32_t capacity, uint32_t most_ties)
      : capacity_(capacity),
        swept_((capacity + kLanes - 1) / kLanes * kLanes),
        most_ties_(most_ties) {
    size_t room = swept_ + 2 * kLanes;
    if (buffer->size() < room) buffer->resize(room);
    entries_ = buffer->data() + kLanes;
    entries_[-1] = 0;
    std::fill(entries_, entries_ + swept_ + 1, kNothing);
  }

  uint32_t size() const { return size_; }
  /// A row at this distance or farther cannot enter: at an equal distance the first met stays.
  float bound() const { return bound_; }
  uint32_t Row(uint32_t i) const { return static_cast<uint32_t>(entries_[i]) >> 1; }
  float Distance(uint32_t i) const {
    auto distance = std::bit_cast<float>(static_cast<uint32_t>(entries_[i] >> 32));
    return distance > kLeastDistance ? distance : 0;
  }
  bool full() const { return size_ == capacity_; }

  /// `distance` is below the bound.
  void Offer(float distance, uint32_t row) {
    uint64_t entry = uint64_t{std::bit_cast<uint32_t>(std::max(distance, kLeastDistance))} << 32 |
                     uint64_t{row} << 1;
    if (swept_ <= kMostSwept) {
      if (met_ties_ && IsOneOfMany(entry, Place(entry))) return;
      Sweep(entry);
    } else {
      uint64_t* at = Place(entry);
      if (IsOneOfMany(entry, at)) return;
      Insert(entry, at);
    }
    size_ += size_ < capacity_ ? 1 : 0;
    bound_ = Distance(capacity_ - 1);
  }
  /// The first entry that was not expanded; size() when there is none.
  uint32_t Next() {
    while (next_ < size_ && (entries_[next_] & 1) != 0) ++next_;
    return next_;
  }
  void Expand(uint32_t i) {
    const uint64_t* at = entries_ + i;
    met_ties_ = met_ties_ || Tie(*at, at[1]) || Tie(*at, at[-1]);
    entries_[i] |= 1;
  }

 private:
  using Lanes [[gnu::vector_size(16)]] = double;
  static constexpr size_t kLanes = 2;
  static constexpr size_t kMostSwept = 48;
  static constexpr float kFarthest = std::numeric_limits<float>::infinity();
  static constexpr float kLeastDistance = std::numeric_limits<float>::min();
  static constexpr uint64_t kNothing =
      uint64_t{std::bit_cast<uint32_t>(kFarthest)} << 32 | std::numeric_limits<uint32_t>::max();

  static Lanes Load(const uint64_t* from) {
    Lanes lanes;
    std::memcpy(&lanes, from, sizeof(lanes));
    return lanes;
  }
  /// All entries that are farther move one place up, in one sweep without a branch.
  void Sweep(uint64_t entry) {
    next_ = 0;
    const auto value = std::bit_cast<double>(entry);
    const Lanes added = {value, value};
    for (size_t i = swept_; i > 0;) {
      i -= kLanes;
      Lanes own = Load(entries_ + i);
      Lanes below = Load(entries_ + i - 1);
      Lanes nearer = own < added ? own : added;
      Lanes kept = below > nearer ? below : nearer;
      std::memcpy(entries_ + i, &kept, sizeof(kept));
    }
  }
  /// Where the entry goes. A mask, since a compiler makes a branch of a choice, and where an entry
  /// goes cannot be foretold.
  uint64_t* Place(uint64_t entry) const {
    uint64_t* at = entries_;
    for (size_t length = size_; length > 0;) {
      size_t half = (length + 1) / 2;
      at += half & (0 - static_cast<size_t>(at[half - 1] < entry));
      length -= half;
    }
    return at;
  }
  void Insert(uint64_t entry, uint64_t* at) {
    uint64_t* end = entries_ + std::min(size_, capacity_ - 1);
    std::memmove(at + 1, at, static_cast<size_t>(end - at) * sizeof(*at));
    *at = entry;
    next_ = std::min(next_, static_cast<uint32_t>(at - entries_));
  }
  static bool Tie(uint64_t a, uint64_t b) { return a >> 32 == b >> 32; }
  /// `at` is where the entry would go.
  bool IsOneOfMany(uint64_t entry, const uint64_t* at) const {
    auto place = static_cast<size_t>(at - entries_);
    return (place >= most_ties_ && Tie(entry, at[-static_cast<ptrdiff_t>(most_ties_)])) ||
           (place + most_ties_ <= size_ && Tie(entry, at[most_ties_ - 1]));
  }

  uint64_t* entries_;
  const uint32_t capacity_;
  const uint32_t swept_;
  const uint32_t most_ties_;
  uint32_t size_ = 0;
  uint32_t next_ = 0;  // all entries before it were expanded
  bool met_ties_ = false;
  float bound_ = kFarthest;
};

/// One search: what its steps share.
template <bool kGrowing>
class Walk {
 public:
  /// The beam is the nearest `ef` of the `room` rows that are kept.
  Walk(const Graph& graph, const QueryCode& query, const FurtherCoordinate& further, uint32_t ef,
       uint32_t room, uint32_t most_ties, SearchScratch* scratch)
      : graph_(graph),
        query_(query.lanes.data()),
        weight_(query.weight),
        constant_(query.constant),
        projections_(query.projections.data()),
        sketched_(!kGrowing && graph.edges.exists()),
        promising_edges_(kernels::ActiveCodeKernel().promising_edges),
        further_(further),
        score_(graph.width == CodeWidth::kSeven ? kernels::ActiveCodeKernel().dot7
                                                : kernels::ActiveCodeKernel().dot4),
        scratch_(*scratch),
        ef_(ef),
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
    PrefetchToRead(neighbours);
    PrefetchToRead(neighbours + kCacheLine);
    if (sketched_) PrefetchToRead(neighbours + kNeighbourBytes);
  }

  /// Those of the nearest rows that are found so far.
  void PrefetchVectors(const RowTable* vectors, uint32_t most) const {
    const Pool& pool = found();
    uint32_t count = std::min(pool.size(), most);
    for (uint32_t i = 0; i < count; ++i) vectors->Prefetch(pool.Row(i));
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

  /// Writes the unmet neighbours of the row at `place` of the pool to `out`, without those that
  /// seem too far, and asks for their codes. How many.
  size_t Gather(uint32_t place, uint32_t* out) {
    uint32_t row = pool_.Row(place);
    const uint32_t* neighbours = graph_.Neighbours(row);
    size_t count = 0;
    ++steps_;
    // An id beyond the rows ends the list, and a damaged one leads nowhere.
    if (sketched_ && pool_.full()) {
      uint32_t edges = PromisingEdges(row, pool_.Distance(place));
      for (; edges != 0; edges &= edges - 1) {
        uint32_t other = neighbours[std::countr_zero(edges)];
        if (other >= graph_.row_count) break;
        out[count] = other;
        count += Visit(other) ? 1 : 0;
      }
    } else {
      for (uint32_t i = 0; i < kMaxDegree; ++i) {
        uint32_t other = Load(neighbours + i);
        if (other >= graph_.row_count) break;
        out[count] = other;
        count += Visit(other) ? 1 : 0;
      }
    }
    for (size_t i = 0; i < count; ++i) {
      graph_.PrefetchCode(out[i]);
      graph_.PrefetchBias(out[i]);
    }
    return count;
  }

  /// Scores rows and offers them.
  void OfferAll(const uint32_t* rows, size_t count) {
    ScoreRows({graph_.blocks, graph_.stride, rows}, count);
    const int32_t* dots = scratch_.dots.data();
    float* distances = scratch_.distances.data();
    for (size_t i = 0; i < count; ++i) {
      distances[i] = Distance(graph_.bias[rows[i]], dots[i], rows[i]);
    }
    Remember(rows, count);
    if (counted_ != nullptr) OfferCounted(rows, count);
    for (size_t i = 0; i < count; ++i) {
      if (distances[i] < pool_.bound()) pool_.Offer(distances[i], rows[i]);
    }
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
    const Pool& pool = found();
    auto& out = scratch_.found;
    out.resize(pool.size());
    for (uint32_t i = 0; i < pool.size(); ++i) out[i] = {pool.Distance(i), pool.Row(i)};
  }

 private:
  const Pool& found() const { return counted_ != nullptr ? *counted_ : pool_; }
  uint32_t PromisingEdges(uint32_t row, float distance) const {
    const EdgeScale& scale = graph_.edges;
    float farthest = pool_.Distance(ef_ - 1);
    float bound = farthest * (steps_ <= kEarlySteps ? EdgeScale::kEarlyReach : EdgeScale::kReach);
    kernels::EdgeProbe probe{projections_, scale.slope.data(), scale.inverse.data(),
                             scale.Reach(distance, bound)};
    return promising_edges_(probe, graph_.Code(row), graph_.lanes, graph_.Sketch(row));
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
    Candidate nearest = kNoCandidate;
    for (size_t i = 0; i < rows.size(); ++i) {
      float distance = Distance(graph_.bias[rows[i]], scratch_.dots[i], rows[i]);
      if (distance < nearest.distance) nearest = {distance, rows[i]};
    }
    return nearest;
  }
  /// Of the two groups whose centres are nearest.
  Candidate NearestInTable(const EntryTable& table) {
    ScoreRows({table.codes.data(), graph_.code_bytes, nullptr}, table.centres.size());
    Candidate first = kNoCandidate;
    Candidate second = kNoCandidate;
    for (uint32_t i = 0; i < table.centres.size(); ++i) {
      float distance = EntryDistance(table.centres[i], i);
      if (distance < first.distance) {
        second = std::exchange(first, {distance, i});
      } else if (distance < second.distance) {
        second = {distance, i};
      }
    }
    Candidate nearest = kNoCandidate;
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
    float distance = bias + constant_ - weight_ * static_cast<float>(dot);
    if constexpr (kGrowing) {
      if (further_.of_row != nullptr) distance -= further_.twice_query * further_.of_row[row];
    }
    return distance;
  }

  const Graph& graph_;
  const int8_t* const query_;
  const float weight_;
  const float constant_;
  const float* const projections_;
  const bool sketched_;
  kernels::PromisingEdgesFunction* const promising_edges_;
  const FurtherCoordinate& further_;
  void (*const score_)(const int8_t*, const kernels::CodeRows&, size_t, size_t, int32_t*);
  SearchScratch& scratch_;
  const uint32_t ef_;
  uint32_t steps_ = 0;
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
  Walk<kGrowing> walk(graph, *task.query, further, task.ef, room, task.most_ties, task.scratch);
  Pool counted(&task.scratch->counted, task.keep, task.most_ties);
  if (!all_count) walk.CountInto(&counted, task.allowed, task.dead);
  walk.Enter();
  Pool& pool = walk.pool();
  Step step{walk.rows(), 0};
  Step ahead{walk.rows() + kMaxDegree, 0};
  uint32_t fetch = std::min(task.fetch, kMostFetched);
  uint32_t at = 0;
  for (bool gathered = false;;) {
    bool more = at < std::min(task.ef, pool.size());
    if (more) {
      ahead.count = walk.Gather(at, ahead.rows);
      pool.Expand(at);
      at = pool.Next();
      if (at < pool.size()) walk.PrefetchNeighbours(pool.Row(at));
    }
    if (gathered) {
      bool ends = !more && pool.size() >= task.ef;  // most likely
      if (ends) walk.PrefetchVectors(task.vectors, std::exchange(fetch, 0));
      walk.OfferAll(step.rows, step.count);
      at = pool.Next();
    }
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
