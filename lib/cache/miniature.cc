#include "cache/miniature.h"

#include <algorithm>

#include "cache/entry.h"

namespace cairn::cache {

Miniature::Miniature(const Rules& rules, uint64_t capacity, size_t expected_keys)
    : rules_(rules), capacity_(capacity), expected_keys_(expected_keys) {
  if (rules.leaving == Rules::Leaving::kPromote) ghost_.Resize(expected_keys * 5 / 4);
}

void Miniature::Clear() {
  nodes_.clear();
  window_.clear();
  main_.clear();
  window_size_ = main_size_ = 0;
  if (ghost_.capacity() > 0) ghost_.Resize(expected_keys_ * 5 / 4);
}

uint64_t Miniature::window_target() const {
  return std::max<uint64_t>(
      1, static_cast<uint64_t>(static_cast<double>(capacity_) * rules_.window + 0.5));
}

bool Miniature::Access(uint64_t hash, uint32_t size, const Sketch& sketch) {
  auto [at, fresh] = nodes_.try_emplace(hash);
  Node& node = at->second;
  if (!fresh) {
    if (node.frequency < Entry::kMaxFrequency) ++node.frequency;
    return true;
  }
  node.hash = hash;
  node.size = size;
  const auto remembered = static_cast<size_t>(static_cast<double>(nodes_.size()) * kGhostShare);
  const bool known = ghost_.Take(hash, std::max<size_t>(1, remembered));
  (known ? main_ : window_).push_back(&node);
  (known ? main_size_ : window_size_) += size;
  while (window_size_ + main_size_ > capacity_ && !nodes_.empty()) EvictOne(sketch);
  return false;
}

void Miniature::EvictOne(const Sketch& sketch) {
  const bool promotes = rules_.leaving == Rules::Leaving::kPromote;
  if (promotes && !main_.empty() && since_promotion_ >= main_.size()) return EvictMain();
  while (!window_.empty() && (main_.empty() || window_size_ > window_target())) {
    Node* node = window_.front();
    if (promotes) {
      if (node->frequency < rules_.promote_hits) {
        ++since_promotion_;
        window_.pop_front();
        window_size_ -= node->size;
        return Drop(node);
      }
      node->frequency = 0;
      since_promotion_ = 0;
      Move(&window_, &window_size_, &main_, &main_size_);
    } else if (node->frequency > 0) {
      --node->frequency;
      Move(&window_, &window_size_, &window_, &window_size_);
    } else if (main_size_ + node->size <= capacity_ - std::min(capacity_, window_target())) {
      Move(&window_, &window_size_, &main_, &main_size_);
    } else {
      return LeaveWindow(sketch);
    }
  }
  EvictMain();
}

void Miniature::LeaveWindow(const Sketch& sketch) {
  Node* node = window_.front();
  Node* victim = MainVictim();
  if (victim != nullptr && sketch.Estimate(node->hash) > sketch.Estimate(victim->hash)) {
    Move(&window_, &window_size_, &main_, &main_size_);
    return EvictMain();
  }
  window_.pop_front();
  window_size_ -= node->size;
  Drop(node);
}

Miniature::Node* Miniature::MainVictim() {
  while (!main_.empty() && main_.front()->frequency > 0) {
    --main_.front()->frequency;
    Move(&main_, &main_size_, &main_, &main_size_);
  }
  return main_.empty() ? nullptr : main_.front();
}

void Miniature::EvictMain() {
  Node* victim = MainVictim();
  if (victim == nullptr) return;
  main_.pop_front();
  main_size_ -= victim->size;
  Drop(victim);
}

void Miniature::Drop(Node* node) {
  const uint64_t hash = node->hash;
  ghost_.Add(hash);
  nodes_.erase(hash);
}

void Miniature::Move(Ring* from, uint64_t* from_size, Ring* to, uint64_t* to_size) {
  Node* node = from->front();
  from->pop_front();
  *from_size -= node->size;
  to->push_back(node);
  *to_size += node->size;
}

}  // namespace cairn::cache
