#include <algorithm>
#include <array>
#include <type_traits>
#include <vector>

#include "vector/file_io.h"
#include "vector/segment_file.h"
#include "vector/segment_format.h"
#include "vector/stream_hash.h"

namespace cairn::vector {
namespace {

constexpr size_t kPieceBytes = 1 << 20;

static_assert(sizeof(Calibration::Point) == 8 && sizeof(DocNo) == 8 && sizeof(float) == 4);

/// Appends sections to a file, in their order, and notes them in the header.
class SectionWriter {
 public:
  SectionWriter(OutputFile* file, SegmentHeader* header) : file_(*file), header_(*header) {}

  /// Starts a section.
  Status Begin(Section section) {
    static constexpr std::array<uint8_t, kHeaderBytes> kZeros = {};
    uint64_t start = SectionStart(section, file_.bytes());
    entry_ = &header_.at(section);
    entry_->offset = start;
    hash_.Reset();
    entry_->hash = hash_.Value();
    return file_.Append(kZeros.data(), start - file_.bytes());
  }
  Status Add(const void* data, size_t bytes) {
    const auto* at = static_cast<const uint8_t*>(data);
    for (size_t done = 0; done < bytes;) {
      size_t piece = std::min(bytes - done, kPieceBytes);  // still in the cache when it is written
      hash_.Add(at + done, piece);
      CAIRN_RETURN_IF_ERROR(file_.Append(at + done, piece));
      done += piece;
    }
    entry_->bytes += bytes;
    entry_->hash = hash_.Value();
    return OkStatus();
  }
  template <typename T>
  Status Write(Section section, const T* values, size_t count) {
    static_assert(std::is_trivially_copyable_v<T>);
    CAIRN_RETURN_IF_ERROR(Begin(section));
    return Add(values, count * sizeof(T));
  }

 private:
  OutputFile& file_;
  SegmentHeader& header_;
  SectionEntry* entry_ = nullptr;
  StreamHash hash_;
};

/// Calls body(first row, number of rows) for the pages of a table, until one fails.
template <typename Body>
Status ForEachPage(const RowTable& rows, const Body& body) {
  for (uint32_t row = 0; row < rows.size();) {
    uint32_t count = std::min(rows.size() - row, RowTable::kPageRows);
    CAIRN_RETURN_IF_ERROR(body(row, count));
    row += count;
  }
  return OkStatus();
}

/// A section of one value per row. `value` gives it.
template <typename T, typename Value>
Status WritePerRow(const RowTable& rows, Section section, SectionWriter* writer,
                   const Value& value) {
  CAIRN_RETURN_IF_ERROR(writer->Begin(section));
  std::vector<T> values(RowTable::kPageRows);
  return ForEachPage(rows, [&](uint32_t first, uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) values[i] = value(first + i);
    return writer->Add(values.data(), count * sizeof(T));
  });
}

Status WriteRows(const RowTable& rows, SectionWriter* writer) {
  CAIRN_RETURN_IF_ERROR(writer->Begin(Section::kVectors));
  return ForEachPage(rows, [&](uint32_t first, uint32_t count) {
    return writer->Add(rows.Vector(first), size_t{count} * rows.dim() * sizeof(float));
  });
}

Status WriteSections(const Segment& segment, SectionWriter* writer) {
  const RowTable& rows = segment.rows;
  const Graph& graph = segment.graph;
  const std::vector<float>& centre = segment.quantizer.parameters().centre;
  const std::vector<Calibration::Point>& points = segment.calibration.points;
  const std::vector<uint32_t>& order = segment.by_document;
  CAIRN_RETURN_IF_ERROR(writer->Write(Section::kCentre, centre.data(), centre.size()));
  CAIRN_RETURN_IF_ERROR(
      writer->Write(Section::kEntries, graph.entries.data(), graph.entries.size()));
  CAIRN_RETURN_IF_ERROR(writer->Write(Section::kCalibration, points.data(), points.size()));
  CAIRN_RETURN_IF_ERROR(writer->Write(Section::kBias, graph.bias, graph.row_count));
  CAIRN_RETURN_IF_ERROR(WritePerRow<DocNo>(rows, Section::kDocs, writer,
                                           [&](uint32_t row) { return rows.Doc(row); }));
  CAIRN_RETURN_IF_ERROR(WritePerRow<uint32_t>(rows, Section::kOrdinals, writer,
                                              [&](uint32_t row) { return rows.Ordinal(row); }));
  CAIRN_RETURN_IF_ERROR(writer->Write(Section::kByDocument, order.data(), order.size()));
  CAIRN_RETURN_IF_ERROR(
      writer->Write(Section::kBlocks, graph.blocks, graph.row_count * graph.stride));
  return WriteRows(rows, writer);
}

SegmentHeader HeaderOf(const Segment& segment) {
  const Quantizer::Parameters& parameters = segment.quantizer.parameters();
  SegmentHeader header;
  header.dim = segment.rows.dim();
  header.metric = static_cast<int32_t>(parameters.metric);
  header.width = static_cast<uint32_t>(parameters.width);
  header.row_count = segment.rows.size();
  header.trained_rows = segment.trained_rows;
  header.step = parameters.step;
  header.norm_bound = parameters.norm_bound;
  header.code_error = segment.code_error;
  header.max_code_error = segment.max_code_error;
  header.longest_edge = segment.graph.edges.longest;
  header.entry_centres = static_cast<uint32_t>(segment.entry_table->centres.size());
  header.stride = segment.graph.stride;
  header.code_bytes = segment.graph.code_bytes;
  header.lanes = segment.graph.lanes;
  return header;
}

}  // namespace

Status WriteSegment(const Segment& segment, const std::string& path) {
  const Quantizer& quantizer = segment.quantizer;
  if (segment.graph.row_count != segment.size() ||
      segment.rows.dim() != quantizer.parameters().dim) {
    return Error(Code::kInternal, "the graph and the rows of a segment do not fit: ", path);
  }
  SegmentHeader header = HeaderOf(segment);
  CAIRN_ASSIGN_OR_RETURN(std::unique_ptr<OutputFile> file, OutputFile::Create(path));
  CAIRN_RETURN_IF_ERROR(file->Append(&header, sizeof(header)));
  SectionWriter writer(file.get(), &header);
  CAIRN_RETURN_IF_ERROR(WriteSections(segment, &writer));
  CAIRN_RETURN_IF_ERROR(CheckHeader(header, file->bytes(), path));
  header.checksum = header.Checksum();
  CAIRN_RETURN_IF_ERROR(file->Overwrite(&header, sizeof(header)));
  return file->Commit();
}

}  // namespace cairn::vector
