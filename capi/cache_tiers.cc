#include <cairn/cache.h>

#include <memory>
#include <vector>

#include "capi/cache_handles.h"
#include "capi/guard.h"
#include "capi/options.h"

using namespace cairn::capi;  // NOLINT(google-build-using-namespace)
using cairn::Code;
using cairn::OkStatus;
using cairn::Status;
using cairn::cache::TierStats;

namespace {

cairn::Result<TierStats> StatsOf(const cairn_cache* cache, size_t tier) {
  CAIRN_RETURN_IF_ERROR(CheckHandle(cache, "cache"));
  std::vector<TierStats> all = cache->impl->Stats().tiers;
  if (tier < all.size()) return std::move(all[tier]);
  return cairn::Error(Code::kInvalidArgument, "tier is ", tier, ", but there are ", all.size());
}

}  // namespace

size_t cairn_cache_tier_count(const cairn_cache* cache) noexcept {
  return IsValid(cache) ? cache->impl->tier_count() : 0;
}

cairn_status cairn_cache_tier_stats_get(const cairn_cache* cache, size_t tier,
                                        cairn_cache_tier_stats* stats_inout,
                                        cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearStruct(stats_inout, "stats_inout"));
    CAIRN_ASSIGN_OR_RETURN(const TierStats stats, StatsOf(cache, tier));
    cairn_cache_tier_stats out{};
    out.is_skipped = stats.skipping ? 1 : 0;
    out.name = stats.name.data();  // a constant of the tier, which ends with a NUL
    out.hit_count = stats.hits;
    out.miss_count = stats.misses;
    out.failure_count = stats.failures;
    out.skipped_count = stats.skipped;
    out.written_count = stats.written;
    out.unwritten_count = stats.unwritten;
    out.bytes = stats.bytes;
    out.max_bytes = stats.max_bytes;
    FillStruct(stats_inout, out);
    return OkStatus();
  });
}

cairn_status cairn_cache_tier_failure(const cairn_cache* cache, size_t tier,
                                      cairn_buffer** text_out, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(ClearOut(text_out, "text_out"));
    CAIRN_ASSIGN_OR_RETURN(TierStats stats, StatsOf(cache, tier));
    *text_out = std::make_unique<cairn_buffer>(std::move(stats.last_failure)).release();
    return OkStatus();
  });
}

cairn_status cairn_cache_flush(cairn_cache* cache, cairn_error** err) noexcept {
  return Guard(err, [&]() -> Status {
    CAIRN_RETURN_IF_ERROR(CheckHandle(cache, "cache"));
    cache->impl->Flush();
    return OkStatus();
  });
}
