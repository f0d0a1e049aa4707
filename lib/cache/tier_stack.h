#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/thread_pool.h"
#include "cache/options.h"
#include "cache/tier.h"

namespace cairn::cache {

struct TierStats {
  std::string_view name;  ///< lives as long as the program
  uint64_t hits = 0;
  uint64_t misses = 0;
  uint64_t failures = 0;
  uint64_t skipped = 0;  ///< calls that were not made because the tier has failed lately
  uint64_t written = 0;
  uint64_t unwritten = 0;
  uint64_t bytes = 0;      ///< 0 = the tier cannot tell
  uint64_t max_bytes = 0;  ///< the same
  bool skipping = false;
  std::string last_failure;  ///< "" = there was none yet
};

/// The epochs of one namespace in every tier, as a loader knew them when it began.
using TierEpochs = std::vector<uint64_t>;

/// The tiers behind a cache. Nothing here fails: what a tier cannot do is a miss and a number.
///
/// After some failures in a row a tier is passed over for a while, then one call tries it. Keys
/// that were written or deleted while it could not be told are deleted there before it is read
/// again; if there were too many of them the namespace is bumped instead. So what was overwritten
/// during an outage does not come back after it.
/// Thread safety: thread-safe.
class TierStack {
 public:
  TierStack(const CacheOptions& options, const Clock* clock);
  ~TierStack();

  bool empty() const { return tiers_.empty(); }
  size_t size() const { return tiers_.size(); }
  /// Fills the values that are not found yet, from the first tier that has them, and writes them to
  /// the tiers before it. True when the namespace was bumped by somebody else since the last call:
  /// what memory holds of it is out of date.
  bool Get(const std::string& space, std::span<const std::string_view> keys,
           std::span<TierValue> values_out);
  TierEpochs Epochs(const std::string& space);
  /// Through, or behind if the options say so.
  void Set(const std::string& space, const TierEpochs& epochs, std::span<const TierWrite> writes);
  void Delete(const std::string& space, std::span<const std::string_view> keys);
  void Bump(const std::string& space);
  void Flush() CAIRN_EXCLUDES(queue_mutex_);
  std::vector<TierStats> Stats() const;

 private:
  static constexpr size_t kMostOwed = 1024;
  /// As an epoch: not to be written under.
  static constexpr uint64_t kUnknown = UINT64_MAX;

  struct SpaceState {
    bool known = false;
    uint64_t epoch = 0;
    bool owes_bump = false;
    std::set<std::string, std::less<>> owes_deletes;
  };
  struct Member {
    std::shared_ptr<Tier> tier;
    std::atomic<uint32_t> failures_in_row{0};
    std::atomic<int64_t> skip_until_ns{0};
    std::atomic<uint64_t> hits{0}, misses{0}, failures{0}, skipped{0}, written{0}, unwritten{0};
    mutable Mutex failure_mutex;  // taken last
    std::string last_failure CAIRN_GUARDED_BY(failure_mutex);
    Mutex mutex;
    std::map<std::string, SpaceState, std::less<>> spaces CAIRN_GUARDED_BY(mutex);
  };

  bool MayCall(Member* member);
  bool Told(Member* member, const Status& status);
  bool PayDebts(Member* member, const std::string& space);
  void Owe(Member* member, const std::string& space, std::string_view key);
  bool Learn(Member* member, const std::string& space, uint64_t epoch);
  void SetOne(Member* member, const std::string& space, uint64_t epoch,
              std::span<const TierWrite> writes);
  bool GetOne(Member* member, const std::string& space, std::span<const std::string_view> keys,
              std::span<TierValue> values_out, uint64_t* epoch_out);
  /// A tier knows of a bump that the faster ones have not heard of.
  void DropFaster(size_t at, const std::string& space, const std::vector<bool>& before,
                  std::span<TierValue> values_out);
  void CopyToFaster(size_t at, const std::string& space, const TierEpochs& epochs,
                    std::span<const TierWrite> writes);
  void SetNow(const std::string& space, const TierEpochs& epochs,
              std::span<const TierWrite> writes);
  void DrainQueue() CAIRN_EXCLUDES(queue_mutex_);

  const TierOptions options_;
  const Clock* const clock_;
  ThreadPool* const pool_;
  std::vector<std::unique_ptr<Member>> tiers_;

  Mutex queue_mutex_;
  CondVar queue_idle_;
  std::deque<std::function<void()>> queue_ CAIRN_GUARDED_BY(queue_mutex_);
  bool draining_ CAIRN_GUARDED_BY(queue_mutex_) = false;
};

}  // namespace cairn::cache
