#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "db/options.h"
#include "indexer/indexer.h"
#include "query/nearest.h"
#include "query/search.h"

namespace cairn::cache {
class Tier;
}

namespace cairn::db {

/// A document as a host hands it in; everything is borrowed for the call.
struct DocumentInput {
  std::string_view id;
  std::string_view title;
  std::string_view body;
  indexer::Format format = indexer::Format::kPlainText;
  std::vector<std::string_view> tags;
  std::string_view type;
  std::string_view status;
  std::string_view description;
  std::string_view metadata_json;
  int64_t created_ns = 0;
  int64_t modified_ns = 0;
  const float* vectors = nullptr;  ///< vector_count x dim
  size_t vector_count = 0;
  uint32_t dim = 0;
};

/// A document as it is stored.
struct StoredDocument {
  std::string id;
  std::string title;
  std::string path;  ///< of the file it came from; "" otherwise
  std::string body;
  std::string type;
  std::string status;
  std::string description;
  std::string metadata_json;
  std::vector<std::string> tags;
  int64_t created_ns = 0;
  int64_t modified_ns = 0;
  std::vector<indexer::Chunk> chunks;
  uint32_t dim = 0;
  std::vector<float> vectors;  ///< rows x dim, of the active generation; may be empty
};

/// How a cache of the database does.
struct CacheUse {
  uint64_t hits = 0;
  uint64_t misses = 0;
  uint64_t entries = 0;
  uint64_t bytes = 0;        ///< of everything, tables included
  uint64_t limit_bytes = 0;  ///< 0 = there is none

  double hit_ratio() const {
    return hits == 0 ? 0 : static_cast<double>(hits) / static_cast<double>(hits + misses);
  }
};

struct DatabaseStats {
  uint32_t collection_count = 0;
  uint64_t document_count = 0;
  uint64_t chunk_count = 0;
  uint64_t disk_bytes = 0;
  uint64_t vector_memory_bytes = 0;
  uint64_t vector_memory_used_bytes = 0;   ///< what counts against the limit, work included
  uint64_t vector_memory_limit_bytes = 0;  ///< 0 = none
  uint64_t sequence = 0;
  uint32_t format_version = 0;
  bool read_only = false;
  CacheUse search_cache;
  CacheUse embedding_cache;
};

/// How a collection's vector index is.
enum class VectorState : int32_t {
  kNone = 0,           ///< the collection has no vectors (yet)
  kNotLoaded = 1,      ///< no search needed it so far
  kLoading = 2,        ///< it is being opened or built
  kReady = 3,          ///< nothing is to be done
  kWorking = 4,        ///< complete and searched; being sealed, merged, saved or checked
  kDamaged = 5,        ///< its files are; it is built anew
  kShortOfMemory = 6,  ///< complete and searched; the memory limit keeps it from getting faster
};

struct CollectionStats {
  uint32_t dim = 0;
  vector::Metric metric = vector::Metric::kCosine;
  EmbedderKind embedder = EmbedderKind::kBuiltin;
  uint64_t document_count = 0;
  uint64_t chunk_count = 0;
  uint64_t vector_count = 0;
  uint64_t vector_memory_bytes = 0;
  uint64_t embedder_generation = 0;
  uint64_t trained_chunk_count = 0;
  uint64_t training_min_chunks = 0;
  VectorState vector_state = VectorState::kNone;
  std::vector<vector::SegmentStats> segments;  ///< of the vector index
};

struct IndexOutcome {
  indexer::IndexReport report;
  uint64_t embedded_count = 0;  ///< chunks that were embedded
};

struct DocumentHit {
  DocNo doc{};
  float score = 0;
};

/// How a search by vectors was done.
struct NearestReport {
  vector::SearchWork work;
  float target_recall = 0;  ///< asked for; 0 when the beam width was given
  int64_t took_ns = 0;
};

class DatabaseImpl;
class CollectionState;
struct ReadState;

/// A named set of documents in a database.
///
/// Thread safety: thread-safe. Ownership: keeps its database alive. After the collection was
/// dropped every call fails with kNotFound; after Database::Close, with kFailedPrecondition.
class Collection {
 public:
  Collection(std::shared_ptr<DatabaseImpl> database, std::shared_ptr<CollectionState> state);
  ~Collection();

