#include "storage/keys.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace cairn::storage::keys {
namespace {

const std::vector<uint64_t> kNumbers = {0,          1,          2,           127,        128,
                                        255,        256,        65535,       65536,      0x00ffffff,
                                        0x01000000, 0x7fffffff, 0x80000000u, 0xffffffffu};

bool StartsWith(const std::string& text, const std::string& prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

TEST(KeysTest, ByteOrderIsNumericOrderOfDocumentNumbers) {
  std::vector<uint64_t> numbers = kNumbers;
  numbers.push_back(uint64_t{1} << 32);
  numbers.push_back(UINT64_MAX - 1);
  numbers.push_back(UINT64_MAX);
  CollectionId c{7};
  for (size_t i = 1; i < numbers.size(); ++i) {
    DocNo low{numbers[i - 1]};
    DocNo high{numbers[i]};
    EXPECT_LT(Document(c, low), Document(c, high));
    EXPECT_LT(ChunksOf(c, low), ChunksOf(c, high));
    EXPECT_LT(Vectors(c, 3, low), Vectors(c, 3, high));
    EXPECT_LT(Posting(c, "term", low), Posting(c, "term", high));
    EXPECT_LT(TermsOf(c, low), TermsOf(c, high));
    EXPECT_LT(Attribute(c, "f", "v", low), Attribute(c, "f", "v", high));
    EXPECT_LT(Change(numbers[i - 1]), Change(numbers[i]));
    EXPECT_LT(VectorPrefix(c, numbers[i - 1]), VectorPrefix(c, numbers[i]));
    EXPECT_LT(ModelPrefix(c, numbers[i - 1]), ModelPrefix(c, numbers[i]));
  }
}

TEST(KeysTest, ByteOrderIsNumericOrderOfCollectionsAndOrdinals) {
  for (size_t i = 1; i < kNumbers.size(); ++i) {
    CollectionId low{static_cast<uint32_t>(kNumbers[i - 1])};
    CollectionId high{static_cast<uint32_t>(kNumbers[i])};
    EXPECT_LT(DocumentPrefix(low), DocumentPrefix(high));
    EXPECT_LT(Document(low, DocNo{UINT64_MAX}), Document(high, DocNo{0}));
    EXPECT_LT(Chunk(CollectionId{1}, DocNo{1}, ToInt(low)),
              Chunk(CollectionId{1}, DocNo{1}, ToInt(high)));
  }
}

/// Every prefix of a collection, with a key made from awkward terms and numbers of one.
struct Layout {
  std::function<std::string(CollectionId)> prefix;
  std::function<std::string(CollectionId, const std::string&, uint64_t)> key;
};

std::vector<Layout> Layouts() {
  using S = std::string;
  return {
      {DocumentPrefix, [](CollectionId c, const S&, uint64_t n) { return Document(c, DocNo{n}); }},
      {DocumentIdPrefix, [](CollectionId c, const S& t, uint64_t) { return DocumentId(c, t); }},
      {SourcePrefix, [](CollectionId c, const S& t, uint64_t) { return Source(c, t); }},
      {ChunkPrefix, [](CollectionId c, const S&, uint64_t n) { return Chunk(c, DocNo{n}, 9); }},
      {VectorCollectionPrefix,
       [](CollectionId c, const S&, uint64_t n) { return Vectors(c, n, DocNo{n}); }},
      {PostingCollectionPrefix,
       [](CollectionId c, const S& t, uint64_t n) { return Posting(c, t, DocNo{n}); }},
      {TermsCollectionPrefix,
       [](CollectionId c, const S&, uint64_t n) { return TermsOf(c, DocNo{n}); }},
      {AttributeCollectionPrefix,
       [](CollectionId c, const S& t, uint64_t n) { return Attribute(c, t, t, DocNo{n}); }},
  };
}

TEST(KeysTest, PrefixOfOneCollectionNeverSwallowsAnother) {
  std::vector<std::string> terms = {"", "a", "ab", std::string("a\xff\xff", 3),
                                    std::string(4, '\xff')};
  for (const Layout& layout : Layouts()) {
    for (uint64_t a : kNumbers) {
      for (uint64_t b : kNumbers) {
        std::string prefix = layout.prefix(CollectionId{static_cast<uint32_t>(a)});
        for (const std::string& term : terms) {
          std::string key = layout.key(CollectionId{static_cast<uint32_t>(b)}, term, b);
          EXPECT_EQ(StartsWith(key, prefix), a == b) << "collections " << a << " and " << b;
        }
      }
    }
  }
}

TEST(KeysTest, KindsOfOneFamilyNeverMix) {
  CollectionId c{0x6e6e6e6e};  // the bytes of 'n', a kind of the manifest family
  std::vector<std::string> manifest = {Format(),         CollectionPrefix(), Counters(),
                                       EmbedderState(c), ModelPrefix(c, 1),  Root(c)};
  std::vector<std::string> documents = {DocumentPrefix(c), DocumentIdPrefix(c), SourcePrefix(c)};
  for (const auto& kinds : {manifest, documents}) {
    for (const std::string& a : kinds) {
      for (const std::string& b : kinds) EXPECT_EQ(a == b, StartsWith(a, b));
    }
  }
}

TEST(KeysTest, PrefixOfATermDoesNotTakeLongerTerms) {
  CollectionId c{1};
  EXPECT_TRUE(StartsWith(Posting(c, "cat", DocNo{5}), PostingPrefix(c, "cat")));
  EXPECT_FALSE(StartsWith(Posting(c, "cats", DocNo{5}), PostingPrefix(c, "cat")));
  EXPECT_FALSE(StartsWith(Posting(c, "ca", DocNo{5}), PostingPrefix(c, "cat")));
  EXPECT_TRUE(StartsWith(Attribute(c, "f", "v", DocNo{5}), AttributePrefix(c, "f", "v")));
  EXPECT_FALSE(StartsWith(Attribute(c, "f", "vv", DocNo{5}), AttributePrefix(c, "f", "v")));
  EXPECT_FALSE(StartsWith(Attribute(c, "fv", "", DocNo{5}), AttributePrefix(c, "f", "v")));
}

TEST(KeysTest, ChunksAndModelRowsLieBelowTheirOwners) {
  CollectionId c{9};
  EXPECT_TRUE(StartsWith(Chunk(c, DocNo{4}, 2), ChunksOf(c, DocNo{4})));
  EXPECT_FALSE(StartsWith(Chunk(c, DocNo{5}, 2), ChunksOf(c, DocNo{4})));
  EXPECT_TRUE(StartsWith(ModelRow(c, 2, "term"), ModelPrefix(c, 2)));
  EXPECT_FALSE(StartsWith(ModelRow(c, 3, "term"), ModelPrefix(c, 2)));
  EXPECT_TRUE(StartsWith(Vectors(c, 2, DocNo{1}), VectorPrefix(c, 2)));
  EXPECT_FALSE(StartsWith(Vectors(c, 3, DocNo{1}), VectorPrefix(c, 2)));
  EXPECT_TRUE(StartsWith(Collection("notes"), CollectionPrefix()));
  EXPECT_NE(TextStatistics(c), TermsOf(c, DocNo{0}));
}

TEST(KeysTest, TrailingDocNoReadsBackEveryKeyThatEndsInOne) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 1000; ++i) {
    DocNo d{random() >> (random() % 64)};
    CollectionId c{static_cast<uint32_t>(random())};
    EXPECT_EQ(TrailingDocNo(Document(c, d)), d);
    EXPECT_EQ(TrailingDocNo(Vectors(c, random(), d)), d);
    EXPECT_EQ(TrailingDocNo(Posting(c, "term", d)), d);
    EXPECT_EQ(TrailingDocNo(Attribute(c, "field", "", d)), d);
    EXPECT_EQ(TrailingDocNo(TermsOf(c, d)), d);
  }
}

TEST(KeysTest, TrailingDocNoOfAShortKeyIsZero) {
  EXPECT_EQ(TrailingDocNo(""), DocNo{0});
  EXPECT_EQ(TrailingDocNo("1234567"), DocNo{0});
}

TEST(KeysTest, IdsMayHoldAnyByte) {
  CollectionId c{1};
  std::string id("a\0b", 3);
  EXPECT_NE(DocumentId(c, id), DocumentId(c, "a"));
  EXPECT_TRUE(StartsWith(DocumentId(c, id), DocumentIdPrefix(c)));
}

}  // namespace
}  // namespace cairn::storage::keys
