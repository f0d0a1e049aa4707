#include "cairn_bench/cache_policies.h"

#include <algorithm>
#include <bit>
#include <deque>
#include <list>
#include <stdexcept>
#include <unordered_map>

namespace cairn::bench {
namespace {

class Lru final : public KeyCache {
 public:
  explicit Lru(size_t capacity) : capacity_(capacity) {}

  bool Access(uint64_t key) override {
    const auto found = where_.find(key);
    if (found != where_.end()) {
      order_.splice(order_.begin(), order_, found->second);
      return true;
    }
    if (where_.size() == capacity_) {
      where_.erase(order_.back());
      order_.pop_back();
    }
    order_.push_front(key);
    where_[key] = order_.begin();
    return false;
  }

 private:
  const size_t capacity_;
  std::list<uint64_t> order_;
  std::unordered_map<uint64_t, std::list<uint64_t>::iterator> where_;
};

class S3Fifo final : public KeyCache {
 public:
  explicit S3Fifo(size_t capacity)
      : capacity_(capacity),
        small_share_(std::max<size_t>(1, capacity / 10)),
        ghost_share_(std::max<size_t>(1, capacity - capacity / 10)) {}

  bool Access(uint64_t key) override {
    const auto found = hits_.find(key);
    if (found != hits_.end()) {
      found->second = std::min(3, found->second + 1);
      return true;
    }
    const bool known = ghost_.erase(key) > 0;
    while (hits_.size() >= capacity_) Evict();
    (known ? main_ : small_).push_back(key);
    hits_[key] = 0;
    return false;
  }

 private:
  void Evict() {
    while (!small_.empty() && (small_.size() >= small_share_ || main_.empty())) {
      const uint64_t key = small_.front();
      small_.pop_front();
      int& hits = hits_[key];
      if (hits > 1) {
        hits = 0;
        main_.push_back(key);
        continue;
      }
      hits_.erase(key);
      Remember(key);
      return;
    }
    for (;;) {
      const uint64_t key = main_.front();
      main_.pop_front();
      int& hits = hits_[key];
      if (hits == 0) {
        hits_.erase(key);
        return;
      }
      --hits;
      main_.push_back(key);
    }
  }
  void Remember(uint64_t key) {
    ghost_[key] = ++clock_;
    ghost_order_.emplace_back(key, clock_);
    while (ghost_order_.size() > ghost_share_) {
      const auto [old, when] = ghost_order_.front();
      ghost_order_.pop_front();
      const auto found = ghost_.find(old);
      if (found != ghost_.end() && found->second == when) ghost_.erase(found);
    }
  }

  const size_t capacity_;
  const size_t small_share_;
  const size_t ghost_share_;
  std::deque<uint64_t> small_;
  std::deque<uint64_t> main_;
  std::unordered_map<uint64_t, int> hits_;
  std::unordered_map<uint64_t, uint64_t> ghost_;
  std::deque<std::pair<uint64_t, uint64_t>> ghost_order_;
  uint64_t clock_ = 0;
};

/// Four rows of 4-bit counters, kept in bytes; all are halved every ten capacities.
class FrequencySketch {
 public:
  explicit FrequencySketch(size_t capacity)
      : mask_(std::bit_ceil(std::max<size_t>(16, 2 * capacity)) - 1),
        period_(10 * capacity),
        counters_(4 * (mask_ + 1)) {}

  int Estimate(uint64_t key) const {
    int least = 15;
    for (uint64_t row = 0; row < 4; ++row) least = std::min<int>(least, counters_[Place(key, row)]);
    return least;
  }
  void Add(uint64_t key) {
    for (uint64_t row = 0; row < 4; ++row) {
      uint8_t& counter = counters_[Place(key, row)];
      if (counter < 15) ++counter;
    }
    if (++added_ < period_) return;
    added_ /= 2;
    for (uint8_t& counter : counters_) counter /= 2;
  }

 private:
  size_t Place(uint64_t key, uint64_t row) const {
    uint64_t mixed = (key + row * 0xA24BAED4963EE407u) * 0x9FB21C651E98DF25u;
    mixed = (mixed ^ (mixed >> 35)) * 0x9FB21C651E98DF25u;
    return row * (mask_ + 1) + ((mixed >> 28) & mask_);
  }

  const size_t mask_;
  const uint64_t period_;
  uint64_t added_ = 0;
  std::vector<uint8_t> counters_;
};

class TinyLfu final : public KeyCache {
 public:
  explicit TinyLfu(size_t capacity)
      : capacity_(capacity),
        window_share_(std::max<size_t>(1, capacity / 100)),
        protected_share_((capacity - window_share_) * 4 / 5),
        sketch_(capacity) {}

  bool Access(uint64_t key) override {
    sketch_.Add(key);
    const auto found = nodes_.find(key);
    if (found != nodes_.end()) {
      Hit(key, &found->second);
      return true;
    }
    lists_[kWindow].push_front(key);
    nodes_[key] = {kWindow, lists_[kWindow].begin()};
    if (lists_[kWindow].size() > window_share_) LeaveWindow();
    return false;
  }

 private:
  enum List { kWindow, kProbation, kProtected };
  struct Node {
    List list;
    std::list<uint64_t>::iterator at;
  };

  void MoveTo(Node* node, List list) {
    lists_[list].splice(lists_[list].begin(), lists_[node->list], node->at);
    node->list = list;
  }
  void Hit(uint64_t, Node* node) {
    if (node->list == kWindow) return MoveTo(node, kWindow);
    MoveTo(node, kProtected);
    if (lists_[kProtected].size() > protected_share_) {
      MoveTo(&nodes_[lists_[kProtected].back()], kProbation);
    }
  }
  void LeaveWindow() {
    const uint64_t candidate = lists_[kWindow].back();
    if (nodes_.size() <= capacity_) return MoveTo(&nodes_[candidate], kProbation);
    std::list<uint64_t>& from = lists_[lists_[kProbation].empty() ? kProtected : kProbation];
    if (from.empty() || sketch_.Estimate(candidate) <= sketch_.Estimate(from.back())) {
      lists_[kWindow].pop_back();
      nodes_.erase(candidate);
      return;
    }
    nodes_.erase(from.back());
    from.pop_back();
    MoveTo(&nodes_[candidate], kProbation);
  }

  const size_t capacity_;
  const size_t window_share_;
  const size_t protected_share_;
  FrequencySketch sketch_;
  std::list<uint64_t> lists_[3];
  std::unordered_map<uint64_t, Node> nodes_;
};

}  // namespace

std::unique_ptr<KeyCache> MakeKeyCache(const std::string& policy, size_t capacity) {
  if (policy == "lru") return std::make_unique<Lru>(capacity);
  if (policy == "s3fifo") return std::make_unique<S3Fifo>(capacity);
  if (policy == "tinylfu") return std::make_unique<TinyLfu>(capacity);
  if (policy == "cairn") return MakeCairnKeyCache(capacity);
  throw std::invalid_argument("there is no policy " + policy);
}

}  // namespace cairn::bench
