#include "indexer/walk.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/sync_point.h"
#include "indexer/safe_file.h"
#include "support/matchers.h"
#include "support/temp_dir.h"

namespace cairn::indexer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class WalkTest : public ::testing::Test {
 protected:
  Result<WalkResult> Try(std::vector<std::string> patterns = {}) {
    Result<FileHandle> root = OpenFolder(dir_.path());
    if (!root.ok()) return root.status();
    WalkOptions options;
    options.max_file_bytes = 100;
    options.extra_patterns = std::move(patterns);
    return WalkFolder(root->get(), options);
  }
  WalkResult Walk(std::vector<std::string> patterns = {}) {
    Result<WalkResult> result = Try(std::move(patterns));
    CAIRN_EXPECT_OK(result);
    return result.ok() ? std::move(result).value() : WalkResult();
  }
  static std::vector<std::string> Ids(const WalkResult& result) {
    std::vector<std::string> ids;
    for (const FoundFile& file : result.files) ids.push_back(file.id);
    return ids;
  }
  static std::vector<std::string> Skipped(const WalkResult& result) {
    std::vector<std::string> lines;
    for (const FileProblem& problem : result.skipped) {
      lines.push_back(problem.path + ": " + problem.reason);
    }
    return lines;
  }
  void Link(const std::string& target, std::string_view name) {
    std::filesystem::create_symlink(target, dir_ / name);
  }

  test::TempDir dir_;
  test::TempDir outside_;
};

TEST_F(WalkTest, FindsFilesByExtensionInOrder) {
  for (const char* name : {"b.MD", "a/z.markdown", "a.md", "a/b/c.txt", "t.Text", "x.pdf", "noext",
                           "a.md.bak", ".md", "c.mdx"}) {
    dir_.Write(name, "x");
  }
  WalkResult result = Walk();
  EXPECT_THAT(Ids(result), ElementsAre("a.md", "a/b/c.txt", "a/z.markdown", "b.MD", "t.Text"));
  EXPECT_EQ(result.files[0].format, Format::kMarkdown);
  EXPECT_EQ(result.files[1].format, Format::kPlainText);
  EXPECT_EQ(result.files[3].format, Format::kMarkdown);
  EXPECT_EQ(result.files[0].size_bytes, 1u);
  EXPECT_GT(result.files[0].mtime_ns, 0);
  EXPECT_THAT(Skipped(result), IsEmpty());
}

TEST_F(WalkTest, IgnoreFileThenOptions) {
  dir_.Write(".cairnignore", "drafts/\n*.txt\n");
  for (const char* name : {"a.md", "drafts/b.md", "c.txt", "d.txt", ".obsidian/e.md", "f.md"}) {
    dir_.Write(name, "x");
  }
  EXPECT_THAT(Ids(Walk({"!d.txt", "/f.md"})), ElementsAre("a.md", "d.txt"));
}

TEST_F(WalkTest, AnUnreadableIgnoreFileStopsEverything) {
  dir_.Write("a.md", "x");
  Link(outside_.path() + "/rules", ".cairnignore");
  CAIRN_EXPECT_ERROR(Try(), Code::kPermissionDenied, "'.cairnignore' cannot be read");
}

TEST_F(WalkTest, SymbolicLinksAreToldOfAndNotFollowed) {
  outside_.Write("secret.md", "secret");
  outside_.Write("sub/more.md", "secret");
  dir_.Write("real.md", "x");
  Link(outside_.path() + "/secret.md", "link.md");
  Link(outside_.path() + "/sub", "folder");
  Link("real.md", "inside.md");
  Link("nowhere", "broken.md");
  Link(".", "loop");
  Link("/etc/passwd", "passwd");
  Link(outside_.path() + "/sub", ".dotlink");
  WalkResult result = Walk();
  EXPECT_THAT(Ids(result), ElementsAre("real.md"));
  EXPECT_THAT(
      Skipped(result),
      ElementsAre("broken.md: symbolic link: not followed", "folder: symbolic link: not followed",
                  "inside.md: symbolic link: not followed", "link.md: symbolic link: not followed",
                  "loop: symbolic link: not followed"));
}

TEST_F(WalkTest, TooLargeOddAndUnnamableAreSkipped) {
  dir_.Write("big.md", std::string(101, 'x'));
  dir_.Write("fits.md", std::string(100, 'x'));
  ASSERT_EQ(mkfifo((dir_ / "pipe.md").c_str(), 0600), 0);
  dir_.Write("bad\xFFname.md", "x");
  dir_.Write(
      "bad\xFF"
      "dir/x.md",
      "x");
  std::string deep;
  for (int i = 0; i < 6; ++i) deep += std::string(90, 'd') + "/";
  dir_.Write(deep + "long.md", "x");
  WalkResult result = Walk();
  EXPECT_THAT(Ids(result), ElementsAre("fits.md"));
  EXPECT_THAT(Skipped(result), ElementsAre("bad\xEF\xBF\xBD"
                                           "dir: the name is not valid UTF-8",
                                           "bad\xEF\xBF\xBDname.md: the name is not valid UTF-8",
                                           "big.md: larger than 100 bytes",
                                           HasSubstr("the path is longer than 512 bytes"),
                                           "pipe.md: not a regular file"));
}

TEST_F(WalkTest, CancelEndsTheWalk) {
  dir_.Write("a/x.md", "x");
  Result<FileHandle> root = OpenFolder(dir_.path());
  CAIRN_ASSERT_OK(root);
  WalkOptions options;
  options.max_file_bytes = 100;
  int calls = 0;
  options.progress = [&](uint64_t, std::string_view) { return ++calls < 2; };
  Result<WalkResult> result = WalkFolder(root->get(), options);
  CAIRN_ASSERT_OK(result);
  EXPECT_TRUE(result->cancelled);
  EXPECT_EQ(calls, 2);
}

