#include "db/prepare.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/bytes.h"
#include "base/json.h"
#include "indexer/parser.h"
#include "storage/keys.h"

namespace cairn::db {
namespace {

Status CheckText(std::string_view what, std::string_view text) {
  if (IsValidUtf8(text)) return OkStatus();
  return Error(Code::kInvalidArgument, what, " is not UTF-8");
}

Status CheckHostVectors(const CollectionState& state, const DocumentInput& input) {
  if (input.vector_count == 0) return OkStatus();
  if (state.config.embedder == EmbedderKind::kBuiltin) {
    return Error(Code::kFailedPrecondition,
                 "the collection uses the builtin embedder and takes no vectors from the host");
  }
  if (state.dim == 0) {
    return Error(Code::kFailedPrecondition, "the collection was created without vectors");
  }
  if (input.dim != state.dim) {
    return Error(Code::kInvalidArgument, "the vectors have ", input.dim,
                 " dimensions, the collection has ", state.dim);
  }
  Status valid =
      vector::ValidateVectors(input.vectors, input.vector_count, state.dim, state.config.metric);
  // The index of a row would be taken for that of a document.
  return valid.ok() ? valid : Status(valid.code(), std::string(valid.message()));
}

/// A document that has words but no body still gets one chunk, so that it has a vector.
void AddTitleChunk(PreparedDocument* document) {
  bool has_words = !document->record.title.empty() || !document->record.description.empty();
  if (document->chunks.empty() && has_words) {
    document->chunks.emplace_back();
    document->chunks.back().line = 1;
  }
}

void TakeChunks(std::vector<indexer::Chunk> chunks, PreparedDocument* document) {
  for (indexer::Chunk& chunk : chunks) {
    storage::ChunkRecord record;
    record.begin = chunk.begin;
    record.end = chunk.end;
    record.line = chunk.line;
    record.heading_path = std::move(chunk.heading_path);
    record.text = std::move(chunk.text);
    document->chunks.push_back(std::move(record));
  }
  AddTitleChunk(document);
  for (storage::ChunkRecord& record : document->chunks) {
    record.embedded_hash = HashContent(EmbeddedText(document->record, record));
  }
  document->record.chunk_count = static_cast<uint32_t>(document->chunks.size());
}

/// The body of a document with a single host vector is one chunk; else it is cut as usual.
std::vector<indexer::Chunk> CutBody(const DocumentInput& input, const std::string& body) {
  indexer::Document document;
  document.body = body;
  document.title = std::string(input.title);
  indexer::ChunkerOptions options;
  if (input.vector_count == 1) options.max_tokens = UINT32_MAX;
  indexer::ChunkBody(&document, input.format, options);
  return std::move(document.chunks);
}

}  // namespace

std::string EmbeddedText(const storage::DocumentRecord& record, const storage::ChunkRecord& chunk) {
  std::string text = record.title;
  for (const std::string* part : {&chunk.heading_path, &chunk.text}) {
    if (!part->empty()) text += (text.empty() ? "" : "\n") + *part;
  }
  if (chunk.text.empty() && !record.description.empty()) text += "\n" + record.description;
  return text;
}

Result<PreparedDocument> PrepareInput(const CollectionState& state, const DocumentInput& input) {
  CAIRN_RETURN_IF_ERROR(ValidateDocumentId(input.id));
  CAIRN_RETURN_IF_ERROR(CheckText("title", input.title));
  CAIRN_RETURN_IF_ERROR(CheckText("type", input.type));
  CAIRN_RETURN_IF_ERROR(CheckText("status", input.status));
  CAIRN_RETURN_IF_ERROR(CheckText("description", input.description));
  CAIRN_RETURN_IF_ERROR(CheckHostVectors(state, input));
  PreparedDocument document;
  storage::DocumentRecord& record = document.record;
  CAIRN_ASSIGN_OR_RETURN(json::object metadata, json::ParseObject(input.metadata_json, "metadata"));
  record.metadata_json = json::serialize(metadata);
  for (std::string_view tag : input.tags) {
    CAIRN_RETURN_IF_ERROR(CheckText("a tag", tag));
    if (tag.starts_with('#')) tag.remove_prefix(1);
    if (tag.empty()) return Error(Code::kInvalidArgument, "a tag is empty");
    if (std::find(record.tags.begin(), record.tags.end(), tag) == record.tags.end()) {
      record.tags.emplace_back(tag);
    }
  }
  record.id = std::string(input.id);
  record.title = std::string(input.title);
  record.type = std::string(input.type);
  record.status = std::string(input.status);
  record.description = std::string(input.description);
  record.created_ns = input.created_ns;
  record.modified_ns = input.modified_ns;
  document.body = IsValidUtf8(input.body) ? std::string(input.body) : ToValidUtf8(input.body);
  record.host_vector_count = static_cast<uint32_t>(input.vector_count);
  if (input.vector_count > 0) {
    document.host_vectors.assign(input.vectors, input.vectors + input.vector_count * state.dim);
  }
  TakeChunks(CutBody(input, document.body), &document);
  return document;
}

Result<PreparedDocument> PrepareParsed(indexer::Document parsed,
                                       const storage::SourceRecord& source) {
  CAIRN_RETURN_IF_ERROR(ValidateDocumentId(parsed.id));
  PreparedDocument document;
  storage::DocumentRecord& record = document.record;
  record.id = parsed.id;
  record.path = std::move(parsed.id);
  record.title = std::move(parsed.title);
  record.tags = std::move(parsed.tags);
  record.type = std::move(parsed.type);
  record.status = std::move(parsed.status);
  record.description = std::move(parsed.description);
  record.metadata_json = std::move(parsed.metadata_json);
  record.created_ns = parsed.created_ns;
  record.modified_ns = parsed.modified_ns;
  document.body = std::move(parsed.body);
  document.source = source;
  TakeChunks(std::move(parsed.chunks), &document);
  return document;
}

Result<KnownVectors> KnownVectors::Load(const storage::Store& store, const CollectionState& state,
                                        std::string_view id, uint64_t generation,
                                        const storage::SnapshotPtr& at) {
  KnownVectors known;
  auto number = store.Get(storage::Family::kDocuments, storage::keys::DocumentId(state.id, id), at);
  if (number.status().code() == Code::kNotFound) return known;
  if (!number.ok()) return std::move(number).status();
  DocNo doc{ByteReader(*number).Big64()};
  auto bytes =
      store.Get(storage::Family::kVectors, storage::keys::Vectors(state.id, generation, doc), at);
  if (bytes.status().code() == Code::kNotFound) return known;
  if (!bytes.ok()) return std::move(bytes).status();
  CAIRN_ASSIGN_OR_RETURN(storage::VectorsRecord vectors, storage::VectorsRecord::Decode(*bytes));
  for (uint32_t ordinal : vectors.ordinals) {
    auto chunk =
        store.Get(storage::Family::kChunks, storage::keys::Chunk(state.id, doc, ordinal), at);
    if (!chunk.ok()) return KnownVectors();
    CAIRN_ASSIGN_OR_RETURN(storage::ChunkRecord record, storage::ChunkRecord::Decode(*chunk));
    known.hashes_.push_back(record.embedded_hash);
  }
  known.rows_ = std::move(vectors.rows);
  return known;
}

const float* KnownVectors::Find(const Hash128& hash, uint32_t dim) const {
  auto it = std::find(hashes_.begin(), hashes_.end(), hash);
  if (it == hashes_.end()) return nullptr;
  return rows_.data() + static_cast<size_t>(it - hashes_.begin()) * dim;
}

namespace {

void UseHostVectors(const CollectionState& state, PreparedDocument* document) {
  size_t count = document->host_vectors.size() / state.dim;
  for (size_t i = 0; i < count; ++i) {
    document->vectors.ordinals.push_back(static_cast<uint32_t>(i));
  }
  document->vectors.rows = document->host_vectors;
}

/// Keeps the chunks that have a vector. Under cosine a zero vector has no direction: from a trained
/// embedder it means "no known word", from a host's it is a fault.
Status KeepRows(const CollectionState& state, const std::vector<float>& rows,
                PreparedDocument* document) {
  size_t dim = state.dim;
  for (size_t i = 0; i * dim < rows.size(); ++i) {
    const float* row = rows.data() + i * dim;
    bool zero = std::all_of(row, row + dim, [](float x) { return x == 0; });
    if (zero && state.config.embedder == EmbedderKind::kBuiltin) continue;
    if (zero && state.config.metric == vector::Metric::kCosine) {
      return Error(Code::kInternal, "the embedder gave a zero vector for chunk ", i);
    }
    document->vectors.ordinals.push_back(static_cast<uint32_t>(i));
    document->vectors.rows.insert(document->vectors.rows.end(), row, row + dim);
  }
  return OkStatus();
}

}  // namespace

Status EmbedDocument(CollectionState& state, embed::Embedder* embedder, uint64_t generation,
                     const KnownVectors* known, PreparedDocument* document) {
  document->vectors = {};
  document->generation = generation;
  document->embedded = true;
  if (!document->host_vectors.empty()) {
    UseHostVectors(state, document);
    return OkStatus();
  }
  if (state.dim == 0 || state.config.embedder == EmbedderKind::kNone) return OkStatus();
  if (embedder == nullptr) {
    if (state.config.embedder == EmbedderKind::kBuiltin) return OkStatus();
    return Error(
        Code::kFailedPrecondition,
        "the collection's embedder is a callback: open it with its function to write text");
  }
  std::vector<float> rows(document->chunks.size() * state.dim);
  std::vector<std::string> texts;
  std::vector<size_t> places;
  for (size_t i = 0; i < document->chunks.size(); ++i) {
    const float* row =
        known == nullptr ? nullptr : known->Find(document->chunks[i].embedded_hash, state.dim);
    if (row != nullptr) {
      std::copy(row, row + state.dim, rows.begin() + static_cast<std::ptrdiff_t>(i * state.dim));
      continue;
    }
    texts.push_back(EmbeddedText(document->record, document->chunks[i]));
    places.push_back(i);
  }
  std::vector<std::string_view> views(texts.begin(), texts.end());
  std::vector<float> fresh(texts.size() * state.dim);
  Status embedded = embedder->Embed(views, embed::Purpose::kDocument, fresh.data());
  if (!embedded.ok()) {
    // The index of a chunk would be taken for that of a document.
    return Status(embedded.code(), StrCat("embedding failed: ", embedded.message()));
  }
  state.embedded_chunks += texts.size();
  for (size_t i = 0; i < places.size(); ++i) {
    std::copy_n(fresh.begin() + static_cast<std::ptrdiff_t>(i * state.dim), state.dim,
                rows.begin() + static_cast<std::ptrdiff_t>(places[i] * state.dim));
  }
  return KeepRows(state, rows, document);
}

}  // namespace cairn::db
