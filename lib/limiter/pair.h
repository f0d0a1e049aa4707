#pragma once

#include <atomic>
#include <cstdint>

#include "limiter/fixed_point.h"

namespace cairn::limiter {

/// A key's hash and its one word of state, side by side so that both can be exchanged at once.
struct alignas(16) Pair {
  uint64_t hash;  ///< 0: free
  uint64_t word;
};

#if defined(__x86_64__)
inline constexpr bool kHasPairExchange = true;

/// Puts `next` in the place of `expected`, when that is still there. Sequentially consistent.
/// Written out because compilers make a call of it, or need a flag for all that includes this.
inline bool ExchangePair(Pair* place, Pair expected, Pair next) {
  bool exchanged = false;
  asm volatile("lock cmpxchg16b %1"
               : "=@ccz"(exchanged), "+m"(*place), "+a"(expected.hash), "+d"(expected.word)
               : "b"(next.hash), "c"(next.word)
               : "memory");
  return exchanged;
}
#else
/// Without such an instruction every call takes the shard's lock.
inline constexpr bool kHasPairExchange = false;

inline bool ExchangePair(Pair* place, Pair expected, Pair next) {
  if (place->hash != expected.hash || place->word != expected.word) return false;
  *place = next;
  return true;
}
#endif

/// Acquire: pairs with the exchange that put the value there.
inline uint64_t LoadWord(const uint64_t* word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }
/// Release: pairs with LoadWord.
inline void StoreWord(uint64_t* word, uint64_t value) {
  __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

}  // namespace cairn::limiter
