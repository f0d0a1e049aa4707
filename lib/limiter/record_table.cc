#include "limiter/record_table.h"

#include <sys/mman.h>

#include <bit>
#include <cerrno>
#include <cstring>

namespace cairn::limiter {
namespace {

constexpr uint32_t kMaxShards = 32;
constexpr uint64_t kHugeLevelBytes = 16 << 20;
constexpr uint64_t kHugePageBytes = 2 << 20;
/// Loads at which shards grow, from the first shard's to the last's.
constexpr double kLeastLoad = 0.55;
constexpr double kMostLoad = 0.93;
/// What a shard's head and the block of its shared words take beside the records.
constexpr uint64_t kShardOverheadBytes = sizeof(RecordTable::Shard) + 16;

uint64_t RoundUp(uint64_t value, uint64_t unit) { return (value + unit - 1) / unit * unit; }

}  // namespace

Result<std::unique_ptr<RecordTable>> RecordTable::Create(uint32_t state_words,
                                                         uint64_t budget_bytes) {
  const uint32_t record_words = 1 + state_words;
  const uint64_t bucket_bytes = uint64_t{record_words} * 8 * kBucketRecords;
  const uint64_t shard_bytes = kShardOverheadBytes + state_words * 8;
  // Between one and two times the usual number of shards, whatever makes best use of the budget.
  const uint64_t rough = budget_bytes / (bucket_bytes + 16);
  const uint64_t least_shards = std::clamp<uint64_t>(std::bit_floor(rough / 8), 1, kMaxShards);
  if (budget_bytes < shard_bytes + bucket_bytes) {
    return Error(Code::kInvalidArgument, "a budget of ", budget_bytes,
                 " bytes has no room for a bucket of ", bucket_bytes, " bytes");
  }
  const uint64_t max_buckets = std::bit_floor(std::max<uint64_t>(
      1, (budget_bytes / least_shards - std::min(shard_bytes, budget_bytes / least_shards - 1)) /
             bucket_bytes));
  const uint64_t buckets = std::min<uint64_t>(max_buckets, uint64_t{1} << 30);
  const uint64_t shards = std::clamp<uint64_t>(
      budget_bytes / (shard_bytes + buckets * bucket_bytes), 1, uint64_t{2} * kMaxShards);
  std::unique_ptr<RecordTable> table(
      new RecordTable(record_words, static_cast<uint32_t>(shards), static_cast<uint32_t>(buckets)));
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

RecordTable::RecordTable(uint32_t record_words, uint32_t shard_count, uint32_t max_buckets)
    : record_words_(record_words),
      bucket_words_(uint64_t{record_words} * kBucketRecords),
      max_buckets_(max_buckets),
      shards_(shard_count) {
  for (uint32_t i = 0; i < shard_count; ++i) shards_[i].number = i;
  memory_bytes_ = shard_count * (bucket_words_ * 8 + kShardOverheadBytes + (record_words - 1) * 8);
}

RecordTable::~RecordTable() {
  if (memory_ != nullptr) munmap(memory_, reserved_bytes_);
}

void RecordTable::Discard() {
  madvise(memory_, reserved_bytes_, MADV_DONTNEED);
  memory_bytes_.store(0, std::memory_order_relaxed);
}

uint64_t RecordTable::GrowAt(const Shard& shard) const {
  const double place = static_cast<double>(shard.number) / static_cast<double>(shards_.size());
  const double load = kLeastLoad + place * (kMostLoad - kLeastLoad);
  return static_cast<uint64_t>(static_cast<double>(ShardRecords(shard)) * load);
}

uint64_t* RecordTable::Claim(Shard& shard, uint64_t hash, const IsDead& is_dead) {
  if (shard.used_count >= GrowAt(shard) &&
      shard.mask.load(std::memory_order_relaxed) + 1 < max_buckets_) {
    MakeRoom(shard, is_dead);
  }
  for (;;) {
    const Vacancy vacancy = FindVacancy(shard, hash, is_dead);
    if (vacancy.record == nullptr) {
      if (shard.mask.load(std::memory_order_relaxed) + 1 >= max_buckets_) return nullptr;
      Grow(shard);
      continue;
    }
    if (!Take(vacancy.record, hash, is_dead)) continue;
    if (vacancy.was_free) ++shard.used_count;
    return vacancy.record;
  }
}

RecordTable::Vacancy RecordTable::FindVacancy(Shard& shard, uint64_t hash, const IsDead& is_dead) {
  const uint32_t mask = shard.mask.load(std::memory_order_relaxed);
  uint32_t bucket = FirstBucket(hash);
  const uint32_t probes = std::min(kProbes, mask + 1);
  for (uint32_t probe = 0; probe < probes; ++probe, bucket += Stride(hash)) {
    uint64_t* record = BucketAt(shard.number, bucket & mask);
    uint64_t* dead = nullptr;
    for (uint32_t i = 0; i < kBucketRecords; ++i, record += record_words_) {
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
  const uint32_t mask = shard.mask.load(std::memory_order_relaxed);
  for (uint32_t bucket = 0; bucket <= mask; ++bucket) {
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

/// All records are free, and stay so while the lock is held: whoever has none needs the lock.
void RecordTable::Shrink(Shard& shard) {
  const uint32_t buckets = shard.mask.load(std::memory_order_relaxed) + 1;
  shard.mask.store(0, std::memory_order_release);
  constexpr uint64_t kPageBytes = 4096;
  for (uint32_t first = 1; first < buckets; first *= 2) {
    const uint64_t begin = reinterpret_cast<uint64_t>(BucketAt(shard.number, first));
    const uint64_t end = begin + first * bucket_words_ * 8;
    const uint64_t page = RoundUp(begin, kPageBytes);
    if (page + kPageBytes > end) continue;
    madvise(reinterpret_cast<void*>(page), (end - page) / kPageBytes * kPageBytes, MADV_DONTNEED);
  }
  memory_bytes_.fetch_sub((buckets - 1) * bucket_words_ * 8, std::memory_order_relaxed);
}

void RecordTable::MakeRoom(Shard& shard, const IsDead& is_dead) {
  if (Sweep(shard, is_dead) > GrowAt(shard) / 4 * 3) Grow(shard);
}

void RecordTable::Grow(Shard& shard) {
  const uint32_t buckets = shard.mask.load(std::memory_order_relaxed) + 1;
  const uint64_t level_bytes = shards_.size() * buckets * bucket_words_ * 8;
  if (level_bytes >= kHugeLevelBytes &&
      huge_from_.exchange(buckets, std::memory_order_relaxed) < buckets) {
    const uint64_t begin = RoundUp(reinterpret_cast<uint64_t>(BucketAt(0, buckets)), 4096);
    madvise(reinterpret_cast<void*>(begin), level_bytes / 4096 * 4096, MADV_HUGEPAGE);
  }
  for (uint32_t bucket = 0; bucket < buckets; ++bucket) Spread(shard, bucket, buckets);
  shard.mask.store(2 * buckets - 1, std::memory_order_release);
  memory_bytes_.fetch_add(buckets * bucket_words_ * 8, std::memory_order_relaxed);
}

/// Moves what belongs there from a bucket to the one `buckets` further, which nobody looks into yet
/// and which nothing but this bucket's records comes to.
void RecordTable::Spread(Shard& shard, uint32_t bucket, uint32_t buckets) {
  uint64_t* from = BucketAt(shard.number, bucket);
  uint64_t* to = BucketAt(shard.number, bucket + buckets);
  for (uint32_t i = 0; i < kBucketRecords; ++i, from += record_words_, to += record_words_) {
    const uint64_t hash = LoadWord(from);
    if (hash == 0) continue;
    uint32_t place = FirstBucket(hash);
    while ((place & (buckets - 1)) != bucket) place += Stride(hash);
    if ((place & buckets) == 0) continue;
    if (!is_paired()) {
      std::copy_n(from, record_words_, to);
      Clear(from);
      continue;
    }
    Pair seen{};
    do {
      seen = {hash, LoadWord(from + 1)};
    } while (!ExchangePair(reinterpret_cast<Pair*>(from), seen, {0, 0}));
    StoreWord(to + 1, seen.word);
    StoreWord(to, hash);
  }
}

uint64_t* RecordTable::OverflowWords(Shard& shard) {
  if (shard.overflow == nullptr) {
    shard.overflow = std::make_unique<uint64_t[]>(record_words_ - 1);
  }
  return shard.overflow.get();
}

}  // namespace cairn::limiter
