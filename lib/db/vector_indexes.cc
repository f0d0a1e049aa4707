// The part of DatabaseImpl that opens, repairs and lets go of the collections' vector indexes.
//
// An index is derived from the vectors family. Its sealed part is kept in files that a manifest
// record names, together with the change up to which they hold everything; the collection's later
// changes are linked in the log, each to the one before, and are repeated when the index is opened.
// Whatever does not fit, the index is built anew.

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/sync_point.h"
#include "db/database_impl.h"
#include "db/segment_names.h"
#include "observe/log.h"
#include "storage/keys.h"

namespace cairn::db {
namespace {

using storage::Family;
namespace keys = storage::keys;

Status CheckShape(const CollectionState& state, const storage::VectorsRecord& record) {
  if (record.rows.size() == record.ordinals.size() * state.dim) return OkStatus();
  return Error(Code::kDataLoss, "a vectors record of collection \"", state.name,
               "\" has another dimension");
}

/// Tells that an index is being loaded.
class LoadingMark {
 public:
  explicit LoadingMark(std::atomic<bool>* mark) : mark_(mark) { *mark_ = true; }
  ~LoadingMark() { *mark_ = false; }
  LoadingMark(const LoadingMark&) = delete;
  LoadingMark& operator=(const LoadingMark&) = delete;

