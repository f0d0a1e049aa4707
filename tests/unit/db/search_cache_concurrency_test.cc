// Every answer is at least as new as the last write that was acknowledged before the search began.

#include <gtest/gtest.h>

#include <atomic>
#include <charconv>
#include <string>
#include <thread>
#include <vector>

#include "unit/db/support.h"

namespace cairn::db {
namespace {

using test::Must;
using test::Note;
using test::OpenAt;
using test::TextQuery;

constexpr int kWrites = 400;
constexpr int kReaders = 3;

/// The version that the answer shows; -1 for none. Deleting is a version too, of no document.
int VersionOf(const query::SearchResponse& response) {
  if (response.results.empty()) return -1;
  EXPECT_EQ(response.results.size(), 1u);
  int version = -1;
  const std::string& title = response.results[0].title;
  std::from_chars(title.data(), title.data() + title.size(), version);
  return version;
}

TEST(SearchCacheConcurrencyTest, NoAnswerIsOlderThanTheLastWriteBeforeIt) {
  test::TempDir dir;
  auto db = OpenAt(dir / "db");
  auto notes = Must(db->CreateCollection("notes", test::WithVectors(0)));
  auto other = Must(db->OpenCollection("notes", nullptr));
  // Even versions are written, odd ones are deletions.
  std::atomic<int> acknowledged{-1};
  std::atomic<int> begun{-1};
  std::atomic<uint64_t> searches{0};
  std::vector<std::thread> readers;
  for (int reader = 0; reader < kReaders; ++reader) {
    readers.emplace_back([&, reader] {
      Collection& mine = reader % 2 == 0 ? *notes : *other;
      while (acknowledged.load() < kWrites - 1) {
        const int before = acknowledged.load();
        auto response = mine.Search(TextQuery("dough"));
        const int after = begun.load();
        CAIRN_ASSERT_OK(response);
        const int version = VersionOf(*response);
        if (version >= 0) {
          EXPECT_GE(version, before);
          EXPECT_LE(version, after);
        } else {
          // A moment without the document: before all, or after a deletion within the search.
          EXPECT_TRUE(before < 0 || before % 2 == 1 || after > before) << before << " " << after;
        }
        searches.fetch_add(1);
      }
    });
  }
  for (int version = 0; version < kWrites; ++version) {
    begun.store(version);
    if (version % 2 == 0) {
      const std::string title = std::to_string(version);
      auto input = Note("a", title, "dough");
      CAIRN_EXPECT_OK(notes->Upsert({&input, 1}));
    } else {
      CAIRN_EXPECT_OK(other->Delete("a"));
    }
    acknowledged.store(version);
    // So that answers are remembered and found before the next write.
    const uint64_t seen = searches.load();
    while (version % 8 == 0 && searches.load() < seen + 8) std::this_thread::yield();
  }
  for (auto& reader : readers) reader.join();
  EXPECT_GT(Must(db->Stats()).search_cache.hits, 0u);
}

}  // namespace
}  // namespace cairn::db
