#include "query/candidates.h"

#include <algorithm>
#include <optional>
#include <unordered_set>

#include "vector/document_filter.h"

namespace cairn::query {
namespace {

/// Entries asked for beyond the depth, so that most ties at the end are seen at the first try.
constexpr size_t kTieSlack = 32;

/// True when the list, cut at `depth`, could leave out a document that ties with its last entry.
bool MayHideTies(const std::vector<Candidate>& list, size_t depth, bool exhausted) {
  return !exhausted && (list.size() <= depth || list.back().score == list[depth - 1].score);
}

/// Drops what comes after the ties of entry depth - 1.
void CutAfterTies(std::vector<Candidate>* list, size_t depth) {
  if (depth == 0) list->clear();
  if (list->size() <= depth) return;
  double last = (*list)[depth - 1].score;
  auto end = std::find_if(list->begin() + static_cast<std::ptrdiff_t>(depth), list->end(),
                          [&](const Candidate& c) { return c.score != last; });
  list->erase(end, list->end());
}

Candidate FromText(const text::TextHit& hit) {
  Candidate candidate;
  candidate.doc = hit.doc;
  candidate.score = candidate.text_score = hit.score;
  candidate.in_text = true;
  candidate.text_chunk = hit.best_chunk;
  candidate.matched_chunks = hit.matched_chunks;
  candidate.tag_share = hit.tag_share;
  return candidate;
}

Candidate FromVector(const vector::VectorHit& hit) {
  Candidate candidate;
  candidate.doc = hit.chunk.doc;
  candidate.score = candidate.vector_score = hit.score;
  candidate.in_vector = true;
  candidate.vector_chunk = hit.chunk.ordinal;
  return candidate;
}

/// The best chunk of every document, in the order of the hits.
std::vector<Candidate> BestChunks(const std::vector<vector::VectorHit>& hits) {
  std::vector<Candidate> best;
  std::unordered_set<uint64_t> seen;
  for (const vector::VectorHit& hit : hits) {
    if (seen.insert(ToInt(hit.chunk.doc)).second) best.push_back(FromVector(hit));
  }
  return best;
}

}  // namespace

Result<CandidateList> TextCandidates(const SearchContext& context, std::string_view query,
                                     size_t depth, const Bitmap* filter) {
  for (size_t k = depth + kTieSlack;; k *= 4) {
    CAIRN_ASSIGN_OR_RETURN(text::TextResult found,
                           context.text->Search(query, k, filter, context.at));
    CandidateList list;
    list.total = found.total;
    for (const text::TextHit& hit : found.hits) list.candidates.push_back(FromText(hit));
    if (MayHideTies(list.candidates, depth, found.hits.size() < k)) continue;
    CutAfterTies(&list.candidates, depth);
    list.head = list.candidates.size();
    return list;
  }
}

Result<CandidateList> VectorCandidates(const SearchContext& context, const float* vector,
                                       const VectorDepth& wanted, const Bitmap* filter,
                                       vector::SearchWork* work) {
  const vector::VectorView& view = *context.vectors;
  std::optional<vector::DocumentFilter> documents;
  if (filter != nullptr) documents.emplace(*filter);
  vector::SearchOptions options;
  options.filter = documents ? &*documents : nullptr;
  options.min_score = wanted.min_score;
  options.target_recall = wanted.exact ? 1 : wanted.target_recall;
  options.ef = wanted.ef;
  // Where every document has one chunk, no hit is of a document that is in the list already.
  size_t chunks = view.size() == view.document_count() ? wanted.depth : 2 * wanted.depth;
  for (size_t k = std::min(view.size(), chunks + kTieSlack);; k = std::min(view.size(), 4 * k)) {
    options.k = k;
    std::vector<std::vector<vector::VectorHit>> hits;
    CAIRN_RETURN_IF_ERROR(view.Search(vector, 1, options, &hits, work));
    CandidateList list;
    list.candidates = BestChunks(hits.front());
    bool exhausted = k == view.size() || hits.front().size() < k;
    if (MayHideTies(list.candidates, wanted.depth, exhausted)) continue;
    if (exhausted) {
      list.total = list.candidates.size();
    } else {
      list.total = documents ? view.CountDocuments(*documents) : view.document_count();
    }
    CutAfterTies(&list.candidates, wanted.depth);
    list.head = list.candidates.size();
    return list;
  }
}

Result<CandidateList> PagedVectorCandidates(const SearchContext& context, const float* vector,
                                            const VectorDepth& head, size_t depth,
                                            const Bitmap* filter, vector::SearchWork* work) {
  CAIRN_ASSIGN_OR_RETURN(CandidateList list, VectorCandidates(context, vector, head, filter, work));
  if (depth <= list.candidates.size() || list.candidates.size() == list.total) return list;
  CAIRN_ASSIGN_OR_RETURN(
      CandidateList all,
      VectorCandidates(context, vector, {.depth = depth, .exact = true}, filter, work));
  std::unordered_set<uint64_t> seen;
  for (const Candidate& candidate : list.candidates) seen.insert(ToInt(candidate.doc));
  for (const Candidate& candidate : all.candidates) {
    if (!seen.contains(ToInt(candidate.doc))) list.candidates.push_back(candidate);
  }
  return list;
}

}  // namespace cairn::query
