#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/reuse_pool.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "query/search.h"
#include "vector/vector_index.h"

namespace cairn::query {

/// Which vectors to look for, and how.
struct NearestRequest {
  std::span<const float> queries;  ///< row-major, whole rows
  size_t k = 10;
  float target_recall = 0.98f;  ///< in (0, 1]; 1 = exact
  uint32_t ef = 0;              ///< beam width; 0 = what target_recall asks for
  float min_score = -std::numeric_limits<float>::infinity();
  bool by_document = true;       ///< one hit per document, its nearest chunk; else one per chunk
  std::string_view filter_json;  ///< see query/filter.h
  DocNo without{};               ///< this document is left out; 0 = none
  size_t without_chunks = 0;     ///< how many vectors it has
};

/// Where the answers go: rows of k, best first, ties by document and chunk.
struct NearestRows {
  uint64_t* keys = nullptr;
  uint32_t* ordinals = nullptr;  ///< of the chunks; may be null
  float* scores = nullptr;
  uint32_t* counts = nullptr;  ///< one per query
};

/// The buffers of one query, reused by the next.
struct NearestScratch {
  std::vector<vector::VectorHit> hits;
  std::vector<uint64_t> seen;  ///< a hash table of document numbers; 0 = free
};
using NearestScratchPool = ReusePool<NearestScratch>;

/// Where a search may work, and what it found out.
struct NearestRun {
  ThreadPool* pool = nullptr;  ///< of a batch; null = the calling thread alone
  NearestScratchPool* scratch = nullptr;
  vector::SearchWork work;
};

/// Finds the nearest of every query. A single query without filter allocates nothing once the
/// buffers have grown. kInvalidArgument with the index of a bad query; nothing is written then.
Status FindNearest(const SearchContext& context, const NearestRequest& request,
                   const NearestRows& rows, NearestRun* run);

/// Finds the nearest to a set of vectors, one row: a hit's score is that of the nearest of them.
Status FindNearestToAny(const SearchContext& context, const NearestRequest& request,
                        const NearestRows& row, NearestRun* run);

}  // namespace cairn::query
