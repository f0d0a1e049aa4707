#pragma once

#include <array>
#include <atomic>

namespace cairn {

/// Hands out objects that keep what they have grown from one use to the next, without a lock. When
/// all of them are taken a new one is made.
///
/// Thread safety: thread-safe. Ownership: the pool must outlive its leases.
template <typename T>
class ReusePool {
 public:
  ReusePool() = default;
  ~ReusePool() {
    for (auto& slot : free_) delete slot.load();
  }
  ReusePool(const ReusePool&) = delete;
  ReusePool& operator=(const ReusePool&) = delete;

  class Lease {
   public:
    explicit Lease(ReusePool* pool) : pool_(pool), object_(pool->Take()) {}
    ~Lease() { pool_->Return(object_); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    T* operator->() const { return object_; }
    T* get() const { return object_; }

   private:
    ReusePool* const pool_;
    T* const object_;
  };

 private:
  T* Take() {
    for (auto& slot : free_) {
      if (slot.load(std::memory_order_relaxed) == nullptr) continue;
      // Pairs with the release in Return: what the last user left is seen.
      T* object = slot.exchange(nullptr, std::memory_order_acquire);
      if (object != nullptr) return object;
    }
    return new T;
  }
  void Return(T* object) {
    for (auto& slot : free_) {
      T* none = nullptr;
      if (slot.compare_exchange_strong(none, object, std::memory_order_release,
                                       std::memory_order_relaxed)) {
        return;
      }
    }
    delete object;
  }

  std::array<std::atomic<T*>, 16> free_{};
};

}  // namespace cairn
