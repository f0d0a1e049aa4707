#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "db/collection_state.h"
#include "db/database.h"
#include "db/document_batch.h"
#include "db/options.h"
#include "db/prepare.h"
#include "observe/metrics.h"
#include "query/result_cache.h"
#include "storage/cache_store.h"
#include "storage/store.h"

namespace cairn::db {

/// One moment of the whole database: a snapshot of the store and, for every collection, the views
/// that belong to it. Unchanging. Everything a read returns comes from one of these.
struct ReadState {
  storage::SnapshotPtr at;
  storage::DatabaseCounters counters;
  std::map<CollectionId, CollectionView> collections;
};
using ReadStatePtr = std::shared_ptr<const ReadState>;

/// The inside of a database.
///
/// Writers take write_mutex(), compose one batch per document, commit it, bring the in-memory parts
/// up to date and publish a new ReadState. Readers copy the pointer to the newest ReadState and
/// then take no lock.
///
/// Lock order: CollectionState::index_mutex, CollectionState::training_mutex, write_mutex,
/// state_mutex_. Thread safety: thread-safe.
class DatabaseImpl : public std::enable_shared_from_this<DatabaseImpl> {
 public:
  static Result<std::shared_ptr<DatabaseImpl>> Open(const DatabaseOptions& options);
  ~DatabaseImpl();

  /// kFailedPrecondition after Close, kNotFound when the collection was dropped.
  Status CheckUsable(const CollectionState& state) const;
  Status CheckOpen() const;
  Status CheckWritable() const;

  // Reading.
  ReadStatePtr Pin() const CAIRN_EXCLUDES(state_mutex_);
  /// The same, with the collection's vectors loaded if it has any.
  Result<ReadStatePtr> PinWithVectors(CollectionState& state);
  const storage::Store& store() const { return *store_; }
  ThreadPool& pool() { return *pool_; }
  const DatabaseOptions& options() const { return options_; }

  // Collections.
  Result<CollectionStatePtr> CreateCollection(std::string_view name, CollectionConfig config,
                                              std::shared_ptr<embed::Embedder> embedder);
  /// `embedder` may be null.
  Result<CollectionStatePtr> FindCollection(std::string_view name,
                                            std::shared_ptr<embed::Embedder> embedder);
  Status DropCollection(std::string_view name);
  std::vector<std::string> CollectionNames() const;

  // Writing. Changes become visible with Publish, at the latest when the caller's write returns.
  Status Write(CollectionState& state, PreparedDocument* document);
  Status Erase(CollectionState& state, std::string_view id);
  /// Commits a batch that goes with no document. Needs no lock.
  Status CommitPlain(const storage::Batch& batch);
  void Publish() CAIRN_EXCLUDES(write_mutex_);
  /// Makes acknowledged writes as durable as the options promise.
  Status Acknowledge();

  // Training of the builtin embedder; training.cc.
  bool TrainingDue(const CollectionState& state) const CAIRN_EXCLUDES(write_mutex_);
  /// Trains in the calling thread. kFailedPrecondition with too few chunks.
  Status Train(CollectionState& state, const std::function<bool()>& cancelled);
  /// Trains in the background when the collection has grown enough.
  void TrainIfDue(const CollectionStatePtr& state);

  /// Values of caches, beside the database's files; made at the first call, ended by Close.
  Result<std::shared_ptr<storage::CacheStore>> OpenCacheStore(uint64_t max_bytes)
      CAIRN_EXCLUDES(cache_store_mutex_);

  Status Sync();
  Status Refresh();
  /// Waits for trainings and for what the vector indexes do in the background.
  Status WaitIdle(int64_t timeout_ns);
  /// Waits until a collection's vector index has done what it can to take less memory.
  void SettleVectors(const CollectionState& state) CAIRN_EXCLUDES(write_mutex_);
  Result<DatabaseStats> Stats() const;
  Status Close();
  bool closing() const { return closing_.load(); }

  /// Held by whoever changes the store.
  Mutex& write_mutex() { return write_mutex_; }
  void CountSearch(int64_t took_ns, bool ok);
  void CountVectorQueries(uint64_t queries) { vector_queries_.Add(queries); }
  metrics::Registry& registry() const { return *registry_; }
  /// Null when answers are not remembered.
  query::ResultCache* answers() const { return answers_.get(); }
  /// Prometheus text.
  std::string Metrics() const;

 private:
  friend class Trainer;
  explicit DatabaseImpl(const DatabaseOptions& options);
  Status LoadCollections();

