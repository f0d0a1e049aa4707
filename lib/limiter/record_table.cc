#include "limiter/record_table.h"

#include <sys/mman.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstring>

#include "base/prefetch.h"

namespace cairn::limiter {
namespace {

constexpr uint32_t kMaxShards = 32;
/// Where tables are so large that pages of 2 MiB are worth what the last of them wastes.
constexpr uint64_t kHugeFromBytes = 4 << 20;
constexpr uint64_t kHugePageBytes = 2 << 20;
constexpr uint64_t kPageBytes = 4096;
/// Of ten records so many are used when a shard grows.
constexpr uint64_t kLoadTenths = 7;
/// What a shard's head and the block of its shared words take beside the records.
constexpr uint64_t kShardOverheadBytes = sizeof(RecordTable::Shard) + 16;

uint64_t RoundUp(uint64_t value, uint64_t unit) { return (value + unit - 1) / unit * unit; }

}  // namespace

Result<std::unique_ptr<RecordTable>> RecordTable::Create(uint32_t state_words,
                                                         uint64_t budget_bytes) {
  const uint32_t record_words = 1 + state_words;
  const uint64_t bucket_bytes = uint64_t{record_words} * 8 * kBucketRecords;
  const uint64_t shard_bytes = kShardOverheadBytes + state_words * 8;
  if (budget_bytes < shard_bytes + bucket_bytes) {
    return Error(Code::kInvalidArgument, "a budget of ", budget_bytes,
                 " bytes has no room for a bucket of ", bucket_bytes, " bytes");
  }
  const uint64_t shards = std::bit_floor(
      std::clamp<uint64_t>(budget_bytes / (shard_bytes + 8 * bucket_bytes), 1, kMaxShards));
  const uint64_t buckets =
      std::min<uint64_t>((budget_bytes / shards - shard_bytes) / bucket_bytes, uint64_t{1} << 29);
  std::unique_ptr<RecordTable> table(
      new RecordTable(record_words, std::countr_zero(shards), static_cast<uint32_t>(buckets)));
  const uint64_t bytes = RoundUp(shards * buckets * bucket_bytes, kHugePageBytes);
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    return Error(Code::kResourceExhausted, "cannot reserve ", bytes,
                 " bytes for a limiter's keys: ", std::string_view(std::strerror(errno)));
  }
  table->memory_ = static_cast<uint64_t*>(memory);
  table->reserved_bytes_ = bytes;
  return table;
}

RecordTable::RecordTable(uint32_t record_words, uint32_t shard_bits, uint32_t max_buckets)
    : record_words_(record_words),
      shard_bits_(shard_bits),
      bucket_words_(uint64_t{record_words} * kBucketRecords),
      shard_list_(std::make_unique<Shard[]>(shard_count())),
      max_buckets_(max_buckets) {
  for (uint32_t i = 0; i < shard_count(); ++i) shard_list_[i].number = i;
  memory_bytes_ =
      shard_count() * (bucket_words_ * 8 + kShardOverheadBytes + (record_words - 1) * 8);
}

RecordTable::~RecordTable() {
  if (memory_ != nullptr) munmap(memory_, reserved_bytes_);
}

void RecordTable::Discard() {
  madvise(memory_, reserved_bytes_, MADV_DONTNEED);
  memory_bytes_.store(0, std::memory_order_relaxed);
}

uint64_t RecordTable::GrowAt(const Shard& shard) {
  const uint64_t buckets = shard.extent.Load().buckets;
  return buckets * kBucketRecords * kLoadTenths / 10;
}

uint64_t* RecordTable::Find(const Shard& shard, uint64_t hash) {
  const Extent extent = shard.extent.Load();
  uint64_t* const bucket = BucketAt(shard.number, extent.BucketOf(FirstPlace(hash)));
  const uint64_t first = FirstRecord(hash);
  for (uint64_t i = 0; i < kBucketRecords; ++i) {
    uint64_t* const record = bucket + (first ^ i) * record_words_;
    if (LoadWord(record) == hash) return record;
  }
  return FindFurther(shard.number, extent, hash);
}

uint64_t* RecordTable::FindFurther(uint32_t shard, Extent extent, uint64_t hash) {
  std::array<uint64_t*, kProbes> buckets{};
  const uint32_t probes = extent.probes();
  uint32_t place = FirstPlace(hash);
  for (uint32_t probe = 1; probe < probes; ++probe) {
    buckets[probe] = BucketAt(shard, extent.BucketOf(place += Stride(hash)));
    for (uint64_t word = 0; word < bucket_words_; word += 8) {
      PrefetchToWrite(buckets[probe] + word);
    }
  }
  for (uint32_t probe = 1; probe < probes; ++probe) {
    uint64_t* record = buckets[probe];
    for (uint32_t i = 0; i < kBucketRecords; ++i, record += record_words_) {
      if (LoadWord(record) == hash) return record;
    }
  }
  return nullptr;
}

