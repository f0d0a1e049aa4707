#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "limiter/decision.h"
#include "limiter/policy.h"

namespace cairn::limiter {

/// Number of the calling thread, from 0, given to another thread when it ends; Tallies::kStripes
/// when all numbers are taken.
class ThreadStripe {
 public:
  static uint32_t Number() { return number_ != kNone ? number_ : Take(); }
  /// The same without a call; above Tallies::kStripes when the thread has none yet.
  static uint32_t NumberIfAny() { return number_; }

 private:
  friend struct ThreadStripeOwner;
  static constexpr uint32_t kNone = UINT32_MAX;
  static uint32_t Take();

  // A plain number, so that reading it costs no check whether it was made yet.
  static thread_local constinit uint32_t number_ __attribute__((tls_model("initial-exec")));
};

/// How often a policy said what: exact counts that cost a plain addition.
///
/// Each of the first kStripes threads has numbers of its own; further threads share some.
/// Thread safety: thread-safe.
class Tallies {
 public:
  static constexpr uint32_t kStripes = 64;

  struct Totals {
    uint64_t allowed = 0;
    std::array<uint64_t, Policy::kMaxRules> refused{};  ///< by the rule that said no
    uint64_t impossible = 0;
    uint64_t overflowed = 0;  ///< decided without room for the key
    uint64_t degraded = 0;    ///< decided without the shared store
  };

  Tallies() : stripes_(std::make_unique<Stripe[]>(kStripes + 1)) {}

  void CountAllowed() { Add(&Stripe::allowed); }
  void CountRefused(size_t rule) {
    const uint32_t number = ThreadStripe::Number();
    AddTo(&stripes_[number].refused[rule], number == kStripes);
  }
  void CountDegraded() { Add(&Stripe::degraded); }
  /// Of a policy's first rule.
  void CountFirst(bool allowed) { allowed ? CountAllowed() : CountRefused(0); }
  /// Of a thread with a stripe of its own.
  void CountAllowedAt(uint32_t stripe) { AddTo(&stripes_[stripe].allowed, false); }
  void CountFirstRefusedAt(uint32_t stripe) { AddTo(&stripes_[stripe].refused[0], false); }
  void Count(const Decision& decision) {
    if (decision.allowed()) {
      CountAllowed();
    } else if (decision.outcome == Outcome::kRefused) {
      CountRefused(decision.rule_index);
    } else {
      Add(&Stripe::impossible);
    }
    if (decision.overflowed) Add(&Stripe::overflowed);
    if (decision.degraded) CountDegraded();
  }

  Totals Sum() const;

 private:
  /// Relaxed: statistics order nothing. A stripe that is not shared has one writer at a time.
  using Number = std::atomic<uint64_t>;
  struct alignas(128) Stripe {
    Number allowed{0};
    std::array<Number, Policy::kMaxRules> refused{};
    Number impossible{0};
    Number overflowed{0};
    Number degraded{0};
  };
  void Add(Number Stripe::*number) {
    const uint32_t stripe = ThreadStripe::Number();
    AddTo(&(stripes_[stripe].*number), stripe == kStripes);
  }
  static void AddTo(Number* number, bool shared) {
    if (shared) {
      number->fetch_add(1, std::memory_order_relaxed);
    } else {
      number->store(number->load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
  }

  std::unique_ptr<Stripe[]> stripes_;
};

}  // namespace cairn::limiter
