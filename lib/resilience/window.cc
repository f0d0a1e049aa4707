#include "resilience/window.h"

namespace cairn::resilience {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

// A mark in the ring: 0 is an empty place.
constexpr uint8_t kCall = 1;
constexpr uint8_t kFailed = 2;
constexpr uint8_t kSlow = 4;

constexpr int kFailureShift = 21;
constexpr int kSlowShift = 42;
constexpr uint64_t kFieldMask = (uint64_t{1} << 21) - 1;

uint8_t Pack(Mark mark) {
  return static_cast<uint8_t>(kCall | (mark.failed ? kFailed : 0) | (mark.slow ? kSlow : 0));
}

uint64_t ShareOf(uint8_t mark) {
  uint64_t share = mark & kCall;
  if ((mark & kFailed) != 0) share += uint64_t{1} << kFailureShift;
  if ((mark & kSlow) != 0) share += uint64_t{1} << kSlowShift;
  return share;
}

// A word of a time bucket: generation (8 bits), turn (24), count (32).
constexpr uint64_t kCountMask = 0xffffffff;

uint64_t TagOf(uint32_t generation, uint64_t epoch) {
  uint64_t turn = (epoch / TimeWindow::kBuckets) & 0xffffff;
  return (uint64_t{generation & 0xff} << 56) | (turn << 32);
}

/// Whether the turn of `tag` is later than that of `than`; turns wrap around.
bool IsLater(uint64_t tag, uint64_t than) {
  return static_cast<int64_t>((tag << 8) - (than << 8)) > 0;
}

/// Adds one under `tag`. What a clock that was set back brings is counted with the newer turn.
void AddOne(std::atomic<uint64_t>* word, uint64_t tag) {
  uint64_t seen = word->load(kRelaxed);
  for (;;) {
    uint64_t next = seen + 1;
    uint64_t seen_tag = seen & ~kCountMask;
    if ((seen_tag ^ tag) >> 56 != 0) return;  // of an earlier generation
    if ((seen & kCountMask) == 0 || IsLater(tag, seen_tag)) next = tag | 1;
    if ((next & kCountMask) == 0) return;  // full
    if (word->compare_exchange_weak(seen, next, kRelaxed)) return;
  }
}

uint64_t CountOf(const std::atomic<uint64_t>& word, uint64_t tag) {
  uint64_t seen = word.load(kRelaxed);
  return (seen & ~kCountMask) == tag ? seen & kCountMask : 0;
}

}  // namespace

CallWindow::CallWindow(uint32_t calls)
    : size_(calls), ring_(std::make_unique<std::atomic<uint8_t>[]>(calls)) {}

void CallWindow::Replace(uint32_t place, uint8_t mark) {
  sums_.fetch_add(ShareOf(mark), kRelaxed);
  uint8_t displaced = ring_[place].exchange(mark, kRelaxed);
  sums_.fetch_sub(ShareOf(displaced), kRelaxed);
}

void CallWindow::Add(Mark mark) {
  uint32_t place = next_.load(kRelaxed);
  uint32_t after = 0;
  do {
    after = place + 1 == size_ ? 0 : place + 1;
  } while (!next_.compare_exchange_weak(place, after, kRelaxed));
  uint8_t packed = Pack(mark);
  if (ring_[place].load(kRelaxed) != packed) Replace(place, packed);
}

WindowCounts CallWindow::Counts() const {
  uint64_t sums = sums_.load(kRelaxed);
  return {sums & kFieldMask, (sums >> kFailureShift) & kFieldMask, sums >> kSlowShift};
}

void CallWindow::Clear() {
  for (uint32_t place = 0; place < size_; ++place) {
    if (ring_[place].load(kRelaxed) != 0) Replace(place, 0);
  }
  next_.store(0, kRelaxed);
}

uint64_t TimeWindow::Epoch(int64_t now_ns) const {
  auto now = static_cast<uint64_t>(now_ns);
  auto width = static_cast<uint64_t>(bucket_ns_);
  uint64_t last = last_epoch_.load(kRelaxed);
  if (now - last * width < width) return last;
  uint64_t epoch = now / width;
  last_epoch_.store(epoch, kRelaxed);
  return epoch;
}

bool TimeWindow::Add(uint32_t generation, int64_t now_ns, Mark mark) {
  uint64_t epoch = Epoch(now_ns);
  uint64_t tag = TagOf(generation, epoch);
  Bucket& bucket = buckets_[epoch % kBuckets];
  AddOne(&bucket.calls, tag);
  if (mark.failed) AddOne(&bucket.failures, tag);
  if (mark.slow) AddOne(&bucket.slow, tag);
  if (mark.failed || mark.slow) last_bad_.store(epoch + 1, kRelaxed);
  uint64_t last_bad = last_bad_.load(kRelaxed);
  return last_bad != 0 && epoch + 1 - last_bad < kBuckets;
}

WindowCounts TimeWindow::Counts(uint32_t generation, int64_t now_ns) const {
  uint64_t epoch = Epoch(now_ns);
  WindowCounts counts;
  for (uint64_t back = 0; back < kBuckets && back <= epoch; ++back) {
    const Bucket& bucket = buckets_[(epoch - back) % kBuckets];
    uint64_t tag = TagOf(generation, epoch - back);
    counts.calls += CountOf(bucket.calls, tag);
    counts.failures += CountOf(bucket.failures, tag);
    counts.slow += CountOf(bucket.slow, tag);
  }
  return counts;
}

void TimeWindow::Clear(uint32_t generation) {
  uint64_t empty = uint64_t{generation & 0xff} << 56;
  for (Bucket& bucket : buckets_) {
    for (auto* word : {&bucket.calls, &bucket.failures, &bucket.slow}) word->store(empty, kRelaxed);
  }
  last_bad_.store(0, kRelaxed);
}

}  // namespace cairn::resilience
