#include "vector/segment_file.h"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "vector/file_io.h"
#include "vector/segment_format.h"
#include "vector/stream_hash.h"

namespace cairn::vector {
namespace {

constexpr size_t kPieceBytes = 1 << 20;

Status Changed(const InputFile& file, Section section) {
  return Damaged(file.path(), StrCat("its ", SectionName(section), " changed"));
}

/// Compares a section with its checksum, without mapping it: where the disk fails to read, a
/// mapping would end the process.
Status CheckSection(const InputFile& file, const SegmentHeader& header, Section section,
                    const std::function<bool()>& cancelled = {}) {
  const SectionEntry& entry = header.at(section);
  std::vector<uint8_t> piece(std::min<uint64_t>(entry.bytes, kPieceBytes));
  StreamHash hash;
  for (uint64_t done = 0; done < entry.bytes;) {
    if (cancelled && cancelled()) return Error(Code::kCancelled, "a segment file is not checked");
    size_t bytes = std::min<uint64_t>(entry.bytes - done, piece.size());
    CAIRN_RETURN_IF_ERROR(file.Read(entry.offset + done, piece.data(), bytes));
    hash.Add(piece.data(), bytes);
    done += bytes;
  }
  return hash.Value() == entry.hash ? OkStatus() : Changed(file, section);
}

template <typename T>
Status ReadSection(const InputFile& file, const SegmentHeader& header, Section section,
                   std::vector<T>* out) {
  static_assert(std::is_trivially_copyable_v<T>);
  const SectionEntry& entry = header.at(section);
  out->resize(entry.bytes / sizeof(T));
  CAIRN_RETURN_IF_ERROR(file.Read(entry.offset, out->data(), entry.bytes));
  uint64_t hash = HashBytes({reinterpret_cast<const char*>(out->data()), entry.bytes});
  return hash == entry.hash ? OkStatus() : Changed(file, section);
}

/// A section of row numbers.
Status ReadRowNumbers(const InputFile& file, const SegmentHeader& header, Section section,
                      std::vector<uint32_t>* out) {
  CAIRN_RETURN_IF_ERROR(ReadSection(file, header, section, out));
  bool inside = std::all_of(out->begin(), out->end(),
                            [&header](uint32_t row) { return row < header.row_count; });
  if (inside) return OkStatus();
  return Damaged(file.path(), StrCat("its ", SectionName(section), " leads out of the segment"));
}

Status CheckKind(const SegmentHeader& header, const std::string& path, uint32_t dim,
                 Metric metric) {
  if (header.dim == dim && header.metric == static_cast<int32_t>(metric)) return OkStatus();
  return Error(Code::kFailedPrecondition, "the segment file ", path, " has dimension ", header.dim,
               " and metric ", header.metric, " instead of ", dim, " and ",
               static_cast<int32_t>(metric));
}

Result<Quantizer> ReadQuantizer(const InputFile& file, const SegmentHeader& header) {
  Quantizer::Parameters parameters;
  parameters.dim = header.dim;
  parameters.metric = Metric{header.metric};
  parameters.width = CodeWidth{header.width};
  parameters.step = header.step;
  parameters.norm_bound = header.norm_bound;
  CAIRN_RETURN_IF_ERROR(ReadSection(file, header, Section::kCentre, &parameters.centre));
  Quantizer quantizer(std::move(parameters));
  bool fits = header.lanes == quantizer.lanes() && header.code_bytes == quantizer.code_bytes() &&
              header.stride == BlockStride(quantizer.code_bytes()) &&
              (header.longest_edge == 0 || HasSketches(quantizer.code_bytes()));
  if (!fits) return Damaged(file.path(), "its codes have another shape than its quantizer's");
  return quantizer;
}

template <typename T>
const T* At(const MappedFile& mapping, const SegmentHeader& header, Section section) {
  return reinterpret_cast<const T*>(mapping.data() + header.at(section).offset);
}

/// Lets the rows and the graph of a segment point into its file.
void PointInto(const std::shared_ptr<const MappedFile>& mapping, const SegmentHeader& header,
               Segment* segment) {
  segment->rows.Map(At<float>(*mapping, header, Section::kVectors),
                    At<DocNo>(*mapping, header, Section::kDocs),
                    At<uint32_t>(*mapping, header, Section::kOrdinals), header.row_count, mapping);
  Graph& graph = segment->graph;
  graph.blocks = At<uint8_t>(*mapping, header, Section::kBlocks);
  graph.stride = header.stride;
  graph.code_bytes = header.code_bytes;
  graph.lanes = header.lanes;
  graph.width = segment->quantizer.parameters().width;
  graph.bias = At<float>(*mapping, header, Section::kBias);
  graph.row_count = header.row_count;
  graph.edges = EdgeScale::Of(header.longest_edge, segment->quantizer);
  segment->graph_owner = mapping;
  segment->EnterBy(
      MakeEntryTable(segment->quantizer, graph, segment->entries, header.entry_centres));
}

}  // namespace

Result<std::shared_ptr<Segment>> MapSegment(const std::string& path, uint32_t dim, Metric metric) {
  CAIRN_ASSIGN_OR_RETURN(std::unique_ptr<InputFile> file, InputFile::Open(path));
  CAIRN_ASSIGN_OR_RETURN(SegmentHeader header, ReadHeader(*file));
  CAIRN_RETURN_IF_ERROR(CheckKind(header, path, dim, metric));
  CAIRN_ASSIGN_OR_RETURN(Quantizer quantizer, ReadQuantizer(*file, header));
  auto segment = std::make_shared<Segment>(std::move(quantizer), RowTable(dim));
  CAIRN_RETURN_IF_ERROR(ReadRowNumbers(*file, header, Section::kEntries, &segment->entries));
  CAIRN_RETURN_IF_ERROR(
      ReadSection(*file, header, Section::kCalibration, &segment->calibration.points));
  CAIRN_RETURN_IF_ERROR(CheckSection(*file, header, Section::kDocs));
  CAIRN_RETURN_IF_ERROR(CheckSection(*file, header, Section::kOrdinals));
  CAIRN_RETURN_IF_ERROR(ReadRowNumbers(*file, header, Section::kByDocument, &segment->by_document));
  CAIRN_ASSIGN_OR_RETURN(std::shared_ptr<const MappedFile> mapping, file->Map());
  const SectionEntry& blocks = header.at(Section::kBlocks);
  mapping->WillNeed(blocks.offset, blocks.bytes);
  PointInto(mapping, header, segment.get());
  segment->code_error = header.code_error;
  segment->max_code_error = header.max_code_error;
  segment->trained_rows = header.trained_rows;
  segment->calibrated_rows = header.row_count;
  return segment;
}

Status VerifySegment(const std::string& path, const std::function<bool()>& cancelled) {
  CAIRN_ASSIGN_OR_RETURN(std::unique_ptr<InputFile> file, InputFile::Open(path));
  CAIRN_ASSIGN_OR_RETURN(SegmentHeader header, ReadHeader(*file));
  for (Section section : kSections) {
    CAIRN_RETURN_IF_ERROR(CheckSection(*file, header, section, cancelled));
  }
  return OkStatus();
}

}  // namespace cairn::vector
