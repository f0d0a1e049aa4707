#include "storage/snapshot.h"

#include <utility>

namespace cairn::storage {

Pinned::Pinned(std::shared_ptr<Instance> instance) : instance_(std::move(instance)) {
  if (instance_ != nullptr && instance_->writable()) moment_ = instance_->db().GetSnapshot();
}

Pinned::~Pinned() {
  if (moment_ != nullptr) instance_->db().ReleaseSnapshot(moment_);
}

Snapshot::Snapshot(std::shared_ptr<SnapshotSet> owner, std::shared_ptr<const Pinned> pinned)
    : owner_(std::move(owner)), pinned_(std::move(pinned)) {
  owner_->Add(this);
}

Snapshot::~Snapshot() { owner_->Remove(this); }

std::shared_ptr<const Pinned> Snapshot::pinned() const {
  MutexLock lock(mutex_);
  return pinned_;
}

void Snapshot::Drop() {
  std::shared_ptr<const Pinned> dropped;  // dies after the lock
  MutexLock lock(mutex_);
  dropped.swap(pinned_);
}

void SnapshotSet::Add(Snapshot* snapshot) {
  MutexLock lock(mutex_);
  live_.insert(snapshot);
}

void SnapshotSet::Remove(Snapshot* snapshot) {
  MutexLock lock(mutex_);
  live_.erase(snapshot);
}

void SnapshotSet::DropAll() {
  MutexLock lock(mutex_);
  for (Snapshot* snapshot : live_) snapshot->Drop();
}

}  // namespace cairn::storage
