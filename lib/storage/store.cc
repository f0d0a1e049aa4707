#include "storage/store.h"

#include <exception>
#include <mutex>
#include <shared_mutex>
#include <utility>

#include "base/mutex.h"
#include "observe/log.h"
#include "storage/batch.h"
#include "storage/directory.h"
#include "storage/format.h"
#include "storage/instance.h"
#include "storage/iterator.h"
#include "storage/migrations.h"
#include "storage/rocks_status.h"
#include "storage/snapshot.h"

namespace cairn::storage {
namespace {

/// What one read works on: an instance, and the moment it reads at.
struct View {
  std::shared_ptr<Instance> instance;
  std::shared_ptr<const Pinned> pinned;  ///< null: now

  rocksdb::ReadOptions options() const {
    rocksdb::ReadOptions read;
    if (pinned != nullptr) read.snapshot = pinned->moment();
    return read;
  }
};

class RocksStore final : public Store {
 public:
  RocksStore(const StoreOptions& options, std::shared_ptr<Resources> resources,
             std::shared_ptr<Instance> instance, StoreStamp stamp)
      : options_(options),
        resources_(std::move(resources)),
        instance_(std::move(instance)),
        stamp_(std::move(stamp)) {}
  ~RocksStore() override { Close().IgnoreError("nobody is left to tell; Close() tells"); }

  Result<std::string> Get(Family family, std::string_view key,
                          const SnapshotPtr& at) const override;
  Result<std::vector<std::optional<std::string>>> MultiGet(Family family,
                                                           std::span<const std::string> keys,
                                                           const SnapshotPtr& at) const override;
  std::unique_ptr<Iterator> Scan(Family family, std::string_view prefix,
                                 const SnapshotPtr& at) const override;
  Status Commit(const Batch& batch, Durability durability) override;
  Status Sync() override;
  SnapshotPtr TakeSnapshot() const override;
  Status Refresh() override;
  uint64_t disk_bytes() const override { return StoreBytes(options_.path); }
  bool read_only() const override { return options_.read_only; }
  const std::string& path() const override { return options_.path; }
  Status Close() override;

 private:
  Status Closed() const {
    return Error(Code::kFailedPrecondition, "database ", options_.path, " is closed");
  }
  std::shared_ptr<Instance> Current() const CAIRN_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return instance_;
  }
  Result<View> ViewAt(const SnapshotPtr& at) const;

  const StoreOptions options_;
  const std::shared_ptr<Resources> resources_;
  const std::shared_ptr<SnapshotSet> snapshots_ = std::make_shared<SnapshotSet>();
  // Held alone by a batch that deletes prefixes, which must see all the keys it deletes, and by
  // Close. Taken first.
  std::shared_mutex commit_mutex_;
  Mutex refresh_mutex_;  // taken before mutex_
  mutable Mutex mutex_;
  std::shared_ptr<Instance> instance_ CAIRN_GUARDED_BY(mutex_);  // null once closed
  StoreStamp stamp_ CAIRN_GUARDED_BY(refresh_mutex_);            // of instance_, for readers
};

Result<View> RocksStore::ViewAt(const SnapshotPtr& at) const {
  View view{Current(), nullptr};
  if (view.instance == nullptr) return Closed();
  if (at == nullptr) return view;
  view.pinned = at->pinned();
  if (view.pinned == nullptr) {
    return Error(Code::kFailedPrecondition, "the snapshot belongs to a database that was closed");
  }
  view.instance = view.pinned->instance();
  return view;
}

Result<std::string> RocksStore::Get(Family family, std::string_view key,
                                    const SnapshotPtr& at) const {
  CAIRN_ASSIGN_OR_RETURN(View view, ViewAt(at));
  rocksdb::PinnableSlice value;
  rocksdb::Status status = view.instance->db().Get(view.options(), view.instance->handle(family),
                                                   rocksdb::Slice(key.data(), key.size()), &value);
  if (status.IsNotFound()) return Error(Code::kNotFound, "no such key in ", FamilyName(family));
  if (!status.ok()) return FromRocks(status, StrCat("read of ", options_.path));
  return value.ToString();
}

Result<std::vector<std::optional<std::string>>> RocksStore::MultiGet(
    Family family, std::span<const std::string> keys, const SnapshotPtr& at) const {
  CAIRN_ASSIGN_OR_RETURN(View view, ViewAt(at));
  std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
  std::vector<rocksdb::PinnableSlice> values(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  view.instance->db().MultiGet(view.options(), view.instance->handle(family), slices.size(),
                               slices.data(), values.data(), statuses.data());
  std::vector<std::optional<std::string>> out(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].ok()) {
      out[i] = values[i].ToString();
    } else if (!statuses[i].IsNotFound()) {
      return FromRocks(statuses[i], StrCat("read of ", options_.path)).WithIndex(i);
    }
  }
  return out;
}

std::unique_ptr<Iterator> RocksStore::Scan(Family family, std::string_view prefix,
                                           const SnapshotPtr& at) const {
  Result<View> view = ViewAt(at);
  if (!view.ok()) return NewFailedIterator(view.status());
  return NewPrefixIterator(std::move(view->instance), std::move(view->pinned), family, prefix);
}

