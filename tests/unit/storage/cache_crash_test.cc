// kill -9 while values are written: what is found afterwards is whole and never older than what was
// acknowledged; what was deleted or made invalid does not come back.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <random>
#include <string>

#include "storage/cache_store.h"
#include "support/matchers.h"
#include "support/temp_dir.h"

namespace cairn::storage {
namespace {

constexpr int kKeys = 40;
constexpr int kRounds = 6;

struct Told {
  enum Kind : uint8_t { kSet, kDelete, kBump };
  Kind kind;
  uint8_t key;
  uint32_t version;
  uint64_t epoch;
};

std::string ValueOf(int key, uint32_t version) {
  std::string value = StrCat(key, ":", version, ":");
  value.append(2000 + static_cast<size_t>(key) * 100, static_cast<char>('a' + version % 26));
  return value;
}

CacheStoreOptions OptionsAt(const std::string& path) {
  CacheStoreOptions options;
  options.path = path;
  options.max_bytes = CacheStoreOptions::kLeastBytes;
  options.write_wait_ns = 10'000'000'000;
  return options;
}

/// Changes values for ever, and tells of each change once it is acknowledged. Never returns.
[[noreturn]] void WriteForEver(const std::string& path, uint32_t seed, uint32_t version, int out) {
  auto opened = CacheStore::Open(OptionsAt(path));
  if (!opened.ok()) _exit(2);
  CacheStore& store = **opened;
  std::mt19937 random(seed);
  for (;; ++version) {
    Told told{Told::kSet, static_cast<uint8_t>(random() % kKeys), version, 0};
    const std::string key = std::to_string(told.key);
    const std::string_view name = key;
    const auto what = random() % 1000;
    auto epoch = store.Epoch("s");
    if (!epoch.ok()) _exit(3);
    Status status;
    if (what < 900) {
      const std::string value = ValueOf(told.key, version);
      const CacheWrite write{key, value, 0};
      status = store.Set("s", *epoch, {&write, 1});
    } else if (what < 995) {
      told.kind = Told::kDelete;
      status = store.Delete("s", {&name, 1});
    } else {
      told.kind = Told::kBump;
      auto bumped = store.Bump("s", 0);
      status = bumped.status();
      if (bumped.ok()) told.epoch = *bumped;
    }
    if (!status.ok() || write(out, &told, sizeof told) != sizeof told) _exit(4);
  }
}

TEST(CacheCrashTest, LosesCachedValuesOnly) {
  const test::TempDir dir;
  const std::string path = dir / "cache";
  std::map<int, uint32_t> least;  // the oldest version that may still be found
  uint64_t epoch = 0;
  uint32_t version = 1;
  int found = 0;
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE(round);
    int pipe_fds[2];
    ASSERT_EQ(pipe(pipe_fds), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) WriteForEver(path, static_cast<uint32_t>(round), version, pipe_fds[1]);
    close(pipe_fds[1]);
    // After so many acknowledged changes; those in the pipe by then count as well.
    int left = 300 + 700 * round;
    Told told;
    while (read(pipe_fds[0], &told, sizeof told) == sizeof told) {
      version = told.version + 1;
      if (told.kind == Told::kBump) {
        epoch = told.epoch;
        for (int key = 0; key < kKeys; ++key) least[key] = version;
      }
      // A deleted value may not be found; a later one may, when it was not told of any more.
      least[told.key] = told.kind == Told::kSet ? told.version : version;
      if (--left == 0) kill(child, SIGKILL);
    }
    close(pipe_fds[0]);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself: " << WEXITSTATUS(status);
    auto store = CacheStore::Open(OptionsAt(path));
    CAIRN_ASSERT_OK(store);
    auto now = (*store)->Epoch("s");
    CAIRN_ASSERT_OK(now);
    EXPECT_GE(*now, epoch);
    for (int key = 0; key < kKeys; ++key) {
      const std::string name = std::to_string(key);
      const std::string_view names[] = {name};
      CachedValue value;
      uint64_t of = 0;
      CAIRN_ASSERT_OK((*store)->Get("s", names, {&value, 1}, &of));
      if (!value.found) continue;
      ++found;
      const size_t colon = value.value.find(':');
      ASSERT_NE(colon, std::string::npos);
      const auto seen = static_cast<uint32_t>(std::stoul(value.value.substr(colon + 1)));
      EXPECT_EQ(value.value, ValueOf(key, seen));
      EXPECT_GE(seen, least[key]);
    }
    ++version;  // of the change that was not told of any more
  }
  EXPECT_GT(found, kRounds * kKeys / 2) << "what was acknowledged is in the log";
}

}  // namespace
}  // namespace cairn::storage
