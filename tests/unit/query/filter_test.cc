#include "query/filter.h"

#include <gtest/gtest.h>

#include "query/attributes.h"
#include "storage/keys.h"
#include "support/fake_store.h"
#include "support/matchers.h"

namespace cairn::query {
namespace {

constexpr CollectionId kCollection{7};

class FilterTest : public ::testing::Test {
 protected:
  void Add(uint64_t doc, std::vector<std::string> tags, std::string status,
           std::string metadata_json) {
    storage::DocumentRecord record;
    record.tags = std::move(tags);
    record.status = std::move(status);
    record.type = doc % 2 == 0 ? "note" : "";
    record.metadata_json = std::move(metadata_json);
    auto attributes = AttributesOf(record);
    CAIRN_ASSERT_OK(attributes);
    storage::Batch batch;
    for (const Attribute& attribute : *attributes) {
      batch.Put(storage::Family::kMetadata,
                storage::keys::Attribute(kCollection, attribute.field, attribute.value, DocNo{doc}),
                "");
    }
    CAIRN_ASSERT_OK(store_.Commit(batch, storage::Durability::kAsync));
  }

  std::vector<uint64_t> Matches(std::string_view filter_json) {
    auto filter = Filter::Parse(filter_json);
    EXPECT_TRUE(filter.ok()) << filter.status();
    if (!filter.ok()) return {};
    auto bitmap = filter->Evaluate(store_, kCollection, nullptr);
    EXPECT_TRUE(bitmap.ok()) << bitmap.status();
    std::vector<uint64_t> docs;
    for (uint64_t i = 0; i < 100; ++i) {
      if (bitmap->Test(i)) docs.push_back(i);
    }
    return docs;
  }

  test::FakeStore store_;
};

using Docs = std::vector<uint64_t>;

TEST_F(FilterTest, EveryFaultIsNamedWithItsPosition) {
  CAIRN_EXPECT_ERROR(Filter::Parse("{\"a\""), Code::kInvalidArgument, "not valid JSON at byte");
  CAIRN_EXPECT_ERROR(Filter::Parse("[]"), Code::kInvalidArgument, "not a JSON object");
  CAIRN_EXPECT_ERROR(Filter::Parse(R"({"rating":{"near":4}})"), Code::kInvalidArgument,
                     "\"near\" at byte 11 is not an operator");
  CAIRN_EXPECT_ERROR(Filter::Parse(R"({"rating":[1]})"), Code::kInvalidArgument,
                     "\"rating\" at byte 1 takes an array only after \"in\"");
  CAIRN_EXPECT_ERROR(Filter::Parse(R"({"rating":{"in":[]}})"), Code::kInvalidArgument,
                     "non-empty array");
  CAIRN_EXPECT_ERROR(Filter::Parse(R"({"tags":4})"), Code::kInvalidArgument, "needs a string");
  CAIRN_EXPECT_ERROR(Filter::Parse(R"({"rating":{}})"), Code::kInvalidArgument, "no operator");
  CAIRN_EXPECT_ERROR(Filter::Parse(R"({"rating":{"eq":[1]}})"), Code::kInvalidArgument,
                     "needs a string, number");
}

TEST_F(FilterTest, EmptyFilterIsEmpty) {
  EXPECT_TRUE(Filter::Parse("")->empty());
  EXPECT_TRUE(Filter::Parse("{}")->empty());
}

TEST_F(FilterTest, FindsByTagTypeStatusAndProperty) {
  Add(1, {"garden", "area/home"}, "active", R"({"rating":4,"source":{"name":"book"}})");
  Add(2, {"Garden"}, "hidden", R"({"rating":5})");
  Add(3, {"cooking"}, "", R"({"rating":4.0,"type":"odd"})");
  EXPECT_EQ(Matches(R"({"tags":"garden"})"), (Docs{1, 2}));
  EXPECT_EQ(Matches(R"({"tag":"#GARDEN"})"), (Docs{1, 2}));
  EXPECT_EQ(Matches(R"({"tags":["garden","area"]})"), (Docs{1}));
  EXPECT_EQ(Matches(R"({"tags":{"in":["cooking","area/home"]}})"), (Docs{1, 3}));
  EXPECT_EQ(Matches(R"({"rating":4})"), (Docs{1, 3}));
  EXPECT_EQ(Matches(R"({"rating":{"in":[4,5]},"status":"Hidden"})"), (Docs{2}));
  EXPECT_EQ(Matches(R"({"source.name":"book"})"), (Docs{1}));
  EXPECT_EQ(Matches(R"({"type":"note"})"), (Docs{2}));
  EXPECT_EQ(Matches(R"({"metadata.type":"odd"})"), (Docs{3}));
  EXPECT_EQ(Matches(R"({"rating":"4"})"), (Docs{}));
  EXPECT_EQ(Matches(R"({"tags":"gard"})"), (Docs{}));
}

TEST_F(FilterTest, ValuesThatArePrefixesOfOneAnotherStayApart) {
  Add(1, {}, "", R"({"name":"ab"})");
  Add(2, {}, "", R"({"name":"abc"})");
  EXPECT_EQ(Matches(R"({"name":"ab"})"), (Docs{1}));
}

TEST_F(FilterTest, InactiveAndHiddenAreTheInactiveOnes) {
  Add(1, {}, "active", "{}");
  Add(2, {}, "Inactive", "{}");
  Add(3, {}, "hidden", "{}");
  auto inactive = InactiveDocuments(store_, kCollection, nullptr);
  CAIRN_ASSERT_OK(inactive);
  EXPECT_FALSE(inactive->Test(1));
  EXPECT_TRUE(inactive->Test(2));
  EXPECT_TRUE(inactive->Test(3));
}

TEST_F(FilterTest, ReadFailuresComeThrough) {
  auto filter = Filter::Parse(R"({"tags":"garden"})");
  CAIRN_ASSERT_OK(filter);
  store_.FailReads(Status(Code::kIoError, "disk on fire"));
  CAIRN_EXPECT_ERROR(filter->Evaluate(store_, kCollection, nullptr), Code::kIoError, "on fire");
}

}  // namespace
}  // namespace cairn::query
