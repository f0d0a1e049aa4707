#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "cache/ghost.h"
#include "cache/rules.h"
#include "cache/sketch.h"

namespace cairn::cache {

/// One small cache of keys without values, that shows what a set of rules would do.
///
/// Thread safety: none of its own.
class Miniature {
 public:
  Miniature(const Rules& rules, uint64_t capacity, size_t expected_keys);

  /// True for a hit; else the key is in now. size: of its entry, in the unit of the capacity.
  bool Access(uint64_t hash, uint32_t size, const Sketch& sketch);
  void Clear();
  void set_capacity(uint64_t capacity) { capacity_ = capacity; }

 private:
  enum Where : uint8_t { kOut, kWindow, kMain };
  struct Node {
    uint64_t hash = 0;
    uint32_t size = 0;
    uint8_t frequency = 0;
  };
  using Ring = std::deque<Node*>;

  void EvictOne(const Sketch& sketch);
  void LeaveWindow(const Sketch& sketch);
  void EvictMain();
  Node* MainVictim();
  void Drop(Node* node);
  void Move(Ring* from, uint64_t* from_size, Ring* to, uint64_t* to_size);
  uint64_t window_target() const;

  const Rules rules_;
  uint64_t capacity_;
  const size_t expected_keys_;
  std::unordered_map<uint64_t, Node> nodes_;
  Ring window_;
  Ring main_;
  uint64_t window_size_ = 0;
  uint64_t main_size_ = 0;
  size_t since_promotion_ = 0;
  Ghost ghost_;
};

}  // namespace cairn::cache
