#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>
#include <utility>

#include "cache/entry.h"
#include "cache/reader_registry.h"

namespace cairn::cache {

/// A value that was found: its bytes stay where they are, unchanged, until the handle ends, also
/// when the entry is replaced, deleted or evicted, or the cache has ended. Meanwhile the memory
/// counts as used. Short-lived handles are cheapest: seven per thread cost no shared write.
///
/// Thread safety: thread-compatible; may end in another thread than it began.
class Handle {
 public:
  Handle() = default;
  Handle(Handle&& other) noexcept
      : entry_(std::exchange(other.entry_, nullptr)), pin_(other.pin_), stale_(other.stale_) {}
  Handle& operator=(Handle&& other) noexcept {
    Handle taken(std::move(other));
    std::swap(entry_, taken.entry_);
    std::swap(pin_, taken.pin_);
    std::swap(stale_, taken.stale_);
    return *this;
  }
  ~Handle() {
    if (entry_ == nullptr) return;
    End(entry_, pin_);
  }

  explicit operator bool() const { return entry_ != nullptr; }
  std::string_view value() const { return entry_->value(); }
  std::string_view key() const { return entry_->key(); }
  const Entry* entry() const { return entry_; }
  /// The cache remembers that there is nothing under this key.
  bool negative() const { return entry_->negative(); }
  /// Its time to live is over.
  bool stale() const { return stale_; }

  /// As one word, without its owner; FromWord makes it a handle again.
  uintptr_t ToWord() && {
    const auto word = pin_ != nullptr ? reinterpret_cast<uintptr_t>(pin_)
                                      : reinterpret_cast<uintptr_t>(entry_) | 1;
    return entry_ == nullptr ? 0 : (entry_ = nullptr, word);
  }
  static Handle FromWord(uintptr_t word) {
    if (word == 0) return {};
    if ((word & 1) != 0) return {reinterpret_cast<Entry*>(word - 1), nullptr, false};
    auto* pin = reinterpret_cast<std::atomic<Entry*>*>(word);
    return {pin->load(std::memory_order_relaxed), pin, false};
  }
  static const Entry* EntryOf(uintptr_t word) {
    if ((word & 1) != 0) return reinterpret_cast<const Entry*>(word - 1);
    return reinterpret_cast<const std::atomic<Entry*>*>(word)->load(std::memory_order_relaxed);
  }

  /// Of an entry that is in no cache; it is freed when the handle ends.
  static Handle Own(Entry* entry, bool stale) {
    entry->flags |= kAlone;
    return {entry, nullptr, stale};
  }
  /// Only while `reader` announces that it reads the entry's hash.
  static Handle Pin(Entry* entry, ReaderRecord* reader, bool stale) {
    for (auto& pin : reader->pins) {
      if (pin.load(std::memory_order_acquire) != nullptr) continue;  // pairs with End
      pin.store(entry, std::memory_order_relaxed);  // released when the announcement ends
      return {entry, &pin, stale};
    }
    entry->references.fetch_add(1, std::memory_order_relaxed);
    return {entry, nullptr, stale};
  }

 private:
  Handle(Entry* entry, std::atomic<Entry*>* pin, bool stale)
      : entry_(entry), pin_(pin), stale_(stale) {}

  static void End(Entry* entry, std::atomic<Entry*>* pin) {
    if (entry->alone()) return Entry::Free(entry);
    if (pin != nullptr) {
      pin->store(nullptr, std::memory_order_release);  // pairs with ReaderRegistry::Gather
    } else {
      entry->references.fetch_sub(1, std::memory_order_release);
    }
    ReaderRegistry::FreeOrphans();
  }

  Entry* entry_ = nullptr;
  std::atomic<Entry*>* pin_ = nullptr;
  bool stale_ = false;
};

}  // namespace cairn::cache
