#pragma once

#include <cstddef>
#include <cstdint>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace cairn::vector {

/// HashBytes (base/hash.h) of bytes that come in pieces.
///
/// Thread safety: thread-compatible.
class StreamHash {
 public:
  StreamHash() { Reset(); }
  void Reset() { XXH3_64bits_reset(&state_); }
  void Add(const void* data, size_t bytes) { XXH3_64bits_update(&state_, data, bytes); }
  uint64_t Value() const { return XXH3_64bits_digest(&state_); }

 private:
  XXH3_state_t state_;
};

}  // namespace cairn::vector
