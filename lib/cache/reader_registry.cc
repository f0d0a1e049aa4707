#include "cache/reader_registry.h"

#include <algorithm>

#include "base/mutex.h"
#include "cache/entry.h"

namespace cairn::cache {
namespace {

std::atomic<ReaderRecord*> g_records{nullptr};
std::atomic<uint32_t> g_count{0};

struct Orphans {
  Mutex mutex;
  std::vector<Entry*> entries CAIRN_GUARDED_BY(mutex);
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

void ReaderRegistry::Gather(Announced* out) {
  out->tags.clear();
  out->pins.clear();
  Fence();
  for (ReaderRecord* at = g_records.load(std::memory_order_seq_cst); at != nullptr; at = at->next) {
    // seq_cst pairs with the reader's announcement; what follows sees the pins made before its end.
    const uint64_t hash = at->reading.load(std::memory_order_seq_cst);
    if (hash != 0) out->tags.push_back(static_cast<uint16_t>(hash >> 48));
    for (const auto& pin : at->pins) {
      const Entry* entry = pin.load(std::memory_order_acquire);
      if (entry != nullptr) out->pins.push_back(entry);
    }
  }
}

void ReaderRegistry::Orphan(Entry* entry) {
  {
    Orphans& orphans = TheOrphans();
    MutexLock lock(orphans.mutex);
    orphans.entries.push_back(entry);
    orphans_.store(orphans.entries.size(), std::memory_order_relaxed);
  }
  FreeOrphansNow();
}

void ReaderRegistry::FreeOrphansNow() {
  Orphans& orphans = TheOrphans();
  MutexLock lock(orphans.mutex);
  Announced announced;
  Gather(&announced);
  std::erase_if(orphans.entries, [&](Entry* entry) {
    if (announced.Holds(entry, entry->hash)) return false;
    if (entry->references.load(std::memory_order_acquire) != 0) return false;
    Entry::Free(entry);
    return true;
  });
  orphans_.store(orphans.entries.size(), std::memory_order_relaxed);
}

}  // namespace cairn::cache
