#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "vector/quantizer.h"
#include "vector/vector_index.h"

namespace cairn::vector {

/// A row and how far its code is from the query; see Quantizer for the scale.
struct Candidate {
  float distance = 0;
  uint32_t row = 0;
};

/// Which rows of a graph a search has met. Clearing costs what was marked, not what there is room
/// for.
class VisitedRows {
 public:
  void Begin(uint32_t row_count);
  uint64_t* words() { return words_.data(); }
  /// Notes the rows whose bits were set in words(), to be cleared by the next Begin.
  std::vector<uint32_t>& marked() { return marked_; }

 private:
  std::vector<uint64_t> words_;
  std::vector<uint32_t> marked_;
};

/// The buffers of one search, reused by the next, so that a query allocates nothing once they have
/// grown.
struct SearchScratch {
  VisitedRows visited;
  std::vector<uint64_t> pool;
  std::vector<uint32_t> rows;
  std::vector<int32_t> dots;
  std::vector<float> distances;
  std::vector<Candidate> found;  ///< what a graph search or scan leaves, nearest first
  std::vector<uint32_t> seeds;   ///< where a filtered walk starts, besides a sample
  QueryCode query;
  std::vector<float> unit;
  std::vector<float> scores;
  std::vector<VectorHit> hits;
};

/// Hands out scratch space without a lock. When all of it is taken a new one is made.
class ScratchPool {
 public:
  ScratchPool() = default;
  ~ScratchPool();
  ScratchPool(const ScratchPool&) = delete;
  ScratchPool& operator=(const ScratchPool&) = delete;

  class Lease {
   public:
    explicit Lease(ScratchPool* pool) : pool_(pool), scratch_(pool->Take()) {}
    ~Lease() { pool_->Return(scratch_); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    SearchScratch* operator->() const { return scratch_; }
    SearchScratch* get() const { return scratch_; }

   private:
    ScratchPool* const pool_;
    SearchScratch* const scratch_;
  };

 private:
  SearchScratch* Take();
  void Return(SearchScratch* scratch);

  std::array<std::atomic<SearchScratch*>, 64> free_{};
};

}  // namespace cairn::vector
