/// What takes more than one process. The test starts itself again as the other one:
///   hold PATH          opens for writing, says so, and waits until its input ends
///   commit PATH MODE   commits ten documents, says so after each, and kills itself
///   read-as-nobody PATH  opens read-only without write permission, reads one document

#include <gtest/gtest.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/store.h"
#include "support/matchers.h"
#include "support/temp_dir.h"

namespace cairn::storage {
namespace {

constexpr int kCommits = 10;

void Say(char what) {
  if (write(STDOUT_FILENO, &what, 1) != 1) _exit(9);
}

int Hold(const std::string& path) {
  auto store = Store::Open({.path = path});
  Say(store.ok() ? 'y' : 'n');
  char byte = 0;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  return 0;
}

int CommitAndDie(const std::string& path, bool sync) {
  auto store = Store::Open({.path = path});
  if (!store.ok()) return 1;
  for (int i = 0; i < kCommits; ++i) {
    Batch batch;
    batch.Put(Family::kDocuments, StrCat("doc", i), std::string(3000, 'x'));
    batch.Put(Family::kChunks, StrCat("doc", i), "chunk");
    if (!(*store)->Commit(batch, sync ? Durability::kSync : Durability::kAsync).ok()) return 2;
    Say('.');
  }
  kill(getpid(), SIGKILL);
  return 3;
}

int ReadAsNobody(const std::string& path) {
  if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) return 4;
  if (access(path.c_str(), W_OK) == 0) return 5;
  if (Store::Open({.path = path}).status().code() != Code::kPermissionDenied) return 6;
  auto store = Store::Open({.path = path, .read_only = true});
  if (!store.ok()) {
    std::fprintf(stderr, "%s\n", std::string(store.status().message()).c_str());
    return 7;
  }
  return (*store)->Get(Family::kDocuments, "doc").ok() && (*store)->Refresh().ok() ? 0 : 8;
}

/// Another process that runs this program with some arguments.
class Process {
 public:
  explicit Process(std::vector<std::string> arguments) {
    int in[2];
    int out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) return;
    pid_ = fork();
    if (pid_ == 0) {
      dup2(in[0], STDIN_FILENO);
      dup2(out[1], STDOUT_FILENO);
      std::string self = "/proc/self/exe";
      std::vector<char*> argv = {self.data()};
      for (std::string& argument : arguments) argv.push_back(argument.data());
      argv.push_back(nullptr);
      execv(self.c_str(), argv.data());
      _exit(127);
    }
    close(in[0]);
    close(out[1]);
    in_ = in[1];
    out_ = out[0];
  }
  ~Process() {
    if (pid_ > 0) Wait();
    close(out_);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  char Hear() {
    char what = '\0';
    return read(out_, &what, 1) == 1 ? what : '\0';
  }
  void Kill() { kill(pid_, SIGKILL); }
  /// As waitpid. Ends its input first.
  int Wait() {
    close(in_);
    int status = -1;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
  }

 private:
  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
};

class ProcessTest : public ::testing::Test {
 protected:
  std::string Path() { return dir_ / "db"; }
  test::TempDir dir_;
};

TEST_F(ProcessTest, ASecondWriterIsToldWhoTheFirstIs) {
  Process holder({"hold", Path()});
  ASSERT_EQ(holder.Hear(), 'y');
  auto second = Store::Open({.path = Path()});
  CAIRN_EXPECT_ERROR(second, Code::kLocked,
                     StrCat("database ", Path(), " is in use by process ", holder.pid(), " ("));
  CAIRN_EXPECT_OK(Store::Open({.path = Path(), .read_only = true}));
  EXPECT_EQ(holder.Wait(), 0);
  CAIRN_EXPECT_OK(Store::Open({.path = Path()}));
}

TEST_F(ProcessTest, TheLockOfAKilledWriterIsFree) {
  Process holder({"hold", Path()});
  ASSERT_EQ(holder.Hear(), 'y');
  CAIRN_EXPECT_ERROR(Store::Open({.path = Path()}), Code::kLocked, std::to_string(holder.pid()));
  holder.Kill();
  holder.Wait();
  CAIRN_EXPECT_OK(Store::Open({.path = Path()}));
}

class KillTest : public ProcessTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(KillTest, EveryAcknowledgedCommitSurvives) {
  for (int round = 0; round < 3; ++round) {
    Process victim({"commit", Path(), GetParam()});
    for (int i = 0; i < kCommits; ++i) ASSERT_EQ(victim.Hear(), '.') << "commit " << i;
    int status = victim.Wait();
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
    for (bool read_only : {true, false}) {
      auto store = Store::Open({.path = Path(), .read_only = read_only});
      CAIRN_ASSERT_OK(store);
      for (int i = 0; i < kCommits; ++i) {
        auto document = (*store)->Get(Family::kDocuments, StrCat("doc", i));
        CAIRN_ASSERT_OK(document);
        EXPECT_EQ(*document, std::string(3000, 'x'));
        CAIRN_EXPECT_OK((*store)->Get(Family::kChunks, StrCat("doc", i)));
      }
      if (read_only) continue;
      Batch batch;
      batch.DeletePrefix(Family::kDocuments, "doc");
      CAIRN_EXPECT_OK((*store)->Commit(batch, Durability::kSync));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Durability, KillTest, ::testing::Values("sync", "async"));

TEST_F(ProcessTest, AReaderNeedsNoWritePermission) {
  {
    auto store = Store::Open({.path = Path()});
    CAIRN_ASSERT_OK(store);
    Batch batch;
    batch.Put(Family::kDocuments, "doc", "value");
    CAIRN_ASSERT_OK((*store)->Commit(batch, Durability::kSync));
  }
  chmod(dir_.path().c_str(), 0755);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(Path())) {
    chmod(entry.path().c_str(), entry.is_directory() ? 0555 : 0444);
  }
  chmod(Path().c_str(), 0555);
  Process reader({"read-as-nobody", Path()});
  EXPECT_EQ(reader.Wait(), 0);
  for (const char* part : {"", "/store"}) chmod((Path() + part).c_str(), 0755);
}

}  // namespace
}  // namespace cairn::storage

int main(int argc, char** argv) {
  using namespace cairn::storage;  // NOLINT(google-build-using-namespace)
  std::string role = argc > 2 ? argv[1] : "";
  if (role == "hold") return Hold(argv[2]);
  if (role == "commit" && argc > 3) return CommitAndDie(argv[2], std::string(argv[3]) == "sync");
  if (role == "read-as-nobody") return ReadAsNobody(argv[2]);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
