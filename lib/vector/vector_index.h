#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "vector/index_manifest.h"
#include "vector/index_stats.h"
#include "vector/memory_budget.h"

namespace cairn::vector {

enum class Metric : int32_t { kCosine = 0, kInnerProduct = 1, kL2 = 2 };

struct VectorIndexOptions {
  uint32_t dim = 0;  ///< 1 to 65,535
  Metric metric = Metric::kCosine;
  ThreadPool* pool = nullptr;  ///< borrowed; null = search in the calling thread only
  /// Where sealed segments are kept as files, to be mapped; "" = in memory only. Must exist. May be
  /// shared by indexes with different prefixes.
  std::string directory;
  std::string file_prefix = "segment-";  ///< of the files' names; see SegmentFolder
  bool read_only = false;  ///< files are only read: what is sealed from now on stays in memory
  /// Called when the index's sealed rows are all in files that are durable, from the background and
  /// never twice at once; not before the first SetPosition. Files that the manifest does not name
  /// are deleted after it returned OK, and only then. It must not call the index. Null: nobody
  /// needs to find the files again.
  std::function<Status(const IndexManifest&)> publish;
  /// Called at most once, from the background, when the check of the files that the index was
  /// opened with fails: the index should be dropped, and built anew from the truth. It must not
  /// call the index, nor destroy it.
  std::function<void(const Status&)> damaged;
  /// Called from the background when something did not work that the index can do without. It must
  /// not call the index.
  std::function<void(const Status&)> failed;
  /// What this index and others may take together; null = all there is. Searches' own buffers are
  /// not counted.
  std::shared_ptr<MemoryBudget> memory;
  /// Called from the background when a new view shows the same as the last one, but from segments
  /// that are faster to search or take less memory. It must not call the index.
  std::function<void()> improved;
};

class DocumentFilter;

struct VectorHit {
  ChunkRef chunk;
  /// Higher is nearer, for every metric: cosine, inner product, or minus the squared L2 distance.
  float score = 0;
  friend bool operator==(const VectorHit&, const VectorHit&) = default;
};

struct SearchOptions {
  size_t k = 10;
  const DocumentFilter* filter = nullptr;  ///< null = all documents
  /// Share of the true k nearest that answers should hold on average, in (0, 1]; 1 = exact search.
  float target_recall = 0.98f;
  uint32_t ef = 0;  ///< beam width of the graph search; 0 = what target_recall asks for
  float min_score = -std::numeric_limits<float>::infinity();  ///< hits below are left out
};

/// How a search was done. Adds up over segments and queries.
struct SearchWork {
  enum class Mode : int32_t { kExact = 0, kGraph = 1, kFilteredGraph = 2 };
  Mode mode = Mode::kExact;     ///< of the largest segment
  uint64_t codes_scored = 0;    ///< quantized distances computed
  uint64_t vectors_scored = 0;  ///< distances computed on the original vectors
  uint32_t ef = 0;              ///< beam width used in the largest segment; 0 = none
  bool fell_back = false;       ///< a walk came up short and was done again exactly
  uint32_t segments = 0;        ///< parts that were looked at, fresh rows included; no sum

  /// Adds the work of another query of the same view; the mode and beam are of the query that went
  /// farthest from exact.
  void Add(const SearchWork& query);
};

/// An unchanging view of the index: what was in it when the view was taken.
/// Thread safety: thread-safe; takes no lock.
class VectorView {
 public:
  virtual ~VectorView() = default;
  virtual size_t size() const = 0;            ///< live vectors
  virtual size_t document_count() const = 0;  ///< live documents
  virtual uint64_t memory_bytes() const = 0;
  /// Live documents that pass the filter.
  virtual uint64_t CountDocuments(const DocumentFilter& filter) const = 0;