 private:
  std::atomic<bool>* const mark_;
};

/// How an index stores its manifests.
std::function<Status(const vector::IndexManifest&)> PublishTo(storage::Store* store,
                                                              std::string key,
                                                              ManifestPosition position) {
  return [store, key = std::move(key),
          position = std::move(position)](const vector::IndexManifest& manifest) -> Status {
    storage::Batch batch;
    batch.Put(Family::kManifest, key, manifest.Encode());
    // With this record the changes before it become durable too, so that files never hold a row
    // that the store has lost.
    CAIRN_RETURN_IF_ERROR(store->Commit(batch, storage::Durability::kAsync));
    CAIRN_RETURN_IF_ERROR(store->Sync());
    *position = manifest.position;
    return OkStatus();
  };
}

}  // namespace

vector::VectorIndexOptions DatabaseImpl::IndexOptions(const CollectionState& state,
                                                      uint64_t generation, uint64_t number,
                                                      const ManifestPosition& position) {
  vector::VectorIndexOptions options;
  options.dim = state.dim;
  options.metric = state.config.metric;
  options.pool = pool_.get();
  options.memory = vector_memory_;
  options.directory = SegmentFolderOf(options_.path);
  options.file_prefix = SegmentPrefix(state.id, generation);
  options.read_only = options_.read_only;
  std::error_code error;
  if (!options_.read_only) std::filesystem::create_directory(options.directory, error);
  if (!std::filesystem::is_directory(options.directory, error)) options.directory.clear();
  options.publish = PublishTo(store_.get(), keys::IndexManifest(state.id, generation), position);
  options.damaged = [this, id = state.id, number](const Status& status) {
    OnDamagedFiles(id, number, status);
  };
  options.failed = [this, name = state.name](const Status& status) {
    Log(options_.log.get(), LogLevel::kWarning, "db",
        StrCat("vectors of \"", name, "\": ", status.message()));
  };
  options.improved = [this] { SchedulePublish(); };
  return options;
}

void DatabaseImpl::CountIndexLoad(bool from_files) {
  registry_
      ->GetCounter("cairn_vector_index_loads_total", "Vector indexes opened.", "source",
                   from_files ? "files" : "store")
      .Add();
}

Status DatabaseImpl::LoadVectors(CollectionState& state, bool trust_files, std::string* note) {
  uint64_t number = ++last_index_;
  std::shared_ptr<vector::VectorIndex> index;
  LoadingMark loading(&state.loading_vectors);
  if (trust_files) {
    auto opened = OpenIndexFiles(state, number);
    if (opened.ok()) {
      index = std::move(opened).value();
    } else if (opened.status().code() == Code::kResourceExhausted) {
      return std::move(opened).status();  // building it anew would take more
    } else {
      *note = StrCat("the vector index of \"", state.name,
                     "\" is built anew: ", opened.status().message());
    }
  }
  bool from_files = index != nullptr;
  if (!from_files) {
    CAIRN_ASSIGN_OR_RETURN(index, BuildIndex(state, number));
  }
  CountIndexLoad(from_files);
  state.writer.vectors = std::move(index);
  state.writer.vectors_number = number;
  state.writer.vectors_position = counters_.sequence;
  return OkStatus();
}

Result<std::shared_ptr<vector::VectorIndex>> DatabaseImpl::OpenIndexFiles(CollectionState& state,
                                                                          uint64_t number) {
  uint64_t generation = state.ActiveGeneration();
  auto bytes = store_->Get(Family::kManifest, keys::IndexManifest(state.id, generation));
  if (bytes.status().code() == Code::kNotFound) return std::shared_ptr<vector::VectorIndex>();
  if (!bytes.ok()) return std::move(bytes).status();
  CAIRN_ASSIGN_OR_RETURN(vector::IndexManifest manifest, vector::IndexManifest::Decode(*bytes));
  if (manifest.position > counters_.sequence) {
    return Error(Code::kDataLoss, "its manifest is of change ", manifest.position, " of ",
                 counters_.sequence);
  }
  vector::VectorIndexOptions options =
      IndexOptions(state, generation, number, state.writer.manifest_position);
  CAIRN_ASSIGN_OR_RETURN(auto made, vector::MakeSegmentedIndex(options, &manifest));
  std::shared_ptr<vector::VectorIndex> index = std::move(made);
  CAIRN_RETURN_IF_ERROR(RepeatChanges(state, manifest.position, index.get()));
  return index;
}

Status DatabaseImpl::RepeatChanges(const CollectionState& state, uint64_t from,
                                   vector::VectorIndex* index) {
  std::vector<storage::ChangeRecord> changes;  // the newest first
  for (uint64_t at = state.writer.counters.last_change; at > from;) {
    auto bytes = store_->Get(Family::kChangeLog, keys::Change(at));
    if (bytes.status().code() == Code::kNotFound) {
      return Error(Code::kFailedPrecondition, "the change log does not reach back to change ", at);
    }
    if (!bytes.ok()) return std::move(bytes).status();
    CAIRN_ASSIGN_OR_RETURN(storage::ChangeRecord change, storage::ChangeRecord::Decode(*bytes));
    if (!change.previous || *change.previous >= at || change.collection != ToInt(state.id)) {
      return Error(Code::kFailedPrecondition, "change ", at, " does not lead to the one before");
    }
    at = *change.previous;
    changes.push_back(std::move(change));
  }
  for (; !changes.empty(); changes.pop_back()) {
    CAIRN_RETURN_IF_ERROR(RepeatChange(state, changes.back(), index));
  }
  if (counters_.sequence > 0) index->SetPosition(counters_.sequence);
  return OkStatus();
}

Status DatabaseImpl::RepeatChange(const CollectionState& state, const storage::ChangeRecord& change,
                                  vector::VectorIndex* index) {
  if (change.kind == storage::ChangeKind::kDelete) index->Remove(DocNo{change.doc});
  if (change.kind != storage::ChangeKind::kUpsert) return OkStatus();
  if (change.replaced > 0) index->Remove(DocNo{change.replaced});
  auto bytes = store_->Get(Family::kVectors,
                           keys::Vectors(state.id, state.ActiveGeneration(), DocNo{change.doc}));
  // Without vectors, or replaced or deleted by a later change.
  if (bytes.status().code() == Code::kNotFound) return OkStatus();
  if (!bytes.ok()) return std::move(bytes).status();
  CAIRN_ASSIGN_OR_RETURN(storage::VectorsRecord record, storage::VectorsRecord::Decode(*bytes));
  CAIRN_RETURN_IF_ERROR(CheckShape(state, record));
  CAIRN_ASSIGN_OR_RETURN(vector::MemoryCharge room, index->ReserveRoom(record.ordinals.size()));
  Status added = index->AddChunks(DocNo{change.doc}, record.ordinals, record.rows.data());
  return added.code() == Code::kAlreadyExists ? OkStatus() : added;
}

/// Before the files go that it names.
Status DatabaseImpl::DeleteIndexManifest(const CollectionState& state, uint64_t generation) {
  std::string key = keys::IndexManifest(state.id, generation);
  if (options_.read_only || !store_->Get(Family::kManifest, key).ok()) return OkStatus();
  storage::Batch batch;
  batch.Delete(Family::kManifest, key);
  return store_->Commit(batch, storage::Durability::kAsync);
}

Result<std::shared_ptr<vector::VectorIndex>> DatabaseImpl::BuildIndex(CollectionState& state,
                                                                      uint64_t number) {
  uint64_t generation = state.ActiveGeneration();
  CAIRN_RETURN_IF_ERROR(DeleteIndexManifest(state, generation));
  state.writer.manifest_position = NoManifest();
  vector::VectorIndexOptions options =
      IndexOptions(state, generation, number, state.writer.manifest_position);
  CAIRN_ASSIGN_OR_RETURN(std::shared_ptr<vector::VectorIndex> index,
                         vector::MakeSegmentedIndex(options));
  CAIRN_RETURN_IF_ERROR(FillIndex(state, generation, nullptr, index.get()));
  if (counters_.sequence > 0) index->SetPosition(counters_.sequence);
  return index;
}

Status DatabaseImpl::FillIndex(const CollectionState& state, uint64_t generation,
                               const storage::SnapshotPtr& at, vector::VectorIndex* index) const {
  auto it = store_->Scan(Family::kVectors, keys::VectorPrefix(state.id, generation), at);
  for (; it->Valid(); it->Next()) {
    if (closing_) return Error(Code::kCancelled, "the database is being closed");
    CAIRN_ASSIGN_OR_RETURN(storage::VectorsRecord record,
                           storage::VectorsRecord::Decode(it->value()));
    CAIRN_RETURN_IF_ERROR(CheckShape(state, record));
    CAIRN_ASSIGN_OR_RETURN(vector::MemoryCharge room, index->ReserveRoom(record.ordinals.size()));
    CAIRN_RETURN_IF_ERROR(
        index->AddChunks(keys::TrailingDocNo(it->key()), record.ordinals, record.rows.data()));
  }
  return it->status();
}

void DatabaseImpl::ReleaseVectors(CollectionState& state) {
  if (state.writer.vectors == nullptr) return;
  state.writer.vectors->Stop();
  state.writer.vectors.reset();
}

/// What a crash left of collections that were dropped and of generations that are not active.
void DatabaseImpl::RemoveOrphanedFiles() {
  std::map<CollectionId, uint64_t> active;
  for (const auto& [name, state] : collections_) active[state->id] = state->ActiveGeneration();
  RemoveSegmentFiles(options_.path, [&active](CollectionId collection, uint64_t generation) {
    auto it = active.find(collection);
    return it == active.end() || it->second != generation;
  });
}

void DatabaseImpl::SchedulePublish() {
  if (closing_ || pool_->thread_count() == 0 || publish_scheduled_.exchange(true)) return;
  BeginBackground();
  pool_->Schedule([this] {
    publish_scheduled_ = false;
    {
      MutexLock lock(write_mutex_);
      if (!closed_) PublishLocked();
    }
    EndBackground();
  });
}

}  // namespace cairn::db
