#include "vector/segment_format.h"

#include <bit>
#include <string_view>
#include <type_traits>

#include "base/hash.h"
#include "vector/calibration.h"
#include "vector/graph.h"
#include "vector/vector_index.h"

namespace cairn::vector {
namespace {

static_assert(std::endian::native == std::endian::little, "segment files are mapped as they are");
static_assert(std::has_unique_object_representations_v<SectionEntry>);

constexpr uint64_t kPage = 4096;
constexpr uint64_t kLine = 64;
constexpr uint32_t kMaxDim = 65535;
constexpr uint64_t kMaxStride = 1 << 20;
constexpr float kMaxEdge = 1 << 16;  // in steps; codes are at most 127 * 256 apart

bool NotNegative(float x) { return x >= 0; }  // nor NaN

Status CheckNumbers(const SegmentHeader& header, const std::string& path) {
  bool metric = header.metric >= 0 && header.metric <= static_cast<int32_t>(Metric::kL2);
  bool width = header.width == 4 || header.width == 7;
  bool numbers = header.step > 0 && NotNegative(header.norm_bound) &&
                 NotNegative(header.code_error) && NotNegative(header.max_code_error) &&
                 NotNegative(header.longest_edge) && header.longest_edge < kMaxEdge;
  bool shape = header.dim >= 1 && header.dim <= kMaxDim && header.row_count <= kMaxGraphRows &&
               header.stride <= kMaxStride;
  if (metric && width && numbers && shape) return OkStatus();
  return Damaged(path, "the header's values are out of range");
}

bool SizeFits(const SegmentHeader& header, Section section) {
  const uint64_t bytes = header.at(section).bytes;
  const uint64_t rows = header.row_count;
  switch (section) {
    case Section::kCentre:
      return bytes == header.dim * sizeof(float);
    case Section::kEntries:
      return bytes % sizeof(uint32_t) == 0 && bytes <= rows * sizeof(uint32_t);
    case Section::kCalibration:
      return bytes % sizeof(Calibration::Point) == 0;
    case Section::kBias:
    case Section::kOrdinals:
      return bytes == rows * sizeof(uint32_t);
    case Section::kDocs:
      return bytes == rows * sizeof(uint64_t);
    case Section::kByDocument:
      return bytes == 0 || bytes == rows * sizeof(uint32_t);
    case Section::kBlocks:
      return bytes == rows * header.stride;
    case Section::kVectors:
      return bytes == rows * header.dim * sizeof(float);
  }
  return false;
}

Status CheckSections(const SegmentHeader& header, uint64_t file_bytes, const std::string& path) {
  uint64_t end = kHeaderBytes;
  for (Section section : kSections) {
    const SectionEntry& entry = header.at(section);
    if (entry.offset != SectionStart(section, end) || !SizeFits(header, section)) {
      return Damaged(path, StrCat("the header misplaces its ", SectionName(section)));
    }
    if (entry.offset > file_bytes || entry.bytes > file_bytes - entry.offset) {
      return Damaged(path, StrCat("it is cut short in its ", SectionName(section)));
    }
    end = entry.offset + entry.bytes;
  }
  return end == file_bytes ? OkStatus() : Damaged(path, "it is longer than its sections");
}

}  // namespace

std::string_view SectionName(Section section) {
  static constexpr std::array<std::string_view, kSectionCount> kNames = {
      "centre",           "entries",  "calibration",        "bias",
      "document numbers", "ordinals", "order of documents", "codes",
      "vectors"};
  return kNames[static_cast<size_t>(section)];
}

uint64_t SectionStart(Section section, uint64_t end) {
  uint64_t unit = section == Section::kBlocks || section == Section::kVectors ? kPage : kLine;
  return (end + unit - 1) / unit * unit;
}

uint64_t SegmentHeader::Checksum() const {
  return HashBytes({reinterpret_cast<const char*>(this), kHeaderBytes - sizeof(checksum)});
}

Status Damaged(const std::string& path, std::string_view what) {
  return Error(Code::kDataLoss, "the segment file ", path, " is damaged: ", what);
}

Result<SegmentHeader> ReadHeader(const InputFile& file) {
  if (file.bytes() < kHeaderBytes) return Damaged(file.path(), "it is cut short in its header");
  SegmentHeader header;
  CAIRN_RETURN_IF_ERROR(file.Read(0, &header, sizeof(header)));
  if (header.magic != SegmentHeader().magic) {
    return Damaged(file.path(), "it does not start as a segment file does");
  }
  if (header.checksum != header.Checksum()) return Damaged(file.path(), "the header has changed");
  if (header.version > kSegmentVersion) {
    return Error(Code::kFailedPrecondition, "the segment file ", file.path(), " has format ",
                 header.version, "; this library reads up to ", kSegmentVersion);
  }
  CAIRN_RETURN_IF_ERROR(CheckHeader(header, file.bytes(), file.path()));
  return header;
}

Status CheckHeader(const SegmentHeader& header, uint64_t file_bytes, const std::string& path) {
  if (header.version != kSegmentVersion) return Damaged(path, "the header has no known version");
  CAIRN_RETURN_IF_ERROR(CheckNumbers(header, path));
  return CheckSections(header, file_bytes, path);
}

}  // namespace cairn::vector
