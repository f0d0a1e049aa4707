#include "storage/records.h"

#include <bit>
#include <cstring>

#include "base/bytes.h"

namespace cairn::storage {
namespace {

void WriteHash(ByteWriter& out, const Hash128& hash) {
  out.Big64(hash.high);
  out.Big64(hash.low);
}

Hash128 ReadHash(ByteReader& in) {
  Hash128 hash;
  hash.high = in.Big64();
  hash.low = in.Big64();
  return hash;
}

std::string ReadText(ByteReader& in) { return std::string(in.Text()); }

template <typename Record>
Result<Record> Finished(Record record, const ByteReader& in, std::string_view what) {
  CAIRN_RETURN_IF_ERROR(in.Finish(what));
  return record;
}

}  // namespace

std::string DocumentRecord::Encode() const {
  std::string bytes;
  ByteWriter out(&bytes);
  for (const std::string* field :
       {&id, &title, &path, &type, &status, &description, &metadata_json}) {
    out.Text(*field);
  }
  out.Varint(tags.size());
  for (const std::string& tag : tags) out.Text(tag);
  out.SignedVarint(created_ns);
  out.SignedVarint(modified_ns);
  out.Varint(chunk_count);
  out.Varint(host_vector_count);
  return bytes;
}

Result<DocumentRecord> DocumentRecord::Decode(std::string_view bytes) {
  ByteReader in(bytes);
  DocumentRecord record;
  for (std::string* field : {&record.id, &record.title, &record.path, &record.type, &record.status,
                             &record.description, &record.metadata_json}) {
    *field = ReadText(in);
  }
  for (uint64_t count = in.Varint(); count > 0 && !in.failed(); --count) {
    record.tags.push_back(ReadText(in));
  }
  record.created_ns = in.SignedVarint();
  record.modified_ns = in.SignedVarint();
  record.chunk_count = static_cast<uint32_t>(in.Varint());
  record.host_vector_count = static_cast<uint32_t>(in.Varint());
  return Finished(std::move(record), in, "document record");
}

std::string ChunkRecord::Encode() const {
  std::string bytes;
  ByteWriter out(&bytes);
  out.Varint(begin);
  out.Varint(end - begin);
  out.Varint(line);
  out.Text(heading_path);
  out.Text(text);
  WriteHash(out, embedded_hash);
  return bytes;
}

Result<ChunkRecord> ChunkRecord::Decode(std::string_view bytes) {
  ByteReader in(bytes);
  ChunkRecord record;
  record.begin = in.Varint();
  record.end = record.begin + in.Varint();
  record.line = static_cast<uint32_t>(in.Varint());
  record.heading_path = ReadText(in);
  record.text = ReadText(in);
  record.embedded_hash = ReadHash(in);
  return Finished(std::move(record), in, "chunk record");
}

std::string VectorsRecord::Encode() const {
  std::string bytes;
  ByteWriter out(&bytes);
  out.Varint(ordinals.size());
  uint32_t previous = 0;
  for (uint32_t ordinal : ordinals) {
    out.Varint(ordinal - previous);
    previous = ordinal;
  }
  static_assert(std::endian::native == std::endian::little, "vectors are stored little-endian");
  out.Raw({reinterpret_cast<const char*>(rows.data()), rows.size() * sizeof(float)});
  return bytes;
}

Result<VectorsRecord> VectorsRecord::Decode(std::string_view bytes) {
  ByteReader in(bytes);
  VectorsRecord record;
  uint32_t ordinal = 0;
  for (uint64_t count = in.Varint(); count > 0 && !in.failed(); --count) {
    ordinal += static_cast<uint32_t>(in.Varint());
    record.ordinals.push_back(ordinal);
  }
  size_t row_bytes = in.remaining();
  size_t unit = record.ordinals.size() * sizeof(float);
  if (in.failed() || (unit == 0 ? row_bytes != 0 : row_bytes % unit != 0)) {
    return Error(Code::kDataLoss, "vectors record has ", row_bytes, " bytes for ",
                 record.ordinals.size(), " vectors");
  }
  record.rows.resize(row_bytes / sizeof(float));
  if (row_bytes > 0) std::memcpy(record.rows.data(), in.Raw(row_bytes).data(), row_bytes);
  return record;
}

std::string CollectionRecord::Encode() const {
  std::string bytes;
  ByteWriter out(&bytes);
  out.Varint(id);
  out.Text(config_json);
  return bytes;
}

Result<CollectionRecord> CollectionRecord::Decode(std::string_view bytes) {
  ByteReader in(bytes);
  CollectionRecord record;
  record.id = static_cast<uint32_t>(in.Varint());
  record.config_json = ReadText(in);
  return Finished(std::move(record), in, "collection record");
}

std::string CollectionCounters::Encode() const {
  std::string bytes;
  ByteWriter out(&bytes);
  for (uint64_t value : {next_doc, document_count, chunk_count, vector_count, last_change}) {
    out.Varint(value);
  }
  return bytes;
}

Result<CollectionCounters> CollectionCounters::Decode(std::string_view bytes) {
  ByteReader in(bytes);
  CollectionCounters record;
  record.next_doc = in.Varint();
  record.document_count = in.Varint();
  record.chunk_count = in.Varint();
  record.vector_count = in.Varint();
  if (in.remaining() > 0) record.last_change = in.Varint();
  return Finished(record, in, "collection counters");
}

std::string DatabaseCounters::Encode() const {
  std::string bytes;
  ByteWriter out(&bytes);
  out.Varint(sequence);
  out.Varint(next_collection);
  return bytes;
}

Result<DatabaseCounters> DatabaseCounters::Decode(std::string_view bytes) {
  ByteReader in(bytes);
  DatabaseCounters record;
  record.sequence = in.Varint();
  record.next_collection = static_cast<uint32_t>(in.Varint());
  return Finished(record, in, "database counters");
}

std::string EmbedderState::Encode() const {
  std::string bytes;
  ByteWriter out(&bytes);
  for (uint64_t value : {generation, trained_chunks, last_generation}) out.Varint(value);
  return bytes;
}

Result<EmbedderState> EmbedderState::Decode(std::string_view bytes) {
  ByteReader in(bytes);
  EmbedderState record;
  record.generation = in.Varint();
  record.trained_chunks = in.Varint();
  record.last_generation = in.Varint();
  return Finished(record, in, "embedder state");
}

std::string SourceRecord::Encode() const {
  std::string bytes;
  ByteWriter out(&bytes);
  out.Varint(size_bytes);
  out.SignedVarint(mtime_ns);
  out.SignedVarint(indexed_ns);
  WriteHash(out, hash);
  return bytes;
}

Result<SourceRecord> SourceRecord::Decode(std::string_view bytes) {
  ByteReader in(bytes);
  SourceRecord record;
  record.size_bytes = in.Varint();
  record.mtime_ns = in.SignedVarint();
  record.indexed_ns = in.SignedVarint();
  record.hash = ReadHash(in);
  return Finished(record, in, "source record");
}

std::string ChangeRecord::Encode() const {
  std::string bytes;
  ByteWriter out(&bytes);
  out.Byte(static_cast<uint8_t>(kind));
  out.Varint(collection);
  out.Varint(doc);
  out.Text(name);
  if (previous) {
    out.Varint(*previous);
    out.Varint(replaced);
  }
  return bytes;
}

Result<ChangeRecord> ChangeRecord::Decode(std::string_view bytes) {
  ByteReader in(bytes);
  ChangeRecord record;
  record.kind = static_cast<ChangeKind>(in.Byte());
  record.collection = static_cast<uint32_t>(in.Varint());
  record.doc = in.Varint();
  record.name = ReadText(in);
  if (in.remaining() > 0) {
    record.previous = in.Varint();
    record.replaced = in.Varint();
  }
  return Finished(std::move(record), in, "change record");
}

}  // namespace cairn::storage
