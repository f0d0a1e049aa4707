#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/status.h"

/// The values kept in RocksDB, with their encodings. Encoded forms are part of format version 1.
/// Decoding malformed bytes gives kDataLoss.
namespace cairn::storage {

/// Everything about a document that a result shows; the body is stored apart.
struct DocumentRecord {
  std::string id;
  std::string title;
  std::string path;  ///< of the source file, relative to the root; "" for host documents
  std::vector<std::string> tags;
  std::string type;
  std::string status;
  std::string description;
  std::string metadata_json;
  int64_t created_ns = 0;
  int64_t modified_ns = 0;
  uint32_t chunk_count = 0;
  uint32_t host_vector_count = 0;  ///< vectors that the host supplied; 0 = embedded from the text

  std::string Encode() const;
  static Result<DocumentRecord> Decode(std::string_view bytes);
};

struct ChunkRecord {
  uint64_t begin = 0;
  uint64_t end = 0;
  uint32_t line = 0;
  std::string heading_path;
  std::string text;
  Hash128 embedded_hash;  ///< of the text that was embedded: title, heading path and text

  std::string Encode() const;
  static Result<ChunkRecord> Decode(std::string_view bytes);
};

/// The vectors of one document: some of its chunks may have none.
struct VectorsRecord {
  std::vector<uint32_t> ordinals;  ///< ascending
  std::vector<float> rows;         ///< ordinals.size() x dim

  std::string Encode() const;
  static Result<VectorsRecord> Decode(std::string_view bytes);
};

/// A collection's settings, as opaque JSON owned by `db`, and its number.
struct CollectionRecord {
  uint32_t id = 0;
  std::string config_json;

  std::string Encode() const;
  static Result<CollectionRecord> Decode(std::string_view bytes);
};

/// Numbers that move with every change of a collection.
struct CollectionCounters {
  uint64_t next_doc = 1;
  uint64_t document_count = 0;
  uint64_t chunk_count = 0;
  uint64_t vector_count = 0;  ///< of the active generation
  uint64_t last_change = 0;   ///< its sequence number; absent and 0 in records of earlier releases

  std::string Encode() const;
  static Result<CollectionCounters> Decode(std::string_view bytes);
};

struct DatabaseCounters {
  uint64_t sequence = 0;
  uint32_t next_collection = 1;

  std::string Encode() const;
  static Result<DatabaseCounters> Decode(std::string_view bytes);
};

/// Which generation of a trained embedder is active.
struct EmbedderState {
  uint64_t generation = 0;  ///< 0 = none yet
  uint64_t trained_chunks = 0;
  uint64_t last_generation = 0;  ///< highest ever begun; numbers are not reused

  std::string Encode() const;
  static Result<EmbedderState> Decode(std::string_view bytes);
};

struct SourceRecord {
  uint64_t size_bytes = 0;
  int64_t mtime_ns = 0;
  int64_t indexed_ns = 0;
  Hash128 hash;

  std::string Encode() const;
  static Result<SourceRecord> Decode(std::string_view bytes);
};

enum class ChangeKind : uint8_t {
  kUpsert = 1,
  kDelete = 2,
  kCreateCollection = 3,
  kDropCollection = 4,
  kGeneration = 5,
};

struct ChangeRecord {
  ChangeKind kind = ChangeKind::kUpsert;
  uint32_t collection = 0;
  uint64_t doc = 0;  ///< number of the document written or deleted; generation for kGeneration
  std::string name;  ///< document id or collection name
  /// Sequence number of the collection's change before this one, 0 = none. Nothing in records of
  /// earlier releases, and of kCreateCollection and kDropCollection.
  std::optional<uint64_t> previous = std::nullopt;
  uint64_t replaced = 0;  ///< with `previous`: number of the version that an upsert replaced, or 0

  std::string Encode() const;
  static Result<ChangeRecord> Decode(std::string_view bytes);
};

}  // namespace cairn::storage
