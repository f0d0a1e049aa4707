#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>

#include "storage/store.h"

namespace cairn::test {

/// A Store in memory: one ordered map per family, snapshots by copy. For tests of code that stands
/// on a Store but should not need a disk.
///
/// It brings its own storage::Batch: put tests/support/fake_store.cc among the sources of the test
/// and do not call storage::Store::Open in that program.
///
/// Thread safety: single-threaded, except that reads may run together.
class FakeStore final : public storage::Store {
 public:
  using Contents = std::array<std::map<std::string, std::string>, storage::kFamilyCount>;

  FakeStore();

  Result<std::string> Get(storage::Family family, std::string_view key,
                          const storage::SnapshotPtr& at = nullptr) const override;
  Result<std::vector<std::optional<std::string>>> MultiGet(
      storage::Family family, std::span<const std::string> keys,
      const storage::SnapshotPtr& at = nullptr) const override;
  std::unique_ptr<storage::Iterator> Scan(storage::Family family, std::string_view prefix,
                                          const storage::SnapshotPtr& at = nullptr) const override;
  Status Commit(const storage::Batch& batch, storage::Durability durability) override;
  Status Sync() override { return OkStatus(); }
  storage::SnapshotPtr TakeSnapshot() const override;
  Status Refresh() override { return OkStatus(); }
  uint64_t disk_bytes() const override { return 0; }
  bool read_only() const override { return false; }
  const std::string& path() const override { return path_; }
  Status Close() override { return OkStatus(); }

  /// The committed contents, to look at or to damage. Snapshots and open iterators keep what
  /// they saw.
  std::map<std::string, std::string>& family(storage::Family family);

  /// Every read fails with this status until it is set back to OK. Iterators turn invalid.
  void FailReads(Status status) { read_failure_ = std::move(status); }

 private:
  std::shared_ptr<const Contents> View(const storage::SnapshotPtr& at) const;

  std::shared_ptr<Contents> contents_;  // copied on write while a reader shares it
  Status read_failure_;
  std::string path_ = "fake";
};

}  // namespace cairn::test
