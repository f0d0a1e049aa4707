#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/sync_point.h"
#include "db/database_impl.h"
#include "db/prepare.h"
#include "db/segment_names.h"
#include "embed/builtin.h"
#include "observe/log.h"
#include "storage/keys.h"

namespace cairn::db {
namespace {

using storage::Family;
namespace keys = storage::keys;

constexpr size_t kBatchBytes = 1u << 20;
/// Changes that may be left for the last step, which holds the write mutex.
constexpr uint64_t kMaxLockedChanges = 64;

/// Reads the parts of a stored document that embedding needs.
Result<PreparedDocument> ReadForEmbedding(const storage::Store& store, CollectionId c, DocNo doc,
                                          const storage::SnapshotPtr& at) {
  PreparedDocument document;
  CAIRN_ASSIGN_OR_RETURN(std::string bytes,
                         store.Get(Family::kDocuments, keys::Document(c, doc), at));
  CAIRN_ASSIGN_OR_RETURN(document.record, storage::DocumentRecord::Decode(bytes));
  auto it = store.Scan(Family::kChunks, keys::ChunksOf(c, doc), at);
  for (; it->Valid(); it->Next()) {
    CAIRN_ASSIGN_OR_RETURN(storage::ChunkRecord chunk, storage::ChunkRecord::Decode(it->value()));
    document.chunks.push_back(std::move(chunk));
  }
  CAIRN_RETURN_IF_ERROR(it->status());
  return document;
}

/// Gives the embedded text of every chunk of the collection, in the order of the chunks family.
embed::ChunkSource ChunkTexts(const storage::Store& store, CollectionId c,
                              storage::SnapshotPtr at) {
  return [&store, c, at](const std::function<bool(std::string_view)>& consumer) -> Status {
    storage::DocumentRecord record;
    DocNo current{};
    bool have_record = false;
    auto it = store.Scan(Family::kChunks, keys::ChunkPrefix(c), at);
    for (; it->Valid(); it->Next()) {
      DocNo doc{ByteReader(it->key().substr(4)).Big64()};
      if (!have_record || doc != current) {
        CAIRN_ASSIGN_OR_RETURN(std::string bytes,
                               store.Get(Family::kDocuments, keys::Document(c, doc), at));
        CAIRN_ASSIGN_OR_RETURN(record, storage::DocumentRecord::Decode(bytes));
        current = doc;
        have_record = true;
      }
      CAIRN_ASSIGN_OR_RETURN(storage::ChunkRecord chunk, storage::ChunkRecord::Decode(it->value()));
      if (!consumer(EmbeddedText(record, chunk))) break;
    }
    return it->status();
  };
}

}  // namespace

/// One training: learns a model from a snapshot, embeds every document with it beside the active
/// vectors, catches up with the writes that came in meanwhile, and switches over in one batch. A
/// crash at any point leaves the old generation active.
class Trainer {
 public:
  Trainer(DatabaseImpl& db, CollectionState& state, std::function<bool()> cancelled)
      : db_(db), state_(state), cancelled_(std::move(cancelled)) {}

  Status Run() {
    MutexLock one_at_a_time(state_.training_mutex);
    CAIRN_RETURN_IF_ERROR(Begin());
    Status status = TrainAndSwitch();
    if (!status.ok()) RemoveIndex();
    MutexLock lock(db_.write_mutex_);
    --db_.trainings_;
    return status;
  }

 private:
  /// Claims a generation number and removes what earlier trainings left behind.
  Status Begin() {
    MutexLock lock(db_.write_mutex_);
    CAIRN_RETURN_IF_ERROR(db_.CheckUsable(state_));
    storage::EmbedderState next = state_.writer.embedder_state;
    storage::Batch batch;
    for (uint64_t old = 1; old <= next.last_generation; ++old) {
      if (old == next.generation) continue;
      batch.DeletePrefix(Family::kManifest, keys::ModelPrefix(state_.id, old));
      batch.DeletePrefix(Family::kVectors, keys::VectorPrefix(state_.id, old));
      batch.Delete(Family::kManifest, keys::IndexManifest(state_.id, old));
    }
    index_number_ = ++db_.last_index_;
    generation_ = ++next.last_generation;
    batch.Put(Family::kManifest, keys::EmbedderState(state_.id), next.Encode());
    CAIRN_RETURN_IF_ERROR(db_.store_->Commit(batch, storage::Durability::kAsync));
    state_.writer.embedder_state = next;
    ++db_.trainings_;
    at_ = db_.store_->TakeSnapshot();
    sequence_ = db_.counters_.sequence;
    return OkStatus();
  }

