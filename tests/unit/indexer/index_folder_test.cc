#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "indexer/indexer.h"
#include "support/matchers.h"
#include "support/temp_dir.h"
#include "unit/indexer/indexer_support.h"

namespace cairn::indexer {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kNow = 2'000'000'000 * kSecond;

class IndexFolderTest : public ::testing::Test {
 protected:
  IndexFolderTest() { options_.clock = &clock_; }

  /// Writes the file with a time well before the clock's.
  void Write(const std::string& name, std::string_view bytes, int64_t age_seconds = 1000) {
    dir_.Write(name, bytes);
    SetTime(name, clock_.UnixNs() - age_seconds * kSecond);
  }
  void SetTime(const std::string& name, int64_t ns) {
    timespec times[2] = {{ns / kSecond, ns % kSecond}, {ns / kSecond, ns % kSecond}};
    ASSERT_EQ(utimensat(AT_FDCWD, (dir_ / name).c_str(), times, 0), 0);
  }
  void Remove(const std::string& name) { std::filesystem::remove_all(dir_ / name); }

  IndexReport Index() { return Index(&sink_); }
  IndexReport Index(MemorySink* sink) {
    sink->calls.clear();
    clock_.Advance(10'000 * kSecond);
    Result<IndexReport> report = IndexFolder(dir_.path(), sink, options_);
    CAIRN_EXPECT_OK(report);
    return report.ok() ? *report : IndexReport();
  }

  /// What a full build into an empty sink would hold.
  void ExpectSameAsFull() {
    MemorySink full;
    IndexOptions plain;
    plain.clock = &clock_;
    CAIRN_ASSERT_OK(IndexFolder(dir_.path(), &full, plain));
    ASSERT_EQ(sink_.Ids(), full.Ids());
    for (const auto& [id, entry] : full.entries) {
      EXPECT_EQ(Render(sink_.entries.at(id).document), Render(entry.document));
      EXPECT_EQ(sink_.entries.at(id).state.hash, entry.state.hash);
      EXPECT_EQ(sink_.entries.at(id).state.mtime_ns, entry.state.mtime_ns);
      EXPECT_EQ(sink_.entries.at(id).state.size_bytes, entry.state.size_bytes);
    }
  }

  static std::vector<std::string> Lines(const std::vector<FileProblem>& problems) {
    std::vector<std::string> lines;
    for (const FileProblem& problem : problems)
      lines.push_back(problem.path + ": " + problem.reason);
    return lines;
  }

  test::TempDir dir_;
  ManualClock clock_{kNow};
  IndexOptions options_;
  MemorySink sink_;
};

TEST_F(IndexFolderTest, RootMustBeAFolder) {
  CAIRN_EXPECT_ERROR(IndexFolder(dir_ / "none", &sink_, options_), Code::kNotFound, "none");
  Write("a.md", "x");
  CAIRN_EXPECT_ERROR(IndexFolder(dir_ / "a.md", &sink_, options_), Code::kInvalidArgument,
                     "not a folder");
  CAIRN_EXPECT_ERROR(IndexFolder("", &sink_, options_), Code::kInvalidArgument, "no name");
  CAIRN_EXPECT_ERROR(IndexFolder(dir_.path(), nullptr, options_), Code::kInvalidArgument, "sink");
  EXPECT_THAT(sink_.calls, IsEmpty());
  EXPECT_EQ(sink_.root, std::nullopt);
}

TEST_F(IndexFolderTest, AMissingRootDeletesNothing) {
  Write("a.md", "x");
  Index();
  std::filesystem::rename(dir_.path(), dir_.path() + "-away");
  EXPECT_FALSE(IndexFolder(dir_.path(), &sink_, options_).ok());
  std::filesystem::rename(dir_.path() + "-away", dir_.path());
  EXPECT_THAT(sink_.Ids(), ElementsAre("a.md"));
}

TEST_F(IndexFolderTest, FirstRunStoresEverythingAfterTheRoot) {
  Write("b.md", "# B\n");
  Write("a/x.txt", "text");
  Write("empty.md", "");
  IndexReport report = Index();
  EXPECT_THAT(sink_.calls,
              ElementsAre("root", "put a/x.txt", "put b.md", "put empty.md", "finish"));
  EXPECT_EQ(sink_.root, std::filesystem::canonical(dir_.path()).string());
  EXPECT_EQ(report.scanned, 3u);
  EXPECT_EQ(report.added, 3u);
  EXPECT_EQ(report.chunks, 2u);
  EXPECT_EQ(report.bytes, 8u);
  EXPECT_FALSE(report.cancelled);
  ExpectSameAsFull();
}

TEST_F(IndexFolderTest, AnotherRootIsRefused) {
  test::TempDir other;
  other.Write("a.md", "x");
  Write("a.md", "x");
  Index();
  sink_.calls.clear();
  Result<IndexReport> refused = IndexFolder(other.path(), &sink_, options_);
  CAIRN_EXPECT_ERROR(refused, Code::kFailedPrecondition, "force_root");
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("'" + *sink_.root + "'"));
  EXPECT_THAT(std::string(refused.status().message()),
              HasSubstr(std::filesystem::canonical(other.path()).string()));
  EXPECT_THAT(sink_.calls, IsEmpty());
}

TEST_F(IndexFolderTest, ALookAlikeRootIsRefused) {
  Write("v/a.md", "x");
  Write("v-evil/a.md", "y");
  Write("v/in/b.md", "z");
  CAIRN_ASSERT_OK(IndexFolder(dir_ / "v", &sink_, options_));
  for (const char* other : {"v-evil", "v/in", "v/..", "."}) {
    CAIRN_EXPECT_ERROR(IndexFolder(dir_ / other, &sink_, options_), Code::kFailedPrecondition,
                       "not '");
  }
  EXPECT_EQ(sink_.entries.at("a.md").document.body, "x");
}

TEST_F(IndexFolderTest, TheSameRootBySomeOtherNameIsTheSame) {
  Write("v/a.md", "x");
  std::filesystem::create_symlink(dir_ / "v", dir_ / "alias");
  CAIRN_ASSERT_OK(IndexFolder(dir_ / "v", &sink_, options_));
  CAIRN_EXPECT_OK(IndexFolder(dir_ / "alias", &sink_, options_));
  CAIRN_EXPECT_OK(IndexFolder(dir_ / "v/../v//", &sink_, options_));
}

TEST_F(IndexFolderTest, TheRootStaysRecordedAfterIncrementalRuns) {
  Write("a.md", "x");
  Index();
  Write("a.md", "y", 10);
  Index();
  test::TempDir other;
  CAIRN_EXPECT_ERROR(IndexFolder(other.path(), &sink_, options_), Code::kFailedPrecondition,
                     "force_root");
}

TEST_F(IndexFolderTest, ForceTakesTheNewRoot) {
  Write("old.md", "old");
  Index();
  test::TempDir other;
  other.Write("new.md", "new");
  options_.force_root = true;
  Result<IndexReport> report = IndexFolder(other.path(), &sink_, options_);
  CAIRN_ASSERT_OK(report);
  EXPECT_THAT(sink_.Ids(), ElementsAre("new.md"));
  EXPECT_EQ(report->deleted, 1u);
  EXPECT_EQ(sink_.root, std::filesystem::canonical(other.path()).string());
}

TEST_F(IndexFolderTest, UnchangedFilesAreNotOpened) {
  Write("a.md", "# A\n");
  Index();
  // The content is exchanged behind an unchanged size and time: only an open would show it.
  Write("a.md", "# B\n", 10'000 + 1000);
  EXPECT_EQ(sink_.entries.at("a.md").state.mtime_ns, kNow - 1000 * kSecond);
  SetTime("a.md", kNow - 1000 * kSecond);
  IndexReport report = Index();
  EXPECT_EQ(report.unchanged, 1u);
  EXPECT_THAT(sink_.calls, ElementsAre("finish"));
  EXPECT_EQ(sink_.entries.at("a.md").document.title, "A");
}

TEST_F(IndexFolderTest, ARacyTimestampIsNotTrusted) {
  // Indexed at the very moment of the change: a later change may carry the same time and size.
  Write("a.md", "# A\n");
  int64_t look = clock_.UnixNs() + 10'000 * kSecond;
  SetTime("a.md", look);
  Index();
  dir_.Write("a.md", "# B\n");
  SetTime("a.md", look);
  IndexReport report = Index();
  EXPECT_EQ(report.changed, 1u);
  EXPECT_EQ(sink_.entries.at("a.md").document.title, "B");
  // The second look came long after the change: from now on the time is trusted.
  EXPECT_EQ(Index().unchanged, 1u);
  EXPECT_THAT(sink_.calls, ElementsAre("finish"));
}

TEST_F(IndexFolderTest, ATimeFromTheFutureIsNeverTrusted) {
  Write("a.md", "# A\n");
  int64_t future = kNow + 1'000'000 * kSecond;
  SetTime("a.md", future);
  Index();
  dir_.Write("a.md", "# B\n");
  SetTime("a.md", future);
  EXPECT_EQ(Index().changed, 1u);
}

TEST_F(IndexFolderTest, TouchedFilesMoveTheirStateOnly) {
  Write("a.md", "same");
  Index();
  SetTime("a.md", kNow - 5 * kSecond);
  IndexReport report = Index();
  EXPECT_EQ(report.unchanged, 1u);
  EXPECT_THAT(sink_.calls, ElementsAre("touch a.md", "finish"));
  EXPECT_EQ(sink_.entries.at("a.md").state.mtime_ns, kNow - 5 * kSecond);
  Index();
  EXPECT_THAT(sink_.calls, ElementsAre("finish"));
}

TEST_F(IndexFolderTest, EditShrinkGrowRenameDeleteEqualsFull) {
  std::string large = "# Large\n\n";
  for (int i = 0; i < 40; ++i)
    large += StrCat("## Part ", i, "\n\n", std::string(400, 'w'), " x\n");
  for (const char* name : {"edit.md", "shrink.md", "delete.md", "keep.md", "rename.md"}) {
    Write(name, large + name);
  }
  Write("grow.md", "small");
  Index();
  ASSERT_GT(sink_.entries.at("shrink.md").document.chunks.size(), 10u);

  Write("edit.md", "# New\n\n" + large, 50);
  Write("shrink.md", "tiny", 50);
  Write("grow.md", large + large, 50);
  Remove("delete.md");
  std::filesystem::create_directories(dir_ / "sub");
  std::filesystem::rename(dir_ / "rename.md", dir_ / "sub/renamed.md");
  Write("fresh.md", "fresh", 50);
  IndexReport report = Index();
  EXPECT_EQ(report.changed, 3u);
  EXPECT_EQ(report.added, 1u);
  EXPECT_EQ(report.renamed, 1u);
  EXPECT_EQ(report.deleted, 1u);
  EXPECT_EQ(report.unchanged, 1u);
  EXPECT_EQ(report.scanned, 6u);
  ExpectSameAsFull();
  EXPECT_EQ(sink_.entries.at("shrink.md").document.chunks.size(), 1u);
}

TEST_F(IndexFolderTest, ARenameDeletesTheOldPlaceLast) {
  Write("a.md", "content");
  Index();
  std::filesystem::rename(dir_ / "a.md", dir_ / "z.md");
  IndexReport report = Index();
  EXPECT_THAT(sink_.calls, ElementsAre("put z.md", "delete a.md", "finish"));
  EXPECT_EQ(report.renamed, 1u);
  EXPECT_EQ(report.added, 0u);
  EXPECT_EQ(report.deleted, 0u);
}

TEST_F(IndexFolderTest, ACopyIsNoRename) {
  Write("a.md", "content");
  Index();
  Write("b.md", "content", 10);
  IndexReport report = Index();
  EXPECT_EQ(report.added, 1u);
  EXPECT_EQ(report.renamed, 0u);
  EXPECT_THAT(sink_.Ids(), ElementsAre("a.md", "b.md"));
}

TEST_F(IndexFolderTest, OneOldPlaceServesOneRename) {
  Write("a.md", "content");
  Index();
  std::filesystem::rename(dir_ / "a.md", dir_ / "b.md");
  Write("c.md", "content", 10);
  IndexReport report = Index();
  EXPECT_EQ(report.renamed, 1u);
  EXPECT_EQ(report.added, 1u);
  EXPECT_THAT(sink_.Ids(), ElementsAre("b.md", "c.md"));
}

TEST_F(IndexFolderTest, MassDeletionIsRefusedUnlessAllowed) {
  for (int i = 0; i < 15; ++i) Write(StrCat("n", i, ".md"), StrCat("note ", i));
  Index();
  for (int i = 0; i < 10; ++i) Remove(StrCat("n", i, ".md"));
  Write("new.md", "new", 10);
  Write("n14.md", "changed", 10);
  sink_.calls.clear();
  Result<IndexReport> refused = IndexFolder(dir_.path(), &sink_, options_);
  CAIRN_EXPECT_ERROR(refused, Code::kFailedPrecondition, "10 of 15 indexed files");
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("allow_mass_delete"));
  EXPECT_THAT(sink_.calls, ElementsAre("put n14.md", "put new.md", "finish"));
  EXPECT_EQ(sink_.entries.size(), 16u);
  options_.allow_mass_delete = true;
  EXPECT_EQ(Index().deleted, 10u);
  ExpectSameAsFull();
}

TEST_F(IndexFolderTest, AnEmptiedRootIsSuspicious) {
  for (int i = 0; i < 10; ++i) Write(StrCat("n", i, ".md"), StrCat("note ", i));
  Index();
  for (int i = 0; i < 10; ++i) Remove(StrCat("n", i, ".md"));
  CAIRN_EXPECT_ERROR(IndexFolder(dir_.path(), &sink_, options_), Code::kFailedPrecondition,
                     "10 of 10");
  EXPECT_EQ(sink_.entries.size(), 10u);
}

TEST_F(IndexFolderTest, HalfOrFewerThanTenMayGo) {
  for (int i = 0; i < 20; ++i) Write(StrCat("n", i, ".md"), StrCat("note ", i));
  Index();
  for (int i = 0; i < 10; ++i) Remove(StrCat("n", i, ".md"));
  EXPECT_EQ(Index().deleted, 10u);
  for (int i = 10; i < 19; ++i) Remove(StrCat("n", i, ".md"));
  EXPECT_EQ(Index().deleted, 9u);
}

TEST_F(IndexFolderTest, RenamingEverythingIsNoMassDeletion) {
  for (int i = 0; i < 20; ++i) Write(StrCat("old/n", i, ".md"), StrCat("note ", i));
  Index();
  std::filesystem::rename(dir_ / "old", dir_ / "new");
  EXPECT_EQ(Index().renamed, 20u);
  ExpectSameAsFull();
}

TEST_F(IndexFolderTest, BinaryContentFailsAndIsNotKept) {
  Write("a.md", std::string("a\0b", 3));
  Write("utf16.txt", std::string("\xFF\xFEh\0i\0", 6));
  Write("c.md", "text");
  IndexReport report = Index();
  EXPECT_THAT(Lines(report.failed),
              ElementsAre("a.md: binary content", HasSubstr("utf16.txt: binary content (UTF-16")));
  EXPECT_THAT(sink_.Ids(), ElementsAre("c.md"));
  Write("c.md", std::string("x\0", 2), 10);
  report = Index();
  EXPECT_THAT(sink_.Ids(), IsEmpty());
  EXPECT_EQ(report.deleted, 1u);
}

TEST_F(IndexFolderTest, AFileGrownTooLargeIsSkippedAndGoes) {
  options_.max_file_bytes = 10;
  Write("a.md", "small");
  Index();
  Write("a.md", "this is too large", 10);
  IndexReport report = Index();
  EXPECT_THAT(Lines(report.skipped), ElementsAre("a.md: larger than 10 bytes"));
  EXPECT_THAT(sink_.Ids(), IsEmpty());
}

TEST_F(IndexFolderTest, IgnoringAnIndexedFileRemovesIt) {
  Write("a.md", "x");
  Write("b.md", "y");
  Index();
  options_.ignore = {"b.md"};
  EXPECT_EQ(Index().deleted, 1u);
  EXPECT_THAT(sink_.Ids(), ElementsAre("a.md"));
}

TEST_F(IndexFolderTest, ALinkInThePlaceOfAFileIsNotRead) {
  test::TempDir outside;
  outside.Write("secret.md", "secret");
  Write("a.md", "x");
  Index();
  Remove("a.md");
  std::filesystem::create_symlink(outside / "secret.md", dir_ / "a.md");
  IndexReport report = Index();
  EXPECT_THAT(Lines(report.skipped), ElementsAre("a.md: symbolic link: not followed"));
  EXPECT_THAT(sink_.Ids(), IsEmpty());
}

TEST_F(IndexFolderTest, WarningsNameTheFile) {
  Write("a.md", "---\nx: [\n---\nBody\n");
  Write("b.md", "bad \xFF byte");
  IndexReport report = Index();
  EXPECT_THAT(Lines(report.warnings),
              ElementsAre(HasSubstr("a.md: frontmatter line"), HasSubstr("b.md: invalid UTF-8")));
  EXPECT_EQ(report.added, 2u);
}

TEST_F(IndexFolderTest, ADocumentTheSinkRefusesDoesNotStopTheRun) {
  Write("a.md", "x");
  Write("b.md", "y");
  sink_.refuse["a.md"] = Error(Code::kUnavailable, "no embedder");
  IndexReport report = Index();
  EXPECT_THAT(Lines(report.failed), ElementsAre("a.md: no embedder"));
  EXPECT_EQ(report.added, 1u);
  sink_.refuse.clear();
  EXPECT_EQ(Index().added, 1u) << "the next run tries again";
}

TEST_F(IndexFolderTest, ARenamedFileTheSinkRefusesKeepsItsOldPlace) {
  Write("a.md", "x");
  Index();
  std::filesystem::rename(dir_ / "a.md", dir_ / "b.md");
  sink_.refuse["b.md"] = Error(Code::kUnavailable, "no embedder");
  Index();
  EXPECT_THAT(sink_.Ids(), ElementsAre("a.md"));
  sink_.refuse.clear();
  EXPECT_EQ(Index().renamed, 1u);
  EXPECT_THAT(sink_.Ids(), ElementsAre("b.md"));
}

TEST_F(IndexFolderTest, AFailingStoreStopsTheRunWithoutDeletions) {
  Write("a.md", "x");
  Write("z.md", "z");
  Index();
  Remove("z.md");
  Write("b.md", "y", 10);
  sink_.refuse["b.md"] = Error(Code::kIoError, "disk full");
  CAIRN_EXPECT_ERROR(IndexFolder(dir_.path(), &sink_, options_), Code::kIoError, "b.md: disk full");
  EXPECT_THAT(sink_.Ids(), ElementsAre("a.md", "z.md"));
}

TEST_F(IndexFolderTest, CancelKeepsWhatWasStoredAndDeletesNothing) {
  Write("gone.md", "gone");
  Index();
  Remove("gone.md");
  for (const char* name : {"a.md", "b.md", "c.md"}) Write(name, name);
  options_.progress = [](const Progress& p) { return p.path != "c.md"; };
  IndexReport report = Index();
  EXPECT_TRUE(report.cancelled);
  EXPECT_EQ(report.added, 2u);
  EXPECT_THAT(sink_.calls, ElementsAre("put a.md", "put b.md"));
  EXPECT_THAT(sink_.Ids(), ElementsAre("a.md", "b.md", "gone.md"));
  options_.progress = nullptr;
  report = Index();
  EXPECT_EQ(report.added, 1u);
  ExpectSameAsFull();
}

TEST_F(IndexFolderTest, CancelDuringTheScanChangesNothing) {
  Write("a.md", "x");
  options_.progress = [](const Progress& p) { return p.phase != Phase::kScan; };
  EXPECT_TRUE(Index().cancelled);
  EXPECT_THAT(sink_.calls, IsEmpty());
}

TEST_F(IndexFolderTest, CancelDuringFinish) {
  Write("a.md", "x");
  options_.progress = [](const Progress& p) { return p.phase != Phase::kEmbed; };
  EXPECT_TRUE(Index().cancelled);
  EXPECT_THAT(sink_.calls, ElementsAre("root", "put a.md", "finish"));
}

TEST_F(IndexFolderTest, ProgressCountsUpToTheTotal) {
  for (const char* name : {"a.md", "b.md", "c.md"}) Write(name, "x");
  std::vector<std::string> seen;
  options_.progress = [&](const Progress& p) {
    seen.push_back(StrCat(static_cast<int>(p.phase), " ", p.done, "/", p.total, " ", p.path));
    return true;
  };
  Index();
  EXPECT_THAT(seen, ElementsAre("0 0/0 ", "1 0/3 a.md", "1 1/3 b.md", "1 2/3 c.md", "1 3/3 ",
                                "2 3/3 ", "3 3/3 "));
}

TEST_F(IndexFolderTest, ReportsSecondsOfTheMonotonicClock) {
  Write("a.md", "x");
  options_.progress = [&](const Progress&) {
    clock_.Advance(kSecond);
    return true;
  };
  EXPECT_DOUBLE_EQ(Index().seconds, 5.0);
}

TEST_F(IndexFolderTest, AnUnreadableFileKeepsItsOldDocument) {
  Write("a.md", "x");
  Write("b.md", "y");
  Index();
  Write("a.md", "new", 10);
  chmod((dir_ / "a.md").c_str(), 0);
  if (access((dir_ / "a.md").c_str(), R_OK) == 0) GTEST_SKIP() << "this user may read everything";
  IndexReport report = Index();
  EXPECT_THAT(Lines(report.failed), ElementsAre(HasSubstr("a.md: cannot open")));
  EXPECT_EQ(sink_.entries.at("a.md").document.body, "x");
}

TEST_F(IndexFolderTest, FilesInAnUnreadableFolderAreNotGone) {
  Write("shut/a.md", "x");
  Write("b.md", "y");
  Index();
  chmod((dir_ / "shut").c_str(), 0);
  bool readable = access((dir_ / "shut").c_str(), R_OK) == 0;
  IndexReport report = readable ? IndexReport() : Index();
  chmod((dir_ / "shut").c_str(), 0700);
  if (readable) GTEST_SKIP() << "this user may read everything";
  EXPECT_THAT(Lines(report.failed), ElementsAre(HasSubstr("shut: ")));
  EXPECT_EQ(report.deleted, 0u);
  EXPECT_THAT(sink_.Ids(), ElementsAre("b.md", "shut/a.md"));
}

TEST_F(IndexFolderTest, TheDatabaseFolderIsNotIndexed) {
  Write(".cairn/note.md", "x");
  Write("a.md", "y");
  Index();
  EXPECT_THAT(sink_.Ids(), ElementsAre("a.md"));
}

}  // namespace
}  // namespace cairn::indexer
