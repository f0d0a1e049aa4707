#pragma once

#include <string>
#include <unordered_map>
#include <vector>

namespace cairn::bench {

/// Judgements of one query: document id -> grade. A grade above 0 is relevant.
using Judgements = std::unordered_map<std::string, int>;

/// Ids of found documents, best first, without repetition.
using Ranking = std::vector<std::string>;

// The measures are those of trec_eval: linear gains, log2(rank + 1) discount, and documents without
// a judgement count as not relevant. All are 0 for a query without a relevant document.

/// Normalised discounted cumulative gain of the first `depth`; the ideal ranking holds all judged
/// documents.
double Ndcg(const Ranking& ranking, const Judgements& judgements, size_t depth);

/// Mean of the precision at each relevant document, those not found counting 0.
double AveragePrecision(const Ranking& ranking, const Judgements& judgements);

/// Share of the relevant documents that are among the first `depth`.
double Recall(const Ranking& ranking, const Judgements& judgements, size_t depth);

size_t RelevantCount(const Judgements& judgements);

/// The value below which `percent` of the samples lie (nearest rank); 0 without samples.
double Percentile(std::vector<double> samples, double percent);

}  // namespace cairn::bench
