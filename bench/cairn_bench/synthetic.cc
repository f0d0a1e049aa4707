#include "cairn_bench/synthetic.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>
#include <regex>

#include "cairn_bench/arguments.h"

namespace cairn::bench {
namespace {

constexpr size_t kQueryCount = 1000;
constexpr float kNoise = 0.7f;

/// Normally distributed numbers by Box and Muller: the standard library's are not the same on
/// every platform.
class Gaussian {
 public:
  explicit Gaussian(uint64_t seed) : random_(seed) {}

  size_t Below(size_t count) { return random_() % count; }
  float Next() {
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    const double radius = std::sqrt(-2 * std::log(1 - Uniform()));
    const double angle = 2 * std::numbers::pi * Uniform();
    spare_ = static_cast<float>(radius * std::sin(angle));
    has_spare_ = true;
    return static_cast<float>(radius * std::cos(angle));
  }

 private:
  /// In [0, 1).
  double Uniform() { return static_cast<double>(random_() >> 11) * 0x1p-53; }

  std::mt19937_64 random_;
  float spare_ = 0;
  bool has_spare_ = false;
};

VectorSet DrawAround(const VectorSet& centres, size_t count, Gaussian* gaussian) {
  VectorSet set{centres.dim, std::vector<float>(count * centres.dim)};
  for (size_t row = 0; row < count; ++row) {
    const float* centre = centres.Row(gaussian->Below(centres.count()));
    float* values = set.values.data() + row * set.dim;
    for (size_t i = 0; i < set.dim; ++i) values[i] = centre[i] + kNoise * gaussian->Next();
  }
  return set;
}

}  // namespace

SyntheticData MakeSynthetic(const std::string& text) {
  std::smatch parts;
  if (!std::regex_match(text, parts,
                        std::regex("([1-9][0-9]{0,8})x([1-9][0-9]{0,4}):([0-9]{1,18})"))) {
    throw UsageError("--synthetic is ROWSxDIMENSIONS:SEED, not " + text);
  }
  const size_t count = std::stoul(parts[1]);
  const size_t dim = std::stoul(parts[2]);
  Gaussian gaussian(std::stoull(parts[3]));
  VectorSet centres{dim, std::vector<float>(std::max<size_t>(16, count / 500) * dim)};
  std::generate(centres.values.begin(), centres.values.end(), [&] { return gaussian.Next(); });
  SyntheticData data;
  data.base = DrawAround(centres, count, &gaussian);
  data.queries = DrawAround(centres, kQueryCount, &gaussian);
  return data;
}

}  // namespace cairn::bench
