// kill -9 at random moments: every acknowledged change is whole, nothing is half there, and what
// searches return equals a database built afresh from the surviving documents.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "crash/crash_documents.h"
#include "db/database.h"
#include "support/matchers.h"
#include "support/temp_dir.h"

namespace cairn::db {
namespace {

int Rounds() {
  const char* rounds = std::getenv("CAIRN_CRASH_ROUNDS");
  return rounds == nullptr ? 12 : std::atoi(rounds);
}

/// Runs the writer, kills it after `delay_us`, and returns what it said.
std::string RunAndKill(const std::vector<std::string>& arguments, int64_t delay_us) {
  int pipe_fds[2];
  if (pipe(pipe_fds) != 0) return "";
  pid_t child = fork();
  if (child == 0) {
    dup2(pipe_fds[1], STDOUT_FILENO);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    std::vector<char*> argv = {const_cast<char*>(CAIRN_CRASH_WRITER)};
    for (const std::string& argument : arguments)
      argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    execv(CAIRN_CRASH_WRITER, argv.data());
    _exit(127);
  }
  close(pipe_fds[1]);
  // The pipe is read all the time, so that the writer never waits for the reader.
  std::string said;
  char buffer[4096];
  timespec start{};
  clock_gettime(CLOCK_MONOTONIC, &start);
  fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK);
  bool killed = false;
  for (;;) {
    ssize_t size = read(pipe_fds[0], buffer, sizeof buffer);
    if (size > 0) said.append(buffer, static_cast<size_t>(size));
    if (size == 0) break;
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t passed_us =
        (now.tv_sec - start.tv_sec) * 1000000 + (now.tv_nsec - start.tv_nsec) / 1000;
    if (!killed && passed_us >= delay_us) {
      kill(child, SIGKILL);
      killed = true;
    }
    if (size < 0) usleep(200);
  }
  close(pipe_fds[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
      << "the writer failed by itself with status " << status;
  return said;
}

/// The version a document may have: what was acknowledged last, or what was begun after it.
struct Expected {
  std::optional<int> acknowledged;  ///< nothing: deleted, or never written
  std::optional<int> begun;
  bool has_begun = false;
};

/// Follows the writer's lines. The model lives on over all rounds.
void Follow(const std::string& said, std::map<int, Expected>* model, int* last_version) {
  std::istringstream lines(said);
  char what = 0;
  int id = 0;
  int version = 0;
  while (lines >> what >> id >> version) {
    Expected& expected = (*model)[id];
    if (what == 'a') {
      expected.acknowledged = expected.begun;
      expected.has_begun = false;
    } else {
      expected.begun = what == 'u' ? std::optional<int>(version) : std::nullopt;
      expected.has_begun = true;
    }
    *last_version = std::max(*last_version, version);
  }
}

std::unique_ptr<Database> OpenAt(const std::string& path) {
  DatabaseOptions options;
  options.path = path;
  options.durability = storage::Durability::kAsync;
  auto db = Database::Open(options);
  EXPECT_TRUE(db.ok()) << db.status();
  return db.ok() ? std::move(db).value() : nullptr;
}

std::vector<std::string> Found(const Collection& collection, const std::string& text) {
  query::SearchRequest request;
  request.text = text;
  request.mode = query::Mode::kText;
  request.limit = 1000;
  auto response = collection.Search(request);
  EXPECT_TRUE(response.ok()) << response.status();
  std::vector<std::string> found;
  if (!response.ok()) return found;
  for (const auto& result : response->results) {
    char line[64];
    std::snprintf(line, sizeof line, " %.6f", result.score);
    found.push_back(result.id + line);
  }
  return found;
}

/// Checks one document against the model; returns its version.
std::optional<int> CheckDocument(const Collection& collection, int id, const Expected& expected) {
  auto document = collection.Get(test::CrashId(id));
  std::optional<int> version;
  for (std::optional<int> candidate : {expected.acknowledged, expected.begun}) {
    if (candidate == expected.begun && !expected.has_begun && candidate != expected.acknowledged) {
      continue;
    }
    if (!candidate && document.status().code() == Code::kNotFound) return std::nullopt;
    if (candidate && document.ok() && document->body == test::CrashBody(id, *candidate) &&
        document->title == test::CrashTitle(id, *candidate)) {
      version = candidate;
    }
  }
  EXPECT_TRUE(version.has_value())
      << test::CrashId(id) << " is neither what was acknowledged nor what was begun: "
      << (document.ok() ? document->title : std::string(document.status().message()));
  if (!version || !document.ok()) return version;
  auto hits = Found(collection, test::CrashWord(id, *version));
  EXPECT_EQ(hits.size(), 1u) << "text search does not agree about " << test::CrashId(id);
  for (std::optional<int> other : {expected.acknowledged, expected.begun}) {
    if (other && other != version) {
      EXPECT_TRUE(Found(collection, test::CrashWord(id, *other)).empty())
          << "a version that is gone is still found";
    }
  }
  return version;
}

/// Builds a database from the surviving documents and compares what searches return.
void CompareWithRebuilt(const Collection& survivor, const Collection& fresh) {
  ASSERT_EQ(*survivor.Count(), *fresh.Count());
  for (const char* query : {"bread", "orbit comet", "dough oven star", "title"}) {
    EXPECT_EQ(Found(survivor, query), Found(fresh, query)) << query;
  }
  auto a = survivor.Stats();
  auto b = fresh.Stats();
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(a->chunk_count, b->chunk_count);
  if (survivor.config().embedder != EmbedderKind::kNone) return;
  EXPECT_EQ(a->vector_count, b->vector_count);
  std::vector<float> query = {1, 40, 100, 0.5};
  auto ours = survivor.SearchVectors(query, test::kCrashDim, 1000, "");
  auto theirs = fresh.SearchVectors(query, test::kCrashDim, 1000, "");
  ASSERT_TRUE(ours.ok() && theirs.ok());
  ASSERT_EQ((*ours)[0].size(), *survivor.Count());
  ASSERT_EQ((*ours)[0].size(), (*theirs)[0].size());
  for (size_t i = 0; i < (*ours)[0].size(); ++i) {
    EXPECT_EQ((*ours)[0][i].score, (*theirs)[0][i].score) << "rank " << i;
  }
}

void Write(Collection& collection, int id, int version) {
  std::string name = test::CrashId(id);
  std::string title = test::CrashTitle(id, version);
  std::string body = test::CrashBody(id, version);
  auto vector = test::CrashVector(id, version);
  DocumentInput input;
  input.id = name;
  input.title = title;
  input.body = body;
  if (id % 2 == 1) {
    input.vectors = vector.data();
    input.vector_count = 1;
    input.dim = test::kCrashDim;
  }
  CAIRN_EXPECT_OK(collection.Upsert({&input, 1}));
}

TEST(CrashTest, AcknowledgedWritesSurviveKillAndNothingIsHalfThere) {
  test::TempDir dir;
  std::mt19937 random(20250117);
  std::map<int, Expected> model;
  int last_version = 0;
  for (int round = 0; round < Rounds() && !testing::Test::HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    std::string said = RunAndKill(
        {"upsert", dir / "db", std::to_string(round + 1), std::to_string(last_version + 1)},
        1000 + static_cast<int64_t>(random() % 600000));
    Follow(said, &model, &last_version);
    auto db = OpenAt(dir / "db");
    ASSERT_NE(db, nullptr);
    auto notes = db->OpenCollection("notes", nullptr);
    auto vectors = db->OpenCollection("vectors", nullptr);
    if (!notes.ok() || !vectors.ok()) {
      EXPECT_TRUE(model.empty()) << "a collection is gone";
      continue;
    }
    test::TempDir fresh_dir;
    auto fresh_db = OpenAt(fresh_dir / "db");
    auto fresh_notes = fresh_db->CreateCollection("notes", {});
    CollectionOptions options;
    options.config.embedder = EmbedderKind::kNone;
    options.config.dim = test::kCrashDim;
    auto fresh_vectors = fresh_db->CreateCollection("vectors", options);
    for (auto& [id, expected] : model) {
      Collection& survivor = id % 2 == 0 ? **notes : **vectors;
      std::optional<int> version = CheckDocument(survivor, id, expected);
      expected = {version, std::nullopt, false};
      if (version) Write(id % 2 == 0 ? **fresh_notes : **fresh_vectors, id, *version);
    }
    CompareWithRebuilt(**notes, **fresh_notes);
    CompareWithRebuilt(**vectors, **fresh_vectors);
  }
  std::printf("%d kills, %d writes\n", Rounds(), last_version);
  EXPECT_GT(last_version, Rounds()) << "the writer was killed before it wrote anything";
}

TEST(CrashTest, AnInterruptedFolderRunIsCompletedByTheNextOne) {
  test::TempDir dir;
  std::mt19937 random(42);
  for (int i = 0; i < 300; ++i) {
    dir.Write("folder/note" + std::to_string(i) + ".md",
              "# Note " + std::to_string(i) + "\n\n" + test::CrashBody(i, 7));
  }
  int complete = 0;
  for (int round = 0; round < Rounds() && !testing::Test::HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    // Change something every time, so that each run has work to lose.
    for (int i = 0; i < 40; ++i) {
      dir.Write("folder/note" + std::to_string(random() % 300) + ".md",
                "# Changed " + std::to_string(round) + "\n\n" +
                    test::CrashBody(static_cast<int>(random() % 300), round));
    }
    std::string said = RunAndKill({"index", dir / "db", std::to_string(round), dir / "folder"},
                                  1000 + static_cast<int64_t>(random() % 400000));
    if (!said.empty()) ++complete;
    auto db = OpenAt(dir / "db");
    ASSERT_NE(db, nullptr);
    auto notes = db->OpenCollection("folder", nullptr);
    if (!notes.ok()) continue;
    auto ids = (*notes)->Ids("", 1000);
    CAIRN_ASSERT_OK(ids);
    for (const std::string& id : *ids) {
      auto document = (*notes)->Get(id);
      ASSERT_TRUE(document.ok()) << document.status();
      EXPECT_FALSE(document->chunks.empty()) << id;
      EXPECT_FALSE(Found(**notes, document->title).empty()) << id;
    }
  }
  auto db = OpenAt(dir / "db");
  ASSERT_NE(db, nullptr);
  auto notes = db->OpenCollection("folder", nullptr);
  if (!notes.ok()) notes = db->CreateCollection("folder", {});
  CAIRN_ASSERT_OK(notes);
  IndexOutcome outcome;
  CAIRN_ASSERT_OK((*notes)->IndexFolder(dir / "folder", {}, &outcome));
  test::TempDir fresh_dir;
  auto fresh_db = OpenAt(fresh_dir / "db");
  auto fresh = fresh_db->CreateCollection("folder", {});
  CAIRN_ASSERT_OK(fresh);
  CAIRN_ASSERT_OK((*fresh)->IndexFolder(dir / "folder", {}, &outcome));
  EXPECT_EQ(*(*notes)->Ids("", 1000), *(*fresh)->Ids("", 1000));
  for (const char* query : {"bread", "orbit comet", "changed"}) {
    EXPECT_EQ(Found(**notes, query), Found(**fresh, query)) << query;
  }
  // Vectors depend on when the embedder was trained; what was cut and stored does not.
  EXPECT_EQ((*notes)->Stats()->chunk_count, (*fresh)->Stats()->chunk_count);
  std::printf("%d runs, %d of them ended before the kill\n", Rounds(), complete);
}

/// What vector search finds in all is what the documents hold.
void ExpectIndexIsTheStore(const Collection& collection) {
  std::vector<float> query(test::kCrashDim, 50);
  std::vector<std::pair<float, std::string>> expected;
  auto ids = collection.Ids("", 10000);
  CAIRN_ASSERT_OK(ids);
  for (const std::string& id : *ids) {
    auto document = collection.Get(id);
    CAIRN_ASSERT_OK(document);
    ASSERT_EQ(document->vectors.size(), query.size());
    float score = 0;
    for (size_t d = 0; d < query.size(); ++d) {
      score -= (document->vectors[d] - query[d]) * (document->vectors[d] - query[d]);
    }
    expected.emplace_back(score, id);
  }
  auto lists = collection.SearchVectors(query, test::kCrashDim, 20000, "");
  CAIRN_ASSERT_OK(lists);
  std::vector<std::pair<float, std::string>> found;
  for (const auto& hit : (*lists)[0]) {
    auto id = collection.IdOf(hit.doc);
    CAIRN_ASSERT_OK(id);
    found.emplace_back(hit.score, *id);
  }
  std::sort(expected.begin(), expected.end());
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found.size(), expected.size());
  EXPECT_TRUE(found == expected);
}

TEST(CrashTest, VectorIndexesAgreeWithTheStoreAfterEveryKill) {
  test::TempDir dir;
  std::mt19937 random(77);
  const std::vector<std::string> points = {"segmented_index:build", "segmented_index:save",
                                           "segmented_index:publish", "segmented_index:published",
                                           "segmented_index:check"};
  size_t documents = 0;
  int from_files = 0;
  for (int round = 0; round < Rounds() && !testing::Test::HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    RunAndKill({"vectors", dir / "db", std::to_string(round + 1),
                points[static_cast<size_t>(round) % points.size()]},
               100000 + static_cast<int64_t>(random() % 3000000));
    auto db = OpenAt(dir / "db");
    ASSERT_NE(db, nullptr);
    auto vectors = db->OpenCollection("segments", nullptr);
    if (!vectors.ok()) continue;
    ExpectIndexIsTheStore(**vectors);
    if (db->Metrics().find("source=\"files\"") != std::string::npos) ++from_files;
    if (round % 2 == 0) {
      CAIRN_EXPECT_OK(db->WaitIdle(-1));
      ExpectIndexIsTheStore(**vectors);
    }
    documents = *(*vectors)->Count();
  }
  std::printf("%d kills, %zu documents, %d times opened from files\n", Rounds(), documents,
              from_files);
  EXPECT_GT(documents, 2000u) << "the writer was killed before there was anything to seal";
  EXPECT_GT(from_files, 0);
}

}  // namespace
}  // namespace cairn::db