uint64_t* RecordTable::Claim(Shard& shard, uint64_t hash, const IsDead& is_dead) {
  MakeRoom(shard, is_dead);
  for (;;) {
    const Vacancy vacancy = FindVacancy(shard, hash, is_dead);
    if (vacancy.record == nullptr) {
      if (shard.extent.Load().buckets == max_buckets_) return nullptr;
      if (!Displace(shard, hash)) Grow(shard);
      continue;
    }
    if (!Take(vacancy.record, hash, is_dead)) continue;
    if (vacancy.was_free) ++shard.used_count;
    return vacancy.record;
  }
}

RecordTable::Vacancy RecordTable::FindVacancy(Shard& shard, uint64_t hash, const IsDead& is_dead) {
  const Extent extent = shard.extent.Load();
  uint32_t place = FirstPlace(hash);
  for (uint32_t probe = 0; probe < extent.probes(); ++probe, place += Stride(hash)) {
    uint64_t* const bucket = BucketAt(shard.number, extent.BucketOf(place));
    uint64_t* dead = nullptr;
    for (uint32_t i = 0; i < kBucketRecords; ++i) {
      uint64_t* const record = bucket + uint64_t{FirstRecord(hash) ^ i} * record_words_;
      if (LoadWord(record) == 0) return {record, true};
      if (dead == nullptr && IsDeadRecord(record, is_dead)) dead = record;
    }
    if (dead != nullptr) return {dead, false};
  }
  return {};
}

bool RecordTable::Take(uint64_t* record, uint64_t hash, const IsDead& is_dead) {
  if (!is_paired()) {
    std::fill_n(record + 1, record_words_ - 1, 0);
    StoreWord(record, hash);
    return true;
  }
  const Pair seen{LoadWord(record), LoadWord(record + 1)};
  if (seen.hash != 0 && !is_dead(&seen.word)) return false;
  return ExchangePair(reinterpret_cast<Pair*>(record), seen, {hash, 0});
}

void RecordTable::Clear(uint64_t* record) {
  if (!is_paired()) {
    std::fill_n(record, record_words_, 0);
    return;
  }
  Pair seen{};
  do {
    seen = {LoadWord(record), LoadWord(record + 1)};
  } while (!ExchangePair(reinterpret_cast<Pair*>(record), seen, {0, 0}));
}

void RecordTable::Erase(Shard& shard, uint64_t* record) {
  Clear(record);
  --shard.used_count;
}

void RecordTable::ForEach(Shard& shard, const std::function<void(uint64_t*)>& visit) {
  const uint32_t buckets = shard.extent.Load().buckets;
  for (uint32_t bucket = 0; bucket < buckets; ++bucket) {
    uint64_t* record = BucketAt(shard.number, bucket);
    for (uint32_t i = 0; i < kBucketRecords; ++i, record += record_words_) {
      if (LoadWord(record) != 0) visit(record);
    }
  }
}

uint64_t RecordTable::Sweep(Shard& shard, const IsDead& is_dead) {
  ForEach(shard, [&](uint64_t* record) {
    if (!is_paired()) {
      if (!is_dead(record + 1)) return;
      Clear(record);
    } else {
      for (;;) {
        const Pair seen{LoadWord(record), LoadWord(record + 1)};
        if (!is_dead(&seen.word)) return;
        if (ExchangePair(reinterpret_cast<Pair*>(record), seen, {0, 0})) break;
      }
    }
    --shard.used_count;
  });
  if (shard.used_count == 0) Shrink(shard);
  return shard.used_count;
}

void RecordTable::TakeOut(Shard& shard, uint64_t* record, uint64_t* words_out) {
  --shard.used_count;
  if (!is_paired()) {
    std::copy_n(record + 1, record_words_ - 1, words_out);
    Clear(record);
    return;
  }
  Pair seen{};
  do {
    seen = {LoadWord(record), LoadWord(record + 1)};
  } while (!ExchangePair(reinterpret_cast<Pair*>(record), seen, {0, 0}));
  words_out[0] = seen.word;
}

/// The word of a pair may change meanwhile.
bool RecordTable::IsDeadRecord(const uint64_t* record, const IsDead& is_dead) const {
  if (!is_paired()) return is_dead(record + 1);
  const uint64_t word = LoadWord(record + 1);
  return is_dead(&word);
}

/// All records are free, and stay so while the lock is held: whoever has none needs the lock. The
/// memory goes back when that is so in all shards, since they share pages.
void RecordTable::Shrink(Shard& shard) {
  shard.sweep_at = 0;
  const uint32_t buckets = shard.extent.Load().buckets;
  if (buckets == 1) return;
  shard.extent.Store(Extent{});
  memory_bytes_.fetch_sub((buckets - 1) * bucket_words_ * 8, std::memory_order_relaxed);
  MutexLock lock(grown_mutex_);
  if (--grown_count_ > 0) return;
  const uint64_t kept = RoundUp(shard_count() * bucket_words_ * 8, kPageBytes);
  if (kept >= reserved_bytes_) return;
  madvise(reinterpret_cast<char*>(memory_) + kept, reserved_bytes_ - kept, MADV_DONTNEED);
}

