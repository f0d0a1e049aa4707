#include <cairn/vectors.h>

#include <memory>
#include <utility>
#include <vector>

#include "capi/guard.h"
#include "capi/handles.h"
#include "capi/options.h"

using namespace cairn::capi;  // NOLINT(google-build-using-namespace)
using cairn::Status;
using cairn::vector::SegmentStats;

struct cairn_segments final : Handle {
  static constexpr auto kKind = HandleKind::kSegments;
  explicit cairn_segments(std::vector<SegmentStats> stats) : Handle(kKind), all(std::move(stats)) {}

  const std::vector<SegmentStats> all;
};

namespace {

cairn_segment_stats ToPublic(const SegmentStats& stats) {
  cairn_segment_stats out{};
  out.state = static_cast<int32_t>(stats.state);
  out.row_count = stats.rows;
  out.live_row_count = stats.live_rows;
  out.memory_bytes = stats.memory_bytes;
  out.disk_bytes = stats.disk_bytes;
  out.code_bits = stats.code_bits;
  out.entry_count = stats.entry_count;
  out.calibrated_row_count = stats.calibrated_rows;
  out.ef_90 = stats.ef[0];
  out.ef_95 = stats.ef[1];
  out.ef_98 = stats.ef[2];
  out.ef_99 = stats.ef[3];
  return out;
}

}  // namespace

cairn_status cairn_collection_segments(const cairn_collection* collection,
                                       cairn_segments** segments_out, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(segments_out, "segments_out"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(collection, "collection"));
    CAIRN_ASSIGN_OR_RETURN(auto stats, collection->impl->Stats());
    *segments_out = std::make_unique<cairn_segments>(std::move(stats.segments)).release();
    return cairn::OkStatus();
  });
}

size_t cairn_segments_count(const cairn_segments* segments) noexcept {
  return IsValid(segments) ? segments->all.size() : 0;
}

cairn_status cairn_segments_get(const cairn_segments* segments, size_t index,
                                cairn_segment_stats* stats_inout, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearStruct(stats_inout, "stats_inout"));
    CAIRN_RETURN_IF_ERROR(CheckHandle(segments, "segments"));
    if (index >= segments->all.size()) {
      return cairn::Error(cairn::Code::kOutOfRange, "segment ", index, " of ",
                          segments->all.size());
    }
    FillStruct(stats_inout, ToPublic(segments->all[index]));
    return cairn::OkStatus();
  });
}

void cairn_segments_release(cairn_segments* segments) noexcept { Release(segments); }
