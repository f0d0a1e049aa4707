#include <cairn/document.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "capi/document_reader.h"
#include "capi/guard.h"
#include "capi/handles.h"
#include "capi/options.h"
#include "capi/render.h"
#include "capi/text.h"

using namespace cairn::capi;  // NOLINT(google-build-using-namespace)
using cairn::Code;
using cairn::Status;

struct cairn_document final : Handle {
  static constexpr auto kKind = HandleKind::kDocument;
  explicit cairn_document(cairn::db::StoredDocument document)
      : Handle(kKind), stored(std::move(document)) {}

  const cairn::db::StoredDocument stored;
};

namespace {

constexpr uint32_t kMaxIdsLimit = 10000;

/// One struct of the caller's array.
cairn::Result<cairn::db::DocumentInput> ReadElement(const char* at, uint32_t stride) {
  InputStruct<cairn_document_input> given(reinterpret_cast<const cairn_document_input*>(at));
  CAIRN_RETURN_IF_ERROR(given.Check("document"));
  if (given->struct_size != stride) {
    return cairn::Error(Code::kInvalidArgument, "document.struct_size is ", given->struct_size,
                        ", that of the first document is ", stride);
  }
  return ReadDocument(given.value());
}

/// Writes the documents before the first malformed one, then reports that one.
Status Upsert(cairn::db::Collection* collection, const cairn_document_input* documents,
              size_t count) {
  if (count == 0) return cairn::OkStatus();
  if (documents == nullptr) {
    return cairn::Error(Code::kInvalidArgument, "documents is NULL, but count is ", count);
  }
  const char* base = reinterpret_cast<const char*>(documents);
  uint32_t stride = StructSize(base);
  std::vector<cairn::db::DocumentInput> read;
  Status malformed;
  while (read.size() < count && malformed.ok()) {
    auto document = ReadElement(base + read.size() * stride, stride);
    if (document.ok()) {
      read.push_back(*std::move(document));
    } else {
      malformed = std::move(document).status().WithIndex(read.size());
    }
  }
  if (!read.empty()) CAIRN_RETURN_IF_ERROR(collection->Upsert(read));
  return malformed;
}

const std::string* TextOf(const cairn::db::StoredDocument& document, int32_t field) {
  switch (field) {
    case CAIRN_FIELD_ID:
      return &document.id;
    case CAIRN_FIELD_TITLE:
      return &document.title;
    case CAIRN_FIELD_BODY:
      return &document.body;
    case CAIRN_FIELD_TYPE:
      return &document.type;
    case CAIRN_FIELD_STATUS:
      return &document.status;
    case CAIRN_FIELD_DESCRIPTION:
      return &document.description;
    case CAIRN_FIELD_METADATA_JSON:
      return &document.metadata_json;
    case CAIRN_FIELD_PATH:
      return &document.path;
    default:
      return nullptr;
  }
}

cairn_chunk ToPublic(const cairn::indexer::Chunk& chunk) {
  cairn_chunk out{};
  out.line = chunk.line;
  out.begin = chunk.begin;
  out.end = chunk.end;
  out.heading = Lend(chunk.heading_path, &out.heading_bytes);
  out.text = Lend(chunk.text, &out.text_bytes);
  return out;
}

Status CopyVectors(const cairn::db::StoredDocument& document, float* vectors_out,
                   size_t capacity_count) {
  if (vectors_out == nullptr && capacity_count != 0) {
    return cairn::Error(Code::kInvalidArgument, "vectors_out is NULL, but capacity_count is ",
                        capacity_count);
  }
  if (vectors_out == nullptr) return cairn::OkStatus();
  if (capacity_count < document.vectors.size()) {
    return cairn::Error(Code::kOutOfRange, "vectors_out has room for ", capacity_count, " of ",
                        document.vectors.size(), " floats");
  }
  std::copy(document.vectors.begin(), document.vectors.end(), vectors_out);
  return cairn::OkStatus();
}

}  // namespace

void cairn_document_input_init(cairn_document_input* input, uint32_t struct_size) noexcept {
  InitStruct(input, struct_size);
}

cairn_status cairn_collection_upsert(cairn_collection* collection,
                                     const cairn_document_input* documents, size_t count,
                                     cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(CheckHandle(collection, "collection"));
    return Upsert(collection->impl.get(), documents, count);
  });
}

