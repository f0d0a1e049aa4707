#include "db/folder_sink.h"

#include <utility>

#include "storage/keys.h"
#include "storage/records.h"

namespace cairn::db {
namespace {

using storage::Family;
namespace keys = storage::keys;

constexpr size_t kPublishEvery = 64;

storage::SourceRecord ToRecord(const indexer::SourceState& state) {
  storage::SourceRecord record;
  record.size_bytes = state.size_bytes;
  record.mtime_ns = state.mtime_ns;
  record.indexed_ns = state.indexed_ns;
  record.hash = state.hash;
  return record;
}

indexer::SourceState ToState(const storage::SourceRecord& record) {
  indexer::SourceState state;
  state.size_bytes = record.size_bytes;
  state.mtime_ns = record.mtime_ns;
  state.indexed_ns = record.indexed_ns;
  state.hash = record.hash;
  return state;
}

}  // namespace

Result<std::optional<std::string>> FolderSink::RecordedRoot() {
  auto root = db_.store().Get(Family::kManifest, keys::Root(state_.id));
  if (root.ok()) return std::optional<std::string>(*root);
  if (root.status().code() == Code::kNotFound) return std::optional<std::string>();
  return std::move(root).status();
}

Status FolderSink::RecordRoot(std::string_view root) {
  storage::Batch batch;
  batch.Put(Family::kManifest, keys::Root(state_.id), root);
  return db_.CommitPlain(batch);
}

Status FolderSink::ForEachSource(
    const std::function<void(std::string_view id, const indexer::SourceState& state)>& visit) {
  std::string prefix = keys::SourcePrefix(state_.id);
  auto it = db_.store().Scan(Family::kDocuments, prefix);
  for (; it->Valid(); it->Next()) {
    CAIRN_ASSIGN_OR_RETURN(storage::SourceRecord record,
                           storage::SourceRecord::Decode(it->value()));
    visit(it->key().substr(prefix.size()), ToState(record));
  }
  return it->status();
}

void FolderSink::CountChange() {
  if (++unpublished_ < kPublishEvery) return;
  unpublished_ = 0;
  db_.Publish();
}

Status FolderSink::Put(indexer::Document document, const indexer::SourceState& source) {
  CAIRN_ASSIGN_OR_RETURN(PreparedDocument prepared,
                         PrepareParsed(std::move(document), ToRecord(source)));
  ReadStatePtr pinned = db_.Pin();
  auto found = pinned->collections.find(state_.id);
  if (found == pinned->collections.end()) {
    return Error(Code::kNotFound, "the collection \"", state_.name, "\" was dropped");
  }
  const CollectionView& view = found->second;
  uint64_t generation = view.embedder_state.generation;
  // The store's latest state, not the pinned one: this run's own writes count.
  CAIRN_ASSIGN_OR_RETURN(
      KnownVectors known,
      KnownVectors::Load(db_.store(), state_, prepared.record.id, generation, nullptr));
  CAIRN_RETURN_IF_ERROR(EmbedDocument(state_, view.embedder.get(), generation, &known, &prepared));
  CAIRN_RETURN_IF_ERROR(db_.Write(state_, &prepared));
  CountChange();
  return OkStatus();
}

Status FolderSink::Touch(std::string_view id, const indexer::SourceState& source) {
  storage::Batch batch;
  batch.Put(Family::kDocuments, keys::Source(state_.id, id), ToRecord(source).Encode());
  return db_.CommitPlain(batch);
}

Status FolderSink::Delete(std::string_view id) {
  Status erased = db_.Erase(state_, id);
  if (!erased.ok() && erased.code() != Code::kNotFound) return erased;
  CountChange();
  return OkStatus();
}

Status FolderSink::Finish(const std::function<bool()>& cancelled) {
  db_.Publish();
  if (db_.TrainingDue(state_)) {
    Status trained = db_.Train(state_, cancelled);
    // Texts that teach nothing (all alike, say) leave the collection searchable by text.
    if (!trained.ok() && trained.code() != Code::kFailedPrecondition) {
      return std::move(trained).WithContext("training the embedder");
    }
  }
  return db_.Acknowledge();
}

}  // namespace cairn::db
