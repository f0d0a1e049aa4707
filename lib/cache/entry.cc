#include "cache/entry.h"

#include <new>

namespace cairn::cache {

Entry* Entry::Create(uint64_t hash, uint32_t space, std::string_view key, std::string_view value,
                     bool timed, void* block) {
  Entry* entry = CreateRoom(hash, space, key, value.size(), timed, block);
  if (entry != nullptr && !value.empty()) {
    std::memcpy(entry->value_room(), value.data(), value.size());
  }
  return entry;
}

Entry* Entry::CreateRoom(uint64_t hash, uint32_t space, std::string_view key, size_t value_bytes,
                         bool timed, void* block) {
  if (block == nullptr) {
    // All that is charged for may be used: another entry of that size may come to live there.
    const uint64_t charged = BlockBytes(key.size(), value_bytes, timed);
    const uint64_t wanted = WantedBytes(key.size(), value_bytes, timed);
    block = ::operator new(charged < kMappedFrom ? charged - kMallocHeader : wanted, std::nothrow);
  }
  if (block == nullptr) return nullptr;
  auto* entry = new (block) Entry;
  entry->hash = hash;
  entry->space = space;
  entry->key_bytes = static_cast<uint32_t>(key.size());
  entry->value_bytes = static_cast<uint32_t>(value_bytes);
  if (timed) {
    entry->flags = kHasTiming;
    new (entry + 1) EntryTiming;
  }
  char* at = entry->value_room();
  if (!key.empty()) std::memcpy(at - key.size(), key.data(), key.size());
  at[value_bytes] = '\0';
  return entry;
}

void Entry::Free(Entry* entry) { ::operator delete(static_cast<void*>(entry)); }

}  // namespace cairn::cache
