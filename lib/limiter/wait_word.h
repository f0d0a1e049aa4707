#pragma once

#include <atomic>
#include <cstdint>

namespace cairn::limiter {

/// A number on whose change threads wait. Whoever is woken needs no lock, so that many can be woken
/// at once without getting in each other's way.
///
/// Thread safety: thread-safe.
class WaitWord {
 public:
  /// Acquire: pairs with Store.
  uint32_t Load() const { return word_.load(std::memory_order_acquire); }
  /// Release: pairs with Load. Wakes nobody.
  void Store(uint32_t value) { word_.store(value, std::memory_order_release); }

  /// Returns when woken, when the word is not `seen`, after the time, and sometimes without reason.
  void WaitFor(uint32_t seen, int64_t timeout_ns) const;
  void WakeOne() const { Wake(1); }
  void WakeAll() const { Wake(INT32_MAX); }

 private:
  void Wake(int32_t most) const;

  std::atomic<uint32_t> word_{0};
};

}  // namespace cairn::limiter