Status RocksStore::Commit(const Batch& batch, Durability durability) {
  std::unique_lock<std::shared_mutex> alone(commit_mutex_, std::defer_lock);
  std::shared_lock<std::shared_mutex> together(commit_mutex_, std::defer_lock);
  if (!batch.empty() && RepOf(batch).prefixes_end > 0) {
    alone.lock();
  } else {
    together.lock();
  }
  std::shared_ptr<Instance> instance = Current();
  if (instance == nullptr) return Closed();
  if (options_.read_only) {
    return Error(Code::kFailedPrecondition, "database ", options_.path, " is open read-only");
  }
  if (batch.empty()) return OkStatus();
  rocksdb::WriteOptions write;
  write.sync = durability == Durability::kSync;
  rocksdb::WriteBatch changes(batch.byte_size());
  rocksdb::Status status = RepOf(batch).ApplyTo(*instance, &changes);
  if (status.ok()) status = instance->Write(write, &changes);
  return FromRocks(status, StrCat("commit to ", options_.path));
}

Status RocksStore::Sync() {
  std::shared_lock<std::shared_mutex> together(commit_mutex_);
  std::shared_ptr<Instance> instance = Current();
  if (instance == nullptr) return Closed();
  if (options_.read_only) return OkStatus();
  return FromRocks(instance->Sync(), StrCat("sync of ", options_.path));
}

SnapshotPtr RocksStore::TakeSnapshot() const {
  std::shared_ptr<const Pinned> pinned;
  if (std::shared_ptr<Instance> instance = Current()) {
    pinned = std::make_shared<const Pinned>(std::move(instance));
  }
  return std::make_shared<const Snapshot>(snapshots_, std::move(pinned));
}

Status RocksStore::Refresh() {
  if (Current() == nullptr) return Closed();
  if (!options_.read_only) return OkStatus();
  MutexLock refreshing(refresh_mutex_);
  StoreStamp stamp = StampOf(options_.path);
  if (stamp == stamp_) return OkStatus();
  CAIRN_ASSIGN_OR_RETURN(std::shared_ptr<Instance> newer,
                         Instance::OpenReader(options_, resources_));
  MutexLock lock(mutex_);
  if (instance_ == nullptr) return Closed();
  instance_.swap(newer);
  stamp_ = std::move(stamp);
  return OkStatus();
}

Status RocksStore::Close() {
  std::unique_lock<std::shared_mutex> no_commits(commit_mutex_);
  std::shared_ptr<Instance> instance;
  {
    MutexLock lock(mutex_);
    instance.swap(instance_);
  }
  if (instance == nullptr) return OkStatus();
  Status status;
  if (!options_.read_only) {
    status = FromRocks(instance->Flush(), StrCat("flush of ", options_.path));
  }
  snapshots_->DropAll();
  return status;
}

/// Reads the format record of a store just opened; writes it into a new one; migrates an old one.
Status SettleFormat(Store& store, const StoreOptions& options, bool pristine) {
  Result<uint32_t> version = FormatVersionOf(store);
  if (version.ok()) {
    CAIRN_RETURN_IF_ERROR(CheckNotNewer(*version, options.path));
    if (*version == kFormatVersion) return OkStatus();
    if (!options.read_only) return Migrate(store, kFormatVersion, Migrations(), options.log);
    return Error(Code::kFailedPrecondition, "database ", options.path, " has format version ",
                 *version, ": open it once for writing to bring it to version ", kFormatVersion);
  }
  if (version.status().code() != Code::kNotFound) return std::move(version).status();
  if (!pristine) {
    return Error(Code::kFailedPrecondition, StoreDirectory(options.path),
                 " is a RocksDB store without the format record of a cairn database");
  }
  if (options.read_only) return Error(Code::kNotFound, "no cairn database at ", options.path);
  Batch batch;
  PutFormatVersion(kFormatVersion, &batch);
  return store.Commit(batch, Durability::kSync);
}

Result<std::unique_ptr<Store>> OpenReader(const StoreOptions& options) {
  CAIRN_RETURN_IF_ERROR(FindStore(options).status());
  CAIRN_RETURN_IF_ERROR(CheckManifest(options.path));
  auto resources = std::make_shared<Resources>(options);
  StoreStamp stamp = StampOf(options.path);
  CAIRN_ASSIGN_OR_RETURN(std::shared_ptr<Instance> instance,
                         Instance::OpenReader(options, resources));
  bool pristine = instance->pristine();
  auto store = std::make_unique<RocksStore>(options, std::move(resources), std::move(instance),
                                            std::move(stamp));
  CAIRN_RETURN_IF_ERROR(SettleFormat(*store, options, pristine));
  return std::unique_ptr<Store>(std::move(store));
}

Result<std::unique_ptr<Store>> OpenWriter(const StoreOptions& options) {
  CAIRN_ASSIGN_OR_RETURN(bool exists, FindStore(options));
  if (!exists) CAIRN_RETURN_IF_ERROR(CreateDirectory(options.path));
  CAIRN_ASSIGN_OR_RETURN(std::unique_ptr<DirectoryLock> lock, DirectoryLock::Acquire(options.path));
  // Again under the lock: another process may have made one in the meantime.
  CAIRN_ASSIGN_OR_RETURN(exists, FindStore(options));
  CAIRN_RETURN_IF_ERROR(exists ? CheckManifest(options.path)
                               : CreateDirectory(StoreDirectory(options.path)));
  auto resources = std::make_shared<Resources>(options);
  CAIRN_ASSIGN_OR_RETURN(std::shared_ptr<Instance> instance,
                         Instance::OpenWriter(options, !exists, std::move(lock), resources));
  bool pristine = instance->pristine();
  auto store = std::make_unique<RocksStore>(options, std::move(resources), std::move(instance),
                                            StoreStamp());
  CAIRN_RETURN_IF_ERROR(SettleFormat(*store, options, pristine));
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace

Result<std::unique_ptr<Store>> Store::Open(const StoreOptions& options) {
  try {
    return options.read_only ? OpenReader(options) : OpenWriter(options);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    return Error(Code::kInternal, "cannot open database ", options.path, ": ", error.what());
  }
}

}  // namespace cairn::storage
