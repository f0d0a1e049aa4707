#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "vector/file_io.h"

namespace cairn::vector {

/// The parts of a segment file, in their order. All numbers are little-endian.
enum class Section : size_t {
  kCentre,       ///< float: Quantizer::Parameters::centre
  kEntries,      ///< uint32: Graph::entries
  kCalibration,  ///< Calibration::Point
  kBias,         ///< float: Graph::bias
  kDocs,         ///< uint64: RowTable::Doc
  kOrdinals,     ///< uint32: RowTable::Ordinal
  kByDocument,   ///< uint32: Segment::by_document
  kBlocks,       ///< Graph::blocks
  kVectors,      ///< float: RowTable::Vector
};
constexpr size_t kSectionCount = 9;
constexpr std::array<Section, kSectionCount> kSections = {
    Section::kCentre,     Section::kEntries, Section::kCalibration,
    Section::kBias,       Section::kDocs,    Section::kOrdinals,
    Section::kByDocument, Section::kBlocks,  Section::kVectors};

constexpr uint64_t kHeaderBytes = 4096;
constexpr uint32_t kSegmentVersion = 2;  ///< 1: without sketches in the blocks

/// A word for messages: "bias".
std::string_view SectionName(Section section);

/// Where a section starts that follows one that ends at byte `end`: codes and vectors on a page,
/// the others on a cache line.
uint64_t SectionStart(Section section, uint64_t end);

struct SectionEntry {
  uint64_t offset = 0;
  uint64_t bytes = 0;
  uint64_t hash = 0;  ///< XXH3, 64 bits, of the section without what fills it up
};

/// The first page of a segment file. Of every version, magic, version and checksum are where they
/// are here.
struct SegmentHeader {
  std::array<char, 8> magic = {'C', 'A', 'I', 'R', 'N', 'S', 'E', 'G'};
  uint32_t version = kSegmentVersion;
  uint32_t dim = 0;
  int32_t metric = 0;
  uint32_t width = 0;
  uint32_t row_count = 0;
  uint32_t trained_rows = 0;
  float step = 0;
  float norm_bound = 0;
  float code_error = 0;
  float max_code_error = 0;
  float longest_edge = 0;      ///< EdgeScale::longest
  uint32_t entry_centres = 0;  ///< of the entry table; 0 = as it sees fit
  uint64_t stride = 0;
  uint64_t code_bytes = 0;
  uint64_t lanes = 0;
  std::array<SectionEntry, kSectionCount> sections = {};
  std::array<uint8_t, kHeaderBytes - 88 - kSectionCount * sizeof(SectionEntry)> zeros = {};
  uint64_t checksum = 0;  ///< XXH3, 64 bits, of all before it

  SectionEntry& at(Section section) { return sections[static_cast<size_t>(section)]; }
  const SectionEntry& at(Section section) const { return sections[static_cast<size_t>(section)]; }
  uint64_t Checksum() const;
};
static_assert(sizeof(SegmentHeader) == kHeaderBytes);

/// kDataLoss for the file at `path`. `what` names the part, and what is wrong with it.
Status Damaged(const std::string& path, std::string_view what);

/// Reads the header and checks it on its own and against the length of the file, so that the
/// sections lie inside the file and hold as much as dim, row_count and stride make them.
/// kDataLoss, or kFailedPrecondition for a newer format.
Result<SegmentHeader> ReadHeader(const InputFile& file);

/// The same checks of a header about to be written to a file of `file_bytes`.
Status CheckHeader(const SegmentHeader& header, uint64_t file_bytes, const std::string& path);

}  // namespace cairn::vector
