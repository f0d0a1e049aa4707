// How the files of a cache store are kept within their budget.
#include <algorithm>
#include <string>

#include <rocksdb/convenience.h>

#include "base/bytes.h"
#include "storage/cache_files.h"
#include "storage/directory.h"
#include "storage/rocks_status.h"

namespace cairn::storage {

bool CacheFiles::IsAtWork() const {
  using Properties = rocksdb::DB::Properties;
  for (const std::string& name :
       {Properties::kNumRunningCompactions, Properties::kNumRunningFlushes,
        Properties::kCompactionPending, Properties::kMemTableFlushPending}) {
    uint64_t count = 0;
    if (db_->GetIntProperty(name, &count) && count > 0) return true;
  }
  return false;
}

Status CacheFiles::AwaitRoom() {
  const int64_t until_ns = Clock::System()->MonotonicNs() + options_.write_wait_ns;
  while (IsFull()) {
    const uint64_t seen = work_->count();
    {
      MutexLock lock(budget_mutex_);
      CAIRN_RETURN_IF_ERROR(KeepBudget());
      if (IsFull() && !IsAtWork()) {
        // Waiting would not help.
        if (filter_->oldest.load() >= newest_.load()) break;
        CAIRN_RETURN_IF_ERROR(DropOldest());
        measured_bytes_ = StoreBytes(options_.path);
        continue;
      }
    }
    if (IsFull() && !work_->AwaitNext(seen, until_ns)) break;
  }
  return OkStatus();
}

bool CacheFiles::IsFull() const {
  return measured_bytes_.load(std::memory_order_relaxed) +
             written_since_bytes_.load(std::memory_order_relaxed) >=
         options_.max_bytes - generation_bytes_ - 4 * buffer_bytes_;
}

uint64_t CacheFiles::BytesBetween(uint32_t first, uint32_t end) const {
  const std::string from = cache_keys::Generation(first);
  const std::string to = cache_keys::Generation(end);
  const rocksdb::Range range(from, to);
  rocksdb::SizeApproximationOptions options;
  options.include_memtables = true;
  uint64_t bytes = 0;
  const rocksdb::Status status =
      db_->GetApproximateSizes(options, db_->DefaultColumnFamily(), &range, 1, &bytes);
  return status.ok() ? bytes : 0;
}

uint64_t CacheFiles::LiveBytes() const {
  // Neither what a compaction takes for the time being, nor dropped records that share a table with
  // others and go with its next compaction: dropping more would not make it less.
  return BytesBetween(filter_->oldest.load(std::memory_order_relaxed),
                      newest_.load(std::memory_order_relaxed) + 1);
}

Status CacheFiles::PutGenerations(uint32_t oldest, uint32_t newest) {
  std::string bytes;
  ByteWriter writer(&bytes);
  writer.Big32(oldest);
  writer.Big32(newest);
  rocksdb::WriteBatch batch;
  const rocksdb::Status status = batch.Put(cache_keys::Generations(), bytes);
  if (!status.ok()) return FromRocks(status, "write to the cache");
  return Write(&batch);
}

Status CacheFiles::DropOldest() {
  const uint32_t oldest = filter_->oldest.load(std::memory_order_relaxed);
  CAIRN_RETURN_IF_ERROR(PutGenerations(oldest + 1, newest_.load(std::memory_order_relaxed)));
  filter_->oldest.store(oldest + 1, std::memory_order_relaxed);
  const std::string begin = cache_keys::Generation(oldest);
  const std::string end = cache_keys::Generation(oldest + 1);
  const rocksdb::Slice first = begin;
  const rocksdb::Slice last = end;
  return FromRocks(rocksdb::DeleteFilesInRange(db_.get(), db_->DefaultColumnFamily(), &first, &last,
                                               /*include_end=*/false),
                   "dropping of old values");
}

Status CacheFiles::KeepBudget() {
  if (!lock_->IsInPlace()) {
    return Error(Code::kIoError, "the folder of the cache at ", options_.path, " was removed");
  }
  written_since_bytes_ =
      0;  // first, so that what is written meanwhile counts twice rather than not
  uint32_t newest = newest_.load(std::memory_order_relaxed);
  if (BytesBetween(newest, newest + 1) >= generation_bytes_) {
    CAIRN_RETURN_IF_ERROR(
        PutGenerations(filter_->oldest.load(std::memory_order_relaxed), newest + 1));
    newest_.store(++newest, std::memory_order_release);  // pairs with LookUp
  }
  const uint64_t most = options_.max_bytes - 2 * generation_bytes_ - 6 * buffer_bytes_;
  uint64_t live = LiveBytes();
  while (live > most && filter_->oldest.load(std::memory_order_relaxed) < newest) {
    CAIRN_RETURN_IF_ERROR(DropOldest());
    live = std::min(live - 1, LiveBytes());
  }
  measured_bytes_ = StoreBytes(options_.path);
  return OkStatus();
}

Status CacheFiles::Reclaim() {
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  options.exclusive_manual_compaction = false;
  const rocksdb::Status status = db_->CompactRange(options, nullptr, nullptr);
  if (!status.ok()) return FromRocks(status, StrCat("reclaiming of ", options_.path));
  MutexLock lock(budget_mutex_);
  return KeepBudget();
}

}  // namespace cairn::storage
