#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/analyzer.h"
#include "embed/builtin.h"
#include "support/fake_store.h"

namespace cairn::embed {

/// Splits at spaces. A word that starts with '~' does not count.
class SpaceAnalyzer final : public analysis::Analyzer {
 public:
  explicit SpaceAnalyzer(std::string identity = "space/1") : identity_(std::move(identity)) {}

  void Analyze(std::string_view text, std::vector<analysis::Token>* tokens) const override {
    tokens->clear();
    uint32_t position = 0;
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = std::min(text.find(' ', begin), text.size());
      if (end > begin) {
        const bool counts = text[begin] != '~';
        tokens->push_back({std::string(text.substr(begin, end - begin)),
                           static_cast<uint32_t>(begin), static_cast<uint32_t>(end), position++,
                           counts});
      }
      begin = end + 1;
    }
  }
  const std::string& identity() const override { return identity_; }

 private:
  const std::string identity_;
};

inline constexpr std::array kSeaWords = {"sail",   "mast",  "anchor", "harbour", "tide", "rudder",
                                         "sailor", "wharf", "keel",   "compass", "reef", "gull"};
inline constexpr std::array kKitchenWords = {"oven",  "flour", "butter", "whisk", "dough", "sugar",
                                             "baker", "spoon", "yeast",  "pan",   "crust", "salt"};
inline constexpr std::array kPlainWords = {"day",  "time", "place", "way",
                                           "part", "side", "end",   "thing"};

/// Chunks of twelve words, by turns about the sea and about the kitchen.
inline std::vector<std::string> ToyChunks(size_t count, uint32_t seed = 1) {
  std::mt19937 random(seed);
  std::vector<std::string> chunks;
  for (size_t i = 0; i < count; ++i) {
    std::string chunk;
    for (int word = 0; word < 12; ++word) {
      if (word % 4 == 3) {
        chunk += kPlainWords[random() % kPlainWords.size()];
      } else {
        chunk += i % 2 == 0 ? kSeaWords[random() % kSeaWords.size()]
                            : kKitchenWords[random() % kKitchenWords.size()];
      }
      chunk += ' ';
    }
    chunks.push_back(std::move(chunk));
  }
  return chunks;
}

/// A source over chunks that outlive it.
inline ChunkSource SourceOf(const std::vector<std::string>& chunks) {
  return [&chunks](const std::function<bool(std::string_view)>& consumer) {
    for (const std::string& chunk : chunks) {
      if (!consumer(chunk)) break;
    }
    return OkStatus();
  };
}

/// A store, an analyzer and small options: what most tests of the builtin embedder start from.
class BuiltinFixture : public ::testing::Test {
 protected:
  static constexpr CollectionId kCollection{7};

  BuiltinFixture() { options_.block_dim = 16; }

  Result<TrainReport> Train(uint64_t generation, const std::vector<std::string>& chunks,
                            ThreadPool* pool = nullptr) {
    return TrainBuiltin(&store_, kCollection, generation, *analyzer_, SourceOf(chunks), options_,
                        pool, {});
  }
  Result<std::unique_ptr<Embedder>> Open(uint64_t generation) {
    return OpenBuiltin(&store_, kCollection, generation, analyzer_, options_);
  }
  /// Vectors of the texts, one after the other; empty on failure.
  static std::vector<float> Vectors(Embedder& embedder, const std::vector<std::string>& texts) {
    std::vector<std::string_view> views(texts.begin(), texts.end());
    std::vector<float> out(texts.size() * embedder.dim(), -1);
    if (!embedder.Embed(views, Purpose::kDocument, out.data()).ok()) return {};
    return out;
  }
  static float Dot(const std::vector<float>& a, const std::vector<float>& b) {
    float sum = 0;
    for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
  }

  test::FakeStore store_;
  BuiltinOptions options_;
  std::shared_ptr<const SpaceAnalyzer> analyzer_ = std::make_shared<SpaceAnalyzer>();
};

}  // namespace cairn::embed
