#pragma once

#include <memory>
#include <set>

#include "base/mutex.h"
#include "storage/instance.h"

namespace cairn::storage {

/// An instance and a moment in its history, held fast.
class Pinned {
 public:
  explicit Pinned(std::shared_ptr<Instance> instance);
  ~Pinned();
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;

  const std::shared_ptr<Instance>& instance() const { return instance_; }
  const rocksdb::Snapshot* moment() const { return moment_; }

 private:
  const std::shared_ptr<Instance> instance_;
  const rocksdb::Snapshot* moment_ = nullptr;  // null: a reader's instance never changes
};

class SnapshotSet;

/// Hands out what it pins until its store is closed. Thread safety: thread-safe.
class Snapshot {
 public:
  Snapshot(std::shared_ptr<SnapshotSet> owner, std::shared_ptr<const Pinned> pinned);
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  /// Null after the store was closed.
  std::shared_ptr<const Pinned> pinned() const CAIRN_EXCLUDES(mutex_);

 private:
  friend class SnapshotSet;
  void Drop() CAIRN_EXCLUDES(mutex_);

  const std::shared_ptr<SnapshotSet> owner_;
  mutable Mutex mutex_;
  std::shared_ptr<const Pinned> pinned_ CAIRN_GUARDED_BY(mutex_);
};

/// The live snapshots of one store, so that closing it can take from them what they hold: a
/// snapshot that somebody forgot does not keep the directory locked. Thread safety: thread-safe.
class SnapshotSet {
 public:
  void DropAll() CAIRN_EXCLUDES(mutex_);

 private:
  friend class Snapshot;
  void Add(Snapshot* snapshot) CAIRN_EXCLUDES(mutex_);
  void Remove(Snapshot* snapshot) CAIRN_EXCLUDES(mutex_);

  Mutex mutex_;  // taken before a Snapshot's
  std::set<Snapshot*> live_ CAIRN_GUARDED_BY(mutex_);
};

}  // namespace cairn::storage
