#include "text/posting.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>

#include "corpus.h"
#include "support/matchers.h"
#include "text/query_terms.h"

namespace cairn::text {
namespace {

using ::testing::ElementsAre;

std::string SomePosting() {
  ChunkListWriter chunks;
  chunks.Add(0, 2);
  chunks.Add(3, 1);
  chunks.Add(500, 300);
  return EncodePosting(12.5f, {1, 0, 2, 0}, chunks);
}

TEST(Posting, RoundTrip) {
  const std::string value = SomePosting();
  Posting posting;
  ASSERT_TRUE(DecodePosting(value, &posting));
  EXPECT_EQ(posting.length, 12.5f);
  EXPECT_EQ(posting.counts.title, 1u);
  EXPECT_EQ(posting.counts.tags, 0u);
  EXPECT_EQ(posting.counts.description, 2u);
  EXPECT_EQ(posting.counts.body, 303u);
  std::vector<std::pair<uint32_t, uint32_t>> seen;
  ChunkListReader chunks(posting.chunks);
  for (ChunkCount chunk; chunks.Next(&chunk);) seen.emplace_back(chunk.ordinal, chunk.count);
  EXPECT_THAT(seen, ElementsAre(std::pair(0u, 2u), std::pair(3u, 1u), std::pair(500u, 300u)));
  EXPECT_FALSE(chunks.failed());
}

TEST(Posting, MalformedValuesAreRefused) {
  const std::string good = SomePosting();
  Posting posting;
  for (size_t size = 0; size < 7; ++size) {
    EXPECT_FALSE(DecodePosting(good.substr(0, size), &posting)) << size;
  }
  EXPECT_FALSE(DecodePosting(good.substr(0, good.size() - 1), &posting));
  EXPECT_FALSE(DecodePosting(good + '\x01', &posting));                      // half a pair
  EXPECT_FALSE(DecodePosting(good + std::string("\x01\x00", 2), &posting));  // a count of zero
  EXPECT_FALSE(DecodePosting(good + std::string("\x00\x01", 2), &posting));  // a chunk twice
  EXPECT_FALSE(DecodePosting(EncodePosting(1, {0, 0, 0, 0}, {}), &posting));
  EXPECT_FALSE(DecodePosting(EncodePosting(-1, {1, 0, 0, 0}, {}), &posting));
  EXPECT_FALSE(DecodePosting(
      EncodePosting(std::numeric_limits<float>::quiet_NaN(), {1, 0, 0, 0}, {}), &posting));
  EXPECT_FALSE(DecodePosting(EncodePosting(1, {uint64_t{1} << 40, 0, 0, 0}, {}), &posting));
}

TEST(ForwardList, RoundTrip) {
  const ForwardList list{7.25f, {"a", "ab", "abc", "b", "\xd0\xb6"}};
  const auto back = DecodeForwardList(EncodeForwardList(list));
  CAIRN_ASSERT_OK(back);
  EXPECT_EQ(back->length, 7.25f);
  EXPECT_EQ(back->terms, list.terms);
}

TEST(ForwardList, MalformedValuesAreDataLoss) {
  const std::string good = EncodeForwardList({1, {"abc", "abd", "b"}});
  for (size_t size = 0; size < good.size(); ++size) {
    CAIRN_EXPECT_ERROR(DecodeForwardList(good.substr(0, size)), Code::kDataLoss, "terms");
  }
  CAIRN_EXPECT_ERROR(DecodeForwardList(good + "x"), Code::kDataLoss, "terms");
  CAIRN_EXPECT_ERROR(DecodeForwardList(EncodeForwardList({1, {}})), Code::kDataLoss, "terms");
  CAIRN_EXPECT_ERROR(DecodeForwardList(EncodeForwardList({1, {"b", "a"}})), Code::kDataLoss,
                     "terms");
  CAIRN_EXPECT_ERROR(DecodeForwardList(EncodeForwardList({1, {"a", "a"}})), Code::kDataLoss,
                     "terms");
  std::string shared = good;
  shared[6 + 3] = '\x7f';  // the second term claims to share 127 bytes
  CAIRN_EXPECT_ERROR(DecodeForwardList(shared), Code::kDataLoss, "terms");
}

TEST(Statistics, RoundTripAndDamage) {
  const std::string value = EncodeStatistics({300, 12345.5});
  const auto back = DecodeStatistics(value);
  CAIRN_ASSERT_OK(back);
  EXPECT_EQ(back->document_count, 300u);
  EXPECT_EQ(back->total_length, 12345.5);
  CAIRN_EXPECT_ERROR(DecodeStatistics(""), Code::kDataLoss, "statistics");
  CAIRN_EXPECT_ERROR(DecodeStatistics(value + "x"), Code::kDataLoss, "statistics");
  CAIRN_EXPECT_ERROR(DecodeStatistics(EncodeStatistics({1, std::nan("")})), Code::kDataLoss,
                     "statistics");
  CAIRN_EXPECT_ERROR(DecodeStatistics(EncodeStatistics({1, -2})), Code::kDataLoss, "statistics");
}

TEST(QueryTerms, WordsAreSlotsAndRepeatsAreCounted) {
  const QueryTerms query = AnalyzeQuery(*test::EnglishAnalyzer(), "Running runs fooBar run bar");
  EXPECT_THAT(query.terms, ElementsAre("run", "foobar", "foo", "bar"));
  ASSERT_EQ(query.slots.size(), 3u);
  EXPECT_THAT(query.slots[0].forms, ElementsAre(0u));
  EXPECT_EQ(query.slots[0].times, 3u);
  EXPECT_THAT(query.slots[1].forms, ElementsAre(1u, 2u, 3u));
  EXPECT_THAT(query.slots[2].forms, ElementsAre(3u));
  EXPECT_TRUE(AnalyzeQuery(*test::EnglishAnalyzer(), "?").slots.empty());
}

}  // namespace
}  // namespace cairn::text
