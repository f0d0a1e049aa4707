#include "cache/flights.h"

#include <algorithm>

#include "base/clock.h"

namespace cairn::cache {

Flights::Role Flights::Board(uint32_t space, std::string_view key, std::shared_ptr<Flight>* out) {
  Stripe& stripe = StripeOf(space, key);
  MutexLock lock(stripe.mutex);
  auto [at, fresh] = stripe.slots.try_emplace(Key(space, key));
  if (fresh) count_.fetch_add(1, std::memory_order_seq_cst);
  Slot& slot = at->second;
  if (slot.current != nullptr) {
    *out = slot.current;
    return Role::kFollower;
  }
  if (slot.lost >= kMostLost) return Role::kRefused;
  slot.current = std::make_shared<Flight>();
  slot.current->started_ns = Clock::System()->MonotonicNs();
  slot.current->runner = std::this_thread::get_id();
  *out = slot.current;
  return Role::kLeader;
}

void Flights::Land(uint32_t space, std::string_view key, const std::shared_ptr<Flight>& flight,
                   Status status, std::shared_ptr<const std::string> value, bool negative,
                   const std::function<void()>& store) {
  {
    Stripe& stripe = StripeOf(space, key);
    MutexLock lock(stripe.mutex);
    const auto found = stripe.slots.find(KeyView(space, key));
    Slot& slot = found->second;
    if (slot.current == flight) {
      // Under the lock: whoever changes the key asks for it first, and either comes before and the
      // value is not kept, or comes after and changes it.
      if (status.ok() && !flight->superseded.load()) store();
      slot.current = nullptr;
    } else {
      --slot.lost;
    }
    if (slot.current == nullptr && slot.lost == 0) {
      stripe.slots.erase(found);
      count_.fetch_sub(1, std::memory_order_seq_cst);
    }
  }
  MutexLock lock(flight->mutex);
  flight->finished = true;
  flight->status = std::move(status);
  flight->value = std::move(value);
  flight->negative = negative;
  flight->done.SignalAll();
}

void Flights::LandWithout(uint32_t space, std::string_view key,
                          const std::shared_ptr<Flight>& flight) {
  // Only a good result is stored, and only one that is stored needs memory.
  Land(space, key, flight, std::move(flight->no_memory), nullptr, false, nullptr);
}

Status Flights::Wait(uint32_t space, std::string_view key, const std::shared_ptr<Flight>& flight,
                     int64_t until_ns, int64_t load_limit_ns, LoadResult* out) {
  if (flight->runner.load() == std::this_thread::get_id()) {
    return Error(Code::kFailedPrecondition, "the loader of a key asks for the same key");
  }
  const int64_t lost_ns = flight->started_ns + load_limit_ns;
  {
    MutexLock lock(flight->mutex);
    while (!flight->finished) {
      const int64_t now_ns = Clock::System()->MonotonicNs();
      if (until_ns != 0 && now_ns >= until_ns) {
        return Error(Code::kTimedOut, "the value is still being loaded");
      }
      if (now_ns >= lost_ns) break;
      flight->done.WaitFor(flight->mutex,
                           std::min(lost_ns, until_ns == 0 ? lost_ns : until_ns) - now_ns);
    }
    if (flight->finished) {
      out->loaded = flight->value;
      out->negative = flight->negative;
      return flight->status;
    }
  }
  Lose(space, key, flight);
  return Error(Code::kTimedOut, "the load of the value did not come back within ",
               load_limit_ns / 1'000'000, " ms");
}

void Flights::Lose(uint32_t space, std::string_view key, const std::shared_ptr<Flight>& flight) {
  Stripe& stripe = StripeOf(space, key);
  MutexLock lock(stripe.mutex);
  const auto found = stripe.slots.find(KeyView(space, key));
  if (found == stripe.slots.end() || found->second.current != flight) return;
  found->second.current = nullptr;
  ++found->second.lost;
}

void Flights::Supersede(uint32_t space, std::string_view key) {
  if (empty()) return;
  Stripe& stripe = StripeOf(space, key);
  MutexLock lock(stripe.mutex);
  const auto found = stripe.slots.find(KeyView(space, key));
  if (found != stripe.slots.end() && found->second.current != nullptr) {
    found->second.current->superseded = true;
  }
}

void Flights::SupersedePrefix(uint32_t space, std::string_view prefix) {
  if (empty()) return;
  for (Stripe& stripe : stripes_) {
    MutexLock lock(stripe.mutex);
    for (auto& [key, slot] : stripe.slots) {
      if (key.first != space || key.second.compare(0, prefix.size(), prefix) != 0) continue;
      if (slot.current != nullptr) slot.current->superseded = true;
    }
  }
}

}  // namespace cairn::cache
