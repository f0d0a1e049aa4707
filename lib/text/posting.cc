#include "text/posting.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace cairn::text {
namespace {

constexpr uint64_t kMaxCount = std::numeric_limits<uint32_t>::max();

bool IsLength(double length) { return std::isfinite(length) && length >= 0; }

size_t SharedPrefix(std::string_view a, std::string_view b) {
  const size_t limit = std::min(a.size(), b.size());
  size_t size = 0;
  while (size < limit && a[size] == b[size]) ++size;
  return size;
}

}  // namespace

void ChunkListWriter::Add(uint32_t ordinal, uint32_t count) {
  ByteWriter out(&bytes_);
  out.Varint(ordinal - last_);
  out.Varint(count);
  last_ = ordinal;
}

bool ChunkListReader::Next(ChunkCount* chunk) {
  if (in_.remaining() == 0 || failed()) return false;
  const uint64_t step = in_.Varint();
  const uint64_t count = in_.Varint();
  const bool bad = step > kMaxCount || last_ + step > kMaxCount || (step == 0 && !first_) ||
                   count == 0 || count > kMaxCount;
  if (in_.failed() || bad) {
    failed_ = true;
    return false;
  }
  first_ = false;
  last_ += step;
  *chunk = {static_cast<uint32_t>(last_), static_cast<uint32_t>(count)};
  return true;
}

std::string EncodePosting(float length, const FieldCounts& counts, const ChunkListWriter& chunks) {
  std::string value;
  ByteWriter out(&value);
  out.Float(length);
  out.Varint(counts.title);
  out.Varint(counts.tags);
  out.Varint(counts.description);
  out.Raw(chunks.bytes());
  return value;
}

bool DecodePosting(std::string_view value, Posting* posting) {
  ByteReader in(value);
  posting->length = in.Float();
  FieldCounts& counts = posting->counts;
  counts.title = in.Varint();
  counts.tags = in.Varint();
  counts.description = in.Varint();
  counts.body = 0;
  if (in.failed() || !IsLength(posting->length)) return false;
  if (std::max({counts.title, counts.tags, counts.description}) > kMaxCount) return false;
  posting->chunks = in.Raw(in.remaining());
  ChunkListReader chunks(posting->chunks);
  for (ChunkCount chunk; chunks.Next(&chunk);) counts.body += chunk.count;
  return !chunks.failed() && counts.title + counts.tags + counts.description + counts.body > 0;
}

std::string EncodeForwardList(const ForwardList& list) {
  std::string value;
  ByteWriter out(&value);
  out.Float(list.length);
  out.Varint(list.terms.size());
  std::string_view previous;
  for (std::string_view term : list.terms) {
    const size_t shared = SharedPrefix(previous, term);
    out.Varint(shared);
    out.Text(term.substr(shared));
    previous = term;
  }
  return value;
}

Result<ForwardList> DecodeForwardList(std::string_view value) {
  ByteReader in(value);
  ForwardList list;
  list.length = in.Float();
  const uint64_t count = in.Varint();
  bool bad = !IsLength(list.length) || count == 0;
  for (uint64_t i = 0; i < count && !bad && !in.failed(); ++i) {
    const std::string_view previous =
        list.terms.empty() ? std::string_view() : std::string_view(list.terms.back());
    const uint64_t shared = in.Varint();
    const std::string_view rest = in.Text();
    bad = shared > previous.size();
    if (bad || in.failed()) break;
    std::string term = StrCat(previous.substr(0, shared), rest);
    bad = term <= previous;
    list.terms.push_back(std::move(term));
  }
  CAIRN_RETURN_IF_ERROR(in.Finish("the list of a document's terms"));
  if (bad) return Error(Code::kDataLoss, "the list of a document's terms is malformed");
  return list;
}

std::string EncodeStatistics(const TextStatistics& statistics) {
  std::string value;
  ByteWriter out(&value);
  out.Varint(statistics.document_count);
  out.Big64(std::bit_cast<uint64_t>(statistics.total_length));
  return value;
}

Result<TextStatistics> DecodeStatistics(std::string_view value) {
  ByteReader in(value);
  TextStatistics statistics;
  statistics.document_count = in.Varint();
  statistics.total_length = std::bit_cast<double>(in.Big64());
  CAIRN_RETURN_IF_ERROR(in.Finish("text statistics"));
  if (!IsLength(statistics.total_length)) {
    return Error(Code::kDataLoss, "text statistics hold a total length of ",
                 statistics.total_length);
  }
  return statistics;
}

}  // namespace cairn::text
