#pragma once

#include <string>
#include <string_view>

#include <rocksdb/write_batch.h>

#include "storage/instance.h"
#include "storage/store.h"

namespace cairn::storage {

/// The smallest string greater than every string that starts with `prefix`; empty when there is
/// none (the prefix is empty or all 0xFF).
std::string PrefixEnd(std::string_view prefix);

/// The changes of a Batch in one buffer, in the order they were made. It is independent of any
/// store, and turned into RocksDB's own form when it commits.
struct Batch::Rep {
  enum class Kind : uint8_t { kPut, kDelete, kDeletePrefix };

  std::string changes;      ///< for each: kind, family, key, and for kPut the value
  size_t prefixes_end = 0;  ///< where the last kDeletePrefix ends; 0 without one

  void Add(Kind kind, Family family, std::string_view key);

  /// Appends the changes to `out`. With prefixes to delete it looks into `instance` for their keys,
  /// so no other batch may be committed between this call and the commit of `out`.
  rocksdb::Status ApplyTo(const Instance& instance, rocksdb::WriteBatch* out) const;
};

}  // namespace cairn::storage
