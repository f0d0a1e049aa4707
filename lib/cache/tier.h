#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"

namespace cairn::cache {

/// What a tier holds for one key.
struct TierValue {
  bool found = false;
  std::string value;
  /// How long the value is good for from now on; 0 = for ever.
  int64_t ttl_ns = 0;
};

/// One value to be written. Borrowed for the call.
struct TierWrite {
  std::string_view key;
  std::string_view value;
  int64_t ttl_ns = 0;  ///< 0 = for ever
};

/// A store of values behind the memory of a Cache: slower, larger, perhaps shared by processes.
///
/// A tier is a place where values may be, never the truth: it may lose any of them at any time, but
/// it never gives one that has expired, or was written under another epoch than the namespace has
/// now. What a call returns as a failure costs the caller of the cache nothing but a miss: the
/// cache counts it, passes over the tier for a while when failures come in a row, and tries again
/// later. An implementation therefore neither retries nor waits beyond its own deadline, and
/// recovers from any failure by itself at a later call.
///
/// Epochs: a namespace has a number, 0 at first, that only grows and is shared by all who use the
/// tier. A value is written under the epoch that the writer knew when it began to compute the
/// value; Set drops it (and returns OK) when the namespace has moved on, or stores it where no Get
/// of the new epoch finds it. So a slow loader cannot bring back what a bump has made invalid.
///
/// Keys and values are any bytes, empty ones included; (namespace, key) must never collide with
/// another pair. A found empty value is found.
///
/// Thread safety: thread-safe; calls run concurrently.
class Tier {
 public:
  virtual ~Tier() = default;

  /// For messages and as the label of its metrics, e.g. "redis". A literal.
  virtual std::string_view name() const = 0;

  /// True when other processes write and bump here too: the cache then learns of their bumps from
  /// the epochs that Get gives.
  virtual bool shared() const = 0;

  /// Looks up all keys of one namespace in one round trip. values_out has keys.size() elements, in
  /// the order of the keys. epoch_out: the namespace's epoch that the answer is of.
  virtual Status Get(std::string_view space, std::span<const std::string_view> keys,
                     std::span<TierValue> values_out, uint64_t* epoch_out) = 0;

  /// Writes all, replacing what is there; see above for `epoch`.
  virtual Status Set(std::string_view space, uint64_t epoch, std::span<const TierWrite> writes) = 0;

  /// Removes the keys that are there. A key that is not there is no failure.
  virtual Status Delete(std::string_view space, std::span<const std::string_view> keys) = 0;

  /// The namespace's epoch; 0 when it was never bumped.
  virtual Result<uint64_t> Epoch(std::string_view space) = 0;

  /// What it takes now and at most, where it can tell; 0 = it cannot.
  virtual uint64_t bytes() const { return 0; }
  virtual uint64_t max_bytes() const { return 0; }

  /// Makes every value of the namespace invalid by raising its epoch to at least `at_least` and
  /// beyond the present one. Returns the new epoch. O(1).
  virtual Result<uint64_t> Bump(std::string_view space, uint64_t at_least) = 0;
};

}  // namespace cairn::cache
