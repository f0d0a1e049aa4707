#include "db/database_impl.h"

#include <algorithm>
#include <limits>
#include <thread>
#include <utility>

#include "base/bytes.h"
#include "db/config.h"
#include "db/segment_names.h"
#include "observe/log.h"
#include "storage/format.h"
#include "storage/keys.h"

namespace cairn::db {
namespace {

using storage::Family;
namespace keys = storage::keys;

/// Changes that stay in the log for readers that catch up.
constexpr uint64_t kChangeLogLength = 65536;
/// The same where files of a vector index are so far behind.
constexpr uint64_t kMaxChangeLogLength = 1'000'000;
constexpr int kTrimmedPerChange = 4;
constexpr char kDocuments[] = "cairn_documents_total";
constexpr char kDocumentsHelp[] = "Documents written and deleted.";
constexpr uint32_t kMaxDefaultThreads = 4;
constexpr int64_t kNoDeadline = std::numeric_limits<int64_t>::max();

uint32_t ThreadCount(const DatabaseOptions& options) {
  if (options.thread_count > 0) return options.thread_count;
  return std::clamp(std::thread::hardware_concurrency(), 1u, kMaxDefaultThreads);
}

storage::StoreOptions ToStoreOptions(const DatabaseOptions& options) {
  storage::StoreOptions store;
  store.path = options.path;
  store.create_if_missing = !options.must_exist && !options.read_only;
  store.read_only = options.read_only;
  if (options.storage_memory_bytes > 0) store.memory_bytes = options.storage_memory_bytes;
  store.thread_count = ThreadCount(options);
  store.log = options.log.get();
  return store;
}

}  // namespace

DatabaseImpl::DatabaseImpl(const DatabaseOptions& options)
    : options_(options),
      vector_memory_(std::make_shared<vector::MemoryBudget>(options.vector_memory_bytes)),
      vector_queries_(registry_->GetCounter("cairn_vector_queries_total",
                                            "Query vectors searched for by vector alone.")),
      upserts_(registry_->GetCounter(kDocuments, kDocumentsHelp, "change", "upsert")),
      deletes_(registry_->GetCounter(kDocuments, kDocumentsHelp, "change", "delete")) {}

Result<std::shared_ptr<DatabaseImpl>> DatabaseImpl::Open(const DatabaseOptions& options) {
  if (options.path.empty()) return Error(Code::kInvalidArgument, "the database path is empty");
  if (options.path.find('\0') != std::string::npos) {
    return Error(Code::kInvalidArgument, "the database path holds a NUL byte");
  }
  std::shared_ptr<DatabaseImpl> impl(new DatabaseImpl(options));
  CAIRN_RETURN_IF_ERROR(impl->MakeCaches());
  CAIRN_ASSIGN_OR_RETURN(impl->store_, storage::Store::Open(ToStoreOptions(options)));
  // The calling thread works too, so one thread less makes the number that was asked for.
  impl->pool_ = std::make_unique<ThreadPool>(std::max(1u, ThreadCount(options) - 1));
  CAIRN_RETURN_IF_ERROR(impl->LoadCollections());
  return impl;
}

DatabaseImpl::~DatabaseImpl() {
  Close().IgnoreError("release never fails");
  pool_.reset();
  MutexLock lock(write_mutex_);
  collections_.clear();
}

Status DatabaseImpl::LoadCollections() {
  MutexLock lock(write_mutex_);
  CAIRN_RETURN_IF_ERROR(LoadCollectionsLocked());
  if (options_.read_only) return OkStatus();
  RemoveOrphanedFiles();
  return FindLogBegin();
}

Status DatabaseImpl::LoadCollectionsLocked() {
  auto counters = store_->Get(Family::kManifest, keys::Counters());
  if (counters.ok()) {
    CAIRN_ASSIGN_OR_RETURN(counters_, storage::DatabaseCounters::Decode(*counters));
  } else if (counters.status().code() != Code::kNotFound) {
    return std::move(counters).status();
  }
  std::map<std::string, CollectionStatePtr, std::less<>> collections;
  std::string prefix = keys::CollectionPrefix();
  auto it = store_->Scan(Family::kManifest, prefix);
  for (; it->Valid(); it->Next()) {
    std::string name(it->key().substr(prefix.size()));
    CAIRN_ASSIGN_OR_RETURN(storage::CollectionRecord record,
                           storage::CollectionRecord::Decode(it->value()));
    auto known = collections_.find(name);
    CollectionStatePtr state;
    if (known != collections_.end() && ToInt(known->second->id) == record.id) {
      state = known->second;
    } else {
      CAIRN_ASSIGN_OR_RETURN(CollectionConfig config, ConfigFromJson(record.config_json));
      CAIRN_ASSIGN_OR_RETURN(
          state, CollectionState::Create(store_.get(), name, CollectionId{record.id}, config));
      OpenAnswers(state.get());
    }
    std::shared_ptr<vector::VectorIndex> index = std::move(state->writer.vectors);
    uint64_t generation = state->ActiveGeneration();
    CAIRN_RETURN_IF_ERROR(
        state->Load(*store_, vector_cache_).WithContext(StrCat("collection \"", name, "\"")));
    // What the writer changed meanwhile is repeated; where that fails the next search loads anew.
    if (index != nullptr && generation == state->ActiveGeneration() &&
        RepeatChanges(*state, state->writer.vectors_position, index.get()).ok()) {
      state->writer.vectors = std::move(index);
      state->writer.vectors_position = counters_.sequence;
    }
    collections.emplace(std::move(name), std::move(state));
  }
  CAIRN_RETURN_IF_ERROR(it->status());
  for (const auto& [name, state] : collections_) {
    if (collections.count(name) == 0 || collections[name] != state) state->dropped = true;
  }
  collections_ = std::move(collections);
  PublishLocked();
  return OkStatus();
}

Status DatabaseImpl::CheckOpen() const {
  if (closed_) return Error(Code::kFailedPrecondition, "the database is closed");
  return OkStatus();
}

Status DatabaseImpl::CheckWritable() const {
  CAIRN_RETURN_IF_ERROR(CheckOpen());
  if (options_.read_only) {
    return Error(Code::kFailedPrecondition, "the database was opened read-only");
  }
  return OkStatus();
}

Status DatabaseImpl::CheckUsable(const CollectionState& state) const {
  CAIRN_RETURN_IF_ERROR(CheckOpen());
  if (state.dropped) {
    return Error(Code::kNotFound, "the collection \"", state.name, "\" was dropped");
  }
  return OkStatus();
}

ReadStatePtr DatabaseImpl::Pin() const {
  MutexLock lock(state_mutex_);
  return state_;
}

void DatabaseImpl::PublishLocked() {
  const ReadStatePtr before = Pin();
  auto state = std::make_shared<ReadState>();
  state->at = store_->TakeSnapshot();
  state->counters = counters_;
  for (const auto& [name, collection] : collections_) {
    CollectionView view = collection->MakeView();
    NumberView(*collection, before.get(), &view);
    state->collections.emplace(collection->id, std::move(view));
  }
  ReadStatePtr old = std::move(state);  // the replaced state is released outside the lock
  MutexLock lock(state_mutex_);
  state_.swap(old);
}

void DatabaseImpl::Publish() {
  MutexLock lock(write_mutex_);
  PublishLocked();
}

Result<ReadStatePtr> DatabaseImpl::PinWithVectors(CollectionState& state) {
  ReadStatePtr pinned = Pin();
  auto it = pinned->collections.find(state.id);
  if (it != pinned->collections.end() && it->second.vectors != nullptr) return pinned;
  std::string note;
  Status loaded;
  {
    MutexLock lock(write_mutex_);
    CAIRN_RETURN_IF_ERROR(CheckUsable(state));
    if (!state.HasVectorSpace()) return pinned;
    if (state.writer.vectors == nullptr) loaded = LoadVectors(state, true, &note);
    if (loaded.ok()) PublishLocked();
  }
  if (!note.empty()) Log(options_.log.get(), LogLevel::kWarning, "db", note);
  CAIRN_RETURN_IF_ERROR(loaded);
  return Pin();
}

Result<CollectionStatePtr> DatabaseImpl::CreateCollection(
    std::string_view name, CollectionConfig config, std::shared_ptr<embed::Embedder> embedder) {
  CAIRN_RETURN_IF_ERROR(CheckWritable());
  MutexLock lock(write_mutex_);
  if (collections_.find(name) != collections_.end()) {
    return Error(Code::kAlreadyExists, "a collection \"", name, "\" exists already");
  }
  CollectionId id{counters_.next_collection};
  storage::CollectionRecord record{ToInt(id), ConfigToJson(config)};
  CAIRN_ASSIGN_OR_RETURN(CollectionStatePtr state,
                         CollectionState::Create(store_.get(), std::string(name), id, config));
  state->writer.embedder = state->Remembering(std::move(embedder), vector_cache_);
  OpenAnswers(state.get());
  storage::Batch batch;
  batch.Put(Family::kManifest, keys::Collection(name), record.Encode());
  storage::DatabaseCounters before = counters_;
  ++counters_.next_collection;
  LogChange(&batch, {storage::ChangeKind::kCreateCollection, ToInt(id), 0, std::string(name)});
  if (Status committed = store_->Commit(batch, options_.durability); !committed.ok()) {
    counters_ = before;
    return committed;
  }
  collections_.emplace(std::string(name), state);
  PublishLocked();
  return state;
}

Result<CollectionStatePtr> DatabaseImpl::FindCollection(std::string_view name,
                                                        std::shared_ptr<embed::Embedder> embedder) {
  CAIRN_RETURN_IF_ERROR(CheckOpen());
  MutexLock lock(write_mutex_);
  auto it = collections_.find(name);
  if (it == collections_.end()) {
    return Error(Code::kNotFound, "no collection \"", name, "\" in ", options_.path);
  }
  if (embedder != nullptr) {
    it->second->writer.embedder = it->second->Remembering(std::move(embedder), vector_cache_);
    PublishLocked();
  }
  return it->second;
}

Status DatabaseImpl::DropCollection(std::string_view name) {
  CAIRN_RETURN_IF_ERROR(CheckWritable());
  MutexLock lock(write_mutex_);
  auto it = collections_.find(name);
  if (it == collections_.end()) return Error(Code::kNotFound, "no collection \"", name, "\"");
  CollectionStatePtr state = it->second;
  CollectionId c = state->id;
  storage::Batch batch;
  batch.Delete(Family::kManifest, keys::Collection(name));
  for (const std::string& key :
       {keys::CollectionCounters(c), keys::EmbedderState(c), keys::Root(c)}) {
    batch.Delete(Family::kManifest, key);
  }
  batch.DeletePrefix(Family::kManifest, keys::ModelCollectionPrefix(c));
  batch.DeletePrefix(Family::kManifest, keys::IndexManifestPrefix(c));
  for (const std::string& prefix : {keys::DocumentPrefix(c), keys::BodyPrefix(c),
                                    keys::DocumentIdPrefix(c), keys::SourcePrefix(c)}) {
    batch.DeletePrefix(Family::kDocuments, prefix);
  }
  batch.DeletePrefix(Family::kChunks, keys::ChunkPrefix(c));
  batch.DeletePrefix(Family::kVectors, keys::VectorCollectionPrefix(c));
  batch.DeletePrefix(Family::kPostings, keys::PostingCollectionPrefix(c));
  batch.DeletePrefix(Family::kTerms, keys::TermsCollectionPrefix(c));
  batch.DeletePrefix(Family::kMetadata, keys::AttributeCollectionPrefix(c));
  ReleaseVectors(*state);
  storage::DatabaseCounters before = counters_;
  LogChange(&batch, {storage::ChangeKind::kDropCollection, ToInt(c), 0, std::string(name)});
  if (Status committed = store_->Commit(batch, options_.durability); !committed.ok()) {
    counters_ = before;
    return committed;
  }
  state->dropped = true;
  collections_.erase(it);
  RemoveSegmentFiles(options_.path,
                     [c](CollectionId collection, uint64_t) { return collection == c; });
  PublishLocked();
  return OkStatus();
}

std::vector<std::string> DatabaseImpl::CollectionNames() const {
  MutexLock lock(write_mutex_);
  std::vector<std::string> names;
  for (const auto& [name, state] : collections_) names.push_back(name);
  return names;
}

void DatabaseImpl::LogChange(storage::Batch* batch, const storage::ChangeRecord& change) {
  uint64_t sequence = ++counters_.sequence;
  batch->Put(Family::kChangeLog, keys::Change(sequence), change.Encode());
  uint64_t kept_from = LogKeptFrom(sequence);
  for (int i = 0; i < kTrimmedPerChange && log_begin_ < kept_from; ++i) {
    batch->Delete(Family::kChangeLog, keys::Change(log_begin_++));
  }
  batch->Put(Family::kManifest, keys::Counters(), counters_.Encode());
}

uint64_t DatabaseImpl::LogKeptFrom(uint64_t sequence) const {
  if (sequence <= kChangeLogLength || trainings_ > 0) return 0;
  uint64_t kept_from = sequence - kChangeLogLength + 1;
  for (const auto& [name, state] : collections_) {
    uint64_t position = state->writer.manifest_position->load();
    if (position < state->writer.counters.last_change)
      kept_from = std::min(kept_from, position + 1);
  }
  uint64_t farthest = sequence - std::min(sequence, kMaxChangeLogLength) + 1;
  return std::max(kept_from, farthest);
}

/// The log has no gaps, so its begin is found by halving.
Status DatabaseImpl::FindLogBegin() {
  uint64_t low = 1;
  uint64_t high = counters_.sequence + 1;
  while (low < high) {
    uint64_t middle = low + (high - low) / 2;
    auto record = store_->Get(Family::kChangeLog, keys::Change(middle));
    if (record.ok()) {
      high = middle;
    } else if (record.status().code() == Code::kNotFound) {
      low = middle + 1;
    } else {
      return std::move(record).status();
    }
  }
  log_begin_ = low;
  return OkStatus();
}

Status DatabaseImpl::CommitChange(CollectionState& state, DocumentChange change,
                                  const storage::VectorsRecord* vectors,
                                  storage::ChangeRecord record, storage::Batch* batch) {
  storage::DatabaseCounters before = counters_;
  record.collection = ToInt(state.id);
  record.previous = change.counters.last_change;
  if (change.added && change.removed) record.replaced = ToInt(*change.removed);
  LogChange(batch, record);
  change.counters.last_change = counters_.sequence;
  batch->Put(Family::kManifest, keys::CollectionCounters(state.id), change.counters.Encode());
  if (Status committed = store_->Commit(*batch, storage::Durability::kAsync); !committed.ok()) {
    counters_ = before;
    return committed;
  }
  state.writer.counters = change.counters;
  (change.added ? upserts_ : deletes_).Add();
  if (state.writer.vectors == nullptr) return OkStatus();
  vector::VectorIndex& index = *state.writer.vectors;
  if (change.removed) index.Remove(*change.removed);
  if (vectors != nullptr && !vectors->ordinals.empty()) {
    Status added = index.AddChunks(*change.added, vectors->ordinals, vectors->rows.data());
    // The store has the vectors: the index is derived, and loaded anew when it fell behind.
    if (!added.ok()) {
      Log(options_.log.get(), LogLevel::kError, "db", added.message());
      ReleaseVectors(state);
      return OkStatus();
    }
  }
  index.SetPosition(counters_.sequence);
  return OkStatus();
}

Status DatabaseImpl::Write(CollectionState& state, PreparedDocument* document) {
  MutexLock lock(write_mutex_);
  CAIRN_RETURN_IF_ERROR(CheckUsable(state));
  if (!document->embedded || document->generation != state.ActiveGeneration()) {
    CAIRN_RETURN_IF_ERROR(EmbedDocument(state, state.writer.embedder.get(),
                                        state.ActiveGeneration(), nullptr, document));
  }
  vector::MemoryCharge room;
  if (state.writer.vectors != nullptr && !document->vectors.ordinals.empty()) {
    CAIRN_ASSIGN_OR_RETURN(room,
                           state.writer.vectors->ReserveRoom(document->vectors.ordinals.size()));
  }
  storage::Batch batch;
  CAIRN_ASSIGN_OR_RETURN(DocumentChange change, WriteToBatch(*store_, state, *document, &batch));
  storage::ChangeRecord record{storage::ChangeKind::kUpsert, 0, ToInt(*change.added),
                               document->record.id};
  return CommitChange(state, change, &document->vectors, std::move(record), &batch);
}

Status DatabaseImpl::Erase(CollectionState& state, std::string_view id) {
  MutexLock lock(write_mutex_);
  CAIRN_RETURN_IF_ERROR(CheckUsable(state));
  storage::Batch batch;
  CAIRN_ASSIGN_OR_RETURN(DocumentChange change, DeleteToBatch(*store_, state, id, &batch));
  storage::ChangeRecord record{storage::ChangeKind::kDelete, 0, ToInt(*change.removed),
                               std::string(id)};
  return CommitChange(state, change, nullptr, std::move(record), &batch);
}

Status DatabaseImpl::CommitPlain(const storage::Batch& batch) {
  return store_->Commit(batch, storage::Durability::kAsync);
}

Status DatabaseImpl::Acknowledge() {
  if (options_.durability == storage::Durability::kAsync) return OkStatus();
  return store_->Sync();
}

Status DatabaseImpl::Sync() {
  CAIRN_RETURN_IF_ERROR(CheckOpen());
  return options_.read_only ? OkStatus() : store_->Sync();
}

Status DatabaseImpl::Refresh() {
  CAIRN_RETURN_IF_ERROR(CheckOpen());
  if (!options_.read_only) return OkStatus();
  {
    MutexLock lock(write_mutex_);
    CAIRN_RETURN_IF_ERROR(store_->Refresh());
  }
  return LoadCollections();
}

void DatabaseImpl::BeginBackground() {
  MutexLock lock(background_mutex_);
  ++background_;
}

void DatabaseImpl::EndBackground() {
  MutexLock lock(background_mutex_);
  if (--background_ == 0) background_idle_.SignalAll();
}

Status DatabaseImpl::WaitIdle(int64_t timeout_ns) {
  const Clock* clock = Clock::System();
  int64_t deadline_ns = timeout_ns < 0 ? kNoDeadline : clock->MonotonicNs() + timeout_ns;
  for (;;) {
    CAIRN_RETURN_IF_ERROR(WaitBackground(deadline_ns));
    std::vector<std::shared_ptr<vector::VectorIndex>> indexes;
    {
      MutexLock lock(write_mutex_);
      for (const auto& [name, state] : collections_) {
        if (state->writer.vectors != nullptr) indexes.push_back(state->writer.vectors);
      }
    }
    for (const auto& index : indexes) {
      int64_t left_ns = deadline_ns == kNoDeadline
                            ? -1
                            : std::max<int64_t>(0, deadline_ns - clock->MonotonicNs());
      Status idle = index->WaitIdle(left_ns);
      if (idle.code() == Code::kTimedOut) return idle;  // other failures were logged
    }
    MutexLock lock(background_mutex_);
    if (background_ == 0) return OkStatus();
  }
}

void DatabaseImpl::SettleVectors(const CollectionState& state) {
  std::shared_ptr<vector::VectorIndex> index;
  {
    MutexLock lock(write_mutex_);
    index = state.writer.vectors;
  }
  if (index != nullptr) index->WaitIdle(-1).IgnoreError("what went wrong was logged");
}

Status DatabaseImpl::WaitBackground(int64_t deadline_ns) {
  MutexLock lock(background_mutex_);
  while (background_ > 0) {
    if (deadline_ns == kNoDeadline) {
      background_idle_.Wait(background_mutex_);
      continue;
    }
    int64_t left_ns = deadline_ns - Clock::System()->MonotonicNs();
    if (left_ns <= 0) return Error(Code::kTimedOut, "background work is still running");
    background_idle_.WaitFor(background_mutex_, left_ns);
  }
  return OkStatus();
}

Result<DatabaseStats> DatabaseImpl::Stats() const {
  CAIRN_RETURN_IF_ERROR(CheckOpen());
  ReadStatePtr pinned = Pin();
  DatabaseStats stats;
  stats.collection_count = static_cast<uint32_t>(pinned->collections.size());
  for (const auto& [id, view] : pinned->collections) {
    stats.document_count += view.counters.document_count;
    stats.chunk_count += view.counters.chunk_count;
    if (view.vectors != nullptr) stats.vector_memory_bytes += view.vectors->memory_bytes();
  }
  stats.vector_memory_used_bytes = vector_memory_->used_bytes();
  stats.vector_memory_limit_bytes = vector_memory_->limit_bytes();
  stats.disk_bytes = store_->disk_bytes() + SegmentFileBytes(options_.path);
  stats.sequence = pinned->counters.sequence;
  stats.format_version = storage::kFormatVersion;
  stats.read_only = options_.read_only;
  AddCacheStats(&stats);
  return stats;
}

void DatabaseImpl::CountSearch(int64_t took_ns, bool ok) {
  registry_
      ->GetCounter("cairn_searches_total", "Searches by outcome.", "outcome", ok ? "ok" : "error")
      .Add();
  if (!ok) return;
  registry_
      ->GetHistogram("cairn_search_seconds", "Time of successful searches.",
                     {0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3})
      .Observe(static_cast<double>(took_ns) * 1e-9);
}

Result<std::shared_ptr<storage::CacheStore>> DatabaseImpl::OpenCacheStore(uint64_t max_bytes) {
  MutexLock lock(cache_store_mutex_);
  if (closing_) return Error(Code::kFailedPrecondition, "the database is closed");
  CAIRN_RETURN_IF_ERROR(CheckWritable());
  if (cache_store_ != nullptr) return cache_store_;
  storage::CacheStoreOptions options;
  options.path = options_.path + "/cache";
  options.max_bytes = max_bytes;
  options.log = options_.log;
  options.clock = options_.clock;
  CAIRN_ASSIGN_OR_RETURN(cache_store_, storage::CacheStore::Open(std::move(options)));
  return cache_store_;
}

Status DatabaseImpl::Close() {
  closing_ = true;
  {
    MutexLock lock(cache_store_mutex_);
    if (cache_store_ != nullptr) cache_store_->Close();
  }
  WaitBackground(kNoDeadline).IgnoreError("waits for ever");
  MutexLock lock(write_mutex_);
  if (closed_ || store_ == nullptr) return OkStatus();
  closed_ = true;
  for (const auto& [name, state] : collections_) ReleaseVectors(*state);
  Status closed = store_->Close();
  MutexLock state_lock(state_mutex_);
  state_ = std::make_shared<ReadState>();
  return closed;
}

}  // namespace cairn::db