TEST_F(WalkTest, AnUnreadableFolderIsReportedAndUnseen) {
  dir_.Write("open/a.md", "x");
  dir_.Write("shut/b.md", "x");
  std::filesystem::permissions(dir_ / "shut", std::filesystem::perms::none);
  if (access((dir_ / "shut").c_str(), R_OK) == 0) {
    std::filesystem::permissions(dir_ / "shut", std::filesystem::perms::owner_all);
    GTEST_SKIP() << "this user may read everything";
  }
  WalkResult result = Walk();
  std::filesystem::permissions(dir_ / "shut", std::filesystem::perms::owner_all);
  EXPECT_THAT(Ids(result), ElementsAre("open/a.md"));
  ASSERT_EQ(result.failed.size(), 1u);
  EXPECT_EQ(result.failed[0].path, "shut");
  EXPECT_TRUE(result.Unseen("shut/b.md"));
  EXPECT_FALSE(result.Unseen("shut-not/b.md"));
  EXPECT_FALSE(result.Unseen("open/b.md"));
}

class OpenBeneathTest : public WalkTest {
 protected:
  void SetUp() override {
    outside_.Write("secret.md", "secret");
    dir_.Write("a/b/c.md", "hello");
    Result<FileHandle> root = OpenFolder(dir_.path());
    CAIRN_ASSERT_OK(root);
    root_ = std::move(root).value();
  }
  Result<FileContent> Read(std::string_view path) { return ReadStable(root_.get(), path, 100); }

  FileHandle root_;
};

TEST_F(OpenBeneathTest, ReadsWhatLiesInside) {
  Result<FileContent> content = Read("a/b/c.md");
  CAIRN_ASSERT_OK(content);
  EXPECT_EQ(content->bytes, "hello");
  EXPECT_GT(content->mtime_ns, 0);
}

TEST_F(OpenBeneathTest, RefusesEveryWayOut) {
  std::string outside = outside_.path() + "/secret.md";
  std::string up = "../" + outside_.path().substr(outside_.path().rfind('/') + 1) + "/secret.md";
  for (const std::string& path :
       {outside, up, std::string("a/../a/b/c.md"), std::string("./a/b/c.md"), std::string(".."),
        std::string("a//b/c.md"), std::string("a/b/c.md/"), std::string("/"),
        std::string("a/b/c.md\0.txt", 13)}) {
    CAIRN_EXPECT_ERROR(Read(path), Code::kInvalidArgument, "no path below the root");
  }
}

TEST_F(OpenBeneathTest, RefusesLinksAtEveryStep) {
  Link(outside_.path() + "/secret.md", "a/link.md");
  Link(outside_.path(), "a/out");
  Link("b", "a/alias");
  CAIRN_EXPECT_ERROR(Read("a/link.md"), Code::kPermissionDenied, "symbolic link");
  EXPECT_FALSE(Read("a/out/secret.md").ok());
  EXPECT_FALSE(Read("a/alias/c.md").ok());
}

TEST_F(OpenBeneathTest, OtherFailures) {
  CAIRN_EXPECT_ERROR(Read("a/none.md"), Code::kNotFound, "a/none.md");
  CAIRN_EXPECT_ERROR(Read("a/b"), Code::kInvalidArgument, "not a regular file");
  dir_.Write("big.md", std::string(101, 'x'));
  CAIRN_EXPECT_ERROR(Read("big.md"), Code::kOutOfRange, "larger than 100 bytes");
  ASSERT_EQ(mkfifo((dir_ / "pipe").c_str(), 0600), 0);
  CAIRN_EXPECT_ERROR(Read("pipe"), Code::kInvalidArgument, "not a regular file");
}

TEST_F(OpenBeneathTest, AFileThatChangesWhileItIsReadIsReadAgain) {
#if defined(CAIRN_SYNC_POINTS)
  int changes = 1;
  SyncPoint::Set("indexer:after_read", [&] {
    if (changes-- > 0) dir_.Write("a/b/c.md", std::string(20 + static_cast<size_t>(changes), 'y'));
  });
  Result<FileContent> content = Read("a/b/c.md");
  CAIRN_EXPECT_OK(content);
  EXPECT_EQ(content->bytes, std::string(20, 'y'));
  changes = 9;
  CAIRN_EXPECT_ERROR(Read("a/b/c.md"), Code::kAborted, "keeps changing");
  SyncPoint::ClearAll();
#else
  GTEST_SKIP() << "built without CAIRN_SYNC_POINTS";
#endif
}

TEST_F(OpenBeneathTest, CanonicalFolderNamesTheTrouble) {
  CAIRN_EXPECT_ERROR(CanonicalFolder(""), Code::kInvalidArgument, "no name");
  CAIRN_EXPECT_ERROR(CanonicalFolder(std::string_view("/tmp\0x", 6)), Code::kInvalidArgument,
                     "NUL");
  CAIRN_EXPECT_ERROR(CanonicalFolder(dir_ / "none"), Code::kNotFound, "none");
  CAIRN_EXPECT_ERROR(CanonicalFolder(dir_ / "a/b/c.md"), Code::kInvalidArgument, "not a folder");
  Link(dir_ / "a", "alias");
  Result<std::string> through = CanonicalFolder(dir_ / "alias/../alias/b/");
  CAIRN_ASSERT_OK(through);
  EXPECT_EQ(*through, std::filesystem::canonical(dir_ / "a/b").string());
}

}  // namespace
}  // namespace cairn::indexer
