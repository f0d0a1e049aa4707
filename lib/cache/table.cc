#include "cache/table.h"

#include <new>

namespace cairn::cache {

Table::Table(Bucket* buckets, size_t count)
    : buckets_(buckets), mask_(count - 1), bytes_(sizeof(Table) + count * sizeof(Bucket)) {}

std::unique_ptr<Table> Table::Create(size_t bucket_count) {
  auto* buckets = new (std::nothrow) Bucket[bucket_count];
  if (buckets == nullptr) return nullptr;
  auto* table = new (std::nothrow) Table(buckets, bucket_count);
  if (table == nullptr) delete[] buckets;
  return std::unique_ptr<Table>(table);
}

Table::~Table() {
  delete[] buckets_;
  for (Bucket* bucket : overflow_) delete bucket;
}

Table::Inserted Table::Insert(Entry* entry, Entry** victim) {
  Bucket* last = nullptr;
  size_t length = 0;
  for (Bucket* at = &buckets_[entry->hash & mask_]; at != nullptr; at = at->next.load()) {
    if (const uint32_t empty = Select(*at, [](uint64_t seen) { return seen == 0; }); empty != 0) {
      // pairs with the reader's load
      at->slots[std::countr_zero(empty)].store(Pack(entry), std::memory_order_release);
      return Inserted::kYes;
    }
    last = at;
    ++length;
  }
  if (length >= kMaxChain) {
    *victim = Unpack(last->slots[next_victim_++ % Bucket::kSlots].load());
    return Inserted::kChainFull;
  }
  auto* fresh = new (std::nothrow) Bucket;
  if (fresh == nullptr) return Inserted::kNoMemory;
  try {
    overflow_.push_back(fresh);
  } catch (const std::bad_alloc&) {
    delete fresh;
    return Inserted::kNoMemory;
  }
  bytes_ += sizeof(Bucket);
  fresh->slots[0].store(Pack(entry), std::memory_order_relaxed);
  last->next.store(fresh, std::memory_order_seq_cst);
  return Inserted::kYes;
}

std::atomic<uint64_t>* Table::SlotOf(const Entry* entry) const {
  const uint64_t wanted = Pack(entry);
  for (Bucket* at = &buckets_[entry->hash & mask_]; at != nullptr; at = at->next.load()) {
    const uint32_t there = Select(*at, [wanted](uint64_t seen) { return seen == wanted; });
    if (there != 0) return &at->slots[std::countr_zero(there)];
  }
  return nullptr;
}

void Table::Remove(const Entry* entry) {
  std::atomic<uint64_t>* slot = SlotOf(entry);
  // ordered before the records are read by the fence in ReaderRegistry::Gather
  if (slot != nullptr) slot->store(0, std::memory_order_release);
}

}  // namespace cairn::cache
