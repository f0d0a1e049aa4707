// Writers, deleters, searchers, a trainer and a folder run on one database at the same time.

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "unit/db/support.h"

namespace cairn::db {
namespace {

using test::Must;
using test::Note;
using test::OpenAt;

constexpr int kIdsPerWriter = 30;
constexpr int kWritesPerWriter = 150;

std::string IdOf(int writer, int i) {
  return "w" + std::to_string(writer) + "-" + std::to_string(i % kIdsPerWriter);
}

/// Every answer must be one that some moment could give: an id once, a body that fits the id.
void CheckAnswer(const query::SearchResponse& response) {
  std::set<std::string> seen;
  for (const auto& result : response.results) {
    EXPECT_TRUE(seen.insert(result.id).second) << result.id << " twice in one answer";
    EXPECT_EQ(result.title, "Title of " + result.id);
  }
  EXPECT_LE(response.results.size(), response.total);
}

TEST(DbConcurrencyTest, EverythingAtOnce) {
  test::TempDir dir;
  for (int i = 0; i < 60; ++i) {
    std::string id = "f" + std::to_string(i) + ".md";
    dir.Write("folder/" + id, "---\ntitle: Title of " + id + "\n---\n\nstar orbit comet\n");
  }
  auto db = OpenAt(dir / "db");
  auto notes = Must(db->CreateCollection("notes", {}));
  std::atomic<bool> stop{false};
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 3; ++writer) {
    writers.emplace_back([&, writer] {
      for (int i = 0; i < kWritesPerWriter; ++i) {
        std::string id = IdOf(writer, i);
        std::string title = "Title of " + id;
        auto input = Note(id, title, i % 2 == 0 ? "dough oven loaf flour" : "star orbit comet");
        CAIRN_EXPECT_OK(notes->Upsert({&input, 1}));
        if (i % 5 == 4) CAIRN_EXPECT_OK(notes->Delete(id));
      }
    });
  }
  writers.emplace_back([&] {
    IndexOutcome outcome;
    CAIRN_EXPECT_OK(notes->IndexFolder(dir / "folder", {}, &outcome));
    EXPECT_EQ(outcome.report.added, 60u);
  });
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 2; ++reader) {
    readers.emplace_back([&, reader] {
      while (!stop) {
        query::SearchRequest request;
        request.text = "dough comet";
        request.mode = reader == 0 ? query::Mode::kText : query::Mode::kHybrid;
        request.limit = 200;
        auto response = notes->Search(request);
        CAIRN_EXPECT_OK(response);
        if (response.ok()) CheckAnswer(*response);
        CAIRN_EXPECT_OK(notes->Stats());
        CAIRN_EXPECT_OK(notes->Ids("", 50));
      }
    });
  }
  for (auto& thread : writers) thread.join();
  stop = true;
  for (auto& thread : readers) thread.join();
  CAIRN_EXPECT_OK(db->WaitIdle(-1));

  // What is there now is what the last write of each id left.
  std::set<std::string> expected;
  for (int writer = 0; writer < 3; ++writer) {
    for (int i = kWritesPerWriter - kIdsPerWriter; i < kWritesPerWriter; ++i) {
      if (i % 5 != 4) expected.insert(IdOf(writer, i));
    }
  }
  for (int i = 0; i < 60; ++i) expected.insert("f" + std::to_string(i) + ".md");
  auto ids = Must(notes->Ids("", 10000));
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()), expected);
  query::SearchRequest request;
  request.text = "dough comet";
  request.mode = query::Mode::kVector;
  request.limit = 1000;
  auto response = Must(notes->Search(request));
  EXPECT_EQ(response.total, expected.size());
  CheckAnswer(response);
}

TEST(DbConcurrencyTest, CloseWhileOthersWork) {
  test::TempDir dir;
  auto db = OpenAt(dir / "db");
  auto notes = Must(db->CreateCollection("notes", {}));
  std::atomic<int> running{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      ++running;
      for (int i = 0;; ++i) {
        Status status;
        if (t == 0) {
          auto response = notes->Search(test::TextQuery("dough"));
          status = response.status();
        } else {
          std::string id = IdOf(t, i);
          auto input = Note(id, "Title of " + id, "dough oven loaf flour");
          std::string title = "Title of " + id;
          input.title = title;
          status = notes->Upsert({&input, 1});
        }
        if (status.ok()) continue;
        EXPECT_TRUE(status.code() == Code::kFailedPrecondition ||
                    status.code() == Code::kUnavailable)
            << status;
        return;
      }
    });
  }
  while (running < 3) std::this_thread::yield();
  for (int i = 0; i < 20; ++i) CAIRN_EXPECT_OK(notes->Count());
  CAIRN_EXPECT_OK(db->Close());
  for (auto& thread : threads) thread.join();
  auto again = OpenAt(dir / "db");
  auto reopened = Must(again->OpenCollection("notes", nullptr));
  auto hits = Must(reopened->Search(test::TextQuery("dough")));
  EXPECT_EQ(hits.total, *reopened->Count());
}

}  // namespace
}  // namespace cairn::db
