#include "cache/entry.h"

#include <cstdlib>
#include <new>

namespace cairn::cache {
namespace {

constexpr uint64_t kMallocHeader = 8;
constexpr uint64_t kMallocAlign = 16;
constexpr uint64_t kLeastBlock = 32;
constexpr uint64_t kMappedFrom = 128 << 10;  ///< glibc takes larger blocks as pages of their own
constexpr uint64_t kPage = 4096;

uint64_t WantedBytes(size_t key_bytes, size_t value_bytes, bool timed) {
  return sizeof(Entry) + (timed ? sizeof(EntryTiming) : 0) + key_bytes + value_bytes + 1;
}

}  // namespace

uint64_t Entry::BlockBytes(size_t key_bytes, size_t value_bytes, bool timed) {
  const uint64_t wanted = WantedBytes(key_bytes, value_bytes, timed) + kMallocHeader;
  if (wanted >= kMappedFrom) return (wanted + kMallocHeader + kPage - 1) & ~(kPage - 1);
  const uint64_t rounded = (wanted + kMallocAlign - 1) & ~(kMallocAlign - 1);
  return rounded < kLeastBlock ? kLeastBlock : rounded;
}

Entry* Entry::Create(uint64_t hash, uint32_t space, std::string_view key, std::string_view value,
                     bool timed) {
  void* block = std::malloc(WantedBytes(key.size(), value.size(), timed));
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

void Entry::Free(Entry* entry) { std::free(static_cast<void*>(entry)); }

}  // namespace cairn::cache