/// Looks for dead records first, where a quarter more are used than were alive the last time.
void RecordTable::MakeRoom(Shard& shard, const IsDead& is_dead) {
  if (shard.used_count < GrowAt(shard)) return;
  if (shard.extent.Load().buckets == max_buckets_) return;
  if (shard.used_count >= shard.sweep_at) {
    Sweep(shard, is_dead);
    shard.sweep_at = shard.used_count + shard.used_count / 4 + 1;
  }
  if (shard.used_count >= GrowAt(shard)) Grow(shard);
}

void RecordTable::Grow(Shard& shard) {
  const uint32_t bucket = shard.extent.Load().buckets;
  const uint64_t row_bytes = shard_count() * bucket_words_ * 8;
  if (bucket == 1) {
    MutexLock lock(grown_mutex_);
    ++grown_count_;
  }
  // The first shard to come there speaks for all.
  if (bucket * row_bytes < kHugeFromBytes && (bucket + 1) * row_bytes >= kHugeFromBytes &&
      reserved_bytes_ > kHugeFromBytes) {
    madvise(reinterpret_cast<char*>(memory_) + kHugeFromBytes, reserved_bytes_ - kHugeFromBytes,
            MADV_HUGEPAGE);
  }
  const Extent next{bucket + 1, std::bit_ceil(bucket + 1) - 1};
  Spread(shard, bucket, next);
  shard.extent.Store(next);
  memory_bytes_.fetch_add(bucket_words_ * 8, std::memory_order_relaxed);
}

/// Moves what belongs there to a new bucket, into which nobody looks yet and to which nothing but
/// one bucket's records comes, each to the same place in it.
void RecordTable::Spread(Shard& shard, uint32_t bucket, Extent next) {
  const Extent extent = shard.extent.Load();
  const uint32_t source = bucket & (next.mask >> 1);
  uint64_t* from = BucketAt(shard.number, source);
  uint64_t* to = BucketAt(shard.number, bucket);
  for (uint32_t i = 0; i < kBucketRecords; ++i, from += record_words_, to += record_words_) {
    const uint64_t hash = LoadWord(from);
    if (hash == 0) continue;
    uint32_t place = FirstPlace(hash);
    while (extent.BucketOf(place) != source) place += Stride(hash);
    if (next.BucketOf(place) == bucket) Move(from, to);
  }
}

/// Whoever works on a pair without the lock then finds it gone, and waits for the lock.
void RecordTable::Move(uint64_t* from, uint64_t* to) {
  if (!is_paired()) {
    std::copy_n(from, record_words_, to);
    Clear(from);
    return;
  }
  Pair seen{};
  do {
    seen = {LoadWord(from), LoadWord(from + 1)};
  } while (!ExchangePair(reinterpret_cast<Pair*>(from), seen, {0, 0}));
  StoreWord(to + 1, seen.word);
  StoreWord(to, seen.hash);
}

uint64_t* RecordTable::FreeRecordFor(Shard& shard, uint64_t hash) {
  const Extent extent = shard.extent.Load();
  uint32_t place = FirstPlace(hash);
  for (uint32_t probe = 0; probe < extent.probes(); ++probe, place += Stride(hash)) {
    uint64_t* record = BucketAt(shard.number, extent.BucketOf(place));
    for (uint32_t i = 0; i < kBucketRecords; ++i, record += record_words_) {
      if (LoadWord(record) == 0) return record;
    }
  }
  return nullptr;
}

/// All buckets of the hash are full, which others' need not be: one in a thousand comes to this,
/// since a shard that is half way to twice its size has buckets of twice the others' load.
bool RecordTable::Displace(Shard& shard, uint64_t hash) {
  const Extent extent = shard.extent.Load();
  uint32_t place = FirstPlace(hash);
  for (uint32_t probe = 0; probe < extent.probes(); ++probe, place += Stride(hash)) {
    uint64_t* record = BucketAt(shard.number, extent.BucketOf(place));
    for (uint32_t i = 0; i < kBucketRecords; ++i, record += record_words_) {
      uint64_t* const to = FreeRecordFor(shard, LoadWord(record));
      if (to == nullptr) continue;
      Move(record, to);
      return true;
    }
  }
  return false;
}

uint64_t* RecordTable::OverflowWords(Shard& shard) {
  if (shard.overflow == nullptr) {
    shard.overflow = std::make_unique<uint64_t[]>(record_words_ - 1);
  }
  return shard.overflow.get();
}

}  // namespace cairn::limiter
