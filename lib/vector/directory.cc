#include "vector/directory.h"

namespace cairn::vector {

BlockEntry& Directory::Mutable(size_t slot) {
  size_t group = slot / kGroupSize;
  if (!owned_[group]) {
    groups_[group] = std::make_shared<Group>(*groups_[group]);
    owned_[group] = true;
  }
  return (*groups_[group])[slot % kGroupSize];
}

size_t Directory::FreeSlot() {
  for (size_t slot = 0; slot < slot_count(); ++slot) {
    if (At(slot).block == nullptr) return slot;
  }
  owned_.push_back(true);
  groups_.push_back(std::make_shared<Group>());
  return slot_count() - kGroupSize;
}

void Directory::Clear() {
  groups_.clear();
  owned_.clear();
}

uint64_t Directory::memory_bytes() const {
  return groups_.size() * (sizeof(Group) + sizeof(std::shared_ptr<Group>));
}

}  // namespace cairn::vector
