#include <utility>

#include "cache/cache.h"

// Values that are kept compressed.

namespace cairn::cache {

Kept Cache::Keep(std::string_view value, std::string* buffer) const {
  const uint64_t from = options_.compress_from_bytes;
  if (from == 0 || value.size() < from || !Packing::Pack(value, buffer)) return {value, false};
  return {*buffer, true};
}

Handle Cache::Unpacked(Handle packed) {
  const Entry* from = packed.entry();
  Entry* entry = Entry::CreateRoom(from->hash, from->space, from->key(),
                                   Packing::SizeOf(from->value()), from->has_timing());
  if (entry == nullptr) return {};
  if (!Packing::Unpack(from->value(), entry->value_room())) {
    Entry::Free(entry);
    return {};
  }
  entry->epoch = from->epoch;
  if (from->negative()) entry->flags |= kNegative;
  if (from->has_timing()) {
    // what a refresh ahead of time asks for
    entry->timing()->fresh_until_ns = from->timing()->fresh_until_ns;
    entry->timing()->deadline_ns.store(from->timing()->deadline_ns.load(std::memory_order_relaxed),
                                       std::memory_order_relaxed);
  }
  return Handle::Own(entry, packed.stale());
}

}  // namespace cairn::cache
