#include "query/fusion.h"

#include <algorithm>
#include <unordered_map>

namespace cairn::query {
namespace {

/// Maps the scores of a list to 0..1.
class MinMax {
 public:
  explicit MinMax(const std::vector<Candidate>& list) {
    auto [low, high] = std::minmax_element(
        list.begin(), list.end(),
        [](const Candidate& a, const Candidate& b) { return a.score < b.score; });
    low_ = low->score;
    range_ = high->score - low->score;
  }
  double operator()(double score) const { return range_ > 0 ? (score - low_) / range_ : 1; }

 private:
  double low_;
  double range_;
};

}  // namespace

std::vector<Candidate> FuseMinMax(const std::vector<Candidate>& text,
                                  const std::vector<Candidate>& vector, double text_weight,
                                  double vector_weight) {
  if (text.empty()) return vector;
  if (vector.empty()) return text;
  std::vector<Candidate> fused = text;
  std::unordered_map<uint64_t, size_t> place;
  MinMax scale_text(text);
  for (size_t i = 0; i < fused.size(); ++i) {
    fused[i].score = text_weight * scale_text(fused[i].score);
    place.emplace(ToInt(fused[i].doc), i);
  }
  MinMax scale_vector(vector);
  for (const Candidate& hit : vector) {
    double share = vector_weight * scale_vector(hit.score);
    auto [it, inserted] = place.try_emplace(ToInt(hit.doc), fused.size());
    if (inserted) {
      fused.push_back(hit);
      fused.back().score = share;
      continue;
    }
    Candidate& both = fused[it->second];
    both.score += share;
    both.vector_score = hit.vector_score;
    both.in_vector = true;
    both.vector_chunk = hit.vector_chunk;
  }
  return fused;
}

void BoostTagMatches(std::vector<Candidate>* fused) {
  constexpr double kLargestBoost = 0.5;
  for (Candidate& candidate : *fused) candidate.score *= 1 + kLargestBoost * candidate.tag_share;
}

}  // namespace cairn::query
