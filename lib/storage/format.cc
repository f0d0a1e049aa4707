#include "storage/format.h"

#include "base/bytes.h"

namespace cairn::storage {
namespace {
constexpr std::string_view kMagic = "cairn";
}  // namespace

std::string EncodeFormat(uint32_t version) {
  std::string record;
  ByteWriter writer(&record);
  writer.Text(kMagic);
  writer.Varint(version);
  return record;
}

Result<uint32_t> DecodeFormat(std::string_view record) {
  ByteReader reader(record);
  std::string_view magic = reader.Text();
  uint64_t version = reader.Varint();
  if (reader.failed() || magic != kMagic || version == 0 || version > UINT32_MAX) {
    return Error(Code::kDataLoss, "the format record is damaged");
  }
  return static_cast<uint32_t>(version);
}

Status CheckNotNewer(uint32_t version, const std::string& path) {
  if (version <= kFormatVersion) return OkStatus();
  return Error(Code::kFailedPrecondition, "database ", path, " has format version ", version,
               ", and this library knows versions up to ", kFormatVersion,
               ": open it with a newer cairn, or restore a backup made by this one");
}

}  // namespace cairn::storage
