#include <cairn/vectors.h>

#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "capi/guard.h"
#include "capi/handles.h"
#include "capi/options.h"
#include "capi/rows.h"
#include "capi/text.h"

using namespace cairn::capi;  // NOLINT(google-build-using-namespace)
using cairn::Code;
using cairn::Status;
using cairn::db::NearestReport;
using cairn::query::NearestRequest;

namespace {

using GivenOptions = InputStruct<cairn_vector_options>;

Status ReadOptions(const GivenOptions& given, NearestRequest* request) {
  CAIRN_RETURN_IF_ERROR(given.Check("options"));
  CAIRN_RETURN_IF_ERROR(CheckChoice(given->group_by, CAIRN_GROUP_NONE, "options.group_by"));
  CAIRN_RETURN_IF_ERROR(CheckFlag(given->has_min_score, "options.has_min_score"));
  CAIRN_RETURN_IF_ERROR(CheckFlag(given->exclude_self, "options.exclude_self"));
  if (given->reserved != 0) {
    return cairn::Error(Code::kInvalidArgument, "options.reserved is not 0");
  }
  CAIRN_ASSIGN_OR_RETURN(
      request->filter_json,
      ReadText(given->filter_json, given->filter_json_bytes, "options.filter_json"));
  if (given->target_recall != 0) request->target_recall = given->target_recall;
  request->ef = given->ef;
  if (given->has_min_score != 0) request->min_score = given->min_score;
  request->by_document = given->group_by == CAIRN_GROUP_DOCUMENT;
  return cairn::OkStatus();
}

cairn_vector_report ToPublic(const NearestReport& report) {
  cairn_vector_report out{};
  out.plan = static_cast<int32_t>(report.work.mode);
  out.target_recall = report.target_recall;
  out.ef = report.work.ef;
  out.codes_scored = report.work.codes_scored;
  out.vectors_scored = report.work.vectors_scored;
  out.segment_count = report.work.segments;
  out.fell_back = report.work.fell_back ? 1 : 0;
  out.took_ns = report.took_ns;
  return out;
}

Status ClearReport(cairn_vector_report* report_inout) {
  return report_inout == nullptr ? cairn::OkStatus() : ClearStruct(report_inout, "report_inout");
}

}  // namespace

void cairn_vector_options_init(cairn_vector_options* options, uint32_t struct_size) noexcept {
  InitStruct(options, struct_size);
}

cairn_status cairn_collection_search_vectors(const cairn_collection* collection,
                                             const float* queries, size_t query_count, uint32_t dim,
                                             uint32_t k, const cairn_vector_options* options,
                                             uint64_t* keys_out, uint32_t* ordinals_out,
                                             float* scores_out, uint32_t* counts_out,
                                             cairn_vector_report* report_inout,
                                             cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    HitRows rows{keys_out, ordinals_out, scores_out, counts_out, query_count, k};
    CAIRN_RETURN_IF_ERROR(rows.Clear());
    CAIRN_RETURN_IF_ERROR(ClearReport(report_inout));
    CAIRN_RETURN_IF_ERROR(CheckHandle(collection, "collection"));
    NearestRequest request;
    request.k = k;
    CAIRN_ASSIGN_OR_RETURN(request.queries, ReadQueries(queries, query_count, dim));
    CAIRN_RETURN_IF_ERROR(ReadOptions(GivenOptions(options), &request));
    NearestReport report;
    CAIRN_RETURN_IF_ERROR(
        rows.ClearOnFailure(collection->impl->FindNearest(request, dim, rows.Out(), &report)));
    if (report_inout != nullptr) FillStruct(report_inout, ToPublic(report));
    return cairn::OkStatus();
  });
}

cairn_status cairn_collection_search_similar(const cairn_collection* collection, const char* id,
                                             size_t id_bytes, uint32_t k,
                                             const cairn_vector_options* options,
                                             uint64_t* keys_out, uint32_t* ordinals_out,
                                             float* scores_out, uint32_t* count_out,
                                             cairn_vector_report* report_inout,
                                             cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    HitRows row{keys_out, ordinals_out, scores_out, count_out, 1, k};
    CAIRN_RETURN_IF_ERROR(row.Clear());
    CAIRN_RETURN_IF_ERROR(ClearReport(report_inout));
    CAIRN_RETURN_IF_ERROR(CheckHandle(collection, "collection"));
    CAIRN_ASSIGN_OR_RETURN(std::string_view read_id, ReadText(id, id_bytes, "id"));
    GivenOptions given(options);
    NearestRequest request;
    request.k = k;
    CAIRN_RETURN_IF_ERROR(ReadOptions(given, &request));
    NearestReport report;
    CAIRN_RETURN_IF_ERROR(row.ClearOnFailure(collection->impl->FindSimilar(
        read_id, given->exclude_self != 0, request, row.Out(), &report)));
    if (report_inout != nullptr) FillStruct(report_inout, ToPublic(report));
    return cairn::OkStatus();
  });
}

cairn_status cairn_search_vectors(const cairn_collection* collection, const float* queries,
                                  size_t query_count, uint32_t dim, uint32_t k,
                                  const char* filter_json, size_t filter_json_bytes,
                                  uint64_t* keys_out, float* scores_out, uint32_t* counts_out,
                                  cairn_error** err) noexcept {
  cairn_vector_options options{};
  options.struct_size = sizeof(options);
  options.filter_json = filter_json;
  options.filter_json_bytes = filter_json_bytes;
  return cairn_collection_search_vectors(collection, queries, query_count, dim, k, &options,
                                         keys_out, nullptr, scores_out, counts_out, nullptr, err);
}

cairn_status cairn_collection_id_of(const cairn_collection* collection, uint64_t key,
                                    cairn_buffer** id_out, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(id_out, "id_out"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(collection, "collection"));
    CAIRN_ASSIGN_OR_RETURN(std::string id, collection->impl->IdOf(cairn::DocNo{key}));
    *id_out = std::make_unique<cairn_buffer>(std::move(id)).release();
    return cairn::OkStatus();
  });
}

cairn_status cairn_collection_key_of(const cairn_collection* collection, const char* id,
                                     size_t id_bytes, uint64_t* key_out,
                                     cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(key_out, "key_out"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(collection, "collection"));
    CAIRN_ASSIGN_OR_RETURN(std::string_view read_id, ReadText(id, id_bytes, "id"));
    CAIRN_ASSIGN_OR_RETURN(cairn::DocNo doc, collection->impl->KeyOf(read_id));
    *key_out = cairn::ToInt(doc);
    return cairn::OkStatus();
  });
}

cairn_status cairn_collection_ids_of(const cairn_collection* collection, const uint64_t* keys,
                                     size_t key_count, cairn_list** ids_out,
                                     cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(ids_out, "ids_out"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(collection, "collection"));
    if (keys == nullptr && key_count != 0) {
      return cairn::Error(Code::kInvalidArgument, "keys is NULL");
    }
    if (key_count > std::numeric_limits<std::ptrdiff_t>::max() / sizeof(std::string)) {
      return cairn::Error(Code::kInvalidArgument, "key_count ", key_count, " is impossible");
    }
    CAIRN_ASSIGN_OR_RETURN(auto ids, collection->impl->IdsOf(std::span(keys, key_count)));
    *ids_out = std::make_unique<cairn_list>(std::move(ids)).release();
    return cairn::OkStatus();
  });
}
