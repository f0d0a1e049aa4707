#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "indexer/indexer.h"
#include "indexer/tokens.h"
#include "support/matchers.h"
#include "unit/indexer/indexer_support.h"

namespace cairn::indexer {
namespace {

std::string DataFolder() {
  const char* set = std::getenv("CAIRN_DATA");
  return set != nullptr ? set : CAIRN_DATA_DEFAULT;
}

/// What is measured over all chunks of a folder.
struct Totals {
  size_t chunks = 0;
  size_t covered = 0;  ///< chunks whose every word stands in their span
  double worst = 1.0;
  uint32_t largest = 0;
};

Totals Measure(const MemorySink& sink, uint32_t max_tokens) {
  Totals totals;
  for (const auto& [id, entry] : sink.entries) {
    ExpectSoundChunks(entry.document, id);
    for (const Chunk& chunk : entry.document.chunks) {
      double share = CoveredShare(entry.document, chunk);
      ++totals.chunks;
      if (share == 1.0) ++totals.covered;
      totals.worst = std::min(totals.worst, share);
      totals.largest = std::max(totals.largest, CountTokens(chunk.text));
      EXPECT_GE(share, 0.5) << id << " line " << chunk.line << "\n" << chunk.text;
    }
  }
  EXPECT_LE(totals.largest, max_tokens);
  return totals;
}

class RealData : public ::testing::TestWithParam<const char*> {};

TEST_P(RealData, EveryFileIsIndexedAndOffsetsCoverTheWords) {
  std::string folder = DataFolder() + "/" + GetParam();
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << folder << " is not there";
  for (uint32_t max_tokens : {256u, 24u}) {
    MemorySink sink;
    IndexOptions options;
    options.chunker.max_tokens = max_tokens;
    options.max_file_bytes = uint64_t{64} << 20;
    Result<IndexReport> report = IndexFolder(folder, &sink, options);
    CAIRN_ASSERT_OK(report);
    EXPECT_GT(report->added, 50u);
    EXPECT_EQ(report->added, report->scanned);
    for (const FileProblem& problem : report->failed) {
      ADD_FAILURE() << problem.path << ": " << problem.reason;
    }
    Totals totals = Measure(sink, max_tokens);
    double covered = static_cast<double>(totals.covered) / static_cast<double>(totals.chunks);
    EXPECT_GT(covered, 0.98);
    double megabytes = static_cast<double>(report->bytes) / 1e6;
    RecordProperty("megabytes_per_second", std::to_string(megabytes / report->seconds));
    std::string summary =
        StrCat(GetParam(), " at ", max_tokens, ": ", report->added, " files, ", megabytes, " MB, ",
               totals.chunks, " chunks, covered ", covered, ", worst ", totals.worst, ", ",
               megabytes / report->seconds, " MB/s, warnings ", report->warnings.size());
    RecordProperty("summary_" + std::to_string(max_tokens), summary);
    if (std::getenv("CAIRN_TEST_VERBOSE") != nullptr) std::puts(summary.c_str());
  }
}

INSTANTIATE_TEST_SUITE_P(Folders, RealData,
                         ::testing::Values("md-hugodocs", "md-nikiv-knowledge", "md-temoa-vault",
                                           "md-windows-driver-ddi-sample"));

}  // namespace
}  // namespace cairn::indexer
