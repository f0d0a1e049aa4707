#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "db/database.h"
#include "unit/db/support.h"

namespace cairn::db {
namespace {

using query::NearestRequest;
using test::Must;
using test::Note;
using test::OpenAt;
using test::WithVectors;

/// What a search filled in.
struct Found {
  std::vector<std::string> ids;
  std::vector<float> scores;
  std::vector<uint32_t> ordinals;
  NearestReport report;
};

class NearestTest : public ::testing::Test {
 protected:
  static constexpr uint32_t kDim = 8;

  NearestTest()
      : db_(OpenAt(dir_ / "db")), vectors_(Must(db_->CreateCollection("v", WithVectors(kDim)))) {}

  void Put(std::string_view id, std::vector<float> rows, std::string_view type = "") {
    auto input = Note(id, "", "");
    input.vectors = rows.data();
    input.vector_count = rows.size() / kDim;
    input.dim = kDim;
    input.type = type;
    CAIRN_EXPECT_OK(vectors_->Upsert({&input, 1}));
  }
  /// A unit vector at an angle in degrees in the plane of the first two coordinates.
  static std::vector<float> At(double degrees) {
    double angle = degrees * 3.14159265358979 / 180;
    std::vector<float> vector(kDim);
    vector[0] = static_cast<float>(std::cos(angle));
    vector[1] = static_cast<float>(std::sin(angle));
    return vector;
  }
  void PutAt(int degrees) { Put(std::to_string(degrees), At(degrees)); }

  template <typename Search>
  Result<Found> Collect(size_t k, const Search& search) {
    std::vector<uint64_t> keys(k);
    Found found;
    found.scores.resize(k);
    found.ordinals.resize(k);
    uint32_t count = 0;
    Status status =
        search(query::NearestRows{keys.data(), found.ordinals.data(), found.scores.data(), &count},
               &found.report);
    if (!status.ok()) return status;
    keys.resize(count);
    found.scores.resize(count);
    found.ordinals.resize(count);
    found.ids = Must(vectors_->IdsOf(keys));
    return found;
  }
  Result<Found> Search(std::vector<float> query, NearestRequest request) {
    request.queries = query;
    return Collect(request.k, [&](const query::NearestRows& rows, NearestReport* report) {
      return vectors_->FindNearest(request, kDim, rows, report);
    });
  }
  Result<Found> Similar(std::string_view id, bool without_itself, NearestRequest request) {
    return Collect(request.k, [&](const query::NearestRows& rows, NearestReport* report) {
      return vectors_->FindSimilar(id, without_itself, request, rows, report);
    });
  }
  static NearestRequest Asking(size_t k) {
    NearestRequest request;
    request.k = k;
    return request;
  }
  using Names = std::vector<std::string>;

