#include "cache/entry.h"

#include <new>

namespace cairn::cache {

Entry* Entry::Create(uint64_t hash, uint32_t space, std::string_view key, std::string_view value,
                     bool timed, void* block) {
  if (block == nullptr) {
    block = ::operator new(Entry::WantedBytes(key.size(), value.size(), timed), std::nothrow);
  }
  if (block == nullptr) return nullptr;
  auto* entry = new (block) Entry;
  entry->hash = hash;
  entry->space = space;
  entry->key_bytes = static_cast<uint32_t>(key.size());
  entry->value_bytes = static_cast<uint32_t>(value.size());
  if (timed) {
    entry->flags = kHasTiming;
    new (entry + 1) EntryTiming;
  }
  char* at = const_cast<char*>(entry->key_data());
  if (!key.empty()) std::memcpy(at, key.data(), key.size());
  if (!value.empty()) std::memcpy(at + key.size(), value.data(), value.size());
  at[key.size() + value.size()] = '\0';
  return entry;
}

void Entry::Free(Entry* entry) { ::operator delete(static_cast<void*>(entry)); }

}  // namespace cairn::cache
