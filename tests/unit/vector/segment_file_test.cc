#include "vector/segment_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <numeric>
#include <random>

#include "support/matchers.h"
#include "support/temp_dir.h"
#include "vector/segment_format.h"

namespace cairn::vector {
namespace {

using test::TempDir;

struct Shape {
  uint32_t dim = 3;
  uint32_t rows = 100;
  Metric metric = Metric::kL2;
  CodeWidth width = CodeWidth::kSeven;
  bool in_order = false;  ///< the rows are in the order of their documents
};

std::vector<float> RandomFloats(size_t count) {
  std::mt19937 generator(static_cast<uint32_t>(count));
  std::normal_distribution<float> normal;
  std::vector<float> out(count);
  for (float& x : out) x = normal(generator);
  return out;
}

/// Codes of `vectors`, with neighbours that lie anywhere.
std::shared_ptr<OwnedGraph> MakeGraph(const Quantizer& quantizer, const Shape& shape,
                                      const float* vectors) {
  auto graph = std::make_shared<OwnedGraph>(OwnedGraph::Create(quantizer, shape.rows));
  for (uint32_t row = 0; row < shape.rows; ++row) {
    graph->bias[row] = quantizer.Encode(vectors + size_t{row} * shape.dim, graph->Code(row));
    for (uint32_t i = 0; i < row % kMaxDegree; ++i) {
      graph->Neighbours(row)[i] = (row + 7 * i) % shape.rows;
    }
  }
  for (uint32_t row = 0; row < shape.rows; row += 10) graph->entries.push_back(row);
  return graph;
}

Segment MakeSegment(const Shape& shape) {
  std::vector<float> vectors = RandomFloats(size_t{shape.rows} * shape.dim);
  auto row_at = [&](size_t i) { return vectors.data() + i * shape.dim; };
  Segment segment(Quantizer::Train(shape.dim, shape.metric, shape.width, shape.rows, row_at),
                  RowTable(shape.dim));
  for (uint32_t row = 0; row < shape.rows; ++row) {
    uint64_t doc = shape.in_order ? row / 2 : (row * 37) % shape.rows;
    segment.rows.Append(row_at(row), {DocNo{doc + 1}, row % 3});
  }
  if (!shape.in_order) {
    segment.by_document.resize(shape.rows);
    std::iota(segment.by_document.begin(), segment.by_document.end(), 0u);
    std::sort(segment.by_document.begin(), segment.by_document.end(),
              [&](uint32_t a, uint32_t b) { return segment.rows.Doc(a) < segment.rows.Doc(b); });
  }
  auto graph = MakeGraph(segment.quantizer, shape, vectors.data());
  segment.entries = graph->entries;
  segment.graph = graph->view();
  segment.graph_owner = graph;
  // Not as many centres as a table has that may choose.
  segment.EnterBy(MakeEntryTable(segment.quantizer, segment.graph, segment.entries, 3));
  segment.calibration.points = {{16, 0.9f}, {32, 0.95f}, {64, 0.99f}};
  segment.code_error = 0.25f;
  segment.trained_rows = 77;
  return segment;
}

void ExpectSameParameters(const Segment& a, const Segment& b) {
  const Quantizer::Parameters& p = a.quantizer.parameters();
  const Quantizer::Parameters& q = b.quantizer.parameters();
  EXPECT_EQ(p.dim, q.dim);
  EXPECT_EQ(p.metric, q.metric);
  EXPECT_EQ(p.width, q.width);
  EXPECT_EQ(p.step, q.step);
  EXPECT_EQ(p.norm_bound, q.norm_bound);
  EXPECT_EQ(p.centre, q.centre);
  EXPECT_EQ(a.code_error, b.code_error);
  EXPECT_EQ(a.trained_rows, b.trained_rows);
  ASSERT_EQ(a.calibration.points.size(), b.calibration.points.size());
  for (size_t i = 0; i < a.calibration.points.size(); ++i) {
    EXPECT_EQ(a.calibration.points[i].ef, b.calibration.points[i].ef);
    EXPECT_EQ(a.calibration.points[i].recall, b.calibration.points[i].recall);
  }
}

void ExpectSameGraph(const Graph& a, const Graph& b) {
  ASSERT_EQ(a.row_count, b.row_count);
  ASSERT_EQ(a.stride, b.stride);
  ASSERT_EQ(a.edges.longest, b.edges.longest);
  ASSERT_EQ(a.edges.slope, b.edges.slope);
  EXPECT_EQ(a.code_bytes, b.code_bytes);
  EXPECT_EQ(a.lanes, b.lanes);
  EXPECT_EQ(a.width, b.width);
  EXPECT_EQ(std::memcmp(a.blocks, b.blocks, a.row_count * a.stride), 0);
  EXPECT_TRUE(std::equal(a.bias, a.bias + a.row_count, b.bias));
  EXPECT_TRUE(std::equal(a.entries.begin(), a.entries.end(), b.entries.begin(), b.entries.end()));
}

void ExpectSame(const Segment& a, const Segment& b) {
  ExpectSameParameters(a, b);
  ExpectSameGraph(a.graph, b.graph);
  EXPECT_EQ(a.entries, b.entries);
  EXPECT_EQ(a.entry_table->centres.size(), b.entry_table->centres.size());
  EXPECT_EQ(a.by_document, b.by_document);
  ASSERT_EQ(a.size(), b.size());
  ASSERT_EQ(a.rows.dim(), b.rows.dim());
  for (uint32_t row = 0; row < a.size(); ++row) {
    ASSERT_EQ(a.rows.Chunk(row), b.rows.Chunk(row));
    ASSERT_TRUE(
        std::equal(a.rows.Vector(row), a.rows.Vector(row) + a.rows.dim(), b.rows.Vector(row)));
  }
}

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
SegmentHeader HeaderIn(const std::string& bytes) {
  SegmentHeader header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  return header;
}

/// A written segment of 100 rows, and what becomes of it when its bytes change.
class DamagedSegmentTest : public ::testing::Test {
 protected:
  void SetUp() override {
    CAIRN_ASSERT_OK(WriteSegment(MakeSegment({}), path_));
    bytes_ = ReadFile(path_);
    header_ = HeaderIn(bytes_);
  }
  Result<std::shared_ptr<Segment>> Map(const std::string& bytes) {
    folder_.Write("segment", bytes);
    return MapSegment(path_, 3, Metric::kL2);
  }
  /// The same with a header that claims to be sound.
  Result<std::shared_ptr<Segment>> MapWithHeader(SegmentHeader header) {
    header.checksum = header.Checksum();
    std::string bytes = bytes_;
    std::memcpy(bytes.data(), &header, sizeof(header));
    return Map(bytes);
  }
  std::string Flipped(uint64_t at) const {
    std::string bytes = bytes_;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
    return bytes;
  }

