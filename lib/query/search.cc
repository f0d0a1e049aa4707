#include "query/search.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "kernels/distance.h"
#include "query/candidates.h"
#include "query/filter.h"
#include "query/fusion.h"
#include "storage/keys.h"
#include "storage/records.h"

namespace cairn::query {
namespace {

constexpr uint32_t kMaxLimit = 1000;
constexpr uint32_t kMaxOffset = 10000;
constexpr size_t kMinFusionDepth = 200;
constexpr size_t kFastPages = 4;  // of a vector search; later ones cost an exact search
constexpr size_t kAll = 1u << 30;

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\f\v") == std::string_view::npos;
}

Status Validate(const SearchContext& context, const SearchRequest& request) {
  if (request.vector.empty() && IsBlank(request.text)) {
    return Error(Code::kInvalidArgument, "the query is empty");
  }
  if (request.limit == 0 || request.limit > kMaxLimit) {
    return Error(Code::kInvalidArgument, "limit is ", request.limit, ", must be 1 to ", kMaxLimit);
  }
  if (request.offset > kMaxOffset) {
    return Error(Code::kInvalidArgument, "offset is ", request.offset, ", must be at most ",
                 kMaxOffset);
  }
  for (float weight : {request.text_weight, request.vector_weight}) {
    if (!std::isfinite(weight) || weight < 0) {
      return Error(Code::kInvalidArgument, "a fusion weight is ", weight,
                   ", must be finite and not negative");
    }
  }
  if (request.min_score && std::isnan(*request.min_score)) {
    return Error(Code::kInvalidArgument, "min_score is not a number");
  }
  if (!(request.target_recall > 0) || request.target_recall > 1) {
    return Error(Code::kInvalidArgument, "target_recall is ", request.target_recall,
                 ", must be above 0 and at most 1");
  }
  if (request.vector.empty()) return OkStatus();
  if (context.dim == 0) {
    return Error(Code::kFailedPrecondition, "the collection has no vectors");
  }
  if (request.vector.size() != context.dim) {
    return Error(Code::kInvalidArgument, "the query vector has ", request.vector.size(),
                 " dimensions, the collection has ", context.dim);
  }
  return vector::ValidateVectors(request.vector.data(), 1, context.dim, context.metric)
      .WithContext("query vector");
}

/// One search on its way from request to response.
class Searcher {
 public:
  Searcher(const SearchContext& context, const SearchRequest& request)
      : context_(context), request_(request) {}

  Result<SearchResponse> Run() {
    int64_t start_ns = context_.clock->MonotonicNs();
    CAIRN_RETURN_IF_ERROR(Validate(context_, request_));
    response_.query = std::string(request_.text);
    CAIRN_RETURN_IF_ERROR(PrepareFilter());
    CAIRN_RETURN_IF_ERROR(ChooseMode());
    CAIRN_ASSIGN_OR_RETURN(CandidateList found, Find());
    CAIRN_RETURN_IF_ERROR(FillPage(std::move(found)));
    response_.took_ns = context_.clock->MonotonicNs() - start_ns;
    return std::move(response_);
  }

 private:
  Status PrepareFilter() {
    CAIRN_ASSIGN_OR_RETURN(Filter filter, Filter::Parse(request_.filter_json));
    if (!filter.empty()) {
      CAIRN_ASSIGN_OR_RETURN(filter_,
                             filter.Evaluate(*context_.store, context_.collection, context_.at));
    }
    if (request_.include_inactive || filter.mentions_status()) return OkStatus();
    CAIRN_ASSIGN_OR_RETURN(Bitmap inactive,
                           InactiveDocuments(*context_.store, context_.collection, context_.at));
    if (inactive.Count() == 0) return OkStatus();
    if (!filter_) {
      CAIRN_ASSIGN_OR_RETURN(filter_,
                             AllDocuments(*context_.store, context_.collection, context_.at));
    }
    filter_->AndNot(inactive);
    return OkStatus();
  }

  /// Settles the mode and, where it reads vectors, the query's vector.
  Status ChooseMode() {
    Mode wanted = request_.mode;
    bool can_embed = !request_.vector.empty() || context_.embedder != nullptr;
    if (wanted == Mode::kAuto) {
      if (request_.vector.empty()) {
        wanted = context_.vectors != nullptr && can_embed ? Mode::kHybrid : Mode::kText;
        if (wanted == Mode::kText) response_.degraded = context_.vectors_missing;
      } else {
        wanted = IsBlank(request_.text) ? Mode::kVector : Mode::kHybrid;
      }
    }
    response_.mode = wanted;
    if (wanted == Mode::kText) {
      return IsBlank(request_.text) ? Error(Code::kInvalidArgument, "the query is empty")
                                    : OkStatus();
    }
    Status embedded = EmbedQuery();
    if (embedded.ok()) return embedded;
    if (wanted == Mode::kVector || IsBlank(request_.text)) return embedded;
    response_.mode = Mode::kText;
    response_.repeatable = context_.vectors == nullptr || context_.embedder == nullptr;
    response_.degraded = std::string(embedded.message());
    return OkStatus();
  }

