// The part of DatabaseImpl that builds a vector index anew whose files were found damaged, while
// the collection is read and written.
//
// The damaged index is stopped and answers on until the new one, filled from a snapshot and then
// from the changes since, takes its place. The write mutex is held to begin and to end only.

#include <utility>

#include "base/bytes.h"
#include "base/sync_point.h"
#include "db/database_impl.h"
#include "db/segment_names.h"
#include "observe/log.h"

namespace cairn::db {

/// A new index under way.
struct DatabaseImpl::Rebuild {
  CollectionStatePtr state;
  uint64_t generation = 0;
  uint64_t number = 0;  ///< of the new index
  storage::SnapshotPtr at;
  uint64_t position = 0;  ///< of the snapshot
  ManifestPosition manifest_position = NoManifest();
  std::shared_ptr<vector::VectorIndex> index;
};

void DatabaseImpl::OnDamagedFiles(CollectionId id, uint64_t number, const Status& status) {
  Log(options_.log.get(), LogLevel::kWarning, "db",
      StrCat("a vector index is built anew: ", status.message()));
  // Without a thread of its own the index works in the call that writes, which holds our mutex.
  if (pool_->thread_count() == 0) return;
  BeginBackground();
  pool_->Schedule([this, id, number] {
    RebuildVectors(id, number);
    EndBackground();
  });
}

void DatabaseImpl::RebuildVectors(CollectionId id, uint64_t number) {
  Rebuild rebuild;
  Status built;
  {
    MutexLock lock(write_mutex_);
    if (closed_ || !FindForRebuild(id, number, &rebuild)) return;
    built = BeginRebuild(&rebuild);
  }
  CAIRN_SYNC_POINT("db:rebuild_vectors");
  if (built.ok())
    built = FillIndex(*rebuild.state, rebuild.generation, rebuild.at, rebuild.index.get());
  {
    MutexLock lock(write_mutex_);
    built = EndRebuild(number, std::move(built), &rebuild);
  }
  if (!built.ok() && built.code() != Code::kCancelled) {
    Log(options_.log.get(), LogLevel::kError, "db", built.message());
  }
}

bool DatabaseImpl::FindForRebuild(CollectionId id, uint64_t number, Rebuild* rebuild) {
  for (const auto& [name, state] : collections_) {
    if (state->id != id || state->writer.vectors_number != number) continue;
    if (state->writer.vectors == nullptr) continue;
    rebuild->state = state;
    return true;
  }
  return false;
}

Status DatabaseImpl::BeginRebuild(Rebuild* rebuild) {
  CollectionState& state = *rebuild->state;
  ++trainings_;  // keeps the log of changes
  state.loading_vectors = true;
  state.writer.vectors->Stop();
  rebuild->generation = state.ActiveGeneration();
  rebuild->number = ++last_index_;
  rebuild->position = counters_.sequence;
  rebuild->at = store_->TakeSnapshot();
  CAIRN_RETURN_IF_ERROR(DeleteIndexManifest(state, rebuild->generation));
  CAIRN_ASSIGN_OR_RETURN(rebuild->index, vector::MakeSegmentedIndex(IndexOptions(
                                             state, rebuild->generation, rebuild->number,
                                             rebuild->manifest_position)));
  return OkStatus();
}

/// Puts the new index in the place of the damaged one. Where that cannot be the next search loads
/// one.
Status DatabaseImpl::EndRebuild(uint64_t damaged_number, Status built, Rebuild* rebuild) {
  CollectionState& state = *rebuild->state;
  --trainings_;
  state.loading_vectors = false;
  rebuild->at.reset();
  bool wanted = !closed_ && !state.dropped && rebuild->generation == state.ActiveGeneration() &&
                state.writer.vectors != nullptr && state.writer.vectors_number == damaged_number;
  if (built.ok() && wanted) built = RepeatChanges(state, rebuild->position, rebuild->index.get());
  if (wanted) ReleaseVectors(state);
  if (built.ok() && wanted) {
    CountIndexLoad(false);
    state.writer.vectors = std::move(rebuild->index);
    state.writer.vectors_number = rebuild->number;
    state.writer.vectors_position = counters_.sequence;
    state.writer.manifest_position = rebuild->manifest_position;
  } else if (rebuild->index != nullptr) {
    rebuild->index->Stop();
    rebuild->index.reset();
    if (!closed_) RemoveOrphanedFiles();
  }
  if (!closed_) PublishLocked();
  return built;
}

}  // namespace cairn::db
