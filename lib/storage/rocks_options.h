#pragma once

#include <memory>
#include <string>
#include <vector>

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/write_buffer_manager.h>

#include "storage/background_env.h"
#include "storage/rocks_log.h"
#include "storage/store.h"

namespace cairn::storage {

/// What all RocksDB instances of one Store share. Outlives them.
struct Resources {
  explicit Resources(const StoreOptions& options);

  const uint64_t write_buffer_bytes;  ///< of all families together
  BackgroundEnv env;
  std::shared_ptr<RocksLog> log;
  std::shared_ptr<ErrorListener> errors;
  std::shared_ptr<rocksdb::Cache> cache;  ///< blocks, and the write buffers charged to it
  std::shared_ptr<rocksdb::WriteBufferManager> write_buffers;
};

/// The column family's name in RocksDB. Part of the format.
const char* FamilyName(Family family);

/// The quickest compression that this RocksDB has.
rocksdb::CompressionType BlockCompression();

/// Options of the whole instance. `recovery` matters only to what follows an unclean end.
rocksdb::DBOptions InstanceOptions(const StoreOptions& options, Resources& resources,
                                   rocksdb::WALRecoveryMode recovery);

/// RocksDB's default family, which stays empty, then ours in the order of Family.
std::vector<rocksdb::ColumnFamilyDescriptor> FamilyDescriptors(const Resources& resources);

}  // namespace cairn::storage
