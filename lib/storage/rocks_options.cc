#include "storage/rocks_options.h"

#include <algorithm>

#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

namespace cairn::storage {
namespace {

constexpr uint64_t kMinMemoryBytes = 4u << 20;

uint64_t Budget(const StoreOptions& options) {
  return std::max(options.memory_bytes, kMinMemoryBytes);
}

std::shared_ptr<rocksdb::Cache> MakeCache(uint64_t bytes) {
  rocksdb::LRUCacheOptions options;
  options.capacity = bytes;
  options.high_pri_pool_ratio = 0.3;  // for index and filter blocks
  return rocksdb::NewLRUCache(options);
}

/// Families that are mostly read key by key, where a filter spares the look into each level.
bool ReadByKey(Family family) {
  return family != Family::kPostings && family != Family::kMetadata && family != Family::kChangeLog;
}

rocksdb::BlockBasedTableOptions TableOptions(Family family, const Resources& resources) {
  rocksdb::BlockBasedTableOptions table;
  table.format_version = 5;
  table.block_cache = resources.cache;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.block_size = ReadByKey(family) ? 4096 : 16384;
  if (ReadByKey(family)) table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  return table;
}

rocksdb::ColumnFamilyOptions FamilyOptions(Family family, const Resources& resources) {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = std::min<uint64_t>(resources.write_buffer_bytes, 64u << 20);
  options.arena_block_size =
      std::clamp<uint64_t>(resources.write_buffer_bytes / 64, 64u << 10, 1u << 20);
  options.max_write_buffer_number = 4;
  options.target_file_size_base = 32u << 20;
  options.level_compaction_dynamic_level_bytes = true;
  // Vectors are noise to a compressor.
  options.compression = family == Family::kVectors ? rocksdb::kNoCompression : BlockCompression();
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(TableOptions(family, resources)));
  return options;
}

}  // namespace

Resources::Resources(const StoreOptions& options)
    : write_buffer_bytes(Budget(options) / 2),
      env(options.thread_count),
      log(std::make_shared<RocksLog>(options.log)),
      errors(std::make_shared<ErrorListener>(options.log)),
      cache(MakeCache(Budget(options))),
      write_buffers(std::make_shared<rocksdb::WriteBufferManager>(write_buffer_bytes, cache)) {}

rocksdb::CompressionType BlockCompression() {
  std::vector<rocksdb::CompressionType> known = rocksdb::GetSupportedCompressions();
  bool has_lz4 = std::find(known.begin(), known.end(), rocksdb::kLZ4Compression) != known.end();
  return has_lz4 ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
}

const char* FamilyName(Family family) {
  switch (family) {
    case Family::kManifest:
      return "manifest";
    case Family::kDocuments:
      return "documents";
    case Family::kChunks:
      return "chunks";
    case Family::kVectors:
      return "vectors";
    case Family::kPostings:
      return "postings";
    case Family::kTerms:
      return "terms";
    case Family::kMetadata:
      return "metadata";
    case Family::kChangeLog:
      return "change_log";
  }
  return "";
}

rocksdb::DBOptions InstanceOptions(const StoreOptions& options, Resources& resources,
                                   rocksdb::WALRecoveryMode recovery) {
  int threads = static_cast<int>(std::clamp<uint32_t>(options.thread_count, 1, 64));
  rocksdb::DBOptions db;
  db.env = &resources.env;
  db.info_log = resources.log;
  db.info_log_level = resources.log->GetInfoLogLevel();
  db.write_buffer_manager = resources.write_buffers;
  db.wal_recovery_mode = recovery;
  db.paranoid_checks = true;
  // Every table file is open from the start: a damaged one shows at once, and a reader keeps what
  // it has opened when the writer deletes it.
  db.max_open_files = -1;
  db.max_file_opening_threads = 1;  // the caller's own
  db.max_background_jobs = threads;
  db.max_subcompactions = 1;
  // Bounds what is replayed after an unclean end, and thereby how long opening takes.
  db.max_total_wal_size = std::max<uint64_t>(2 * resources.write_buffer_bytes, 16u << 20);
  db.manifest_preallocation_size = 64 << 10;
  db.allow_fallocate = false;  // files take the room they need and no more
  db.listeners.push_back(resources.errors);
  db.max_bgerror_resume_count = 0;  // no recovery that nobody asked for: see ErrorListener
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  db.skip_stats_update_on_db_open = true;
  return db;
}

std::vector<rocksdb::ColumnFamilyDescriptor> FamilyDescriptors(const Resources& resources) {
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  descriptors.emplace_back(rocksdb::kDefaultColumnFamilyName,
                           FamilyOptions(Family::kManifest, resources));
  for (size_t i = 0; i < kFamilyCount; ++i) {
    Family family = static_cast<Family>(i);
    descriptors.emplace_back(FamilyName(family), FamilyOptions(family, resources));
  }
  return descriptors;
}

}  // namespace cairn::storage
