#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace cairn::resilience {

/// The places for the trials of a half-open breaker: each is free, leased until a time, or used up
/// by a trial that succeeded.
///
/// Thread safety: single-threaded.
class Trials {
 public:
  Trials(uint32_t places, int64_t lease_ns) : places_(places), lease_ns_(lease_ns) {
    leases_.reserve(places);
  }

  /// All places free, as of now.
  void Begin(int64_t now_ns) {
    leases_.clear();
    succeeded_ = 0;
    lost_ = false;
    began_ns_ = now_ns;
  }

  /// Frees the places of trials that are overdue; returns how many.
  uint32_t Reclaim(int64_t now_ns) {
    auto overdue = [&](const Lease& lease) {
      return now_ns - lease.since_ns >= lease_ns_ || now_ns < lease.since_ns;
    };
    auto kept = std::remove_if(leases_.begin(), leases_.end(), overdue);
    auto count = static_cast<uint32_t>(leases_.end() - kept);
    leases_.erase(kept, leases_.end());
    lost_ |= count > 0;
    return count;
  }

  /// Leases a place; 0 when none is free.
  uint32_t Take(int64_t now_ns) {
    if (leases_.size() + succeeded_ >= places_) return 0;
    if (++last_number_ == 0) last_number_ = 1;
    leases_.push_back({last_number_, now_ns});
    return last_number_;
  }

  /// Ends a lease, its place becomes free; false when it is not held any more.
  bool GiveBack(uint32_t number) {
    auto found = std::find_if(leases_.begin(), leases_.end(),
                              [number](const Lease& lease) { return lease.number == number; });
    if (found == leases_.end()) return false;
    leases_.erase(found);
    return true;
  }

  /// Uses up a place that was given back; true when all places are.
  bool Succeed() { return ++succeeded_ == places_; }

  bool full() const { return leases_.size() + succeeded_ >= places_; }
  bool lost_any() const { return lost_; }
  int64_t began_ns() const { return began_ns_; }

  /// When the next lease runs out, if nothing comes back before.
  int64_t NextExpiryNs() const {
    int64_t first = INT64_MAX;
    for (const Lease& lease : leases_) first = std::min(first, lease.since_ns);
    return first > INT64_MAX - lease_ns_ ? INT64_MAX : first + lease_ns_;
  }

 private:
  struct Lease {
    uint32_t number;
    int64_t since_ns;
  };

  const uint32_t places_;
  const int64_t lease_ns_;
  std::vector<Lease> leases_;
  uint32_t succeeded_ = 0;
  uint32_t last_number_ = 0;
  bool lost_ = false;
  int64_t began_ns_ = 0;
};

}  // namespace cairn::resilience
