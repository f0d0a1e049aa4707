#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "text/text_index.h"

/// The stored values of the text index.
///
///   posting      length(float) title tags description, then for each chunk that holds the term, in
///                order: ordinal (the first as it is, then the distance to the one before), count
///   forward list length(float) number of terms, then the terms in order, each as the size of the
///                prefix it shares with the one before and the rest
///   statistics   number of documents, total length (the bits of a double, 8 bytes)
///
/// Numbers are varints unless said otherwise; `length` is the weighted length of the document.
namespace cairn::text {

/// How often a chunk holds a term.
struct ChunkCount {
  uint32_t ordinal = 0;
  uint32_t count = 0;
};

/// How often the fields of a document hold a term.
struct FieldCounts {
  uint64_t title = 0;
  uint64_t tags = 0;
  uint64_t description = 0;
  uint64_t body = 0;
};

/// Builds the part of a posting that lists the chunks. Ordinals must grow.
class ChunkListWriter {
 public:
  void Add(uint32_t ordinal, uint32_t count);
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  uint32_t last_ = 0;
};

/// Reads that part; yields nothing more once it met something malformed.
class ChunkListReader {
 public:
  explicit ChunkListReader(std::string_view bytes) : in_(bytes) {}
  bool Next(ChunkCount* chunk);
  bool failed() const { return failed_ || in_.failed(); }

 private:
  ByteReader in_;
  bool first_ = true;
  bool failed_ = false;
  uint64_t last_ = 0;
};

struct Posting {
  float length = 0;
  FieldCounts counts;
  std::string_view chunks;  ///< for ChunkListReader; borrowed from the stored value
};

std::string EncodePosting(float length, const FieldCounts& counts, const ChunkListWriter& chunks);
/// Fills in `counts.body` too. False when the value is malformed.
bool DecodePosting(std::string_view value, Posting* posting);

struct ForwardList {
  float length = 0;
  std::vector<std::string> terms;  ///< ascending, no two alike
};

std::string EncodeForwardList(const ForwardList& list);
Result<ForwardList> DecodeForwardList(std::string_view value);

std::string EncodeStatistics(const TextStatistics& statistics);
Result<TextStatistics> DecodeStatistics(std::string_view value);

}  // namespace cairn::text
