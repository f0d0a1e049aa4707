#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "vector/row_block.h"

namespace cairn::vector {

/// One block as a view sees it: rows [0, count), of which `live` are not in `dead`.
struct BlockEntry {
  std::shared_ptr<RowBlock> block;       ///< null in a free slot
  std::shared_ptr<const DeadRows> dead;  ///< null = none
  uint32_t count = 0;
  uint32_t live = 0;
};

/// The blocks of an index, by slot number: a two-level persistent array. A copy shares every group;
/// changing one entry of a copy copies its group of 32 only. So a new version costs one pointer per
/// group plus one group, and the versions that readers hold stay as they are.
///
/// Thread safety: thread-compatible; copies are independent.
class Directory {
 public:
  Directory() = default;
  Directory(const Directory& other) : groups_(other.groups_), owned_(other.groups_.size()) {}
  Directory& operator=(const Directory&) = delete;
  Directory(Directory&&) = default;
  Directory& operator=(Directory&&) = default;

  size_t slot_count() const { return groups_.size() * kGroupSize; }
  const BlockEntry& At(size_t slot) const {
    return (*groups_[slot / kGroupSize])[slot % kGroupSize];
  }
  /// The entry, in a group that no other Directory shares.
  BlockEntry& Mutable(size_t slot);
  /// A slot without a block, made if there is none.
  size_t FreeSlot();
  void Clear();
  /// Of the array itself, without what its entries point to.
  uint64_t memory_bytes() const;

 private:
  static constexpr size_t kGroupSize = 32;
  using Group = std::array<BlockEntry, kGroupSize>;
  std::vector<std::shared_ptr<Group>> groups_;
  std::vector<bool> owned_;  // made by this very object, so not yet seen by another
};

}  // namespace cairn::vector
