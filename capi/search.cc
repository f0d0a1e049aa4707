#include <cairn/search.h>

#include <memory>
#include <span>
#include <string>
#include <utility>

#include "capi/guard.h"
#include "capi/handles.h"
#include "capi/options.h"
#include "capi/render.h"
#include "capi/text.h"

using namespace cairn::capi;  // NOLINT(google-build-using-namespace)
using cairn::Code;
using cairn::Status;
using cairn::query::SearchRequest;
using cairn::query::SearchResponse;
using cairn::query::SearchResult;

struct cairn_results final : Handle {
  static constexpr auto kKind = HandleKind::kResults;
  explicit cairn_results(SearchResponse answer) : Handle(kKind), response(std::move(answer)) {}

  const SearchResponse response;
};

namespace {

Status ReadOptions(const InputStruct<cairn_search_options>& given, SearchRequest* request) {
  CAIRN_RETURN_IF_ERROR(given.Check("options"));
  CAIRN_RETURN_IF_ERROR(CheckChoice(given->mode, CAIRN_MODE_HYBRID, "options.mode"));
  CAIRN_RETURN_IF_ERROR(CheckFlag(given->include_inactive, "options.include_inactive"));
  CAIRN_RETURN_IF_ERROR(CheckFlag(given->has_min_score, "options.has_min_score"));
  CAIRN_RETURN_IF_ERROR(CheckFlag(given->snippet_none, "options.snippet_none"));
  if ((given->vector == nullptr) != (given->dim == 0)) {
    return cairn::Error(Code::kInvalidArgument, "options.vector is ",
                        given->vector == nullptr ? "NULL" : "set", ", but options.dim is ",
                        given->dim);
  }
  CAIRN_ASSIGN_OR_RETURN(
      request->filter_json,
      ReadText(given->filter_json, given->filter_json_bytes, "options.filter_json"));
  request->mode = static_cast<cairn::query::Mode>(given->mode);
  if (given->limit != 0) request->limit = given->limit;
  request->offset = given->offset;
  request->vector = std::span(given->vector, given->dim);
  request->include_inactive = given->include_inactive != 0;
  request->text_weight = given->text_weight;
  request->vector_weight = given->vector_weight;
  if (given->has_min_score != 0) request->min_score = given->min_score;
  if (given->snippet_chars != 0) request->snippet_chars = given->snippet_chars;
  if (given->snippet_none != 0) request->snippet_chars = 0;
  if (given->target_recall != 0) request->target_recall = given->target_recall;
  request->ef = given->ef;
  return cairn::OkStatus();
}

cairn_search_info ToPublic(const SearchResponse& response) {
  cairn_search_info out{};
  out.mode = static_cast<int32_t>(response.mode);
  out.total = response.total;
  out.took_ns = response.took_ns;
  out.count = static_cast<uint32_t>(response.results.size());
  out.has_more = response.has_more ? 1 : 0;
  out.degraded = Lend(response.degraded, &out.degraded_bytes);
  if (!response.searched_vectors) return out;
  out.target_recall = response.target_recall;
  out.plan = static_cast<int32_t>(response.work.mode);
  out.codes_scored = response.work.codes_scored;
  out.vectors_scored = response.work.vectors_scored;
  out.ef = response.work.ef;
  out.segment_count = response.work.segments;
  out.fell_back = response.work.fell_back ? 1 : 0;
  return out;
}

cairn_result ToPublic(const SearchResult& result) {
  cairn_result out{};
  out.matched_chunk_count = result.matched_chunks;
  out.id = Lend(result.id, &out.id_bytes);
  out.title = Lend(result.title, &out.title_bytes);
  out.path = Lend(result.path, &out.path_bytes);
  out.snippet = Lend(result.snippet.text, &out.snippet_bytes);
  out.metadata_json = Lend(result.metadata_json, &out.metadata_json_bytes);
  out.score = result.score;
  out.text_score = result.text_score;
  out.vector_score = result.vector_score;
  if (result.has_chunk) {
    out.chunk_begin = result.chunk_begin;
    out.chunk_end = result.chunk_end;
    out.chunk_line = result.chunk_line;
    out.chunk_ordinal = result.chunk_ordinal;
  }
  out.heading = Lend(result.heading_path, &out.heading_bytes);
  return out;
}

/// The result with this index, or null.
const SearchResult* ResultAt(const cairn_results* results, size_t index) {
  if (!IsValid(results) || index >= results->response.results.size()) return nullptr;
  return &results->response.results[index];
}

Status NoResult(const cairn_results* results, size_t index) {
  return cairn::Error(Code::kOutOfRange, "result ", index, " of ",
                      results->response.results.size());
}

}  // namespace