  // The vector indexes; vector_indexes.cc.
  vector::VectorIndexOptions IndexOptions(const CollectionState& state, uint64_t generation,
                                          uint64_t number, const ManifestPosition& position);
  void CountIndexLoad(bool from_files);
  /// `note` gets what is to be logged when the mutex is free again, or stays "".
  Status LoadVectors(CollectionState& state, bool trust_files, std::string* note)
      CAIRN_REQUIRES(write_mutex_);
  /// Null when there is no manifest.
  Result<std::shared_ptr<vector::VectorIndex>> OpenIndexFiles(CollectionState& state,
                                                              uint64_t number)
      CAIRN_REQUIRES(write_mutex_);
  Status DeleteIndexManifest(const CollectionState& state, uint64_t generation);
  /// Adds the vectors of a moment, or of now.
  Status FillIndex(const CollectionState& state, uint64_t generation,
                   const storage::SnapshotPtr& at, vector::VectorIndex* index) const;
  Result<std::shared_ptr<vector::VectorIndex>> BuildIndex(CollectionState& state, uint64_t number)
      CAIRN_REQUIRES(write_mutex_);
  /// Brings an index that holds the changes up to `from` up to date. A failure leaves it halfway.
  Status RepeatChanges(const CollectionState& state, uint64_t from, vector::VectorIndex* index)
      CAIRN_REQUIRES(write_mutex_);
  Status RepeatChange(const CollectionState& state, const storage::ChangeRecord& change,
                      vector::VectorIndex* index) CAIRN_REQUIRES(write_mutex_);
  /// Ends the background work of a collection's index and lets it go: nothing is published any
  /// more.
  void ReleaseVectors(CollectionState& state) CAIRN_REQUIRES(write_mutex_);
  void RemoveOrphanedFiles() CAIRN_REQUIRES(write_mutex_);
  void OnDamagedFiles(CollectionId id, uint64_t number, const Status& status);
  // A new index in place of a damaged one; vector_rebuild.cc.
  struct Rebuild;
  void RebuildVectors(CollectionId id, uint64_t number) CAIRN_EXCLUDES(write_mutex_);
  bool FindForRebuild(CollectionId id, uint64_t number, Rebuild* rebuild)
      CAIRN_REQUIRES(write_mutex_);
  Status BeginRebuild(Rebuild* rebuild) CAIRN_REQUIRES(write_mutex_);
  Status EndRebuild(uint64_t damaged_number, Status built, Rebuild* rebuild)
      CAIRN_REQUIRES(write_mutex_);
  /// Publishes soon, from a task.
  void SchedulePublish();

  // What is remembered of searches and embedders; database_caches.cc.
  Status MakeCaches();
  void OpenAnswers(CollectionState* state);
  void AddCacheStats(DatabaseStats* stats) const;
  /// Gives a view the number of the one before when a search reads the same in both.
  void NumberView(const CollectionState& state, const ReadState* before, CollectionView* view)
      CAIRN_REQUIRES(write_mutex_);

  Status LoadCollectionsLocked() CAIRN_REQUIRES(write_mutex_);
  void PublishLocked() CAIRN_REQUIRES(write_mutex_);
  /// Appends the change to the log, and the database's counters.
  void LogChange(storage::Batch* batch, const storage::ChangeRecord& change)
      CAIRN_REQUIRES(write_mutex_);
  Status CommitChange(CollectionState& state, DocumentChange change,
                      const storage::VectorsRecord* vectors, storage::ChangeRecord record,
                      storage::Batch* batch) CAIRN_REQUIRES(write_mutex_);
  /// The first change that must stay in the log, after the change `sequence`.
  uint64_t LogKeptFrom(uint64_t sequence) const CAIRN_REQUIRES(write_mutex_);
  Status FindLogBegin() CAIRN_REQUIRES(write_mutex_);
  Status WaitBackground(int64_t deadline_ns) CAIRN_EXCLUDES(background_mutex_);
  void BeginBackground() CAIRN_EXCLUDES(background_mutex_);
  void EndBackground() CAIRN_EXCLUDES(background_mutex_);

  const DatabaseOptions options_;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<ThreadPool> pool_;
  const std::shared_ptr<vector::MemoryBudget> vector_memory_;
  std::atomic<bool> closing_{false};
  std::atomic<bool> closed_{false};
  const std::shared_ptr<metrics::Registry> registry_ = std::make_shared<metrics::Registry>();
  std::shared_ptr<cache::Cache> vector_cache_;  ///< null: off
  std::shared_ptr<cache::Cache> answer_cache_;  ///< null: off
  std::unique_ptr<query::ResultCache> answers_;
  metrics::Counter& vector_queries_;
  metrics::Counter& upserts_;
  metrics::Counter& deletes_;

  mutable Mutex write_mutex_;
  storage::DatabaseCounters counters_ CAIRN_GUARDED_BY(write_mutex_);
  std::map<std::string, CollectionStatePtr, std::less<>> collections_
      CAIRN_GUARDED_BY(write_mutex_);
  uint64_t last_index_ CAIRN_GUARDED_BY(write_mutex_) = 0;
  uint64_t last_view_ CAIRN_GUARDED_BY(write_mutex_) = 0;
  uint64_t log_begin_ CAIRN_GUARDED_BY(write_mutex_) = 1;  ///< first change in the log
  std::atomic<bool> publish_scheduled_{false};
  uint32_t trainings_ CAIRN_GUARDED_BY(write_mutex_) = 0;  ///< the change log is kept meanwhile

  mutable Mutex state_mutex_;
  ReadStatePtr state_ CAIRN_GUARDED_BY(state_mutex_);

  Mutex cache_store_mutex_;  // taken alone
  std::shared_ptr<storage::CacheStore> cache_store_ CAIRN_GUARDED_BY(cache_store_mutex_);

  Mutex background_mutex_;
  CondVar background_idle_;
  size_t background_ CAIRN_GUARDED_BY(background_mutex_) = 0;
};

}  // namespace cairn::db
