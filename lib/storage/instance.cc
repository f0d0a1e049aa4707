#include "storage/instance.h"

#include <algorithm>
#include <utility>

#include "base/sync_point.h"
#include "observe/log.h"
#include "storage/directory.h"
#include "storage/format.h"
#include "storage/keys.h"
#include "storage/rocks_status.h"

namespace cairn::storage {
namespace {

// What to do with a write-ahead log that ends badly.
//
// When a process dies, everything it wrote is still in the kernel's cache: its log is whole, save
// for a last record that was cut short. kTolerateCorruptedTailRecords accepts just that and reports
// any other damage, because a bad record in the middle of such a log means that the disk has lost
// acknowledged writes, and dropping them in silence, as kPointInTimeRecovery does, would break our
// word.
//
// When the machine dies, bytes that were never synced may be missing anywhere behind the last sync.
// Nothing before that sync is affected, so the right answer is the state just before the first bad
// record: kPointInTimeRecovery. It is the second choice, for a database that was in use when the
// machine went down (DirectoryLock::lost_power), and it is put on record.
constexpr auto kAfterProcessDeath = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
constexpr auto kAfterPowerLoss = rocksdb::WALRecoveryMode::kPointInTimeRecovery;

/// How often a reader starts over because the writer changed the files under it.
constexpr int kReaderAttempts = 20;

std::string Opening(const StoreOptions& options) { return "cannot open database " + options.path; }

/// The families that the store at hand has, compared with those that it should have.
enum class Families { kOurs, kOthers };

Result<Families> CompareFamilies(const StoreOptions& options, Resources& resources) {
  std::vector<std::string> found;
  rocksdb::Status status =
      rocksdb::DB::ListColumnFamilies(InstanceOptions(options, resources, kAfterProcessDeath),
                                      StoreDirectory(options.path), &found);
  if (!status.ok()) return FromRocks(status, Opening(options));
  std::vector<std::string> ours;
  for (const auto& descriptor : FamilyDescriptors(resources)) ours.push_back(descriptor.name);
  std::sort(found.begin(), found.end());
  std::sort(ours.begin(), ours.end());
  return found == ours ? Families::kOurs : Families::kOthers;
}

Status NotOurs(const StoreOptions& options) {
  return Error(Code::kFailedPrecondition, StoreDirectory(options.path),
               " is a RocksDB store without the format record of a cairn database");
}

/// Looks into a store with other families than ours. OK when it is one whose making was cut short
/// before anything was written to it; else the failure says what it is.
Status ExamineStrangeStore(const StoreOptions& options, Resources& resources) {
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors = FamilyDescriptors(resources);
  rocksdb::DBOptions db_options = InstanceOptions(options, resources, kAfterProcessDeath);
  for (size_t count : {size_t{2}, size_t{1}}) {  // default and manifest, or default alone
    descriptors.resize(count);
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* raw = nullptr;
    rocksdb::Status status = rocksdb::DB::OpenForReadOnly(db_options, StoreDirectory(options.path),
                                                          descriptors, &handles, &raw);
    if (status.IsInvalidArgument() && count > 1) continue;
    if (!status.ok()) return FromRocks(status, Opening(options));
    std::unique_ptr<rocksdb::DB> db(raw);
    std::string record;
    bool pristine = db->GetLatestSequenceNumber() == 0 && !HasTables(options.path);
    status = db->Get(rocksdb::ReadOptions(), handles.back(), keys::Format(), &record);
    for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
    if (pristine) return OkStatus();
    if (!status.ok()) return NotOurs(options);
    CAIRN_ASSIGN_OR_RETURN(uint32_t version, DecodeFormat(record));
    CAIRN_RETURN_IF_ERROR(CheckNotNewer(version, options.path));
    return Error(Code::kDataLoss, "database ", options.path,
                 " is damaged: it lacks column families of its format version ", version);
  }
  return OkStatus();
}

}  // namespace

rocksdb::Status Instance::Open(const StoreOptions& options, bool create,
                               rocksdb::WALRecoveryMode recovery) {
  rocksdb::DBOptions db_options = InstanceOptions(options, *resources_, recovery);
  db_options.create_if_missing = create;
  db_options.create_missing_column_families = create;
  std::vector<rocksdb::ColumnFamilyDescriptor> families = FamilyDescriptors(*resources_);
  std::string directory = StoreDirectory(path_);
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::Status status =
      options.read_only
          ? rocksdb::DB::OpenForReadOnly(db_options, directory, families, &handles, &db)
          : rocksdb::DB::Open(db_options, directory, families, &handles, &db);
  if (!status.ok()) return status;
  db_.reset(db);
  default_handle_ = handles.front();
  handles_.assign(handles.begin() + 1, handles.end());
  return status;
}

Result<std::shared_ptr<Instance>> Instance::OpenWriter(const StoreOptions& options, bool create,
                                                       std::unique_ptr<DirectoryLock> lock,
                                                       std::shared_ptr<Resources> resources) {
  if (!create) {
    CAIRN_ASSIGN_OR_RETURN(Families families, CompareFamilies(options, *resources));
    if (families == Families::kOthers) {
      CAIRN_RETURN_IF_ERROR(ExamineStrangeStore(options, *resources));
      create = true;
    }
  }
  std::shared_ptr<Instance> instance(new Instance(options.path, std::move(resources)));
  rocksdb::Status status = instance->Open(options, create, kAfterProcessDeath);
  if (status.IsCorruption() && lock->lost_power()) {
    rocksdb::Status second = instance->Open(options, create, kAfterPowerLoss);
    if (second.ok()) {
      Log(options.log, LogLevel::kError, "storage",
          StrCat("the last unsynced writes to ", options.path,
                 " were lost when the machine went down: ", status.ToString()));
      status = second;
    }
  }
  if (!status.ok()) return FromRocks(status, Opening(options));
  instance->lock_ = std::move(lock);
  CAIRN_RETURN_IF_ERROR(instance->lock_->MarkInUse());
  return instance;
}

Result<std::shared_ptr<Instance>> Instance::OpenReader(const StoreOptions& options,
                                                       std::shared_ptr<Resources> resources) {
  rocksdb::WALRecoveryMode recovery =
      LostPower(options.path) ? kAfterPowerLoss : kAfterProcessDeath;
  rocksdb::Status status;
  for (int attempt = 0; attempt < kReaderAttempts; ++attempt) {
    // A view pieced together from files of two moments could have holes: a log may vanish after the
    // manifest that still needs it was read. As every such change goes through the manifest, a
    // manifest that has not moved proves that the view is whole.
    StoreStamp before = StampOf(options.path);
    std::shared_ptr<Instance> instance(new Instance(options.path, resources));
    status = instance->Open(options, false, recovery);
    CAIRN_SYNC_POINT("storage:reader_opened");
    if (!before.SameManifest(StampOf(options.path))) continue;
    if (status.ok()) return instance;
    if (!status.IsInvalidArgument()) return FromRocks(status, Opening(options));
    CAIRN_RETURN_IF_ERROR(ExamineStrangeStore(options, *resources));
    return Error(Code::kNotFound, "no cairn database at ", options.path,
                 ": its making was cut short, or is under way");
  }
  return Error(Code::kUnavailable, Opening(options), " for reading: its writer kept changing it ",
               status.ok() ? "" : status.ToString());
}

Instance::~Instance() {
  if (db_ == nullptr) return;
  for (rocksdb::ColumnFamilyHandle* handle : handles_) {
    db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  }
  db_->DestroyColumnFamilyHandle(default_handle_).PermitUncheckedError();
  rocksdb::Status closed = db_->Close();
  db_.reset();
  if (closed.ok() && flushed_ && lock_ != nullptr) {
    lock_->MarkClosed().IgnoreError("the next opening then allows for a power loss");
  }
}

rocksdb::Status Instance::Write(const rocksdb::WriteOptions& options, rocksdb::WriteBatch* batch) {
  rocksdb::Status status = db_->Write(options, batch);
  // After a failed write RocksDB takes no more until it is told that the cause may be gone. Batches
  // only put and delete, so doing one again does no harm.
  if (status.IsIOError() && db_->Resume().ok()) status = db_->Write(options, batch);
  return status;
}

rocksdb::Status Instance::Sync() {
  // A synced write that changes nothing. DB::SyncWAL would touch a log whose last write failed,
  // which builds of RocksDB with assertions punish by ending the process.
  rocksdb::WriteOptions options;
  options.sync = true;
  rocksdb::WriteBatch nothing;
  return Write(options, &nothing);
}

rocksdb::Status Instance::Flush() {
  rocksdb::Status status = db_->Resume();
  if (status.ok()) status = db_->Flush(rocksdb::FlushOptions(), handles_);
  flushed_ = status.ok();
  return status;
}

}  // namespace cairn::storage
