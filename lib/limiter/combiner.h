#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "limiter/wait_word.h"

namespace cairn::limiter {

/// Lets threads that ask something slow at the same time ask together.
///
/// Idea (flat combining: Hendler et al., SPAA 2010). Whoever comes while nobody asks leads: he asks
/// at once. Those who come meanwhile gather, and go together with the leader's next question, which
/// is on its way before the answers to the one before are handed out, so that the other side always
/// has work. After a few rounds, or when nobody has gathered, the leader is done, and one of those
/// who wait leads in his place. So nobody waits for company, and there is no thread of its own.
///
/// Thread safety: thread-safe.
class Combiner {
 public:
  /// Something asked. Shared, since a caller whose time is up leaves while it is under way.
  class Item {
   public:
    virtual ~Item() = default;
  };
  using Items = std::vector<std::shared_ptr<Item>>;
  /// Answers every item within so much time, and calls `meanwhile` at most once, when there is
  /// nothing to do but wait. Called without locks, by one of the callers; must not throw.
  using Send = std::function<void(const Items& items, int64_t timeout_ns,
                                  const std::function<void()>& meanwhile)>;

  explicit Combiner(Send send) : send_(std::move(send)) {}

  /// Once the item is answered; or timed_out, and it may still be answered later.
  Status Ask(const std::shared_ptr<Item>& item, int64_t timeout_ns) CAIRN_EXCLUDES(mutex_);

 private:
  enum State : uint32_t { kOpen, kWantsLeader, kDone };
  /// What goes together.
  struct Flight {
    Items items;
    WaitWord state;  ///< a State
  };
  using FlightPtr = std::shared_ptr<Flight>;

  /// After so many questions of others a leader leaves.
  static constexpr int kMostRounds = 3;

  /// The flight that the item waits in, or null: the caller leads.
  FlightPtr Join(const std::shared_ptr<Item>& item) CAIRN_EXCLUDES(mutex_);
  enum class Fate : uint8_t { kAnswered, kLeads, kLate };
  Fate Await(const FlightPtr& flight, const std::shared_ptr<Item>& item, int64_t deadline_ns)
      CAIRN_EXCLUDES(mutex_);
  bool TakeLead(const FlightPtr& flight) CAIRN_EXCLUDES(mutex_);
  /// Leaves a flight; when it was to lead, another does.
  void Withdraw(const FlightPtr& flight, const std::shared_ptr<Item>& item) CAIRN_EXCLUDES(mutex_);
  void Lead(FlightPtr flight, int64_t deadline_ns) CAIRN_EXCLUDES(mutex_);
  static void Land(const FlightPtr& flight);
  /// Those who have gathered, if the leader goes on; else somebody else leads, if there is anybody.
  FlightPtr Next(bool goes_on) CAIRN_EXCLUDES(mutex_);

  const Send send_;
  Mutex mutex_;  ///< also guards the items of a flight that gathers
  bool has_leader_ CAIRN_GUARDED_BY(mutex_) = false;
  FlightPtr gathering_ CAIRN_GUARDED_BY(mutex_);  ///< null while nobody waits
};

}  // namespace cairn::limiter