  /// `queries` is row-major, query_count x dim, finite, non-zero under cosine (need not be unit
  /// length). hits_out gets one list per query, score descending, ties by chunk ascending, of
  /// min(k, matching) entries.
  virtual Status Search(const float* queries, size_t query_count, const SearchOptions& options,
                        std::vector<std::vector<VectorHit>>* hits_out,
                        SearchWork* work = nullptr) const = 0;
  /// One query, without allocating: hits_out has room for options.k. The same as Search otherwise.
  virtual Status SearchOne(const float* query, const SearchOptions& options, VectorHit* hits_out,
                           size_t* count_out, SearchWork* work = nullptr) const = 0;
};
using VectorViewPtr = std::shared_ptr<const VectorView>;

/// Vector search over one collection and one embedder generation.
///
/// Thread safety: Add, Remove and View may be called from any thread. A view taken after a call
/// returned sees its effect; views taken earlier never change.
class VectorIndex {
 public:
  virtual ~VectorIndex() = default;

  /// Adds one vector per entry of `ordinals` (row-major; ordinals ascending: some chunks of a
  /// document may have no vector). `doc` must not be in the index. The vectors are copied, and
  /// scaled to unit length under cosine. kInvalidArgument as ValidateVectors, and for ordinals that
  /// do not ascend; kAlreadyExists when `doc` is there. A failure changes nothing.
  virtual Status AddChunks(DocNo doc, std::span<const uint32_t> ordinals, const float* vectors) = 0;
  /// Room in the memory budget for so many vectors more, kept while the charge lives: to be called
  /// before AddChunks, which does not ask. Enough is left to seal what is fresh.
  /// kResourceExhausted, with the limit and the need.
  virtual Result<MemoryCharge> ReserveRoom(size_t /*rows*/) { return MemoryCharge(); }
  /// The same for chunks 0..count-1.
  Status Add(DocNo doc, const float* vectors, size_t count);
  /// Removes every chunk of `doc`; unknown documents are ignored. Space is given back.
  virtual void Remove(DocNo doc) = 0;
  /// Copies one pointer under a mutex that no writer holds while it works.
  virtual VectorViewPtr View() const = 0;
  virtual IndexStats Stats() const { return {}; }
  virtual const VectorIndexOptions& options() const = 0;
  /// Tells that the index holds what the host's log of changes says up to `position`, which is
  /// above 0 and never goes down. What is saved from then on is of that position or a later one.
  virtual void SetPosition(uint64_t) {}
  /// Ends background work for good, waiting for what is running: nothing is published any more when
  /// it returns. The index can still be searched and changed. Must not be called from one
  /// of the functions in the options.
  virtual void Stop() {}
  /// Waits until no background work is left. kTimedOut after `timeout_ns`; negative = wait for
  /// ever.
  virtual Status WaitIdle(int64_t timeout_ns) = 0;
};

/// Exact search by a scan with the widest kernel.
Result<std::unique_ptr<VectorIndex>> MakeExactIndex(const VectorIndexOptions& options);

/// Approximate search in sealed graphs and exact search in what was added since; seals and merges
/// by itself on `options.pool`, or within the calls that write when there is none.
///
/// `manifest`, which may be null, is what was last published: its files are mapped, and copied into
/// memory and checked in the background. Other files with the prefix are deleted unless read_only.
/// kNotFound for a missing file, kDataLoss for a damaged one or one that does not fit the manifest,
/// kFailedPrecondition for a newer format or another dimension or metric; nothing is deleted then.
Result<std::unique_ptr<VectorIndex>> MakeSegmentedIndex(const VectorIndexOptions& options,
                                                        const IndexManifest* manifest = nullptr);

/// kInvalidArgument for a dimension or metric that there is not.
Status CheckIndexOptions(const VectorIndexOptions& options);

/// kInvalidArgument, with the index of the row, for NaN or infinity and, under cosine, for zero.
Status ValidateVectors(const float* vectors, size_t count, uint32_t dim, Metric metric);

}  // namespace cairn::vector
