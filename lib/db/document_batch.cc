#include "db/document_batch.h"

#include <string>
#include <vector>

#include "base/bytes.h"
#include "query/attributes.h"
#include "storage/keys.h"

namespace cairn::db {
namespace {

using storage::Family;
namespace keys = storage::keys;

std::string DocNoBytes(DocNo doc) {
  std::string bytes;
  ByteWriter(&bytes).Big64(ToInt(doc));
  return bytes;
}

/// Deletes what belongs to one version of a document, except its postings and what the next version
/// overwrites anyway (id, source state). Moves the counters.
Status RemoveVersion(const storage::Store& store, const CollectionState& state, DocNo doc,
                     storage::CollectionCounters* counters, storage::Batch* batch) {
  CAIRN_ASSIGN_OR_RETURN(std::string bytes,
                         store.Get(Family::kDocuments, keys::Document(state.id, doc)));
  CAIRN_ASSIGN_OR_RETURN(storage::DocumentRecord record, storage::DocumentRecord::Decode(bytes));
  batch->Delete(Family::kDocuments, keys::Document(state.id, doc));
  batch->Delete(Family::kDocuments, keys::Body(state.id, doc));
  for (uint32_t i = 0; i < record.chunk_count; ++i) {
    batch->Delete(Family::kChunks, keys::Chunk(state.id, doc, i));
  }
  CAIRN_ASSIGN_OR_RETURN(std::vector<query::Attribute> attributes, query::AttributesOf(record));
  for (const query::Attribute& attribute : attributes) {
    batch->Delete(Family::kMetadata,
                  keys::Attribute(state.id, attribute.field, attribute.value, doc));
  }
  std::string vectors_key = keys::Vectors(state.id, state.ActiveGeneration(), doc);
  auto vectors = store.Get(Family::kVectors, vectors_key);
  if (vectors.ok()) {
    CAIRN_ASSIGN_OR_RETURN(storage::VectorsRecord decoded,
                           storage::VectorsRecord::Decode(*vectors));
    counters->vector_count -= decoded.ordinals.size();
    batch->Delete(Family::kVectors, vectors_key);
  } else if (vectors.status().code() != Code::kNotFound) {
    return std::move(vectors).status();
  }
  counters->document_count -= 1;
  counters->chunk_count -= record.chunk_count;
  return OkStatus();
}

/// `replaces`: there was another version.
Status PutVersion(const CollectionState& state, const PreparedDocument& document, DocNo doc,
                  bool replaces, storage::Batch* batch) {
  const storage::DocumentRecord& record = document.record;
  batch->Put(Family::kDocuments, keys::Document(state.id, doc), record.Encode());
  if (!document.body.empty()) {
    batch->Put(Family::kDocuments, keys::Body(state.id, doc), document.body);
  }
  batch->Put(Family::kDocuments, keys::DocumentId(state.id, record.id), DocNoBytes(doc));
  if (document.source) {
    batch->Put(Family::kDocuments, keys::Source(state.id, record.id), document.source->Encode());
  } else if (replaces) {
    batch->Delete(Family::kDocuments, keys::Source(state.id, record.id));
  }
  for (uint32_t i = 0; i < document.chunks.size(); ++i) {
    batch->Put(Family::kChunks, keys::Chunk(state.id, doc, i), document.chunks[i].Encode());
  }
  if (!document.vectors.ordinals.empty()) {
    batch->Put(Family::kVectors, keys::Vectors(state.id, document.generation, doc),
               document.vectors.Encode());
  }
  CAIRN_ASSIGN_OR_RETURN(std::vector<query::Attribute> attributes, query::AttributesOf(record));
  for (const query::Attribute& attribute : attributes) {
    batch->Put(Family::kMetadata, keys::Attribute(state.id, attribute.field, attribute.value, doc),
               "");
  }
  return OkStatus();
}

}  // namespace

Result<DocNo> FindDocument(const storage::Store& store, CollectionId collection,
                           std::string_view id, const storage::SnapshotPtr& at) {
  auto bytes = store.Get(Family::kDocuments, keys::DocumentId(collection, id), at);
  if (bytes.ok()) return DocNo{ByteReader(*bytes).Big64()};
  if (bytes.status().code() == Code::kNotFound) {
    return Error(Code::kNotFound, "no document \"", id, "\"");
  }
  return std::move(bytes).status();
}

Result<DocumentChange> WriteToBatch(const storage::Store& store, const CollectionState& state,
                                    const PreparedDocument& document, storage::Batch* batch) {
  DocumentChange change;
  change.counters = state.writer.counters;
  auto old = FindDocument(store, state.id, document.record.id);
  if (old.ok()) {
    change.removed = *old;
    CAIRN_RETURN_IF_ERROR(RemoveVersion(store, state, *old, &change.counters, batch));
  } else if (old.status().code() != Code::kNotFound) {
    return std::move(old).status();
  }
  DocNo doc{change.counters.next_doc++};
  change.added = doc;
  change.counters.document_count += 1;
  change.counters.chunk_count += document.chunks.size();
  change.counters.vector_count += document.vectors.ordinals.size();
  CAIRN_RETURN_IF_ERROR(PutVersion(state, document, doc, change.removed.has_value(), batch));

  std::vector<std::string> chunk_texts;
  for (const storage::ChunkRecord& chunk : document.chunks) chunk_texts.push_back(chunk.text);
  text::TextDocument fields;
  fields.title = document.record.title;
  fields.tags = document.record.tags;
  fields.description = document.record.description;
  fields.chunks = chunk_texts;
  CAIRN_RETURN_IF_ERROR(state.text.Apply(batch, change.removed, doc, fields));
  return change;
}

Result<DocumentChange> DeleteToBatch(const storage::Store& store, const CollectionState& state,
                                     std::string_view id, storage::Batch* batch) {
  DocumentChange change;
  change.counters = state.writer.counters;
  CAIRN_ASSIGN_OR_RETURN(DocNo doc, FindDocument(store, state.id, id));
  change.removed = doc;
  CAIRN_RETURN_IF_ERROR(RemoveVersion(store, state, doc, &change.counters, batch));
  batch->Delete(Family::kDocuments, keys::DocumentId(state.id, id));
  batch->Delete(Family::kDocuments, keys::Source(state.id, id));
  CAIRN_RETURN_IF_ERROR(state.text.Remove(batch, doc));
  return change;
}

}  // namespace cairn::db
