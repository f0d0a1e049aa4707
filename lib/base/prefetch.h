#pragma once

namespace cairn {

/// Asks for the cache line that holds `address`, which need not be valid, to be read soon.
///
/// A function that does nothing but prefetch looks to GCC as if it did nothing, and calls of it
/// vanish. The empty statement is something that it does.
inline void PrefetchToRead(const void* address) {
  __builtin_prefetch(address);
  asm volatile("");
}

/// The same for a line that will be written to.
inline void PrefetchToWrite(const void* address) {
  __builtin_prefetch(address, 1);
  asm volatile("");
}

}  // namespace cairn
