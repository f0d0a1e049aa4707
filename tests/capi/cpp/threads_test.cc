// One database and one collection used by several threads at once, each with references of its own.
#include <cairn/cairn.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

extern "C" {
#include "check.h"
}

namespace {

constexpr int kThreads = 4;
constexpr int kRounds = 25;

/// A word and an id that no other thread and round uses.
std::string Name(int thread, int round) {
  return "word" + std::to_string(thread * kRounds + round);
}

/// Writes a document per round and finds it at once. Counts what went wrong: CHECK is for one
/// thread.
void Work(cairn::Database db, int thread, std::atomic<int>* faults) {
  cairn::SearchOptions by_text;
  by_text.mode = cairn::Mode::kText;
  for (int round = 0; round < kRounds; ++round) {
    try {
      cairn::Collection notes = db.collection("notes");
      cairn::NewDocument document;
      document.id = Name(thread, round);
      document.body = "the " + document.id + " of many";
      notes.upsert(document);
      if (notes.search(document.id, by_text).total() != 1) ++*faults;
      if (notes.search(document.id).empty()) ++*faults;
      if (round % 5 == 0 && !notes.remove(document.id)) ++*faults;
      notes.stats();
      db.metrics();
    } catch (const cairn::Error&) {
      ++*faults;
    }
  }
}

void ThreadsShareADatabase() {
  char* folder = make_folder();
  std::atomic<int> faults{0};
  std::atomic<int> calls{0};
  {
    cairn::DatabaseOptions options;
    options.durability = cairn::Durability::kAsync;
    options.log = [](cairn::LogLevel, std::string_view, std::string_view) {};
    cairn::Database db(path_in(folder, "db"), options);
    cairn::CollectionOptions embedding;
    embedding.dim = 2;
    embedding.embedder_name = "sizes";
    embedding.embed = [&calls](const std::vector<std::string_view>& texts, cairn::Purpose,
                               float* vectors_out) {
      for (std::string_view text : texts) {
        ++calls;
        *vectors_out++ = 1;
        *vectors_out++ = static_cast<float>(text.size());
      }
    };
    cairn::Collection notes = db.collection("notes", embedding);
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) threads.emplace_back(Work, db, i, &faults);
    for (std::thread& thread : threads) thread.join();
    CHECK(notes.count() == kThreads * kRounds * 4 / 5);
  }
  CHECK(faults == 0);
  CHECK(calls >= 2 * kThreads * kRounds);
  remove_folder(folder);
}

}  // namespace

int main() {
  RUN(ThreadsShareADatabase);
  return check_result();
}
