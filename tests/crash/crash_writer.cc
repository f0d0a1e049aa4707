// Writes to a database for ever and tells, line by line on stdout, what it is about to do and what
// was acknowledged. Meant to be killed.
// Usage: crash_writer upsert DB SEED VERSION | index DB SEED FOLDER | vectors DB SEED POINT

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "base/sync_point.h"

#include "crash/crash_documents.h"
#include "db/database.h"

namespace {

using cairn::db::Collection;
using cairn::db::Database;

[[noreturn]] void Die(const cairn::Status& status) {
  std::fprintf(stderr, "crash_writer: %s\n", std::string(status.message()).c_str());
  std::_Exit(3);
}

void Tell(char what, int id, int version) {
  char line[64];
  int size = std::snprintf(line, sizeof line, "%c %d %d\n", what, id, version);
  if (write(STDOUT_FILENO, line, static_cast<size_t>(size)) != size) std::_Exit(4);
}

std::unique_ptr<Collection> OpenOrCreate(Database& db, const std::string& name,
                                         const cairn::db::CollectionOptions& options) {
  auto opened = db.OpenCollection(name, nullptr);
  if (opened.ok()) return std::move(opened).value();
  auto created = db.CreateCollection(name, options);
  if (!created.ok()) Die(created.status());
  return std::move(created).value();
}

/// Even ids go to a collection with the builtin embedder, odd ones to one with host vectors.
void WriteForEver(Database& db, uint32_t seed, int first_version) {
  auto notes = OpenOrCreate(db, "notes", {});
  cairn::db::CollectionOptions options;
  options.config.embedder = cairn::db::EmbedderKind::kNone;
  options.config.dim = cairn::test::kCrashDim;
  auto vectors = OpenOrCreate(db, "vectors", options);
  std::mt19937 random(seed);
  for (int version = first_version;; ++version) {
    int id = static_cast<int>(random() % cairn::test::kCrashIds);
    Collection& collection = id % 2 == 0 ? *notes : *vectors;
    std::string name = cairn::test::CrashId(id);
    bool erase = random() % 8 == 0;
    Tell(erase ? 'd' : 'u', id, version);
    if (erase) {
      cairn::Status erased = collection.Delete(name);
      if (!erased.ok() && erased.code() != cairn::Code::kNotFound) Die(erased);
    } else {
      std::string title = cairn::test::CrashTitle(id, version);
      std::string body = cairn::test::CrashBody(id, version);
      auto vector = cairn::test::CrashVector(id, version);
      cairn::db::DocumentInput input;
      input.id = name;
      input.title = title;
      input.body = body;
      if (id % 2 == 1) {
        input.vectors = vector.data();
        input.vector_count = 1;
        input.dim = cairn::test::kCrashDim;
      }
      cairn::Status written = collection.Upsert({&input, 1});
      if (!written.ok()) Die(written);
    }
    Tell('a', id, version);
  }
}

void IndexOnce(Database& db, const std::string& folder) {
  auto notes = OpenOrCreate(db, "folder", {});
  cairn::indexer::IndexOptions options;
  cairn::db::IndexOutcome outcome;
  cairn::Status indexed = notes->IndexFolder(folder, options, &outcome);
  if (!indexed.ok()) Die(indexed);
  Tell('a', 0, 0);
}

/// Adds, replaces and deletes vectors while the index seals, merges, saves and publishes, and dies
/// at the second time that it comes to `point`, where the build has sync points.
void MoveVectors(Database& db, uint32_t seed, const std::string& point) {
  cairn::db::CollectionOptions options;
  options.config.embedder = cairn::db::EmbedderKind::kNone;
  options.config.metric = cairn::vector::Metric::kL2;
  options.config.dim = cairn::test::kCrashDim;
  auto vectors = OpenOrCreate(db, "segments", options);
  // Files are checked once after opening; the others come again and again.
  static std::atomic<int> passes{point == "segmented_index:check" ? 0 : 1};
  cairn::SyncPoint::Set(point, [] {
    if (passes-- == 0) kill(getpid(), SIGKILL);
  });
  std::vector<float> query(cairn::test::kCrashDim, 1);
  auto found = vectors->SearchVectors(query, cairn::test::kCrashDim, 1, "");
  if (!found.ok()) Die(found.status());
  std::mt19937 random(seed);
  for (;;) {
    std::vector<std::string> names;
    std::vector<std::array<float, cairn::test::kCrashDim>> rows;
    for (int i = 0; i < 400; ++i) {
      names.push_back(cairn::test::CrashId(static_cast<int>(random() % 6000)));
      for (float& x : rows.emplace_back()) x = static_cast<float>(random() % 100);
    }
    std::vector<cairn::db::DocumentInput> inputs(names.size());
    for (size_t i = 0; i < inputs.size(); ++i) {
      inputs[i].id = names[i];
      inputs[i].vectors = rows[i].data();
      inputs[i].vector_count = 1;
      inputs[i].dim = cairn::test::kCrashDim;
    }
    cairn::Status written = vectors->Upsert(inputs);
    if (!written.ok()) Die(written);
    for (int i = 0; i < 50; ++i) {
      cairn::Status erased =
          vectors->Delete(cairn::test::CrashId(static_cast<int>(random() % 6000)));
      if (!erased.ok() && erased.code() != cairn::Code::kNotFound) Die(erased);
    }
    Tell('a', 0, 0);
    if (random() % 6 == 0) db.WaitIdle(-1).IgnoreError("it waits for ever");
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  cairn::db::DatabaseOptions options;
  options.path = argv[2];
  uint32_t seed = static_cast<uint32_t>(std::strtoul(argv[3], nullptr, 10));
  // Both promises hold against kill -9; power loss is not what this test does.
  options.durability =
      seed % 2 == 0 ? cairn::storage::Durability::kSync : cairn::storage::Durability::kAsync;
  auto db = Database::Open(options);
  if (!db.ok()) Die(db.status());
  if (std::string(argv[1]) == "index") {
    IndexOnce(**db, argv[4]);
  } else if (std::string(argv[1]) == "vectors") {
    MoveVectors(**db, seed, argv[4]);
  } else {
    WriteForEver(**db, seed, std::atoi(argv[4]));
  }
  return 0;
}