  Status EmbedQuery() {
    if (context_.vectors == nullptr) {
      return Error(Code::kFailedPrecondition, context_.vectors_missing.empty()
                                                  ? "the collection has no vectors"
                                                  : context_.vectors_missing);
    }
    if (!request_.vector.empty()) {
      vector_.assign(request_.vector.begin(), request_.vector.end());
      return OkStatus();
    }
    if (context_.embedder == nullptr) {
      return Error(Code::kFailedPrecondition,
                   "no embedder is at hand: give a query vector or search by text");
    }
    vector_.resize(context_.dim);
    CAIRN_RETURN_IF_ERROR(
        context_.embedder
            ->Embed(std::span(&request_.text, 1), embed::Purpose::kQuery, vector_.data())
            .WithContext("embedding the query failed"));
    bool zero = std::all_of(vector_.begin(), vector_.end(), [](float x) { return x == 0; });
    if (zero && context_.metric == vector::Metric::kCosine) vector_.clear();
    return OkStatus();
  }

  VectorDepth Depth(size_t depth) const {
    return {.depth = depth, .target_recall = request_.target_recall, .ef = request_.ef};
  }
  void NoteVectorSearch(bool exact) {
    response_.searched_vectors = true;
    bool by_ef = request_.ef > 0 && request_.target_recall < 1;
    response_.target_recall = exact ? 1 : by_ef ? 0 : request_.target_recall;
  }

  Result<CandidateList> Find() {
    size_t page_end = size_t{request_.offset} + request_.limit;
    size_t depth = request_.min_score ? kAll : page_end;
    const Bitmap* filter = filter_ ? &*filter_ : nullptr;
    if (response_.mode == Mode::kText) {
      return TextCandidates(context_, request_.text, depth, filter);
    }
    if (response_.mode == Mode::kVector) {
      if (vector_.empty()) {
        response_.degraded = "the embedder knows no word of the query";
        return CandidateList{};
      }
      NoteVectorSearch(request_.min_score.has_value());
      if (request_.min_score) {
        VectorDepth everything{.depth = kAll, .exact = true, .min_score = *request_.min_score};
        return VectorCandidates(context_, vector_.data(), everything, filter, &response_.work);
      }
      return PagedVectorCandidates(context_, vector_.data(), Depth(kFastPages * request_.limit),
                                   page_end, filter, &response_.work);
    }
    return FindHybrid(filter);
  }

  /// The depth depends on the limit alone, so that all pages of a query cut one and the same list.
  Result<CandidateList> FindHybrid(const Bitmap* filter) {
    size_t depth = std::max(kMinFusionDepth, size_t{request_.limit} * 10);
    CandidateList text;
    if (!IsBlank(request_.text)) {
      CAIRN_ASSIGN_OR_RETURN(text, TextCandidates(context_, request_.text, depth, filter));
    }
    CandidateList nearest;
    if (!vector_.empty()) {
      NoteVectorSearch(false);
      CAIRN_ASSIGN_OR_RETURN(nearest, VectorCandidates(context_, vector_.data(), Depth(depth),
                                                       filter, &response_.work));
    }
    double text_weight = request_.text_weight;
    double vector_weight = request_.vector_weight;
    if (text_weight == 0 && vector_weight == 0) {
      text_weight = context_.default_text_weight;
      vector_weight = context_.default_vector_weight;
    }
    CandidateList fused;
    fused.candidates = FuseMinMax(text.candidates, nearest.candidates, text_weight, vector_weight);
    BoostTagMatches(&fused.candidates);
    fused.head = fused.total = fused.candidates.size();
    return fused;
  }