  Status TrainAndSwitch() {
    CAIRN_ASSIGN_OR_RETURN(
        embed::TrainReport report,
        embed::TrainBuiltin(db_.store_.get(), state_.id, generation_, *state_.analyzer,
                            ChunkTexts(*db_.store_, state_.id, at_), {}, db_.pool_.get(),
                            cancelled_));
    trained_chunks_ = report.chunk_count;
    CAIRN_ASSIGN_OR_RETURN(
        std::unique_ptr<embed::Embedder> embedder,
        embed::OpenBuiltin(db_.store_.get(), state_.id, generation_, state_.analyzer, {}));
    embedder_ = std::move(embedder);
    // It gets a position, and so publishes its files, only when it is the collection's.
    CAIRN_ASSIGN_OR_RETURN(index_, vector::MakeSegmentedIndex(db_.IndexOptions(
                                       state_, generation_, index_number_, manifest_position_)));
    CAIRN_RETURN_IF_ERROR(EmbedAll());
    for (;;) {
      {
        MutexLock lock(db_.write_mutex_);
        CAIRN_RETURN_IF_ERROR(db_.CheckUsable(state_));
        if (db_.counters_.sequence - sequence_ <= kMaxLockedChanges) return SwitchLocked();
        at_ = db_.store_->TakeSnapshot();
        newest_ = db_.counters_.sequence;
      }
      caught_up_ = true;
      CAIRN_RETURN_IF_ERROR(CatchUp(newest_, at_));
    }
  }

  Status EmbedAll() {
    auto it = db_.store_->Scan(Family::kDocuments, keys::DocumentPrefix(state_.id), at_);
    for (; it->Valid(); it->Next()) {
      if (cancelled_ && cancelled_()) return Error(Code::kCancelled, "training was cancelled");
      CAIRN_RETURN_IF_ERROR(Embed(keys::TrailingDocNo(it->key()), at_));
    }
    CAIRN_RETURN_IF_ERROR(it->status());
    return Flush();
  }

  Status Embed(DocNo doc, const storage::SnapshotPtr& at) {
    CAIRN_ASSIGN_OR_RETURN(PreparedDocument document,
                           ReadForEmbedding(*db_.store_, state_.id, doc, at));
    CAIRN_RETURN_IF_ERROR(EmbedDocument(state_, embedder_.get(), generation_, nullptr, &document));
    const storage::VectorsRecord& vectors = document.vectors;
    if (vectors.ordinals.empty()) return OkStatus();
    batch_.Put(Family::kVectors, keys::Vectors(state_.id, generation_, doc), vectors.Encode());
    CAIRN_ASSIGN_OR_RETURN(vector::MemoryCharge room, index_->ReserveRoom(vectors.ordinals.size()));
    CAIRN_RETURN_IF_ERROR(index_->AddChunks(doc, vectors.ordinals, vectors.rows.data()));
    return batch_.byte_size() >= kBatchBytes ? Flush() : OkStatus();
  }

  Status Flush() {
    if (batch_.empty()) return OkStatus();
    CAIRN_RETURN_IF_ERROR(db_.store_->Commit(batch_, storage::Durability::kAsync));
    batch_.Clear();
    return OkStatus();
  }

  /// Repeats the changes after `sequence_` up to `newest` on the new generation.
  Status CatchUp(uint64_t newest, const storage::SnapshotPtr& at) {
    for (; sequence_ < newest; ++sequence_) {
      CAIRN_ASSIGN_OR_RETURN(std::string bytes,
                             db_.store_->Get(Family::kChangeLog, keys::Change(sequence_ + 1), at));
      CAIRN_ASSIGN_OR_RETURN(storage::ChangeRecord change, storage::ChangeRecord::Decode(bytes));
      if (change.collection == ToInt(state_.id)) CAIRN_RETURN_IF_ERROR(Repeat(change, at));
    }
    return Flush();
  }

  Status Repeat(const storage::ChangeRecord& change, const storage::SnapshotPtr& at) {
    DocNo doc{change.doc};
    if (change.kind == storage::ChangeKind::kDelete) Drop(doc);
    if (change.kind != storage::ChangeKind::kUpsert) return OkStatus();
    auto live = FindDocument(*db_.store_, state_.id, change.name, at);
    if (live.status().code() == Code::kNotFound) return OkStatus();
    if (!live.ok()) return std::move(live).status();
    // A version that was replaced again comes up later in the log; the versions before this one
    // are not named there, so they are found by what is embedded but no longer stored.
    return *live == doc ? Embed(doc, at) : OkStatus();
  }

  void Drop(DocNo doc) {
    index_->Remove(doc);
    batch_.Delete(Family::kVectors, keys::Vectors(state_.id, generation_, doc));
  }

