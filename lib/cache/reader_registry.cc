#include "cache/reader_registry.h"

#include <algorithm>
#include <new>

#include "base/mutex.h"
#include "cache/entry.h"

namespace cairn::cache {
namespace {

std::atomic<ReaderRecord*> g_records{nullptr};
std::atomic<uint32_t> g_count{0};

struct Orphans {
  Mutex mutex;
  Entry* first CAIRN_GUARDED_BY(mutex) = nullptr;  ///< linked by Entry::orphan_next
};
Orphans& TheOrphans() {
  static auto* orphans = new Orphans;  // outlives every thread
  return *orphans;
}

/// What was taken out of tables before comes before the reading of the records, for all threads.
void Fence() {
#if defined(__SANITIZE_THREAD__)
  static std::atomic<uint64_t> fence{0};  // the sanitizer knows no fences
  fence.fetch_add(1, std::memory_order_seq_cst);
#else
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

}  // namespace

/// Gives the record back when its thread ends; pins that handles still hold stay in it.
struct RecordReturner {
  ReaderRecord* record = nullptr;
  ~RecordReturner() {
    if (record == nullptr) return;
    ReaderRegistry::mine_ = nullptr;
    record->taken.store(false, std::memory_order_release);  // pairs with Acquire
  }
};

bool Announced::Holds(const Entry* entry, uint64_t hash) const {
  return std::find(tags.begin(), tags.end(), static_cast<uint16_t>(hash >> 48)) != tags.end() ||
         std::find(pins.begin(), pins.end(), entry) != pins.end();
}

ReaderRecord* ReaderRegistry::Acquire() {
  static thread_local RecordReturner returner;
  ReaderRecord* found = nullptr;
  for (ReaderRecord* at = g_records.load(std::memory_order_acquire); at != nullptr; at = at->next) {
    bool taken = false;
    if (at->taken.compare_exchange_strong(taken, true, std::memory_order_acquire)) {
      found = at;
      break;
    }
  }
  if (found == nullptr) {
    found = new ReaderRecord;
    found->number = g_count.fetch_add(1, std::memory_order_relaxed);
    ReaderRecord* head = g_records.load(std::memory_order_relaxed);
    do {
      found->next = head;
    } while (!g_records.compare_exchange_weak(head, found, std::memory_order_seq_cst));
  }
  returner.record = found;
  mine_ = found;
  return found;
}

namespace {

/// Calls tag(hash) and pin(entry) for all that is announced, in the order that Gather needs.
template <typename Tag, typename Pin>
void ForEachAnnounced(Tag tag, Pin pin) {
  Fence();
  for (ReaderRecord* at = g_records.load(std::memory_order_seq_cst); at != nullptr; at = at->next) {
    // seq_cst pairs with the reader's announcement; what follows sees the pins made before its end.
    const uint64_t hash = at->reading.load(std::memory_order_seq_cst);
    if (hash != 0) tag(static_cast<uint16_t>(hash >> 48));
    for (const auto& place : at->pins) {
      const Entry* entry = place.load(std::memory_order_acquire);
      if (entry != nullptr) pin(entry);
    }
  }
}

}  // namespace

bool ReaderRegistry::Gather(Announced* out) {
  out->tags.clear();
  out->pins.clear();
  try {
    ForEachAnnounced([out](uint16_t tag) { out->tags.push_back(tag); },
                     [out](const Entry* entry) { out->pins.push_back(entry); });
  } catch (const std::bad_alloc&) {
    return false;
  }
  return true;
}

bool ReaderRegistry::IsHeld(const Entry* entry) {
  bool held = false;
  const auto own_tag = static_cast<uint16_t>(entry->hash >> 48);
  ForEachAnnounced([&](uint16_t tag) { held = held || tag == own_tag; },
                   [&](const Entry* pinned) { held = held || pinned == entry; });
  return held || entry->references.load(std::memory_order_acquire) != 0;
}

void ReaderRegistry::Orphan(Entry* entry) {
  {
    Orphans& orphans = TheOrphans();
    MutexLock lock(orphans.mutex);
    entry->set_orphan_next(orphans.first);
    orphans.first = entry;
    orphans_.fetch_add(1, std::memory_order_relaxed);
  }
  FreeOrphansNow();
}

void ReaderRegistry::FreeOrphansNow() {
  Orphans& orphans = TheOrphans();
  MutexLock lock(orphans.mutex);
  Entry* kept = nullptr;
  for (Entry* entry = orphans.first; entry != nullptr;) {
    Entry* next = entry->orphan_next();
    if (IsHeld(entry)) {
      entry->set_orphan_next(kept);
      kept = entry;
    } else {
      Entry::Free(entry);
      orphans_.fetch_sub(1, std::memory_order_relaxed);
    }
    entry = next;
  }
  orphans.first = kept;
}

}  // namespace cairn::cache
