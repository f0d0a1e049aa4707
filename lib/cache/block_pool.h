#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>

namespace cairn::cache {

/// Blocks of memory that entries have left, by size, for entries to come: most caches hold entries
/// of few sizes, and who evicts one to store another needs no allocator then.
///
/// Thread safety: none of its own.
class BlockPool {
 public:
  BlockPool() = default;
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;
  ~BlockPool() { Trim(0); }

  uint64_t bytes() const { return bytes_; }

  /// block_bytes: as Entry::BlockBytes gives them. Null when there is none of that size.
  void* Take(uint64_t block_bytes) {
    if (block_bytes > kMostBlockBytes) return nullptr;
    Block*& first = first_[block_bytes / kStep];
    Block* block = first;
    if (block == nullptr) return nullptr;
    first = block->next;
    bytes_ -= block_bytes;
    return block;
  }
  /// Keeps the block if all blocks together have no more than `most` bytes; else false.
  bool Put(void* memory, uint64_t block_bytes, uint64_t most) {
    if (block_bytes > kMostBlockBytes || bytes_ + block_bytes > most) return false;
    Block*& first = first_[block_bytes / kStep];
    first = new (memory) Block{first};
    bytes_ += block_bytes;
    return true;
  }
  /// Frees blocks until they have no more than `most` bytes.
  void Trim(uint64_t most) {
    for (size_t i = 0; bytes_ > most; ++i) {
      while (first_[i] != nullptr && bytes_ > most) {
        ::operator delete(Take(i * kStep));
      }
    }
  }

 private:
  struct Block {
    Block* next;
  };
  static constexpr uint64_t kStep = 16;
#if defined(__SANITIZE_ADDRESS__)
  static constexpr uint64_t kMostBlockBytes = 0;  // the sanitizer watches what is freed
#else
  static constexpr uint64_t kMostBlockBytes = 1024;
#endif

  std::array<Block*, kMostBlockBytes / kStep + 1> first_{};
  uint64_t bytes_ = 0;
};

}  // namespace cairn::cache
