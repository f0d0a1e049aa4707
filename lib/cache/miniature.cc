#include "cache/miniature.h"

#include <algorithm>
#include <bit>

#include "cache/entry.h"

namespace cairn::cache {

MiniatureKeys::MiniatureKeys(size_t expected)
    : buckets_(std::bit_ceil(std::max<size_t>(expected, 16)), kNone) {
  keys_.reserve(expected);
}

void MiniatureKeys::Clear() {
  std::fill(buckets_.begin(), buckets_.end(), kNone);
  keys_.clear();
  free_ = held_ = kNone;
}

uint32_t MiniatureKeys::Hold(uint64_t hash, uint32_t size) {
  uint32_t* bucket = BucketOf(hash);
  for (uint32_t at = *bucket; at != kNone; at = keys_[at].next) {
    if (keys_[at].hash == hash) return held_ = at;
  }
  uint32_t number = free_;
  if (number != kNone) {
    free_ = keys_[number].next;
  } else {
    number = static_cast<uint32_t>(keys_.size());
    keys_.emplace_back();
  }
  Key& key = keys_[number];
  key.hash = hash;
  key.size = size;
  key.next = *bucket;
  key.holders = 0;
  *bucket = number;
  return held_ = number;
}

void MiniatureKeys::Release() {
  const uint32_t number = held_;
  held_ = kNone;
  if (keys_[number].holders == 0) Free(number);
}

void MiniatureKeys::Drop(uint32_t number, uint16_t holder) {
  Key& key = keys_[number];
  key.holders = static_cast<uint16_t>(key.holders & ~holder);
  if (key.holders == 0 && number != held_) Free(number);
}

void MiniatureKeys::Free(uint32_t number) {
  Key& key = keys_[number];
  uint32_t* link = BucketOf(key.hash);
  while (*link != number) link = &keys_[*link].next;
  *link = key.next;
  key.next = free_;
  free_ = number;
}

Miniature::Miniature(const Rules& rules, uint64_t capacity, size_t expected_keys,
                     MiniatureKeys* keys, size_t place)
    : rules_(rules),
      capacity_(capacity),
      expected_keys_(expected_keys),
      keys_(keys),
      place_(place) {
  if (rules.leaving == Rules::Leaving::kPromote) ghost_.Resize(expected_keys * 5 / 4);
}

void Miniature::Clear() {
  window_.clear();
  main_.clear();
  count_ = 0;
  window_size_ = main_size_ = 0;
  if (ghost_.capacity() > 0) ghost_.Resize(expected_keys_ * 5 / 4);
}

uint64_t Miniature::window_target() const {
  return std::max<uint64_t>(
      1, static_cast<uint64_t>(static_cast<double>(capacity_) * rules_.window + 0.5));
}

bool Miniature::Access(uint32_t number, const Sketch& sketch) {
  MiniatureKeys::Key& key = keys_->at(number);
  uint8_t& frequency = key.frequency[place_];
  const auto holder = static_cast<uint16_t>(1u << place_);
  if ((key.holders & holder) != 0) {
    if (frequency < Entry::kMaxFrequency) ++frequency;
    return true;
  }
  key.holders |= holder;
  frequency = 0;
  ++count_;
  const auto remembered = static_cast<size_t>(static_cast<double>(count_) * kGhostShare);
  const bool known = ghost_.Take(key.hash, std::max<size_t>(1, remembered));
  (known ? main_ : window_).push_back(number);
  (known ? main_size_ : window_size_) += key.size;
  while (window_size_ + main_size_ > capacity_ && count_ > 0) EvictOne(sketch);
  return false;
}

void Miniature::EvictOne(const Sketch& sketch) {
  const bool promotes = rules_.leaving == Rules::Leaving::kPromote;
  if (promotes && !main_.empty() && since_promotion_ >= main_.size()) return EvictMain();
  const uint64_t target = window_target();
  while (!window_.empty() && (main_.empty() || window_size_ > target)) {
    const uint32_t number = window_.front();
    const uint64_t size = keys_->at(number).size;
    uint8_t& frequency = FrequencyOf(number);
    if (promotes) {
      if (frequency < rules_.promote_hits) {
        ++since_promotion_;
        window_.pop_front();
        window_size_ -= size;
        return Drop(number);
      }
      frequency = 0;
      since_promotion_ = 0;
      Move(&window_, &window_size_, &main_, &main_size_);
    } else if (frequency > 0) {
      --frequency;
      Move(&window_, &window_size_, &window_, &window_size_);
    } else if (main_size_ + size <= capacity_ - std::min(capacity_, target)) {
      Move(&window_, &window_size_, &main_, &main_size_);
    } else {
      return LeaveWindow(sketch);
    }
  }
  EvictMain();
}

void Miniature::LeaveWindow(const Sketch& sketch) {
  const uint32_t number = window_.front();
  const uint32_t victim = MainVictim();
  if (victim != MiniatureKeys::kNone &&
      sketch.Estimate(keys_->at(number).hash) > sketch.Estimate(keys_->at(victim).hash)) {
    Move(&window_, &window_size_, &main_, &main_size_);
    return EvictMain();
  }
  window_.pop_front();
  window_size_ -= keys_->at(number).size;
  Drop(number);
}

uint32_t Miniature::MainVictim() {
  while (!main_.empty() && FrequencyOf(main_.front()) > 0) {
    --FrequencyOf(main_.front());
    Move(&main_, &main_size_, &main_, &main_size_);
  }
  return main_.empty() ? MiniatureKeys::kNone : main_.front();
}

void Miniature::EvictMain() {
  const uint32_t victim = MainVictim();
  if (victim == MiniatureKeys::kNone) return;
  main_.pop_front();
  main_size_ -= keys_->at(victim).size;
  Drop(victim);
}

void Miniature::Drop(uint32_t number) {
  ghost_.Add(keys_->at(number).hash);
  --count_;
  keys_->Drop(number, static_cast<uint16_t>(1u << place_));
}

void Miniature::Move(Ring* from, uint64_t* from_size, Ring* to, uint64_t* to_size) {
  const uint32_t number = from->front();
  const uint32_t size = keys_->at(number).size;
  from->pop_front();
  *from_size -= size;
  to->push_back(number);
  *to_size += size;
}

}  // namespace cairn::cache