void cairn_search_options_init(cairn_search_options* options, uint32_t struct_size) noexcept {
  InitStruct(options, struct_size);
}

cairn_status cairn_search(const cairn_collection* collection, const char* query, size_t query_bytes,
                          const cairn_search_options* options, cairn_results** results_out,
                          cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(results_out, "results_out"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(collection, "collection"));
    SearchRequest request;
    CAIRN_ASSIGN_OR_RETURN(request.text, ReadText(query, query_bytes, "query"));
    InputStruct<cairn_search_options> given(options);
    CAIRN_RETURN_IF_ERROR(ReadOptions(given, &request));
    CAIRN_ASSIGN_OR_RETURN(auto response, collection->impl->Search(request));
    *results_out = std::make_unique<cairn_results>(std::move(response)).release();
    return cairn::OkStatus();
  });
}

cairn_status cairn_results_info(const cairn_results* results, cairn_search_info* info_inout,
                                cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearStruct(info_inout, "info_inout"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(results, "results"));
    FillStruct(info_inout, ToPublic(results->response));
    return cairn::OkStatus();
  });
}

cairn_status cairn_results_get(const cairn_results* results, size_t index,
                               cairn_result* result_inout, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearStruct(result_inout, "result_inout"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(results, "results"));
    const SearchResult* result = ResultAt(results, index);
    if (result == nullptr) return NoResult(results, index);
    FillStruct(result_inout, ToPublic(*result));
    return cairn::OkStatus();
  });
}

size_t cairn_results_tag_count(const cairn_results* results, size_t index) noexcept {
  const SearchResult* result = ResultAt(results, index);
  return result == nullptr ? 0 : result->tags.size();
}

const char* cairn_results_tag(const cairn_results* results, size_t index, size_t tag,
                              size_t* size_out) noexcept {
  if (tag >= cairn_results_tag_count(results, index)) return LendNothing(size_out);
  return Lend(ResultAt(results, index)->tags[tag], size_out);
}

size_t cairn_results_highlight_count(const cairn_results* results, size_t index) noexcept {
  const SearchResult* result = ResultAt(results, index);
  return result == nullptr ? 0 : result->snippet.highlights.size();
}

cairn_status cairn_results_highlight(const cairn_results* results, size_t index, size_t highlight,
                                     uint32_t* begin_out, uint32_t* end_out,
                                     cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    Status begin_cleared = ClearOut(begin_out, "begin_out");
    CAIRN_RETURN_IF_ERROR(ClearOut(end_out, "end_out"));
    CAIRN_RETURN_IF_ERROR(std::move(begin_cleared));
    CAIRN_RETURN_IF_ERROR(CheckHandle(results, "results"));
    const SearchResult* result = ResultAt(results, index);
    if (result == nullptr) return NoResult(results, index);
    const auto& highlights = result->snippet.highlights;
    if (highlight >= highlights.size()) {
      return cairn::Error(Code::kOutOfRange, "highlight ", highlight, " of ", highlights.size());
    }
    *begin_out = highlights[highlight].begin;
    *end_out = highlights[highlight].end;
    return cairn::OkStatus();
  });
}

cairn_status cairn_results_json(const cairn_results* results, cairn_buffer** json_out,
                                cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(json_out, "json_out"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(results, "results"));
    *json_out = std::make_unique<cairn_buffer>(RenderResults(results->response)).release();
    return cairn::OkStatus();
  });
}

void cairn_results_release(cairn_results* results) noexcept { Release(results); }
