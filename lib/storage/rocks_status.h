#pragma once

#include <string_view>

#include <rocksdb/status.h>

#include "base/status.h"

namespace cairn::storage {

/// Translates RocksDB's outcome into ours. `what` says what was attempted, e.g. "commit to
/// /data/db"; RocksDB's own sentence, which names the file concerned, follows it.
Status FromRocks(const rocksdb::Status& status, std::string_view what);

}  // namespace cairn::storage
