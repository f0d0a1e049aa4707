#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace cairn::resilience {

/// A number that only grows and that many threads add to at once without slowing each other down.
///
/// Thread safety: thread-safe, lock-free.
class StripedCount {
 public:
  void Add(uint64_t delta = 1) {
    stripes_[Stripe()].value.fetch_add(delta, std::memory_order_relaxed);
  }

  uint64_t value() const {
    uint64_t sum = 0;
    for (const Cell& cell : stripes_) sum += cell.value.load(std::memory_order_relaxed);
    return sum;
  }

 private:
  static constexpr size_t kStripes = 8;

  struct alignas(64) Cell {
    std::atomic<uint64_t> value{0};  // relaxed: a statistic orders nothing
  };

  /// Threads take turns, so that few share a stripe.
  static size_t Stripe() {
    static std::atomic<size_t> next{0};
    thread_local const size_t mine = next.fetch_add(1, std::memory_order_relaxed) % kStripes;
    return mine;
  }

  std::array<Cell, kStripes> stripes_;
};

}  // namespace cairn::resilience
