#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/mutex.h"
#include "base/status.h"
#include "cache/handle.h"

namespace cairn::cache {

/// What a load gave, to the one who made it and to all who waited.
struct LoadResult {
  Handle handle;                              ///< of the entry, when it is in the cache
  std::shared_ptr<const std::string> loaded;  ///< else the value itself
  bool negative = false;
  bool stale = false;

  std::string_view value() const {
    if (handle) return handle.value();
    return loaded == nullptr ? std::string_view() : std::string_view(*loaded);
  }
};

/// One load that is being made.
struct Flight {
  Mutex mutex;
  CondVar done;
  bool finished CAIRN_GUARDED_BY(mutex) = false;
  Status status CAIRN_GUARDED_BY(mutex);
  std::shared_ptr<const std::string> value CAIRN_GUARDED_BY(mutex);
  bool negative CAIRN_GUARDED_BY(mutex) = false;

  /// Set, deleted or cleared meanwhile: the result is for those who wait, not for the cache.
  std::atomic<bool> superseded{false};
  std::atomic<std::thread::id> runner{};
  /// For when there is none left: what is told to those who wait, and to the one who loads.
  Status no_memory = Error(Code::kResourceExhausted, "out of memory while loading a value");
  Status no_memory_here = no_memory;
  int64_t started_ns = 0;  ///< on the system's clock
};

/// The loads of a cache by key, so that no key is loaded twice at the same time.
///
/// Thread safety: thread-safe.
class Flights {
 public:
  static constexpr uint32_t kMostLost = 2;

  enum class Role { kLeader, kFollower, kRefused };
  /// Leader: the flight is new and the caller's to run and to Land. Refused: kMostLost loads of the
  /// key never came back.
  Role Board(uint32_t space, std::string_view key, std::shared_ptr<Flight>* out);

  /// The result is there. `store` runs if the value may be kept, and no Supersede comes between.
  void Land(uint32_t space, std::string_view key, const std::shared_ptr<Flight>& flight,
            Status status, std::shared_ptr<const std::string> value, bool negative,
            const std::function<void()>& store);

  /// There was no memory to come to a result. Needs none.
  void LandWithout(uint32_t space, std::string_view key, const std::shared_ptr<Flight>& flight);

  /// Waits; at most until `until_ns` (0 = no limit) of the system's clock and until the load counts
  /// as lost. timed_out, or the load's own failure.
  Status Wait(uint32_t space, std::string_view key, const std::shared_ptr<Flight>& flight,
              int64_t until_ns, int64_t load_limit_ns, LoadResult* out);

  /// What is being loaded for the key is out of date.
  void Supersede(uint32_t space, std::string_view key);
  void SupersedePrefix(uint32_t space, std::string_view prefix);
  bool empty() const { return count_.load(std::memory_order_seq_cst) == 0; }

 private:
  using Key = std::pair<uint32_t, std::string>;
  using KeyView = std::pair<uint32_t, std::string_view>;
  struct KeyLess {
    using is_transparent = void;
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      if (a.first != b.first) return a.first < b.first;
      return std::string_view(a.second) < std::string_view(b.second);
    }
  };
  struct Slot {
    std::shared_ptr<Flight> current;
    uint32_t lost = 0;
  };
  struct Stripe {
    Mutex mutex;
    std::map<Key, Slot, KeyLess> slots CAIRN_GUARDED_BY(mutex);
  };
  static constexpr size_t kStripes = 16;

  Stripe& StripeOf(uint32_t space, std::string_view key) {
    return stripes_[(std::hash<std::string_view>{}(key) + space) % kStripes];
  }
  void Lose(uint32_t space, std::string_view key, const std::shared_ptr<Flight>& flight);

  std::array<Stripe, kStripes> stripes_;
  std::atomic<size_t> count_{0};  ///< of slots
};

/// The duty of the leader of a flight: it lands, without a result if nothing better comes between.
class Leading {
 public:
  /// key: lives as long as this.
  Leading(Flights* flights, uint32_t space, std::string_view key, std::shared_ptr<Flight> flight)
      : flights_(flights), space_(space), key_(key), flight_(std::move(flight)) {}
  Leading(Leading&& other) noexcept = default;
  Leading& operator=(Leading&&) = delete;
  ~Leading() {
    if (flight_ != nullptr) flights_->LandWithout(space_, key_, flight_);
  }
  const std::shared_ptr<Flight>& flight() const { return flight_; }
  /// Somebody else sees to it, or it has landed.
  void Done() { flight_ = nullptr; }

 private:
  Flights* flights_;
  uint32_t space_;
  std::string_view key_;
  std::shared_ptr<Flight> flight_;
};

}  // namespace cairn::cache
