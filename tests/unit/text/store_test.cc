#include <gmock/gmock.h>

#include "storage/store.h"
#include "support/matchers.h"
#include "support/temp_dir.h"
#include "text/text_index.h"

namespace cairn::text {
namespace {

/// The text index on the real store.
class TextStoreTest : public ::testing::Test {
 protected:
  void SetUp() override { Open(); }
  void Open() {
    storage::StoreOptions options;
    options.path = dir_ / "db";
    auto store = storage::Store::Open(options);
    CAIRN_ASSERT_OK(store);
    store_ = *std::move(store);
    index_ = std::make_unique<TextIndex>(store_.get(), CollectionId(1),
                                         analysis::Analyzer::Create({}).value(), Bm25Options{});
  }
  void Put(uint64_t doc, std::string body, std::optional<DocNo> remove = std::nullopt) {
    const std::vector<std::string> chunks = {std::move(body)};
    storage::Batch batch;
    CAIRN_ASSERT_OK(index_->Apply(&batch, remove, DocNo(doc), {"", {}, "", chunks}));
    CAIRN_ASSERT_OK(store_->Commit(batch, storage::Durability::kAsync));
  }
  std::vector<uint64_t> Docs(std::string_view query, const storage::SnapshotPtr& at = nullptr) {
    std::vector<uint64_t> docs;
    auto result = index_->Search(query, 100, nullptr, at);
    EXPECT_TRUE(result.ok()) << result.status();
    if (!result.ok()) return docs;
    for (const TextHit& hit : result->hits) docs.push_back(ToInt(hit.doc));
    return docs;
  }

  test::TempDir dir_;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<TextIndex> index_;
};

TEST_F(TextStoreTest, SurvivesReopeningAndKeepsSnapshotsApart) {
  using ::testing::ElementsAre;
  using ::testing::IsEmpty;
  for (uint64_t doc = 1; doc <= 300; ++doc) Put(doc, StrCat("common word", doc));
  auto before = store_->TakeSnapshot();
  Put(301, "common replaced", DocNo(7));
  EXPECT_THAT(Docs("word7"), IsEmpty());
  EXPECT_THAT(Docs("word7", before), ElementsAre(7u));
  EXPECT_THAT(Docs("replaced", before), IsEmpty());
  before.reset();
  index_.reset();
  CAIRN_ASSERT_OK(store_->Close());
  store_.reset();
  Open();
  EXPECT_THAT(Docs("replaced"), ElementsAre(301u));
  EXPECT_EQ(Docs("common").size(), 100u);
  EXPECT_EQ(index_->Statistics(nullptr)->document_count, 300u);
  EXPECT_EQ(index_->Statistics(nullptr)->total_length, 600);
}

}  // namespace
}  // namespace cairn::text
