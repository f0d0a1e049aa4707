#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/mutex.h"

namespace cairn::storage {

/// How a cache store writes things down.
///
///   generation(4) space-length(varint) space key   a record: what was written to that key
///   2^32-1 (4) 'b'                               where the store's epochs begin (8)
///   2^32-1 (4) 'g'                               oldest and newest generation (4 + 4)
///   2^32-1 (4) 'e' space                         epoch of a namespace that was bumped (8)
///
/// A record is one byte, kValue or kNothing; a value's goes on with its epoch (8), the Unix time in
/// nanoseconds at which it ends, 0 = never (8), how long it was to live (8), and the value.
struct CacheRecord {
  enum Kind : uint8_t {
    kNothing = 1,  ///< deleted, or not kept: hides what older generations hold
    kValue = 2,
  };
  static constexpr size_t kHeaderBytes = 25;

  Kind kind = kNothing;
  uint64_t epoch = 0;
  int64_t ends_unix_ns = 0;
  int64_t ttl_ns = 0;
  std::string_view value;

  /// Nothing when `bytes` are no record.
  static std::optional<CacheRecord> Decode(std::string_view bytes);
  std::string Encode() const;
  /// At that time; a clock that was set back does not make a value live longer than it was to.
  bool IsOver(int64_t unix_ns) const { return ends_unix_ns != 0 && ends_unix_ns <= unix_ns; }
  /// What is left of its time; 0 = for ever.
  int64_t LeftNs(int64_t unix_ns) const;
};

namespace cache_keys {

inline constexpr size_t kGenerationBytes = 4;

std::string Generation(uint32_t generation);
std::string Record(uint32_t generation, std::string_view space, std::string_view key);
std::string Begin();
std::string Generations();
std::string EpochPrefix();
std::string Epoch(std::string_view space);
/// Of a record's key; nothing for other keys.
struct Parts {
  uint32_t generation = 0;
  std::string_view space;
};
std::optional<Parts> Parse(std::string_view key);

}  // namespace cache_keys

/// The epochs of all namespaces, for those who read and for the compaction filter.
/// Thread safety: thread-safe.
class CacheEpochs {
 public:
  /// `begin`: of every namespace that was never bumped.
  explicit CacheEpochs(uint64_t begin) : begin_(begin) {}

  uint64_t begin() const { return begin_; }
  uint64_t Of(std::string_view space) const CAIRN_EXCLUDES(mutex_);
  /// Never goes back.
  void Raise(std::string_view space, uint64_t epoch) CAIRN_EXCLUDES(mutex_);
  uint64_t highest() const CAIRN_EXCLUDES(mutex_);

 private:
  const uint64_t begin_;
  mutable Mutex mutex_;
  std::map<std::string, uint64_t, std::less<>> raised_ CAIRN_GUARDED_BY(mutex_);
};

}  // namespace cairn::storage
