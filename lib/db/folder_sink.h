#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "db/database_impl.h"
#include "indexer/indexer.h"

namespace cairn::db {

/// Brings what the indexer finds into a collection. Writes are acknowledged by Finish, and become
/// visible to searches every so many documents.
class FolderSink final : public indexer::Sink {
 public:
  FolderSink(DatabaseImpl& db, CollectionState& state) : db_(db), state_(state) {}

  Result<std::optional<std::string>> RecordedRoot() override;
  Status RecordRoot(std::string_view root) override;
  Status ForEachSource(
      const std::function<void(std::string_view id, const indexer::SourceState& state)>& visit)
      override;
  Status Put(indexer::Document document, const indexer::SourceState& source) override;
  Status Touch(std::string_view id, const indexer::SourceState& source) override;
  Status Delete(std::string_view id) override;
  Status Finish(const std::function<bool()>& cancelled) override;

 private:
  void CountChange();

  DatabaseImpl& db_;
  CollectionState& state_;
  size_t unpublished_ = 0;
};

}  // namespace cairn::db
