#include "embed/builtin_model.h"

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "base/hash.h"
#include "kernels/distance.h"

namespace cairn::embed {
namespace {

constexpr uint8_t kFormatVersion = 1;
constexpr size_t kChecksumBytes = 8;
constexpr uint64_t kMaxBlockDim = 65536;

/// Appends `count` values as bytes and returns what one step of a byte is worth.
float Quantize(const float* values, size_t count, std::vector<int8_t>* out) {
  float largest = 0;
  for (size_t i = 0; i < count; ++i) largest = std::max(largest, std::fabs(values[i]));
  const float scale = largest / 127;
  for (size_t i = 0; i < count; ++i) {
    out->push_back(scale == 0 ? int8_t{0} : static_cast<int8_t>(std::lround(values[i] / scale)));
  }
  return scale;
}

Status Damaged() { return Error(Code::kDataLoss, "the builtin embedder's header is damaged"); }

}  // namespace

std::string EncodeHeader(const ModelHeader& header) {
  std::string out;
  ByteWriter writer(&out);
  writer.Byte(kFormatVersion);
  writer.Varint(header.block_dim);
  writer.Varint(header.lsa_rank);
  writer.Varint(header.ppmi_rank);
  writer.Varint(header.chunk_count);
  writer.Varint(header.trained_count);
  writer.Varint(header.term_count);
  writer.Text(header.analyzer);
  writer.Big64(HashBytes(out));
  return out;
}

Result<ModelHeader> DecodeHeader(std::string_view bytes) {
  if (bytes.size() <= kChecksumBytes) return Damaged();
  const std::string_view body = bytes.substr(0, bytes.size() - kChecksumBytes);
  if (ByteReader(bytes.substr(body.size())).Big64() != HashBytes(body)) return Damaged();
  ByteReader reader(body);
  if (uint8_t version = reader.Byte(); version != kFormatVersion) {
    return Error(Code::kUnsupported, "the builtin embedder's model has format ",
                 static_cast<uint32_t>(version), ", this library reads format ",
                 static_cast<uint32_t>(kFormatVersion));
  }
  const uint64_t block_dim = reader.Varint();
  const uint64_t lsa_rank = reader.Varint();
  const uint64_t ppmi_rank = reader.Varint();
  if (block_dim > kMaxBlockDim || std::max(lsa_rank, ppmi_rank) > block_dim) return Damaged();
  ModelHeader header;
  header.block_dim = static_cast<uint32_t>(block_dim);
  header.lsa_rank = static_cast<uint32_t>(lsa_rank);
  header.ppmi_rank = static_cast<uint32_t>(ppmi_rank);
  header.chunk_count = reader.Varint();
  header.trained_count = reader.Varint();
  header.term_count = reader.Varint();
  header.analyzer = reader.Text();
  CAIRN_RETURN_IF_ERROR(reader.Finish("the builtin embedder's header"));
  return header;
}

ModelRow QuantizeRow(const ModelHeader& header, float lsa_weight, const float* lsa,
                     float ppmi_weight, const float* ppmi) {
  ModelRow row;
  row.lsa_weight = lsa_weight;
  row.ppmi_weight = ppmi_weight;
  row.values.reserve(header.lsa_rank + header.ppmi_rank);
  row.lsa_scale = Quantize(lsa, header.lsa_rank, &row.values);
  row.ppmi_scale = Quantize(ppmi, header.ppmi_rank, &row.values);
  return row;
}

std::string EncodeRow(const ModelRow& row) {
  std::string out;
  ByteWriter writer(&out);
  writer.Float(row.lsa_weight);
  writer.Float(row.ppmi_weight);
  writer.Float(row.lsa_scale);
  writer.Float(row.ppmi_scale);
  for (int8_t value : row.values) writer.Byte(static_cast<uint8_t>(value));
  return out;
}

Result<ModelRow> DecodeRow(const ModelHeader& header, std::string_view bytes) {
  ByteReader reader(bytes);
  ModelRow row;
  row.lsa_weight = reader.Float();
  row.ppmi_weight = reader.Float();
  row.lsa_scale = reader.Float();
  row.ppmi_scale = reader.Float();
  const std::string_view values = reader.Raw(header.lsa_rank + header.ppmi_rank);
  CAIRN_RETURN_IF_ERROR(reader.Finish("a term of the builtin embedder"));
  const float numbers[] = {row.lsa_weight, row.ppmi_weight, row.lsa_scale, row.ppmi_scale};
  if (!kernels::AllFinite(numbers, std::size(numbers))) {
    return Error(Code::kDataLoss, "a term of the builtin embedder has weights that are no numbers");
  }
  row.values.reserve(values.size());
  for (char value : values) row.values.push_back(static_cast<int8_t>(value));
  return row;
}

}  // namespace cairn::embed
