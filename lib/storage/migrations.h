#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "base/status.h"
#include "storage/store.h"

namespace cairn::storage {

/// One step of a migration. It adds its changes to `batch`, which commits together with the new
/// version number: a step happens whole or not at all. A step too big for one batch may commit
/// parts to `store` itself, if it can be run again from the start after a crash.
using MigrationStep = std::function<Status(Store& store, Batch* batch)>;

/// How to get from one format version to the next, and back.
struct Migration {
  uint32_t from = 0;
  uint32_t to = 0;  ///< from + 1
  std::string_view name;
  MigrationStep up;
  MigrationStep down;
};

/// The migrations of this library, in order.
std::span<const Migration> Migrations();

/// The version in the store's format record. kNotFound when it has none.
Result<uint32_t> FormatVersionOf(const Store& store);
/// Adds the format record to a batch.
void PutFormatVersion(uint32_t version, Batch* batch);

/// Brings the store from its version to `target`, step by step, upwards or downwards. On failure it
/// stays at the version of the last step that succeeded. kFailedPrecondition when a step is
/// missing.
Status Migrate(Store& store, uint32_t target, std::span<const Migration> steps, LogSink* log);

}  // namespace cairn::storage