  test::TempDir dir_;
  std::unique_ptr<Database> db_;
  std::unique_ptr<Collection> vectors_;
};

TEST_F(NearestTest, BadRequestsAreRefused) {
  PutAt(0);
  NearestRequest request = Asking(3);
  request.target_recall = 0;
  CAIRN_EXPECT_ERROR(Search(At(0), request), Code::kInvalidArgument, "target_recall is 0");
  request.target_recall = 1.5f;
  CAIRN_EXPECT_ERROR(Search(At(0), request), Code::kInvalidArgument, "target_recall is 1.5");
  request = Asking(3);
  request.min_score = std::nanf("");
  CAIRN_EXPECT_ERROR(Search(At(0), request), Code::kInvalidArgument, "min_score");
  CAIRN_EXPECT_ERROR(Search(At(0), Asking(0)), Code::kInvalidArgument, "k is 0");
  CAIRN_EXPECT_ERROR(Search(std::vector<float>(kDim), Asking(1)), Code::kInvalidArgument, "zero");
  CAIRN_EXPECT_ERROR(Similar("nobody", true, Asking(1)), Code::kNotFound, "nobody");
  CAIRN_EXPECT_ERROR(Similar("", true, Asking(1)), Code::kInvalidArgument, "");
  Put("without", {});
  CAIRN_EXPECT_ERROR(Similar("without", true, Asking(1)), Code::kFailedPrecondition, "no vectors");
  CAIRN_EXPECT_ERROR(vectors_->KeyOf("nobody"), Code::kNotFound, "nobody");
}

TEST_F(NearestTest, RangeSearchFindsAllInRangeAndNoMore) {
  for (int degrees = 0; degrees < 180; ++degrees) PutAt(degrees);
  NearestRequest request = Asking(1000);
  request.min_score = static_cast<float>(std::cos(20.5 * 3.14159265358979 / 180));
  Found found = Must(Search(At(90), request));
  EXPECT_EQ(found.ids.size(), 41u);  // 70 to 110
  for (float score : found.scores) EXPECT_GE(score, request.min_score);
  request.k = 7;
  EXPECT_EQ(Must(Search(At(90), request)).ids.size(), 7u);
  request.min_score = 2;
  EXPECT_TRUE(Must(Search(At(90), request)).ids.empty());
}

TEST_F(NearestTest, OneHitPerDocumentOrPerChunk) {
  for (int i = 0; i < 40; ++i) {
    std::vector<float> rows;
    for (int chunk = 0; chunk < 5; ++chunk) {
      std::vector<float> row = At(i + chunk * 0.1);
      rows.insert(rows.end(), row.begin(), row.end());
    }
    Put(std::to_string(i), rows);
  }
  Found documents = Must(Search(At(10), Asking(3)));
  EXPECT_EQ(documents.ids, (Names{"10", "9", "11"}));
  EXPECT_EQ(documents.ordinals, (std::vector<uint32_t>{0, 4, 0}));
  NearestRequest request = Asking(3);
  request.by_document = false;
  Found chunks = Must(Search(At(10), request));
  EXPECT_EQ(chunks.ids, (Names{"10", "10", "10"}));
  EXPECT_EQ(chunks.ordinals, (std::vector<uint32_t>{0, 1, 2}));
  // More documents than are compared one by one.
  EXPECT_EQ(Must(Search(At(10), Asking(100))).ids.size(), 40u);
}

TEST_F(NearestTest, FiltersHold) {
  for (int i = 0; i < 50; ++i) Put(std::to_string(i), At(i), i % 10 == 0 ? "ten" : "other");
  NearestRequest request = Asking(3);
  request.filter_json = R"({"type":"ten"})";
  EXPECT_EQ(Must(Search(At(21), request)).ids, (Names{"20", "30", "10"}));
  request.filter_json = R"({"type":"none"})";
  EXPECT_TRUE(Must(Search(At(21), request)).ids.empty());
  request.filter_json = R"({"type":})";
  CAIRN_EXPECT_ERROR(Search(At(21), request), Code::kInvalidArgument, "");
}

TEST_F(NearestTest, ByStoredRecord) {
  for (int degrees = 0; degrees < 90; degrees += 10) PutAt(degrees);
  EXPECT_EQ(Must(Similar("40", false, Asking(2))).ids.front(), "40");
  EXPECT_EQ(Must(Similar("0", true, Asking(2))).ids, (Names{"10", "20"}));
  Found all = Must(Similar("0", true, Asking(100)));
  EXPECT_EQ(all.ids.size(), 8u);
}

TEST_F(NearestTest, ByStoredRecordWithSeveralVectors) {
  for (int degrees = 0; degrees < 90; degrees += 10) PutAt(degrees);
  std::vector<float> both = At(1);
  std::vector<float> second = At(82);
  both.insert(both.end(), second.begin(), second.end());
  Put("both", both);
  Found found = Must(Similar("both", true, Asking(4)));
  EXPECT_EQ(found.ids, (Names{"0", "80", "10", "70"}));
  NearestRequest chunks = Asking(2);
  chunks.by_document = false;
  EXPECT_EQ(Must(Similar("both", false, chunks)).ids, (Names{"both", "both"}));
}

TEST_F(NearestTest, KeysNameVersions) {
  PutAt(5);
  PutAt(6);
  uint64_t five = ToInt(Must(vectors_->KeyOf("5")));
  uint64_t six = ToInt(Must(vectors_->KeyOf("6")));
  PutAt(5);
  std::vector<uint64_t> keys = {six, five, 999, 0};
  EXPECT_EQ(Must(vectors_->IdsOf(keys)), (Names{"6", "", "", ""}));
  EXPECT_NE(ToInt(Must(vectors_->KeyOf("5"))), five);
}

TEST_F(NearestTest, TiesAreInTheOrderOfKeys) {
  for (const char* id : {"c", "a", "b"}) Put(id, At(0));
  EXPECT_EQ(Must(Search(At(0), Asking(2))).ids, (Names{"c", "a"}));
}

/// Enough vectors for a graph.
class LargeNearestTest : public NearestTest {
 protected:
  LargeNearestTest() {
    std::vector<std::vector<float>> rows;
    std::vector<DocumentInput> inputs;
    std::vector<std::string> ids;
    std::mt19937 random(3);
    std::normal_distribution<float> normal;
    for (int i = 0; i < 3000; ++i) {
      ids.push_back(std::to_string(i));
      rows.emplace_back(kDim);
      for (float& x : rows.back()) x = normal(random);
    }
    for (size_t i = 0; i < rows.size(); ++i) {
      inputs.push_back(Note(ids[i], "", ""));
      inputs.back().vectors = rows[i].data();
      inputs.back().vector_count = 1;
      inputs.back().dim = kDim;
    }
    CAIRN_EXPECT_OK(vectors_->Upsert(inputs));
    Must(Search(At(0), Asking(1)));
    CAIRN_EXPECT_OK(db_->WaitIdle(-1));
  }
};

TEST_F(LargeNearestTest, TheReportTellsHowItWasDone) {
  NearestReport graph = Must(Search(At(3), Asking(10))).report;
  EXPECT_EQ(graph.work.mode, vector::SearchWork::Mode::kGraph);
  EXPECT_FLOAT_EQ(graph.target_recall, 0.98f);
  EXPECT_GE(graph.work.ef, 10u);
  EXPECT_GT(graph.work.codes_scored, 0u);
  EXPECT_GT(graph.work.vectors_scored, 0u);
  EXPECT_EQ(graph.work.segments, 1u);
  NearestRequest request = Asking(10);
  request.target_recall = 1;
  NearestReport exact = Must(Search(At(3), request)).report;
  EXPECT_EQ(exact.work.mode, vector::SearchWork::Mode::kExact);
  EXPECT_EQ(exact.target_recall, 1);
  request = Asking(10);
  request.ef = 60;
  NearestReport wide = Must(Search(At(3), request)).report;
  EXPECT_EQ(wide.work.ef, 60u);
  EXPECT_EQ(wide.target_recall, 0);
  EXPECT_GT(wide.work.codes_scored, graph.work.codes_scored);
}

TEST_F(LargeNearestTest, HybridAndVectorSearchHonourTheTarget) {
  std::vector<float> query = At(3);
  query::SearchRequest request;
  request.vector = query;
  request.limit = 2;
  auto graph = Must(vectors_->Search(request));
  EXPECT_TRUE(graph.searched_vectors);
  EXPECT_EQ(graph.work.mode, vector::SearchWork::Mode::kGraph);
  EXPECT_FLOAT_EQ(graph.target_recall, 0.98f);
  request.target_recall = 1;
  auto exact = Must(vectors_->Search(request));
  EXPECT_EQ(exact.work.mode, vector::SearchWork::Mode::kExact);
  request.target_recall = 0.9f;
  request.ef = 70;
  auto wide = Must(vectors_->Search(request));
  EXPECT_EQ(wide.work.ef, 70u);
  EXPECT_EQ(wide.target_recall, 0);
  request.target_recall = -1;
  CAIRN_EXPECT_ERROR(vectors_->Search(request), Code::kInvalidArgument, "target_recall is -1");
  EXPECT_FALSE(Must(vectors_->Search(test::TextQuery("word"))).searched_vectors);
}

TEST_F(LargeNearestTest, ABatchGivesWhatSingleQueriesGive) {
  constexpr size_t kCount = 50;
  constexpr size_t kK = 5;
  std::vector<float> queries;
  for (size_t i = 0; i < kCount; ++i) {
    std::vector<float> one = At(static_cast<double>(i) * 7);
    queries.insert(queries.end(), one.begin(), one.end());
  }
  auto lists = Must(vectors_->SearchVectors(queries, kDim, kK, ""));
  ASSERT_EQ(lists.size(), kCount);
  for (size_t i = 0; i < kCount; ++i) {
    Found one = Must(Search(At(static_cast<double>(i) * 7), Asking(kK)));
    ASSERT_EQ(one.ids.size(), lists[i].size());
    for (size_t j = 0; j < kK; ++j) EXPECT_EQ(one.scores[j], lists[i][j].score) << i;
  }
  queries[kDim * 33] = std::nanf("");
  auto bad = vectors_->SearchVectors(queries, kDim, kK, "");
  CAIRN_EXPECT_ERROR(bad, Code::kInvalidArgument, "vector 33");
  EXPECT_EQ(bad.status().index(), 33u);
}

TEST_F(LargeNearestTest, StatisticsTellTheSegments) {
  CollectionStats stats = Must(vectors_->Stats());
  EXPECT_EQ(stats.vector_state, VectorState::kReady);
  ASSERT_EQ(stats.segments.size(), 1u);
  const vector::SegmentStats& sealed = stats.segments.front();
  EXPECT_EQ(sealed.state, vector::SegmentStats::State::kSealed);
  EXPECT_EQ(sealed.rows, 3000u);
  EXPECT_EQ(sealed.live_rows, 3000u);
  EXPECT_GT(sealed.memory_bytes, 3000u * 100);
  EXPECT_GT(sealed.disk_bytes, 3000u * 100);
  EXPECT_GE(sealed.code_bits, 4u);
  EXPECT_GT(sealed.entry_count, 0u);
  EXPECT_EQ(sealed.calibrated_rows, 3000u);
  EXPECT_GE(sealed.ef[3], sealed.ef[0]);
  PutAt(1);
  CAIRN_EXPECT_OK(vectors_->Delete("7"));
  stats = Must(vectors_->Stats());
  ASSERT_EQ(stats.segments.size(), 2u);
  EXPECT_EQ(stats.segments[0].live_rows, 2998u);  // "1" was written again, "7" deleted
  EXPECT_EQ(stats.segments[1].state, vector::SegmentStats::State::kFresh);
  EXPECT_EQ(stats.segments[1].rows, 1u);
  EXPECT_EQ(stats.vector_state, VectorState::kWorking);
  DatabaseStats database = Must(db_->Stats());
  EXPECT_EQ(database.vector_memory_limit_bytes, 0u);
  EXPECT_GE(database.vector_memory_used_bytes, stats.segments[0].memory_bytes / 2);
}

TEST(NearestStateTest, IsKnownBeforeAnybodySearches) {
  test::TempDir dir;
  auto db = OpenAt(dir / "db");
  auto plain = Must(db->CreateCollection("plain", WithVectors(0)));
  EXPECT_EQ(Must(plain->Stats()).vector_state, VectorState::kNone);
  auto vectors = Must(db->CreateCollection("v", WithVectors(2)));
  EXPECT_EQ(Must(vectors->Stats()).vector_state, VectorState::kNotLoaded);
  std::vector<float> query = {1, 0};
  Must(vectors->SearchVectors(query, 2, 1, ""));
  EXPECT_EQ(Must(vectors->Stats()).vector_state, VectorState::kReady);
  EXPECT_TRUE(Must(vectors->Stats()).segments.empty());
}

}  // namespace
}  // namespace cairn::db
