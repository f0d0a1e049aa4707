#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "cache/ghost.h"
#include "cache/rules.h"
#include "cache/sketch.h"

namespace cairn::cache {

/// The keys that the miniatures of one cache hold, each once, whatever number of them holds it: one
/// lookup serves them all, and little memory is touched.
///
/// Thread safety: none of its own.
class MiniatureKeys {
 public:
  static constexpr size_t kMostMiniatures = 10;
  struct Key {
    uint64_t hash = 0;
    uint32_t size = 0;  ///< of its entry, in the unit of the capacity
    uint32_t next = 0;  ///< in the chain of its bucket, or of the free ones
    uint16_t holders = 0;
    uint8_t frequency[kMostMiniatures] = {};
  };
  static constexpr uint32_t kNone = UINT32_MAX;

  /// expected: of all miniatures together; more are possible.
  explicit MiniatureKeys(size_t expected);

  /// The number of the key, which is kept until Release even if no miniature holds it.
  uint32_t Hold(uint64_t hash, uint32_t size);
  void Release();
  /// Takes the key from one holder.
  void Drop(uint32_t number, uint16_t holder);
  Key& at(uint32_t number) { return keys_[number]; }
  void Clear();

 private:
  uint32_t* BucketOf(uint64_t hash) { return &buckets_[(hash >> 16) & (buckets_.size() - 1)]; }
  void Free(uint32_t number);

  std::vector<uint32_t> buckets_;
  std::vector<Key> keys_;
  uint32_t free_ = kNone;
  uint32_t held_ = kNone;
};

/// One small cache of keys without values, that shows what a set of rules would do.
///
/// Thread safety: none of its own.
class Miniature {
 public:
  /// place: which of the holders of `keys` it is; less than kMostMiniatures.
  Miniature(const Rules& rules, uint64_t capacity, size_t expected_keys, MiniatureKeys* keys,
            size_t place);

  /// True for a hit; else the key is in now. number: of a key that `keys` holds.
  bool Access(uint32_t number, const Sketch& sketch);
  /// After the keys were cleared.
  void Clear();
  void set_capacity(uint64_t capacity) { capacity_ = capacity; }

 private:
  using Ring = std::deque<uint32_t>;

  void EvictOne(const Sketch& sketch);
  void LeaveWindow(const Sketch& sketch);
  void EvictMain();
  /// kNone when there is none.
  uint32_t MainVictim();
  void Drop(uint32_t number);
  void Move(Ring* from, uint64_t* from_size, Ring* to, uint64_t* to_size);
  uint64_t window_target() const;
  uint8_t& FrequencyOf(uint32_t number) { return keys_->at(number).frequency[place_]; }

  const Rules rules_;
  uint64_t capacity_;
  const size_t expected_keys_;
  MiniatureKeys* const keys_;
  const size_t place_;
  size_t count_ = 0;
  Ring window_;
  Ring main_;
  uint64_t window_size_ = 0;
  uint64_t main_size_ = 0;
  size_t since_promotion_ = 0;
  Ghost ghost_;
};

}  // namespace cairn::cache