  TempDir folder_;
  std::string path_ = folder_ / "segment";
  std::string bytes_;
  SegmentHeader header_;
};

TEST(SegmentFileTest, GivesBackWhatWasWritten) {
  TempDir folder;
  for (uint32_t dim : {1u, 3u, 128u, 1536u}) {
    for (auto [metric, width] : {std::pair(Metric::kCosine, CodeWidth::kFour),
                                 std::pair(Metric::kInnerProduct, CodeWidth::kSeven),
                                 std::pair(Metric::kL2, CodeWidth::kSeven)}) {
      SCOPED_TRACE(StrCat("dim ", dim, " metric ", static_cast<int>(metric)));
      Segment segment = MakeSegment({dim, 1100, metric, width});
      std::string path = folder / StrCat(dim, "-", static_cast<int>(metric));
      CAIRN_ASSERT_OK(WriteSegment(segment, path));
      CAIRN_EXPECT_OK(VerifySegment(path));
      auto mapped = MapSegment(path, dim, metric);
      CAIRN_ASSERT_OK(mapped);
      ExpectSame(**mapped, segment);
      EXPECT_EQ((*mapped)->heap_bytes, 0u);
      EXPECT_EQ((*mapped)->rows.heap_bytes(), 0u);
      EXPECT_EQ(reinterpret_cast<uintptr_t>((*mapped)->graph.blocks) % 4096, 0u);
      EXPECT_EQ(reinterpret_cast<uintptr_t>((*mapped)->rows.Vector(0)) % 4096, 0u);
    }
  }
}

TEST(SegmentFileTest, TheNumberOfRowsMayBeAny) {
  TempDir folder;
  for (uint32_t rows : {0u, 1u, 1023u, 1024u, 1025u, 5000u}) {
    Segment segment = MakeSegment({.dim = 5, .rows = rows});
    CAIRN_ASSERT_OK(WriteSegment(segment, folder / StrCat(rows)));
    CAIRN_EXPECT_OK(VerifySegment(folder / StrCat(rows)));
    auto mapped = MapSegment(folder / StrCat(rows), 5, Metric::kL2);
    CAIRN_ASSERT_OK(mapped);
    ExpectSame(**mapped, segment);
  }
}

TEST(SegmentFileTest, RowsInTheOrderOfTheirDocumentsNeedNoOtherOrder) {
  TempDir folder;
  Segment segment = MakeSegment({.in_order = true});
  ASSERT_TRUE(segment.by_document.empty());
  CAIRN_ASSERT_OK(WriteSegment(segment, folder / "segment"));
  auto mapped = MapSegment(folder / "segment", 3, Metric::kL2);
  CAIRN_ASSERT_OK(mapped);
  ExpectSame(**mapped, segment);
  std::vector<uint32_t> found;
  (*mapped)->ForEachRowOf(DocNo{5}, [&](uint32_t row) { found.push_back(row); });
  EXPECT_EQ(found, (std::vector<uint32_t>{8, 9}));
}

TEST(SegmentFileTest, AMappedSegmentCanBeWrittenAgain) {
  TempDir folder;
  CAIRN_ASSERT_OK(WriteSegment(MakeSegment({}), folder / "first"));
  auto mapped = MapSegment(folder / "first", 3, Metric::kL2);
  CAIRN_ASSERT_OK(mapped);
  CAIRN_ASSERT_OK(WriteSegment(**mapped, folder / "second"));
  EXPECT_EQ(ReadFile(folder / "first"), ReadFile(folder / "second"));
}

TEST(SegmentFileTest, AMappedFileMayBeUnlinked) {
  TempDir folder;
  Segment segment = MakeSegment({.rows = 3000});
  CAIRN_ASSERT_OK(WriteSegment(segment, folder / "segment"));
  auto mapped = MapSegment(folder / "segment", 3, Metric::kL2);
  CAIRN_ASSERT_OK(mapped);
  ASSERT_EQ(unlink((folder / "segment").c_str()), 0);
  RowTable rows = (*mapped)->rows;
  ExpectSame(**mapped, segment);
  mapped->reset();  // the rows alone keep the mapping
  EXPECT_EQ(rows.Chunk(2999), segment.rows.Chunk(2999));
}

TEST(SegmentFileTest, MappedFilesHoldNoDescriptor) {
  TempDir folder;
  CAIRN_ASSERT_OK(WriteSegment(MakeSegment({}), folder / "segment"));
  auto open_files = [] {
    auto entries = std::filesystem::directory_iterator("/proc/self/fd");
    return std::distance(begin(entries), end(entries));
  };
  auto before = open_files();
  auto mapped = MapSegment(folder / "segment", 3, Metric::kL2);
  CAIRN_ASSERT_OK(mapped);
  EXPECT_EQ(open_files(), before);
}

TEST(SegmentFileTest, AnExistingFileStaysAsItIs) {
  TempDir folder;
  folder.Write("segment", "precious");
  CAIRN_EXPECT_ERROR(WriteSegment(MakeSegment({}), folder / "segment"), Code::kIoError, "exists");
  EXPECT_EQ(ReadFile(folder / "segment"), "precious");
}

TEST(SegmentFileTest, WhatACrashLeftIsReplaced) {
  TempDir folder;
  folder.Write("segment.tmp", std::string(1 << 20, 'x'));
  CAIRN_ASSERT_OK(WriteSegment(MakeSegment({}), folder / "segment"));
  CAIRN_EXPECT_OK(VerifySegment(folder / "segment"));
  EXPECT_FALSE(std::filesystem::exists(folder / "segment.tmp"));
}

TEST(SegmentFileTest, AFolderThatIsMissingIsAnIoError) {
  TempDir folder;
  CAIRN_EXPECT_ERROR(WriteSegment(MakeSegment({}), folder / "no/segment"), Code::kIoError,
                     "cannot create");
}

TEST(SegmentFileTest, AFailedWriteLeavesNoFile) {
  TempDir folder;
  Segment segment = MakeSegment({.dim = 128, .rows = 2000});
  struct rlimit before {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  auto handler = std::signal(SIGXFSZ, SIG_IGN);
  for (rlim_t limit : {rlim_t{0}, rlim_t{5000}, rlim_t{1200000}}) {
    struct rlimit small = before;
    small.rlim_cur = limit;
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
    Status status = WriteSegment(segment, folder / "segment");
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
    CAIRN_EXPECT_ERROR(status, Code::kIoError, "cannot write");
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  }
  std::signal(SIGXFSZ, handler);
  CAIRN_EXPECT_OK(WriteSegment(segment, folder / "segment"));
}

TEST(SegmentFileTest, ASegmentWhosePartsDoNotFitIsNotWritten) {
  TempDir folder;
  Segment segment = MakeSegment({});
  segment.by_document.pop_back();
  CAIRN_EXPECT_ERROR(WriteSegment(segment, folder / "segment"), Code::kDataLoss, "order");
  segment.graph.row_count = 3;
  CAIRN_EXPECT_ERROR(WriteSegment(segment, folder / "segment"), Code::kInternal, "fit");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(SegmentFileTest, AMissingFileIsNotFound) {
  TempDir folder;
  CAIRN_EXPECT_ERROR(MapSegment(folder / "no", 3, Metric::kL2), Code::kNotFound, "no");
  CAIRN_EXPECT_ERROR(VerifySegment(folder / "no"), Code::kNotFound, "no");
  CAIRN_EXPECT_ERROR(MapSegment(folder.path(), 3, Metric::kL2), Code::kDataLoss, "regular");
}

TEST_F(DamagedSegmentTest, AnotherKindIsRefused) {
  CAIRN_EXPECT_ERROR(MapSegment(path_, 4, Metric::kL2), Code::kFailedPrecondition, "dimension 3");
  CAIRN_EXPECT_ERROR(MapSegment(path_, 3, Metric::kCosine), Code::kFailedPrecondition, "metric 2");
}

TEST_F(DamagedSegmentTest, ANewerFormatIsRefused) {
  header_.version = kSegmentVersion + 1;
  header_.dim = 0;  // what else it says is its own business
  CAIRN_EXPECT_ERROR(MapWithHeader(header_), Code::kFailedPrecondition, "format 3");
  CAIRN_EXPECT_ERROR(VerifySegment(path_), Code::kFailedPrecondition, "format 3");
  header_.version = 0;
  CAIRN_EXPECT_ERROR(MapWithHeader(header_), Code::kDataLoss, "version");
}

TEST_F(DamagedSegmentTest, OtherFilesAreRefused) {
  CAIRN_EXPECT_ERROR(Map(""), Code::kDataLoss, "cut short");
  CAIRN_EXPECT_ERROR(Map("text"), Code::kDataLoss, "cut short");
  CAIRN_EXPECT_ERROR(Map(std::string(10000, '\0')), Code::kDataLoss, "does not start");
  std::mt19937 generator(1);
  for (size_t size : {100, 4095, 4096, 4097, 100000}) {
    std::string noise(size, '\0');
    for (char& c : noise) c = static_cast<char>(generator());
    CAIRN_EXPECT_ERROR(Map(noise), Code::kDataLoss, "damaged");
    CAIRN_EXPECT_ERROR(VerifySegment(path_), Code::kDataLoss, "damaged");
  }
}

TEST_F(DamagedSegmentTest, ACutIsFound) {
  std::vector<uint64_t> cuts = {0, 1, 7, 8, 4095, 4096, bytes_.size() - 1};
  for (const SectionEntry& entry : header_.sections) {
    cuts.insert(cuts.end(), {entry.offset, entry.offset + 1, entry.offset + entry.bytes - 1});
  }
  for (uint64_t at = 0; at < bytes_.size(); at += 97) cuts.push_back(at);
  for (uint64_t cut : cuts) {
    CAIRN_EXPECT_ERROR(Map(bytes_.substr(0, cut)), Code::kDataLoss, "cut short");
    CAIRN_EXPECT_ERROR(VerifySegment(path_), Code::kDataLoss, "cut short");
  }
  CAIRN_EXPECT_ERROR(Map(bytes_ + "x"), Code::kDataLoss, "longer");
}

TEST_F(DamagedSegmentTest, EveryByteOfTheHeaderCounts) {
  std::fstream file(path_, std::ios::binary | std::ios::in | std::ios::out);
  for (uint64_t at = 0; at < kHeaderBytes; ++at) {
    auto put = [&](char byte) { file.seekp(static_cast<std::streamoff>(at)).put(byte).flush(); };
    put(Flipped(at)[at]);
    ASSERT_EQ(MapSegment(path_, 3, Metric::kL2).status().code(), Code::kDataLoss) << "byte " << at;
    ASSERT_EQ(VerifySegment(path_).code(), Code::kDataLoss) << "byte " << at;
    put(bytes_[at]);
  }
  CAIRN_EXPECT_OK(VerifySegment(path_));
}

TEST_F(DamagedSegmentTest, AChangeInAnySectionIsFoundAndNamed) {
  for (Section section : kSections) {
    const SectionEntry& entry = header_.at(section);
    bool large =
        section == Section::kBias || section == Section::kBlocks || section == Section::kVectors;
    ASSERT_GT(entry.bytes, 0u);
    for (uint64_t at : {uint64_t{0}, entry.bytes / 2, entry.bytes - 1}) {
      auto mapped = Map(Flipped(entry.offset + at));
      std::string name(SectionName(section));
      CAIRN_EXPECT_ERROR(VerifySegment(path_), Code::kDataLoss, name);
      if (large) {
        CAIRN_EXPECT_OK(mapped);
      } else {
        CAIRN_EXPECT_ERROR(mapped, Code::kDataLoss, name);
      }
    }
  }
}

/// A header that was made wrong, with a right checksum: as from a faulty writer.
TEST_F(DamagedSegmentTest, AHeaderWithWrongValuesIsFound) {
  const std::vector<void (*)(SegmentHeader*)> changes = {
      [](SegmentHeader* h) { h->dim = 0; },
      [](SegmentHeader* h) { h->dim = 4; },
      [](SegmentHeader* h) { h->dim = UINT32_MAX; },
      [](SegmentHeader* h) { h->metric = 3; },
      [](SegmentHeader* h) { h->metric = -1; },
      [](SegmentHeader* h) { h->width = 8; },
      [](SegmentHeader* h) { h->width = 4; },
      [](SegmentHeader* h) { h->row_count += 1; },
      [](SegmentHeader* h) { h->row_count = 0; },
      [](SegmentHeader* h) { h->row_count = UINT32_MAX; },
      [](SegmentHeader* h) { h->step = 0; },
      [](SegmentHeader* h) { h->step = std::numeric_limits<float>::quiet_NaN(); },
      [](SegmentHeader* h) { h->norm_bound = -1; },
      [](SegmentHeader* h) { h->code_error = std::numeric_limits<float>::quiet_NaN(); },
      [](SegmentHeader* h) { h->longest_edge = std::numeric_limits<float>::quiet_NaN(); },
      [](SegmentHeader* h) { h->longest_edge = std::numeric_limits<float>::infinity(); },
      [](SegmentHeader* h) { h->longest_edge = 100; },  // its blocks have no sketches
      [](SegmentHeader* h) { h->stride += 64; },
      [](SegmentHeader* h) { h->stride = UINT64_MAX; },
      [](SegmentHeader* h) { h->code_bytes += 64; },
      [](SegmentHeader* h) { h->lanes += 64; },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    SCOPED_TRACE(i);
    SegmentHeader header = header_;
    changes[i](&header);
    CAIRN_EXPECT_ERROR(MapWithHeader(header), Code::kDataLoss, "damaged");
  }
}

TEST_F(DamagedSegmentTest, AWrongListOfSectionsIsFound) {
  for (size_t i = 0; i < kSectionCount; ++i) {
    for (uint64_t wrong : {uint64_t{0}, uint64_t{3}, uint64_t{1} << 40, UINT64_MAX, UINT64_MAX - 63,
                           UINT64_MAX - 4095}) {
      SegmentHeader header = header_;
      header.sections[i].offset = wrong;
      CAIRN_EXPECT_ERROR(MapWithHeader(header), Code::kDataLoss, "damaged");
      header = header_;
      header.sections[i].bytes = wrong;
      CAIRN_EXPECT_ERROR(MapWithHeader(header), Code::kDataLoss, "damaged");
    }
  }
}

TEST_F(DamagedSegmentTest, RowNumbersThatLeadOutAreFound) {
  for (Section section : {Section::kEntries, Section::kByDocument}) {
    TempDir other;
    Segment segment = MakeSegment({});
    if (section == Section::kEntries) {
      segment.entries.back() = 100;
      segment.graph.entries = segment.entries;
    } else {
      segment.by_document[50] = UINT32_MAX;
    }
    CAIRN_ASSERT_OK(WriteSegment(segment, other / "segment"));
    CAIRN_EXPECT_ERROR(MapSegment(other / "segment", 3, Metric::kL2), Code::kDataLoss, "leads out");
  }
}

}  // namespace
}  // namespace cairn::vector
