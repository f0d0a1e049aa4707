#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "db/config.h"
#include "db/database.h"
#include "db/database_impl.h"
#include "db/folder_sink.h"
#include "db/search_context.h"
#include "storage/keys.h"

namespace cairn::db {
namespace {

using storage::Family;
namespace keys = storage::keys;

constexpr uint32_t kMaxPage = 10000;

/// A query vector of another length is refused, or ignored, without being read.
bool IsMemorable(const query::SearchRequest& request, const CollectionState& state) {
  return state.answers != nullptr && (request.vector.empty() || request.vector.size() == state.dim);
}

VectorState StateOf(const vector::IndexStats& stats) {
  if (stats.damaged) return VectorState::kDamaged;
  if (stats.working) return VectorState::kWorking;
  return stats.short_of_memory ? VectorState::kShortOfMemory : VectorState::kReady;
}

Result<StoredDocument> ReadDocument(const storage::Store& store, const CollectionState& state,
                                    DocNo doc, uint64_t generation,
                                    const storage::SnapshotPtr& at) {
  StoredDocument document;
  CAIRN_ASSIGN_OR_RETURN(std::string bytes,
                         store.Get(Family::kDocuments, keys::Document(state.id, doc), at));
  CAIRN_ASSIGN_OR_RETURN(storage::DocumentRecord record, storage::DocumentRecord::Decode(bytes));
  auto body = store.Get(Family::kDocuments, keys::Body(state.id, doc), at);
  // An empty body is not kept.
  if (!body.ok() && body.status().code() != Code::kNotFound) return std::move(body).status();
  if (body.ok()) document.body = std::move(body).value();
  document.id = std::move(record.id);
  document.title = std::move(record.title);
  document.path = std::move(record.path);
  document.type = std::move(record.type);
  document.status = std::move(record.status);
  document.description = std::move(record.description);
  document.metadata_json = std::move(record.metadata_json);
  document.tags = std::move(record.tags);
  document.created_ns = record.created_ns;
  document.modified_ns = record.modified_ns;
  auto it = store.Scan(Family::kChunks, keys::ChunksOf(state.id, doc), at);
  for (; it->Valid(); it->Next()) {
    CAIRN_ASSIGN_OR_RETURN(storage::ChunkRecord chunk, storage::ChunkRecord::Decode(it->value()));
    document.chunks.push_back(
        {chunk.begin, chunk.end, chunk.line, std::move(chunk.heading_path), std::move(chunk.text)});
  }
  CAIRN_RETURN_IF_ERROR(it->status());
  auto vectors = store.Get(Family::kVectors, keys::Vectors(state.id, generation, doc), at);
  if (vectors.ok()) {
    CAIRN_ASSIGN_OR_RETURN(storage::VectorsRecord decoded,
                           storage::VectorsRecord::Decode(*vectors));
    document.vectors = std::move(decoded.rows);
  } else if (vectors.status().code() != Code::kNotFound) {
    return std::move(vectors).status();
  }
  document.dim = state.dim;
  return document;
}

}  // namespace

Collection::Collection(std::shared_ptr<DatabaseImpl> database,
                       std::shared_ptr<CollectionState> state)
    : database_(std::move(database)), state_(std::move(state)) {}

Collection::~Collection() = default;

const std::string& Collection::name() const { return state_->name; }

const CollectionConfig& Collection::config() const { return state_->config; }

Status Collection::Upsert(std::span<const DocumentInput> documents) {
  CAIRN_RETURN_IF_ERROR(database_->CheckWritable());
  CAIRN_RETURN_IF_ERROR(database_->CheckUsable(*state_));
  Status failure;
  size_t written = 0;
  for (; written < documents.size() && failure.ok(); ++written) {
    auto prepared = PrepareInput(*state_, documents[written]);
    failure = prepared.status();
    if (!failure.ok()) break;
    ReadStatePtr pinned = database_->Pin();
    auto view = pinned->collections.find(state_->id);
    if (view == pinned->collections.end()) {
      failure = database_->CheckUsable(*state_);
      break;
    }
    uint64_t generation = view->second.embedder_state.generation;
    // Vectors of the host's are never looked up by the text that they stand for.
    bool looked_up = prepared->host_vectors.empty() && state_->HasVectorSpace(generation);
    auto known = looked_up ? KnownVectors::Load(database_->store(), *state_, documents[written].id,
                                                generation, nullptr)
                           : Result<KnownVectors>(KnownVectors());
    failure = known.status();
    if (failure.ok()) {
      failure =
          EmbedDocument(*state_, view->second.embedder.get(), generation, &*known, &*prepared);
    }
    if (failure.ok()) failure = database_->Write(*state_, &*prepared);
    if (failure.code() == Code::kResourceExhausted) {
      database_->SettleVectors(*state_);  // sealed and saved vectors take less memory
      failure = database_->Write(*state_, &*prepared);
    }
    if (!failure.ok()) break;
  }
  if (written > 0) {
    database_->Publish();
    CAIRN_RETURN_IF_ERROR(database_->Acknowledge());
    database_->TrainIfDue(state_);
  }
  return failure.ok() ? OkStatus() : std::move(failure).WithIndex(written);
}

Status Collection::Delete(std::string_view id) {
  CAIRN_RETURN_IF_ERROR(database_->CheckWritable());
  CAIRN_RETURN_IF_ERROR(ValidateDocumentId(id));
  CAIRN_RETURN_IF_ERROR(database_->Erase(*state_, id));
  database_->Publish();
  return database_->Acknowledge();
}

Result<StoredDocument> Collection::Get(std::string_view id) const {
  CAIRN_RETURN_IF_ERROR(database_->CheckUsable(*state_));
  CAIRN_RETURN_IF_ERROR(ValidateDocumentId(id));
  ReadStatePtr pinned = database_->Pin();
  CAIRN_ASSIGN_OR_RETURN(DocNo doc, FindDocument(database_->store(), state_->id, id, pinned->at));
  auto view = pinned->collections.find(state_->id);
  uint64_t generation =
      view == pinned->collections.end() ? 0 : view->second.embedder_state.generation;
  return ReadDocument(database_->store(), *state_, doc, generation, pinned->at);
}

Result<uint64_t> Collection::Count() const {
  CAIRN_RETURN_IF_ERROR(database_->CheckUsable(*state_));
  ReadStatePtr pinned = database_->Pin();
  auto view = pinned->collections.find(state_->id);
  return view == pinned->collections.end() ? 0 : view->second.counters.document_count;
}

Result<std::vector<std::string>> Collection::Ids(std::string_view after, uint32_t limit) const {
  CAIRN_RETURN_IF_ERROR(database_->CheckUsable(*state_));
  if (limit == 0 || limit > kMaxPage) {
    return Error(Code::kInvalidArgument, "limit is ", limit, ", must be 1 to ", kMaxPage);
  }
  ReadStatePtr pinned = database_->Pin();
  std::string prefix = keys::DocumentIdPrefix(state_->id);
  auto it = database_->store().Scan(Family::kDocuments, prefix, pinned->at);
  if (!after.empty()) {
    // The first key after `after` itself.
    it->Seek(StrCat(prefix, after, std::string_view("\0", 1)));
  }
  std::vector<std::string> ids;
  for (; it->Valid() && ids.size() < limit; it->Next()) {
    ids.emplace_back(it->key().substr(prefix.size()));
  }
  CAIRN_RETURN_IF_ERROR(it->status());
  return ids;
}

Result<query::SearchResponse> Collection::Search(const query::SearchRequest& request) const {
  const int64_t start_ns = database_->options().clock->MonotonicNs();
  CAIRN_RETURN_IF_ERROR(database_->CheckUsable(*state_));
  ReadStatePtr pinned = database_->Pin();
  query::ResultCache* answers = IsMemorable(request, *state_) ? database_->answers() : nullptr;
  if (answers != nullptr) {
    auto view = pinned->collections.find(state_->id);
    auto known = view == pinned->collections.end()
                     ? std::nullopt
                     : answers->Find(state_->answers,
                                     query::ResultCache::KeyOf(request, view->second.number));
    if (known) {
      known->took_ns = database_->options().clock->MonotonicNs() - start_ns;
      database_->CountSearch(known->took_ns, true);
      return std::move(*known);
    }
  }
  return SearchAnew(request, std::move(pinned));
}

Result<query::SearchResponse> Collection::SearchAnew(const query::SearchRequest& request,
                                                     ReadStatePtr pinned) const {
  std::string missing;
  if (query::WantsVectors(request)) {
    auto loaded = database_->PinWithVectors(*state_);
    // Without the memory for vectors there is still the text.
    bool by_text = loaded.status().code() == Code::kResourceExhausted &&
                   request.mode != query::Mode::kVector && !request.text.empty();
    if (!loaded.ok() && !by_text) return std::move(loaded).status();
    if (loaded.ok()) pinned = std::move(loaded).value();
    missing = loaded.status().message();
  }
  auto view = pinned->collections.find(state_->id);
  if (view == pinned->collections.end()) {
    CAIRN_RETURN_IF_ERROR(database_->CheckUsable(*state_));
    return Error(Code::kUnavailable, "the collection is being closed");
  }
  query::SearchContext context = MakeContext(*database_, *state_, *pinned, view->second);
  const bool degraded = !missing.empty();
  if (degraded) context.vectors_missing = std::move(missing);
  auto response = query::Search(context, request);
  database_->CountSearch(response.ok() ? response->took_ns : 0, response.ok());
  if (response.ok() && !degraded && IsMemorable(request, *state_)) {
    // Under the state that was searched: loading vectors may have made another than before.
    database_->answers()->Keep(state_->answers,
                               query::ResultCache::KeyOf(request, view->second.number), *response);
  }
  return response;
}

Status Collection::IndexFolder(std::string_view root, const indexer::IndexOptions& options,
                               IndexOutcome* outcome) {
  *outcome = {};
  CAIRN_RETURN_IF_ERROR(database_->CheckWritable());
  MutexLock one_run(state_->index_mutex);
  CAIRN_RETURN_IF_ERROR(database_->CheckUsable(*state_));
  uint64_t embedded_before = state_->embedded_chunks;
  FolderSink sink(*database_, *state_);
  auto report = indexer::IndexFolder(root, &sink, options);
  outcome->embedded_count = state_->embedded_chunks - embedded_before;
  database_->Publish();
  CAIRN_RETURN_IF_ERROR(database_->Acknowledge());
  if (!report.ok()) return std::move(report).status();
  outcome->report = std::move(*report);
  if (outcome->report.cancelled) return Error(Code::kCancelled, "indexing was cancelled");
  return OkStatus();
}

Status Collection::Train() {
  CAIRN_RETURN_IF_ERROR(database_->CheckWritable());
  CAIRN_RETURN_IF_ERROR(database_->CheckUsable(*state_));
  if (state_->config.embedder != EmbedderKind::kBuiltin) {
    return Error(Code::kFailedPrecondition,
                 "only the builtin embedder is trained; this collection uses another");
  }
  return database_->Train(*state_, nullptr);
}

Result<CollectionStats> Collection::Stats() const {
  CAIRN_RETURN_IF_ERROR(database_->CheckUsable(*state_));
  ReadStatePtr pinned = database_->Pin();
  CollectionStats stats;
  stats.dim = state_->dim;
  stats.metric = state_->config.metric;
  stats.embedder = state_->config.embedder;
  if (stats.embedder == EmbedderKind::kBuiltin) {
    stats.training_min_chunks = embed::BuiltinOptions().min_chunks;
  }
  auto it = pinned->collections.find(state_->id);
  if (it == pinned->collections.end()) return stats;
  const CollectionView& view = it->second;
  stats.document_count = view.counters.document_count;
  stats.chunk_count = view.counters.chunk_count;
  stats.vector_count = view.counters.vector_count;
  if (view.vectors != nullptr) stats.vector_memory_bytes = view.vectors->memory_bytes();
  if (auto index = view.index.lock()) {
    vector::IndexStats vectors = index->Stats();
    stats.vector_state = StateOf(vectors);
    stats.segments = std::move(vectors.segments);
  } else if (state_->HasVectorSpace(view.embedder_state.generation)) {
    stats.vector_state = VectorState::kNotLoaded;
  }
  if (state_->loading_vectors) stats.vector_state = VectorState::kLoading;
  stats.embedder_generation = view.embedder_state.generation;
  stats.trained_chunk_count = view.embedder_state.trained_chunks;
  return stats;
}

}  // namespace cairn::db
