#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cairn::cache {

struct Entry;

/// What one thread announces to those who free entries. One cache line that only its thread writes
/// in the common case, so that readers on different processors do not disturb each other.
struct alignas(64) ReaderRecord {
  static constexpr size_t kPins = 7;

  /// hash | 1 of the key that the thread is looking up, 0 outside of lookups.
  std::atomic<uint64_t> reading{0};
  /// Entries that handles of this thread hold. Cleared by whoever ends the handle.
  std::atomic<Entry*> pins[kPins] = {};

  alignas(64) std::atomic<bool> taken{true};
  uint32_t number = 0;  ///< 0, 1, 2, ... in the order of creation; constant
  ReaderRecord* next = nullptr;
};

/// What all threads announce at one moment.
struct Announced {
  std::vector<uint16_t> tags;  ///< of the hashes being looked up
  std::vector<const Entry*> pins;

  bool empty() const { return tags.empty() && pins.empty(); }
  bool Holds(const Entry* entry, uint64_t hash) const;
};

/// All threads that read caches, for safe memory reclamation without a shared counter.
///
/// A reader announces the hash of the key it looks up (sequentially consistent), then walks the
/// table; what it finds it pins by writing the pointer into a slot of its record, then takes the
/// announcement back (release). Who takes entries out of a table and afterwards, behind a fence,
/// reads all records (the announcements sequentially consistent, then the pins) sees every reader
/// that can still reach one of them: a reader whose announcement is not seen announced later, and
/// finds the entry gone. One fence serves all entries that were taken out before it.
/// The idea is that of hazard pointers (Michael, IEEE TPDS 2004) with the key's hash in the place
/// of the pointer, so that a lookup needs one announcement however many slots it looks at.
///
/// Records are never freed: one per thread that runs at the same time.
/// Thread safety: thread-safe.
class ReaderRegistry {
 public:
  /// The calling thread's record.
  static ReaderRecord* Mine() {
    ReaderRecord* mine = mine_;
    return mine != nullptr ? mine : Acquire();
  }

  /// False when there is no memory for it; then everything may be held.
  static bool Gather(Announced* out);
  /// The same question about one entry, which needs no memory.
  static bool IsHeld(const Entry* entry);

  /// Takes over an entry whose cache has ended while handles hold it. Needs no memory.
  static void Orphan(Entry* entry);
  /// Frees the orphans that nobody holds any more. Called by who ends a handle.
  static void FreeOrphans() {
    if (orphans_.load(std::memory_order_relaxed) != 0) FreeOrphansNow();
  }

 private:
  friend struct RecordReturner;
  static ReaderRecord* Acquire();
  static void FreeOrphansNow();

  static inline std::atomic<size_t> orphans_{0};

  // initial-exec: a plain load, also in a shared library. No destructor, so no hidden call either.
  static inline thread_local constinit ReaderRecord* mine_
      __attribute__((tls_model("initial-exec"))) = nullptr;
};

}  // namespace cairn::cache