  const std::string& name() const;
  const CollectionConfig& config() const;

  /// Each document is atomic; an error carries the index of the first one not written.
  Status Upsert(std::span<const DocumentInput> documents);
  Status Delete(std::string_view id);
  Result<StoredDocument> Get(std::string_view id) const;
  Result<uint64_t> Count() const;
  /// Up to `limit` ids in byte order, those after `after`. limit: 1 to 10,000.
  Result<std::vector<std::string>> Ids(std::string_view after, uint32_t limit) const;

  Result<query::SearchResponse> Search(const query::SearchRequest& request) const;

  /// The nearest of many query vectors, into arrays of the caller. `report` may be null. Takes part
  /// of the database's threads for a batch; a single query without filter allocates nothing.
  Status FindNearest(const query::NearestRequest& request, uint32_t dim,
                     const query::NearestRows& rows, NearestReport* report) const;
  /// The nearest to a stored document's own vectors; `request.queries` is not looked at.
  Status FindSimilar(std::string_view id, bool without_itself, query::NearestRequest request,
                     const query::NearestRows& row, NearestReport* report) const;
  /// FindNearest as lists.
  Result<std::vector<std::vector<DocumentHit>>> SearchVectors(std::span<const float> queries,
                                                              uint32_t dim, size_t k,
                                                              std::string_view filter_json) const;
  /// Ids of the documents with these numbers; "" for those that are no more.
  Result<std::vector<std::string>> IdsOf(std::span<const uint64_t> doc_keys) const;
  Result<std::string> IdOf(DocNo doc) const;
  Result<DocNo> KeyOf(std::string_view id) const;

  /// On kCancelled and on a failure after the scan, `outcome` tells what was done.
  Status IndexFolder(std::string_view root, const indexer::IndexOptions& options,
                     IndexOutcome* outcome);
  Status Train();
  Result<CollectionStats> Stats() const;

 private:
  struct NearestSearch;
  Result<query::SearchResponse> SearchAnew(const query::SearchRequest& request,
                                           std::shared_ptr<const ReadState> pinned) const;
  Status BeginNearest(NearestSearch* search) const;
  void EndNearest(const NearestSearch& search, const query::NearestRequest& request, size_t queries,
                  NearestReport* report) const;

  std::shared_ptr<DatabaseImpl> database_;
  std::shared_ptr<CollectionState> state_;
};

/// A database directory with everything in it: storage, collections, background work.
///
/// Thread safety: thread-safe. Ownership: collections keep the implementation alive; the directory
/// is given free when the last of them goes, or by Close.
class Database {
 public:
  static Result<std::unique_ptr<Database>> Open(const DatabaseOptions& options);
  ~Database();

  Result<std::unique_ptr<Collection>> CreateCollection(std::string_view name,
                                                       const CollectionOptions& options);
  /// `options` may be null. Set fields must agree with the stored ones.
  Result<std::unique_ptr<Collection>> OpenCollection(std::string_view name,
                                                     const CollectionOptions* options);
  Status DropCollection(std::string_view name);
  Result<std::vector<std::string>> CollectionNames() const;

  /// A tier for caches, on disk beside the database's own files, in a store of its own with its own
  /// memory and threads; one for all caches, with the bounds of the first call. It fails softly
  /// once the database is closed. `cache_name` keeps the values of different caches apart.
  Result<std::shared_ptr<cache::Tier>> OpenCacheTier(std::string_view cache_name,
                                                     uint64_t max_bytes);

  Status Sync();
  Status Refresh();
  /// Negative waits for ever; kTimedOut.
  Status WaitIdle(int64_t timeout_ns);
  Result<DatabaseStats> Stats() const;
  /// Prometheus text.
  std::string Metrics() const;
  Status Close();

 private:
  explicit Database(std::shared_ptr<DatabaseImpl> impl);
  std::shared_ptr<DatabaseImpl> impl_;
};

}  // namespace cairn::db
