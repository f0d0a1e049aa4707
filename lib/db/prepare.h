#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/collection_state.h"
#include "db/database.h"
#include "indexer/document.h"
#include "storage/records.h"
#include "storage/store.h"

namespace cairn::db {

/// A document ready to be written: checked, chunked and, where that is possible, embedded.
struct PreparedDocument {
  storage::DocumentRecord record;
  std::string body;
  std::vector<storage::ChunkRecord> chunks;
  std::vector<float> host_vectors;              ///< rows x dim; empty = embed the text
  std::optional<storage::SourceRecord> source;  ///< of an indexed file
  storage::VectorsRecord vectors;               ///< in `generation`
  uint64_t generation = 0;
  bool embedded = false;  ///< `vectors` is settled (it may still be empty)
};

/// Checks a host's document and cuts its body into chunks. The body is made valid UTF-8.
Result<PreparedDocument> PrepareInput(const CollectionState& state, const DocumentInput& input);

/// The same for a document that the indexer parsed.
Result<PreparedDocument> PrepareParsed(indexer::Document document,
                                       const storage::SourceRecord& source);

/// Vectors of chunks that were embedded before, by the hash of the embedded text.
class KnownVectors {
 public:
  /// Reads those of the stored version of the document, if there is one.
  static Result<KnownVectors> Load(const storage::Store& store, const CollectionState& state,
                                   std::string_view id, uint64_t generation,
                                   const storage::SnapshotPtr& at);
  /// dim floats, or null.
  const float* Find(const Hash128& hash, uint32_t dim) const;

 private:
  std::vector<Hash128> hashes_;  ///< one per row
  std::vector<float> rows_;
};

/// Settles `document->vectors`: the host's own, or the embedder's, reusing what is known. A chunk
/// for which a trained embedder knows no word gets no vector. `embedder` may be null.
Status EmbedDocument(CollectionState& state, embed::Embedder* embedder, uint64_t generation,
                     const KnownVectors* known, PreparedDocument* document);

/// What is embedded of a chunk.
std::string EmbeddedText(const storage::DocumentRecord& record, const storage::ChunkRecord& chunk);

}  // namespace cairn::db
