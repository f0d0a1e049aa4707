#include "storage/cache_files.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/sst_partitioner.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include "base/bytes.h"
#include "observe/log.h"
#include "storage/directory.h"
#include "storage/rocks_options.h"
#include "storage/rocks_status.h"

namespace cairn::storage {
namespace {

constexpr uint64_t kGenerationsPerBudget = 12;
constexpr uint64_t kMaxBufferBytes = 4u << 20;
constexpr size_t kThreads = 2;  // so that a flush need not wait for a compaction
/// What RocksDB has beside the records in a log or a table, about.
constexpr uint64_t kRecordOverhead = 48;
/// Also what lies still is looked through again after this time.
constexpr uint64_t kRewriteAfterSeconds = 6 * 3600;

rocksdb::Options RocksOptions(const CacheStoreOptions& given, uint64_t buffer_bytes,
                              uint64_t generation_bytes) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.avoid_flush_during_recovery = true;
  options.avoid_flush_during_shutdown = true;  // the log has it all
  options.max_open_files = -1;
  options.max_file_opening_threads = 1;
  options.max_background_jobs = static_cast<int>(kThreads);
  options.max_subcompactions = 1;
  options.max_total_wal_size = 2 * buffer_bytes;
  options.max_manifest_file_size = std::max<uint64_t>(buffer_bytes / 4, 64u << 10);
  options.manifest_preallocation_size = 4 << 10;
  options.keep_log_file_num = 1;
  options.allow_fallocate = false;
  options.max_bgerror_resume_count = 0;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.skip_stats_update_on_db_open = true;
  options.write_buffer_size = buffer_bytes;
  options.arena_block_size = std::clamp<uint64_t>(buffer_bytes / 64, 4u << 10, 1u << 20);
  options.max_write_buffer_number = 4;
  options.level0_file_num_compaction_trigger = 3;
  options.level0_slowdown_writes_trigger = 64;  // the budget is what holds writing up
  options.level0_stop_writes_trigger = 128;
  // Level 0 and one more: a generation is rewritten while it is the newest, and never moved.
  options.level_compaction_dynamic_level_bytes = true;
  options.max_bytes_for_level_base = 4 * given.max_bytes;
  options.target_file_size_base = std::max<uint64_t>(generation_bytes / 2, 64u << 10);
  options.periodic_compaction_seconds = kRewriteAfterSeconds;
  options.sst_partitioner_factory =
      rocksdb::NewSstPartitionerFixedPrefixFactory(cache_keys::kGenerationBytes);
  options.compression = BlockCompression();
  rocksdb::BlockBasedTableOptions table;
  table.format_version = 5;
  const uint64_t buffers = 4 * buffer_bytes;
  table.block_cache = rocksdb::NewLRUCache(
      given.memory_bytes > buffers + (1u << 20) ? given.memory_bytes - buffers : 1u << 20);
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace

bool WorkListener::AwaitNext(uint64_t seen, int64_t until_ns) {
  const int64_t left_ns = until_ns - Clock::System()->MonotonicNs();
  if (left_ns <= 0) return false;
  MutexLock lock(mutex_);
  // Files go a little after the work that ends their use is told, so nobody waits for long.
  if (count_ == seen) done_.WaitFor(mutex_, std::min(left_ns, kStepNs));
  return true;
}

CacheFiles::CacheFiles(const CacheStoreOptions& options)
    : options_(options),
      generation_bytes_(options.max_bytes / kGenerationsPerBudget),
      buffer_bytes_(std::min({generation_bytes_ / 4, kMaxBufferBytes,
                              std::max<uint64_t>(options.memory_bytes / 8, 64u << 10)})),
      env_(kThreads),
      log_(std::make_shared<RocksLog>(options.log.get())),
      errors_(std::make_shared<ErrorListener>(options.log.get())),
      work_(std::make_shared<WorkListener>()) {}

Result<std::shared_ptr<CacheFiles>> CacheFiles::Open(const CacheStoreOptions& options,
                                                     uint64_t least_epoch) {
  CAIRN_ASSIGN_OR_RETURN(std::unique_ptr<DirectoryLock> lock, DirectoryLock::Acquire(options.path));
  if (lock->lost_power()) {
    return Error(Code::kDataLoss, "the machine went down while the cache at ", options.path,
                 " was in use");
  }
  CAIRN_RETURN_IF_ERROR(CheckManifest(options.path));
  std::shared_ptr<CacheFiles> files(new CacheFiles(options));
  files->lock_ = std::move(lock);
  CAIRN_RETURN_IF_ERROR(files->OpenAt(least_epoch));
  CAIRN_RETURN_IF_ERROR(files->lock_->MarkInUse());
  return files;
}

Status CacheFiles::OpenAt(uint64_t least_epoch) {
  filter_->clock = options_.clock;
  rocksdb::Options options = RocksOptions(options_, buffer_bytes_, generation_bytes_);
  options.env = &env_;
  options.info_log = log_;
  options.info_log_level = log_->GetInfoLogLevel();
  options.listeners = {errors_, work_};
  options.compaction_filter_factory = std::make_shared<CacheFilterFactory>(filter_);
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(options, StoreDirectory(options_.path), &db);
  if (!status.ok()) return FromRocks(status, StrCat("cannot open the cache at ", options_.path));
  db_.reset(db);
  CAIRN_RETURN_IF_ERROR(ReadState(least_epoch));
  MutexLock lock(budget_mutex_);
  return KeepBudget();
}

Status CacheFiles::ReadState(uint64_t least_epoch) {
  std::string bytes;
  rocksdb::Status status = db_->Get({}, cache_keys::Begin(), &bytes);
  if (status.IsNotFound()) {
    const auto now_us =
        static_cast<uint64_t>(std::max<int64_t>(options_.clock->UnixNs(), 0)) / 1000;
    ByteWriter(&bytes).Big64(std::max(now_us, least_epoch + 1));
    rocksdb::WriteBatch batch;
    status = batch.Put(cache_keys::Begin(), bytes);
    if (status.ok()) status = db_->Write({}, &batch);
  }
  if (!status.ok()) return FromRocks(status, StrCat("cannot read the cache at ", options_.path));
  ByteReader begin(bytes);
  auto epochs = std::make_unique<CacheEpochs>(begin.Big64());
  CAIRN_RETURN_IF_ERROR(begin.Finish("the cache's first epoch"));
  const std::string prefix = cache_keys::EpochPrefix();
  std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator({}));
  for (it->Seek(prefix); it->Valid() && it->key().starts_with(prefix); it->Next()) {
    ByteReader reader({it->value().data(), it->value().size()});
    epochs->Raise(it->key().ToStringView().substr(prefix.size()), reader.Big64());
    CAIRN_RETURN_IF_ERROR(reader.Finish("an epoch of the cache"));
  }
  if (!it->status().ok()) return FromRocks(it->status(), "epochs of the cache");
  if (epochs->highest() < least_epoch) {
    return Error(Code::kDataLoss, "the cache at ", options_.path, " is older than it was");
  }
  epochs_ = std::move(epochs);
  filter_->epochs.store(epochs_.get(), std::memory_order_release);  // pairs with CacheFilter
  status = db_->Get({}, cache_keys::Generations(), &bytes);
  if (status.IsNotFound()) return PutGenerations(1, 1);
  if (!status.ok()) return FromRocks(status, "generations of the cache");
  ByteReader generations(bytes);
  filter_->oldest = generations.Big32();
  newest_ = generations.Big32();
  return generations.Finish("the cache's generations");
}

CacheFiles::~CacheFiles() {
  if (db_ == nullptr) return;
  rocksdb::WriteOptions sync;
  sync.sync = true;
  rocksdb::WriteBatch nothing;
  rocksdb::Status closed = db_->Write(sync, &nothing);
  rocksdb::Status let_go = db_->Close();
  db_.reset();
  if (closed.ok() && let_go.ok()) {
    lock_->MarkClosed().IgnoreError("the next opening then allows for a power loss");
  }
}

Status CacheFiles::Get(std::string_view space, std::span<const std::string_view> keys,
                       std::span<CachedValue> values_out, uint64_t* epoch_out) const {
  std::fill(values_out.begin(), values_out.end(), CachedValue());
  // Before and after: the values are of the epoch that is told, or there are none.
  *epoch_out = epochs_->Of(space);
  CAIRN_RETURN_IF_ERROR(LookUp(space, keys, values_out, *epoch_out));
  const uint64_t after = epochs_->Of(space);
  if (after == *epoch_out) return OkStatus();
  std::fill(values_out.begin(), values_out.end(), CachedValue());
  *epoch_out = after;
  return OkStatus();
}

Status CacheFiles::LookUp(std::string_view space, std::span<const std::string_view> keys,
                          std::span<CachedValue> values_out, uint64_t epoch) const {
  const int64_t now_ns = options_.clock->UnixNs();
  // Newest first, and what is newest when asked: a generation that comes meanwhile holds only what
  // is being written now.
  const uint32_t newest = newest_.load(std::memory_order_acquire);  // pairs with KeepBudget
  std::vector<size_t> open(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) open[i] = i;
  for (uint32_t at = newest; at != 0 && !open.empty(); --at) {
    if (at < filter_->oldest.load(std::memory_order_relaxed)) break;
    std::vector<std::string> names;
    for (size_t i : open) names.push_back(cache_keys::Record(at, space, keys[i]));
    std::vector<rocksdb::Slice> slices(names.begin(), names.end());
    std::vector<rocksdb::PinnableSlice> values(open.size());
    std::vector<rocksdb::Status> statuses(open.size());
    db_->MultiGet({}, db_->DefaultColumnFamily(), slices.size(), slices.data(), values.data(),
                  statuses.data());
    std::vector<size_t> still_open;
    for (size_t i = 0; i < open.size(); ++i) {
      if (statuses[i].IsNotFound()) {
        still_open.push_back(open[i]);
        continue;
      }
      if (!statuses[i].ok()) {
        return FromRocks(statuses[i], StrCat("read of the cache at ", options_.path));
      }
      const auto record = CacheRecord::Decode(values[i].ToStringView());
      if (!record) return Error(Code::kDataLoss, "a record of the cache is damaged");
      if (record->kind != CacheRecord::kValue || record->epoch != epoch || record->IsOver(now_ns)) {
        continue;
      }
      values_out[open[i]] = {true, std::string(record->value), record->LeftNs(now_ns)};
    }
    open = std::move(still_open);
  }
  return OkStatus();
}

std::string CacheFiles::RecordOf(const CacheWrite& write, uint64_t epoch, int64_t now_ns) const {
  CacheRecord record;
  if (write.key.size() + write.value.size() <= generation_bytes_ / 2 && !IsFull()) {
    record.kind = CacheRecord::kValue;
    record.epoch = epoch;
    record.value = write.value;
    if (write.ttl_ns > 0) {
      record.ttl_ns = write.ttl_ns;
      record.ends_unix_ns = write.ttl_ns > INT64_MAX - now_ns ? 0 : now_ns + write.ttl_ns;
    }
  }
  return record.Encode();
}

Status CacheFiles::Set(std::string_view space, uint64_t epoch, std::span<const CacheWrite> writes) {
  CAIRN_RETURN_IF_ERROR(AwaitRoom());
  std::shared_lock<std::shared_mutex> together(epoch_mutex_);
  // Nothing of a former epoch is found, so nothing has to be hidden either.
  if (epoch != epochs_->Of(space)) return OkStatus();
  const int64_t now_ns = options_.clock->UnixNs();
  const uint32_t newest = newest_.load(std::memory_order_relaxed);
  rocksdb::WriteBatch batch;
  uint64_t bytes = 0;
  for (const CacheWrite& write : writes) {
    const std::string key = cache_keys::Record(newest, space, write.key);
    const std::string record = RecordOf(write, epoch, now_ns);
    bytes += key.size() + record.size() + kRecordOverhead;
    const rocksdb::Status status = batch.Put(key, record);
    if (!status.ok()) return FromRocks(status, "write to the cache");
    if (bytes < generation_bytes_ / 2) continue;
    CAIRN_RETURN_IF_ERROR(WriteRecords(&batch, bytes));
    batch.Clear();
    bytes = 0;
  }
  return WriteRecords(&batch, bytes);
}

Status CacheFiles::Delete(std::string_view space, std::span<const std::string_view> keys) {
  const uint32_t newest = newest_.load(std::memory_order_relaxed);
  const std::string nothing = CacheRecord().Encode();
  rocksdb::WriteBatch batch;
  uint64_t bytes = 0;
  for (std::string_view key : keys) {
    const std::string name = cache_keys::Record(newest, space, key);
    bytes += name.size() + nothing.size() + kRecordOverhead;
    const rocksdb::Status status = batch.Put(name, nothing);
    if (!status.ok()) return FromRocks(status, "write to the cache");
  }
  return WriteRecords(&batch, bytes);
}

Result<uint64_t> CacheFiles::Bump(std::string_view space, uint64_t at_least) {
  std::lock_guard<std::shared_mutex> alone(epoch_mutex_);
  const uint64_t epoch = std::max(epochs_->Of(space) + 1, at_least);
  std::string bytes;
  ByteWriter(&bytes).Big64(epoch);
  rocksdb::WriteBatch batch;
  const rocksdb::Status status = batch.Put(cache_keys::Epoch(space), bytes);
  if (!status.ok()) return FromRocks(status, "write to the cache");
  CAIRN_RETURN_IF_ERROR(Write(&batch));
  epochs_->Raise(space, epoch);
  return epoch;
}

Status CacheFiles::Write(rocksdb::WriteBatch* batch) {
  rocksdb::WriteOptions options;
  options.no_slowdown = true;  // a caller of a cache waits for the disk only so long
  const int64_t until_ns = Clock::System()->MonotonicNs() + options_.write_wait_ns;
  for (;;) {
    const uint64_t seen = work_->count();
    const rocksdb::Status status = db_->Write(options, batch);
    if (!status.IsIncomplete() || !work_->AwaitNext(seen, until_ns)) {
      return FromRocks(status, StrCat("write to the cache at ", options_.path));
    }
  }
}

Status CacheFiles::WriteRecords(rocksdb::WriteBatch* batch, uint64_t bytes) {
  if (bytes == 0) return OkStatus();
  CAIRN_RETURN_IF_ERROR(Write(batch));
  // Twice: in the log and, later, in a table.
  const uint64_t since = written_since_bytes_.fetch_add(2 * bytes) + 2 * bytes;
  if (since < buffer_bytes_ / 2 || !budget_mutex_.TryLock()) return OkStatus();
  Status kept = KeepBudget();
  budget_mutex_.Unlock();
  // Then it is done with the next write.
  return kept.code() == Code::kUnavailable ? OkStatus() : kept;
}

}  // namespace cairn::storage
