#include "vector/memory_budget.h"

#include <algorithm>

#include "base/ids.h"
#include "kernels/code_distance.h"
#include "vector/graph.h"

namespace cairn::vector {
namespace {

constexpr uint64_t kLargestFreshBlock = 1 << 20;
constexpr uint64_t kDocumentBytes = 96;     // of the maps from documents to rows
constexpr uint64_t kPerSegment = 64 << 10;  // calibration, marks, half-used pages
constexpr uint64_t kRowsPerEntry = 32;      // at least; an entry has its code once more

uint64_t RowBytes(uint32_t dim) { return dim * sizeof(float) + sizeof(DocNo) + sizeof(uint32_t); }

}  // namespace

bool MemoryBudget::Take(uint64_t bytes, uint64_t headroom) {
  uint64_t used = used_.load(std::memory_order_relaxed);
  for (;;) {
    uint64_t wanted = bytes + headroom;
    if (limit_ > 0 && (used > limit_ || wanted > limit_ - used)) return false;
    if (used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed)) return true;
  }
}

MemoryCharge::MemoryCharge(std::shared_ptr<MemoryBudget> budget, uint64_t bytes)
    : budget_(std::move(budget)) {
  Resize(bytes);
}

Result<MemoryCharge> MemoryCharge::Reserve(std::shared_ptr<MemoryBudget> budget, uint64_t bytes,
                                           uint64_t headroom, std::string_view what) {
  MemoryCharge charge;
  if (budget == nullptr) return charge;
  if (!budget->Take(bytes, headroom)) {
    return Error(Code::kResourceExhausted, what, " needs ", bytes + headroom,
                 " bytes, and of the limit for vectors in memory of ", budget->limit_bytes(),
                 " bytes ", budget->used_bytes(), " are in use");
  }
  charge.budget_ = std::move(budget);
  charge.bytes_ = bytes;
  return charge;
}

MemoryCharge& MemoryCharge::operator=(MemoryCharge&& other) noexcept {
  if (this == &other) return *this;
  Resize(0);
  budget_ = std::move(other.budget_);
  bytes_ = std::exchange(other.bytes_, 0);
  return *this;
}

void MemoryCharge::Resize(uint64_t bytes) {
  if (budget_ == nullptr) return;
  if (bytes >= bytes_) {
    budget_->used_.fetch_add(bytes - bytes_, std::memory_order_relaxed);
  } else {
    budget_->used_.fetch_sub(bytes_ - bytes, std::memory_order_relaxed);
  }
  bytes_ = bytes;
}

MemoryCharge MemoryCharge::Split(uint64_t bytes) {
  if (bytes > bytes_) Resize(bytes);
  MemoryCharge part;
  if (budget_ == nullptr) return part;
  part.budget_ = budget_;
  part.bytes_ = bytes;
  bytes_ -= bytes;
  return part;
}

uint64_t SealedBytes(uint32_t dim, uint64_t rows, uint64_t heap_rows) {
  uint64_t lanes =
      (uint64_t{dim} + kernels::kCodeLanes - 1) / kernels::kCodeLanes * kernels::kCodeLanes;
  // Besides the block a bias and a place in the order of documents.
  uint64_t row_bytes = BlockStride(lanes) + sizeof(float) + sizeof(uint32_t);
  uint64_t entry_bytes = rows / kRowsPerEntry * (lanes + sizeof(EntryTable::Entry));
  return rows * row_bytes + entry_bytes + heap_rows * RowBytes(dim) + kPerSegment;
}

uint64_t FreshBytes(uint32_t dim, uint64_t rows) {
  uint64_t bytes = rows * (RowBytes(dim) + kDocumentBytes);
  return bytes + std::min(bytes, kLargestFreshBlock);
}

}  // namespace cairn::vector
