#include "storage/migrations.h"

#include <string>

#include "observe/log.h"
#include "storage/format.h"
#include "storage/keys.h"

namespace cairn::storage {
namespace {

const Migration* FindStep(std::span<const Migration> steps, uint32_t version, bool upwards) {
  for (const Migration& step : steps) {
    if ((upwards ? step.from : step.to) == version) return &step;
  }
  return nullptr;
}

Status RunStep(Store& store, const Migration& migration, bool upwards, LogSink* log) {
  Batch batch;
  Status done = (upwards ? migration.up : migration.down)(store, &batch);
  uint32_t reached = upwards ? migration.to : migration.from;
  if (done.ok()) {
    PutFormatVersion(reached, &batch);
    done = store.Commit(batch, Durability::kSync);
  }
  std::string what =
      StrCat("migration '", migration.name, "' of ", store.path(), " to version ", reached);
  Log(log, done.ok() ? LogLevel::kInfo : LogLevel::kError, "storage",
      done.ok() ? what : StrCat(what, " failed: ", done.message()));
  return std::move(done).WithContext(what);
}

}  // namespace

std::span<const Migration> Migrations() { return {}; }

Result<uint32_t> FormatVersionOf(const Store& store) {
  CAIRN_ASSIGN_OR_RETURN(std::string record, store.Get(Family::kManifest, keys::Format()));
  return DecodeFormat(record);
}

void PutFormatVersion(uint32_t version, Batch* batch) {
  batch->Put(Family::kManifest, keys::Format(), EncodeFormat(version));
}

Status Migrate(Store& store, uint32_t target, std::span<const Migration> steps, LogSink* log) {
  for (;;) {
    CAIRN_ASSIGN_OR_RETURN(uint32_t version, FormatVersionOf(store));
    if (version == target) return OkStatus();
    bool upwards = version < target;
    const Migration* step = FindStep(steps, version, upwards);
    bool usable = step != nullptr && step->from < step->to && (upwards ? step->up : step->down);
    if (!usable) {
      return Error(Code::kFailedPrecondition, "database ", store.path(), " has format version ",
                   version, " and there is no way from there to version ", target);
    }
    CAIRN_RETURN_IF_ERROR(RunStep(store, *step, upwards, log));
  }
}

}  // namespace cairn::storage