cairn_status cairn_collection_delete(cairn_collection* collection, const char* id, size_t id_bytes,
                                     cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(CheckHandle(collection, "collection"));
    CAIRN_ASSIGN_OR_RETURN(std::string_view read_id, ReadText(id, id_bytes, "id"));
    return collection->impl->Delete(read_id);
  });
}

cairn_status cairn_collection_get(const cairn_collection* collection, const char* id,
                                  size_t id_bytes, cairn_document** document_out,
                                  cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(document_out, "document_out"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(collection, "collection"));
    CAIRN_ASSIGN_OR_RETURN(std::string_view read_id, ReadText(id, id_bytes, "id"));
    CAIRN_ASSIGN_OR_RETURN(auto stored, collection->impl->Get(read_id));
    *document_out = std::make_unique<cairn_document>(std::move(stored)).release();
    return cairn::OkStatus();
  });
}

cairn_status cairn_collection_count(const cairn_collection* collection, uint64_t* count_out,
                                    cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(count_out, "count_out"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(collection, "collection"));
    CAIRN_ASSIGN_OR_RETURN(*count_out, collection->impl->Count());
    return cairn::OkStatus();
  });
}

cairn_status cairn_collection_ids(const cairn_collection* collection, const char* after,
                                  size_t after_bytes, uint32_t limit, cairn_list** ids_out,
                                  cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(ids_out, "ids_out"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(collection, "collection"));
    CAIRN_ASSIGN_OR_RETURN(std::string_view read_after, ReadBytes(after, after_bytes, "after"));
    if (limit == 0 || limit > kMaxIdsLimit) {
      return cairn::Error(Code::kInvalidArgument, "limit is ", limit, ", must be 1 to ",
                          kMaxIdsLimit);
    }
    CAIRN_ASSIGN_OR_RETURN(auto ids, collection->impl->Ids(read_after, limit));
    *ids_out = std::make_unique<cairn_list>(std::move(ids)).release();
    return cairn::OkStatus();
  });
}

const char* cairn_document_text(const cairn_document* document, int32_t field,
                                size_t* size_out) noexcept {
  const std::string* text = IsValid(document) ? TextOf(document->stored, field) : nullptr;
  return text == nullptr ? LendNothing(size_out) : Lend(*text, size_out);
}

size_t cairn_document_tag_count(const cairn_document* document) noexcept {
  return IsValid(document) ? document->stored.tags.size() : 0;
}

const char* cairn_document_tag(const cairn_document* document, size_t index,
                               size_t* size_out) noexcept {
  if (index >= cairn_document_tag_count(document)) return LendNothing(size_out);
  return Lend(document->stored.tags[index], size_out);
}

int64_t cairn_document_created_ns(const cairn_document* document) noexcept {
  return IsValid(document) ? document->stored.created_ns : 0;
}

int64_t cairn_document_modified_ns(const cairn_document* document) noexcept {
  return IsValid(document) ? document->stored.modified_ns : 0;
}

size_t cairn_document_chunk_count(const cairn_document* document) noexcept {
  return IsValid(document) ? document->stored.chunks.size() : 0;
}

cairn_status cairn_document_chunk(const cairn_document* document, size_t index,
                                  cairn_chunk* chunk_inout, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearStruct(chunk_inout, "chunk_inout"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(document, "document"));
    const auto& chunks = document->stored.chunks;
    if (index >= chunks.size()) {
      return cairn::Error(Code::kOutOfRange, "chunk ", index, " of ", chunks.size());
    }
    FillStruct(chunk_inout, ToPublic(chunks[index]));
    return cairn::OkStatus();
  });
}

cairn_status cairn_document_vectors(const cairn_document* document, float* vectors_out,
                                    size_t capacity_count, size_t* count_out, uint32_t* dim_out,
                                    cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    if (count_out != nullptr) *count_out = 0;
    if (dim_out != nullptr) *dim_out = 0;
    CAIRN_RETURN_IF_ERROR(CheckHandle(document, "document"));
    CAIRN_RETURN_IF_ERROR(CopyVectors(document->stored, vectors_out, capacity_count));
    if (count_out != nullptr) *count_out = document->stored.vectors.size();
    if (dim_out != nullptr) *dim_out = document->stored.dim;
    return cairn::OkStatus();
  });
}

cairn_status cairn_document_json(const cairn_document* document, cairn_buffer** json_out,
                                 cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(json_out, "json_out"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(document, "document"));
    *json_out = std::make_unique<cairn_buffer>(RenderDocument(document->stored)).release();
    return cairn::OkStatus();
  });
}

void cairn_document_release(cairn_document* document) noexcept { Release(document); }
