#include "limiter/combiner.h"

#include <thread>
#include <utility>

#include "base/clock.h"

namespace cairn::limiter {
namespace {

/// So often one who waits lets others go before it sleeps: they are those whom it waits for, and to
/// be woken costs more than a decision.
constexpr int kYields = 16;

int64_t Now() { return Clock::System()->MonotonicNs(); }

}  // namespace

Status Combiner::Ask(const std::shared_ptr<Item>& item, int64_t timeout_ns) {
  const int64_t deadline_ns = Now() + timeout_ns;
  FlightPtr flight = Join(item);
  if (flight == nullptr) {
    flight = std::make_shared<Flight>();
    flight->items.push_back(item);
    Lead(std::move(flight), deadline_ns);
    return OkStatus();
  }
  switch (Await(flight, item, deadline_ns)) {
    case Fate::kAnswered:
      return OkStatus();
    case Fate::kLeads:
      Lead(std::move(flight), deadline_ns);
      return OkStatus();
    case Fate::kLate:
      break;
  }
  return Status(Code::kTimedOut, "no answer within the time of the call");
}

Combiner::FlightPtr Combiner::Join(const std::shared_ptr<Item>& item) {
  MutexLock lock(mutex_);
  if (!has_leader_) {
    has_leader_ = true;
    return nullptr;
  }
  if (gathering_ == nullptr) gathering_ = std::make_shared<Flight>();
  gathering_->items.push_back(item);
  return gathering_;
}

Combiner::Fate Combiner::Await(const FlightPtr& flight, const std::shared_ptr<Item>& item,
                               int64_t deadline_ns) {
  for (int yields = 0;;) {
    const uint32_t state = flight->state.Load();
    if (state == kDone) return Fate::kAnswered;
    const int64_t left_ns = deadline_ns - Now();
    if (left_ns <= 0) {
      Withdraw(flight, item);
      return Fate::kLate;
    }
    if (state == kOpen && yields < kYields) {
      ++yields;
      std::this_thread::yield();
    } else if (state == kOpen) {
      flight->state.WaitFor(state, left_ns);
    } else if (TakeLead(flight)) {
      return Fate::kLeads;
    }
  }
}

bool Combiner::TakeLead(const FlightPtr& flight) {
  MutexLock lock(mutex_);
  if (flight->state.Load() != kWantsLeader) return false;
  flight->state.Store(kOpen);
  gathering_.reset();
  return true;
}

void Combiner::Withdraw(const FlightPtr& flight, const std::shared_ptr<Item>& item) {
  MutexLock lock(mutex_);
  if (gathering_ != flight) return;  // under way
  std::erase(flight->items, item);
  const bool wants_leader = flight->state.Load() == kWantsLeader;
  if (flight->items.empty()) {
    if (wants_leader) has_leader_ = false;
    gathering_.reset();
  } else if (wants_leader) {
    flight->state.WakeOne();  // what woke this caller was meant for somebody who stays
  }
}

void Combiner::Lead(FlightPtr flight, int64_t deadline_ns) {
  FlightPtr landed;
  const std::function<void()> meanwhile = [&] {
    if (landed != nullptr) Land(landed);
    landed = nullptr;
  };
  int64_t left_ns = deadline_ns - Now();
  const int64_t enough_ns = left_ns / 2;
  for (int round = 0; flight != nullptr; ++round) {
    send_(flight->items, left_ns, meanwhile);
    meanwhile();
    landed = std::move(flight);
    left_ns = deadline_ns - Now();
    flight = Next(round < kMostRounds && left_ns > enough_ns);
  }
  meanwhile();
}

void Combiner::Land(const FlightPtr& flight) {
  flight->state.Store(kDone);
  flight->state.WakeAll();
}

Combiner::FlightPtr Combiner::Next(bool goes_on) {
  MutexLock lock(mutex_);
  if (gathering_ == nullptr) {
    has_leader_ = false;
    return nullptr;
  }
  if (goes_on) return std::exchange(gathering_, nullptr);
  gathering_->state.Store(kWantsLeader);
  gathering_->state.WakeOne();
  return nullptr;
}

}  // namespace cairn::limiter
