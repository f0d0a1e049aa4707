#include <map>
#include <random>
#include <tuple>

#include "cache_fixture.h"

namespace cairn::cache {
namespace {

/// What a cache may answer at most: the value last set, unless its time or its epoch is over.
class Model {
 public:
  void Set(int space, const std::string& key, const std::string& value, int64_t end_ns) {
    values_[{space, key}] = {value, end_ns};
  }
  void Delete(int space, const std::string& key) { values_.erase({space, key}); }
  void Clear(int space, const std::string& prefix) {
    std::erase_if(values_, [&](const auto& item) {
      return item.first.first == space && item.first.second.compare(0, prefix.size(), prefix) == 0;
    });
  }
  std::string Get(int space, const std::string& key, int64_t now_ns) const {
    const auto found = values_.find({space, key});
    if (found == values_.end() || found->second.second <= now_ns) return "-";
    return found->second.first;
  }

 private:
  std::map<std::pair<int, std::string>, std::pair<std::string, int64_t>> values_;
};

class ModelTest : public CacheFixture {
 protected:
  /// exact: nothing is ever evicted, so every miss must be one of the model as well.
  void Run(uint32_t seed, bool exact) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    Space* spaces[] = {Open("a"), Open("b"), Open("c")};
    Model model;
    for (int step = 0; step < 30'000; ++step) {
      const int in = static_cast<int>(random() % 3);
      Space* space = spaces[in];
      const std::string key =
          std::string(1, static_cast<char>('k' + random() % 3)) + std::to_string(random() % 150);
      const auto what = random() % 1000;
      if (what < 500) {
        const std::string got = CacheFixture::Get(key, space);
        const std::string right = model.Get(in, key, clock_.MonotonicNs());
        if (exact) {
          ASSERT_EQ(got, right) << "step " << step;
        } else {
          ASSERT_TRUE(got == right || got == "-") << "step " << step << " " << got << " " << right;
        }
      } else if (what < 900) {
        const std::string value(random() % 200, static_cast<char>('a' + random() % 26));
        SetOptions options;
        options.ttl_ns = random() % 2 == 0 ? 0 : static_cast<int64_t>(random() % 1000 + 1) * kMs;
        const int64_t end = options.ttl_ns == 0 ? INT64_MAX : clock_.MonotonicNs() + options.ttl_ns;
        CacheFixture::Set(key, value, options, space);
        model.Set(in, key, value, end);
      } else if (what < 960) {
        cache().Delete(space, key);
        model.Delete(in, key);
      } else if (what < 990) {
        clock_.Advance(static_cast<int64_t>(random() % 100) * kMs);
      } else if (what < 993) {
        cache().Bump(space);
        model.Clear(in, "");
      } else if (what < 995) {
        cache().DeletePrefix(space, key.substr(0, 2));
        model.Clear(in, key.substr(0, 2));
      } else if (what < 996) {
        cache().Clear(space);
        model.Clear(in, "");
      } else {
        cache().Maintain(10);
      }
      if (options_.max_bytes != 0) {
        ASSERT_LE(cache().bytes(), options_.max_bytes);
      }
    }
    cache_.reset();
  }
};

TEST_F(ModelTest, WithoutEvictionEveryAnswerIsExact) {
  options_.max_entries = 100'000;
  for (uint32_t seed : {1u, 2u, 3u}) Run(seed, true);
}

TEST_F(ModelTest, BoundedByEntriesItForgetsButNeverLies) {
  options_.max_entries = 100;
  for (uint32_t seed : {4u, 5u, 6u}) Run(seed, false);
}

TEST_F(ModelTest, BoundedByBytesItForgetsButNeverLies) {
  options_.max_entries = 0;
  options_.max_bytes = 256 << 10;
  for (uint32_t seed : {7u, 8u, 9u}) Run(seed, false);
}

}  // namespace
}  // namespace cairn::cache
