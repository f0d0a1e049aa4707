#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "base/prefetch.h"
#include "cache/entry.h"

namespace cairn::cache {

/// A queue of entries in an array: first in, first out, with holes where entries were taken out of
/// the middle. `position` names the field of an entry that remembers its place.
///
/// Thread safety: none of its own.
template <uint32_t& (*position)(Entry*)>
class EntryRing {
 public:
  bool empty() const { return live_ == 0; }
  size_t size() const { return live_; }
  size_t bytes() const { return slots_.capacity() * sizeof(Entry*); }
  void Reserve(size_t count) {
    if (count > slots_.size()) Rebuild(std::bit_ceil(count));
  }

  /// Before every Push. False when there is no memory; then nothing has changed.
  bool MakeRoom() {
    if (tail_ - head_ < slots_.size()) return true;
    if (live_ * 4 <= slots_.size() * 3 && live_ > 0) {
      Compact();
      return true;
    }
    try {
      Rebuild(slots_.empty() ? kFirstSize : slots_.size() * 2);
    } catch (const std::bad_alloc&) {
      return false;
    }
    return true;
  }
  void Push(Entry* entry) {
    Put(tail_++, entry);
    ++live_;
  }

  /// The first entry; null when there is none.
  Entry* Front() {
    while (head_ != tail_ && At(head_) == nullptr) ++head_;
    return head_ == tail_ ? nullptr : At(head_);
  }
  /// The entry after the first, if it is there; else null.
  Entry* Next() { return tail_ - head_ > 1 ? At(head_ + 1) : nullptr; }
  /// For who will ask for the first ones before long.
  void PrefetchAhead() {
    if (tail_ - head_ > kAhead) PrefetchToRead(At(head_ + kAhead));
  }
  Entry* Pop() {
    Entry* entry = Front();
    if (entry == nullptr) return nullptr;
    At(head_++) = nullptr;
    --live_;
    if (head_ != tail_) PrefetchToRead(At(head_));
    if (tail_ - head_ > kAhead) PrefetchToRead(At(head_ + kAhead));
    return entry;
  }
  /// Puts back what Pop gave last.
  void Unpop(Entry* entry) {
    Put(--head_, entry);
    ++live_;
  }
  /// The first to the end. Needs no memory.
  void Rotate() {
    Entry* entry = Pop();
    Put(tail_++, entry);
    ++live_;
  }
  void Remove(Entry* entry) {
    At(position(entry)) = nullptr;
    --live_;
  }
  void Replace(Entry* old, Entry* entry) { Put(position(old), entry); }

 private:
  static constexpr uint32_t kAhead = 3;
  static constexpr size_t kFirstSize = 64;

  Entry*& At(uint32_t at) { return slots_[at & (slots_.size() - 1)]; }
  void Put(uint32_t at, Entry* entry) {
    At(at) = entry;
    position(entry) = at;
  }
  void Compact() {
    uint32_t to = head_;
    for (uint32_t at = head_; at != tail_; ++at) {
      Entry* entry = At(at);
      if (entry == nullptr) continue;
      At(at) = nullptr;
      Put(to++, entry);
    }
    tail_ = to;
  }
  /// Without the holes, from position 0.
  void Rebuild(size_t size) {
    std::vector<Entry*> fresh(size, nullptr);
    uint32_t count = 0;
    for (uint32_t at = head_; at != tail_; ++at) {
      if (Entry* entry = At(at)) fresh[count++] = entry;
    }
    slots_ = std::move(fresh);
    head_ = 0;
    tail_ = 0;
    for (; tail_ != count; ++tail_) position(slots_[tail_]) = tail_;
  }

  std::vector<Entry*> slots_;  ///< a power of two
  uint32_t head_ = 0;
  uint32_t tail_ = 0;
  size_t live_ = 0;
};

inline uint32_t& RingPosition(Entry* entry) { return entry->ring_position; }
inline uint32_t& QuotaPosition(Entry* entry) { return entry->timing()->quota_position; }
using PolicyRing = EntryRing<RingPosition>;
using QuotaRing = EntryRing<QuotaPosition>;

}  // namespace cairn::cache
