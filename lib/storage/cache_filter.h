#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include <rocksdb/compaction_filter.h>

#include "base/clock.h"
#include "storage/cache_record.h"

namespace cairn::storage {

/// What the compaction filter goes by; shared with the files that it works for.
struct CacheFilterState {
  const Clock* clock = nullptr;
  /// Null while they are being read: then everything is kept.
  std::atomic<const CacheEpochs*> epochs{nullptr};
  /// Records of generations before this are gone. Relaxed: a filter that sees an older one keeps
  /// more.
  std::atomic<uint32_t> oldest{1};
};

/// Reclaims the space of values that no reader sees any more, whenever RocksDB writes a table:
/// records of dropped generations and of former epochs go. A value whose time is over leaves a
/// record of one byte while an older generation might hold an earlier value of its key, which must
/// stay hidden.
class CacheFilterFactory final : public rocksdb::CompactionFilterFactory {
 public:
  explicit CacheFilterFactory(std::shared_ptr<const CacheFilterState> state)
      : state_(std::move(state)) {}

  const char* Name() const override { return "cairn.cache"; }
  bool ShouldFilterTableFileCreation(rocksdb::TableFileCreationReason reason) const override {
    return reason == rocksdb::TableFileCreationReason::kCompaction ||
           reason == rocksdb::TableFileCreationReason::kFlush;
  }
  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context& context) override;

 private:
  const std::shared_ptr<const CacheFilterState> state_;
};

}  // namespace cairn::storage