  /// Removes vectors of document versions that are not live any more.
  Status DropStale() {
    std::vector<DocNo> stale;
    auto it = db_.store_->Scan(Family::kVectors, keys::VectorPrefix(state_.id, generation_));
    for (; it->Valid(); it->Next()) {
      DocNo doc = keys::TrailingDocNo(it->key());
      auto record = db_.store_->Get(Family::kDocuments, keys::Document(state_.id, doc));
      if (record.status().code() == Code::kNotFound)
        stale.push_back(doc);
      else if (!record.ok())
        return std::move(record).status();
    }
    CAIRN_RETURN_IF_ERROR(it->status());
    for (DocNo doc : stale) Drop(doc);
    return Flush();
  }

  Status SwitchLocked() CAIRN_REQUIRES(db_.write_mutex_) {
    bool changed = sequence_ != db_.counters_.sequence;
    CAIRN_RETURN_IF_ERROR(CatchUp(db_.counters_.sequence, nullptr));
    if (changed || caught_up_) CAIRN_RETURN_IF_ERROR(DropStale());
    storage::EmbedderState next = state_.writer.embedder_state;
    uint64_t old_generation = next.generation;
    next.generation = generation_;
    next.trained_chunks = trained_chunks_;
    storage::CollectionCounters counters = state_.writer.counters;
    uint64_t previous = std::exchange(counters.last_change, db_.counters_.sequence + 1);
    counters.vector_count = index_->View()->size();
    storage::Batch batch;
    batch.Put(Family::kManifest, keys::EmbedderState(state_.id), next.Encode());
    batch.Put(Family::kManifest, keys::CollectionCounters(state_.id), counters.Encode());
    // Rows of the old model stay until the next training: searches under way may still need them.
    if (old_generation > 0) {
      batch.DeletePrefix(Family::kVectors, keys::VectorPrefix(state_.id, old_generation));
      batch.Delete(Family::kManifest, keys::IndexManifest(state_.id, old_generation));
    }
    db_.ReleaseVectors(state_);
    storage::DatabaseCounters before = db_.counters_;
    db_.LogChange(&batch,
                  {storage::ChangeKind::kGeneration, ToInt(state_.id), generation_, "", previous});
    CAIRN_SYNC_POINT("training:before_switch");
    if (Status committed = db_.store_->Commit(batch, db_.options_.durability); !committed.ok()) {
      db_.counters_ = before;
      return committed;
    }
    state_.writer.embedder_state = next;
    state_.writer.counters = counters;
    state_.writer.embedder = state_.Remembering(embedder_, db_.vector_cache_);
    state_.writer.vectors = std::move(index_);
    state_.writer.vectors_number = index_number_;
    state_.writer.vectors_position = db_.counters_.sequence;
    state_.writer.manifest_position = manifest_position_;
    state_.writer.vectors->SetPosition(db_.counters_.sequence);
    RemoveSegmentFiles(db_.options_.path, [this](CollectionId collection, uint64_t generation) {
      return collection == state_.id && generation != generation_;
    });
    db_.PublishLocked();
    return OkStatus();
  }

  void RemoveIndex() {
    index_.reset();
    RemoveSegmentFiles(db_.options_.path, [this](CollectionId collection, uint64_t generation) {
      return collection == state_.id && generation == generation_;
    });
  }

  DatabaseImpl& db_;
  CollectionState& state_;
  const std::function<bool()> cancelled_;
  storage::SnapshotPtr at_;
  uint64_t sequence_ = 0;  ///< last change that the new generation holds
  uint64_t newest_ = 0;
  bool caught_up_ = false;
  uint64_t generation_ = 0;
  uint64_t trained_chunks_ = 0;
  std::shared_ptr<embed::Embedder> embedder_;
  std::unique_ptr<vector::VectorIndex> index_;
  uint64_t index_number_ = 0;
  ManifestPosition manifest_position_ = NoManifest();
  storage::Batch batch_;
};

bool DatabaseImpl::TrainingDue(const CollectionState& state) const {
  if (state.config.embedder != EmbedderKind::kBuiltin || options_.read_only) return false;
  MutexLock lock(write_mutex_);
  uint64_t chunks = state.writer.counters.chunk_count;
  uint64_t trained = state.writer.embedder_state.trained_chunks;
  return chunks >= embed::BuiltinOptions().min_chunks && 2 * chunks >= 3 * trained;
}

Status DatabaseImpl::Train(CollectionState& state, const std::function<bool()>& cancelled) {
  auto stop = [this, &cancelled] { return closing() || (cancelled && cancelled()); };
  return Trainer(*this, state, stop).Run();
}

void DatabaseImpl::TrainIfDue(const CollectionStatePtr& state) {
  if (closing() || !TrainingDue(*state) || state->training.exchange(true)) return;
  BeginBackground();
  pool_->Schedule([this, state] {
    Status trained = Train(*state, nullptr);
    if (!trained.ok() && trained.code() != Code::kCancelled) {
      Log(options_.log.get(), LogLevel::kWarning, "db",
          StrCat("training of \"", state->name, "\" failed: ", trained.message()));
    }
    state->training = false;
    EndBackground();
  });
}

}  // namespace cairn::db
