#include "cairn_bench/metrics.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace cairn::bench {
namespace {

int GradeOf(const Judgements& judgements, const std::string& id) {
  const auto found = judgements.find(id);
  return found == judgements.end() ? 0 : std::max(0, found->second);
}

/// index: from 0.
double Discounted(int grade, size_t index) {
  return grade / std::log2(static_cast<double>(index) + 2);
}

double IdealGain(const Judgements& judgements, size_t depth) {
  std::vector<int> grades;
  for (const auto& [id, grade] : judgements) grades.push_back(std::max(0, grade));
  std::sort(grades.begin(), grades.end(), std::greater<>());
  double gain = 0;
  for (size_t i = 0; i < std::min(depth, grades.size()); ++i) gain += Discounted(grades[i], i);
  return gain;
}

}  // namespace

double Ndcg(const Ranking& ranking, const Judgements& judgements, size_t depth) {
  double gain = 0;
  for (size_t i = 0; i < std::min(depth, ranking.size()); ++i) {
    gain += Discounted(GradeOf(judgements, ranking[i]), i);
  }
  const double ideal = IdealGain(judgements, depth);
  return ideal > 0 ? gain / ideal : 0;
}

double AveragePrecision(const Ranking& ranking, const Judgements& judgements) {
  const size_t relevant = RelevantCount(judgements);
  double sum = 0;
  size_t found = 0;
  for (size_t i = 0; i < ranking.size(); ++i) {
    if (GradeOf(judgements, ranking[i]) == 0) continue;
    ++found;
    sum += static_cast<double>(found) / static_cast<double>(i + 1);
  }
  return relevant > 0 ? sum / static_cast<double>(relevant) : 0;
}

double Recall(const Ranking& ranking, const Judgements& judgements, size_t depth) {
  const size_t relevant = RelevantCount(judgements);
  size_t found = 0;
  for (size_t i = 0; i < std::min(depth, ranking.size()); ++i) {
    if (GradeOf(judgements, ranking[i]) > 0) ++found;
  }
  return relevant > 0 ? static_cast<double>(found) / static_cast<double>(relevant) : 0;
}

size_t RelevantCount(const Judgements& judgements) {
  return static_cast<size_t>(std::count_if(judgements.begin(), judgements.end(),
                                           [](const auto& entry) { return entry.second > 0; }));
}

double Percentile(std::vector<double> samples, double percent) {
  if (samples.empty()) return 0;
  std::sort(samples.begin(), samples.end());
  const double rank = std::ceil(percent / 100 * static_cast<double>(samples.size()));
  const auto index = static_cast<size_t>(std::max(1.0, rank)) - 1;
  return samples[std::min(index, samples.size() - 1)];
}

}  // namespace cairn::bench