  Status FillPage(CandidateList found) {
    std::vector<Candidate>& list = found.candidates;
    if (request_.min_score) {
      std::erase_if(list, [&](const Candidate& c) { return c.score < *request_.min_score; });
      found.head = found.total = list.size();
    }
    auto head_end = list.begin() + static_cast<std::ptrdiff_t>(found.head);
    auto better = [](const Candidate& a, const Candidate& b) {
      return a.score != b.score ? a.score > b.score : a.doc < b.doc;
    };
    std::sort(list.begin(), head_end, better);
    std::sort(head_end, list.end(), better);
    size_t begin = std::min<size_t>(request_.offset, list.size());
    size_t end = std::min<size_t>(begin + request_.limit, list.size());
    response_.total = found.total;
    response_.has_more = found.total > begin + (end - begin) && end > begin;
    // Ties are ordered by id, so the window grows to whole groups of equal scores first.
    auto ties = [&](size_t i) {
      return i > 0 && i < list.size() && i != found.head && list[i - 1].score == list[i].score;
    };
    size_t first = begin;
    while (ties(first)) --first;
    size_t last = end;
    while (ties(last)) ++last;
    std::vector<Candidate> window(list.begin() + static_cast<std::ptrdiff_t>(first),
                                  list.begin() + static_cast<std::ptrdiff_t>(last));
    CAIRN_ASSIGN_OR_RETURN(std::vector<storage::DocumentRecord> records, ReadRecords(window));
    std::vector<size_t> order(window.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      bool a_in_head = first + a < found.head;
      bool b_in_head = first + b < found.head;
      if (a_in_head != b_in_head) return a_in_head;
      if (window[a].score != window[b].score) return window[a].score > window[b].score;
      return records[a].id < records[b].id;
    });
    for (size_t i = begin - first; i < end - first; ++i) {
      CAIRN_ASSIGN_OR_RETURN(SearchResult result,
                             Assemble(window[order[i]], std::move(records[order[i]])));
      response_.results.push_back(std::move(result));
    }
    return OkStatus();
  }

  Result<std::vector<storage::DocumentRecord>> ReadRecords(
      const std::vector<Candidate>& candidates) const {
    std::vector<std::string> keys;
    for (const Candidate& candidate : candidates) {
      keys.push_back(storage::keys::Document(context_.collection, candidate.doc));
    }
    CAIRN_ASSIGN_OR_RETURN(
        auto values, context_.store->MultiGet(storage::Family::kDocuments, keys, context_.at));
    std::vector<storage::DocumentRecord> records;
    for (size_t i = 0; i < values.size(); ++i) {
      if (!values[i]) {
        return Error(Code::kDataLoss, "document number ", ToInt(candidates[i].doc),
                     " is in an index but not in the store");
      }
      CAIRN_ASSIGN_OR_RETURN(storage::DocumentRecord record,
                             storage::DocumentRecord::Decode(*values[i]));
      records.push_back(std::move(record));
    }
    return records;
  }

  Result<SearchResult> Assemble(const Candidate& candidate, storage::DocumentRecord record) const {
    SearchResult result;
    result.id = std::move(record.id);
    result.title = std::move(record.title);
    result.path = std::move(record.path);
    result.tags = std::move(record.tags);
    result.type = std::move(record.type);
    result.status = std::move(record.status);
    result.metadata_json = std::move(record.metadata_json);
    result.score = candidate.score;
    result.text_score = candidate.text_score;
    result.vector_score = candidate.vector_score;
    result.matched_chunks = candidate.matched_chunks;
    bool by_text = candidate.in_text && candidate.matched_chunks > 0;
    uint32_t ordinal = by_text ? candidate.text_chunk : candidate.vector_chunk;
    CAIRN_RETURN_IF_ERROR(AddChunk(candidate.doc, ordinal, record.description, &result));
    return result;
  }

  Status AddChunk(DocNo doc, uint32_t ordinal, const std::string& description,
                  SearchResult* result) const {
    auto bytes =
        context_.store->Get(storage::Family::kChunks,
                            storage::keys::Chunk(context_.collection, doc, ordinal), context_.at);
    std::string shown = description;
    if (bytes.ok()) {
      CAIRN_ASSIGN_OR_RETURN(storage::ChunkRecord chunk, storage::ChunkRecord::Decode(*bytes));
      result->has_chunk = true;
      result->chunk_ordinal = ordinal;
      result->chunk_begin = chunk.begin;
      result->chunk_end = chunk.end;
      result->chunk_line = chunk.line;
      result->heading_path = std::move(chunk.heading_path);
      shown = std::move(chunk.text);
    } else if (bytes.status().code() != Code::kNotFound) {
      return bytes.status();
    }
    if (request_.snippet_chars > 0) {
      result->snippet = text::MakeSnippet(context_.text->analyzer(), request_.text, shown,
                                          request_.snippet_chars);
    }
    return OkStatus();
  }

  const SearchContext& context_;
  const SearchRequest& request_;
  SearchResponse response_;
  std::optional<Bitmap> filter_;
  std::vector<float> vector_;  ///< empty: nothing to compare with
};

}  // namespace

std::string_view ModeName(Mode mode) {
  switch (mode) {
    case Mode::kAuto:
      return "auto";
    case Mode::kText:
      return "text";
    case Mode::kVector:
      return "vector";
    case Mode::kHybrid:
      return "hybrid";
  }
  return "unknown";
}

bool WantsVectors(const SearchRequest& request) { return request.mode != Mode::kText; }

Result<SearchResponse> Search(const SearchContext& context, const SearchRequest& request) {
  return Searcher(context, request).Run();
}

}  // namespace cairn::query
