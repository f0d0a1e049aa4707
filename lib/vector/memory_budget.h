#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "base/status.h"

namespace cairn::vector {

/// How much memory some indexes take together, and how much they may. What is about to be taken is
/// reserved first, so that the limit is not passed and then noticed.
///
/// Thread safety: thread-safe.
class MemoryBudget {
 public:
  /// `limit_bytes` 0 = no limit.
  explicit MemoryBudget(uint64_t limit_bytes) : limit_(limit_bytes) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  uint64_t limit_bytes() const { return limit_; }
  uint64_t used_bytes() const { return used_.load(std::memory_order_relaxed); }

 private:
  friend class MemoryCharge;
  bool Take(uint64_t bytes, uint64_t headroom);

  const uint64_t limit_;
  std::atomic<uint64_t> used_{0};  // relaxed: a count that orders nothing
};

/// A part of a budget, given back at the end. Thread safety: thread-compatible.
class MemoryCharge {
 public:
  MemoryCharge() = default;
  /// Takes without asking: for what is there already.
  MemoryCharge(std::shared_ptr<MemoryBudget> budget, uint64_t bytes);
  /// kResourceExhausted, naming the limit, what is in use and what is needed, unless `bytes` can be
  /// taken and `headroom` is left then. `what`: what it is for. A null budget has no limit.
  static Result<MemoryCharge> Reserve(std::shared_ptr<MemoryBudget> budget, uint64_t bytes,
                                      uint64_t headroom, std::string_view what);
  MemoryCharge(MemoryCharge&& other) noexcept { *this = std::move(other); }
  MemoryCharge& operator=(MemoryCharge&& other) noexcept;
  ~MemoryCharge() { Resize(0); }

  uint64_t bytes() const { return bytes_; }
  /// Takes more without asking, or gives back.
  void Resize(uint64_t bytes);
  /// A charge of its own for what has come of a part of this reservation.
  MemoryCharge Split(uint64_t bytes);

 private:
  std::shared_ptr<MemoryBudget> budget_;
  uint64_t bytes_ = 0;
};

/// Memory of the graph and codes of so many rows, and of the vectors of `heap_rows` of them.
uint64_t SealedBytes(uint32_t dim, uint64_t rows, uint64_t heap_rows);
/// Memory of so many rows in the fresh buffer, blocks half used included.
uint64_t FreshBytes(uint32_t dim, uint64_t rows);

}  // namespace cairn::vector
