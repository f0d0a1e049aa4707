// The part of SegmentedIndex that tells what it is made of.

#include <filesystem>
#include <system_error>

#include "vector/segmented_index.h"

namespace cairn::vector {
namespace {

constexpr size_t kMeasuredK = 10;
constexpr float kTargets[4] = {0.90f, 0.95f, 0.98f, 0.99f};

SegmentStats Describe(const Snapshot& fresh, SegmentStats::State state) {
  SegmentStats stats;
  stats.state = state;
  stats.rows = stats.live_rows = fresh.live;
  stats.memory_bytes = fresh.memory_bytes();
  return stats;
}

SegmentStats Describe(const SealedPart& part) {
  const Segment& segment = *part.segment;
  SegmentStats stats;
  stats.state =
      segment.heap_bytes > 0 ? SegmentStats::State::kSealed : SegmentStats::State::kMapped;
  stats.code_bits = static_cast<uint32_t>(segment.graph.width);
  stats.rows = segment.size();
  stats.live_rows = part.live();
  stats.memory_bytes = part.memory_bytes();
  stats.entry_count = static_cast<uint32_t>(segment.entries.size());
  stats.calibrated_rows = segment.calibrated_rows;
  for (size_t i = 0; i < 4; ++i) stats.ef[i] = segment.calibration.Ef(kMeasuredK, kTargets[i]);
  return stats;
}

}  // namespace

IndexStats SegmentedIndex::Stats() const {
  IndexStats stats;
  std::vector<SealedPart> parts;
  std::shared_ptr<const Snapshot> frozen;
  std::shared_ptr<const Snapshot> active;
  {
    MutexLock lock(write_mutex_);
    parts = sealed_;
    if (frozen_ != nullptr) frozen = frozen_->snapshot();
    active = active_->snapshot();
    stats.working = job_running_ || NextWorkLocked(true) != Work::kNone;
    stats.damaged = damaged_;
    stats.short_of_memory = memory_refused_;
  }
  for (const SealedPart& part : parts) {
    SegmentStats one = Describe(part);
    std::error_code error;
    if (!part.file.empty()) {
      uint64_t bytes = std::filesystem::file_size(folder_.PathOf(part.file), error);
      if (!error) one.disk_bytes = bytes;
    }
    stats.segments.push_back(one);
  }
  if (frozen != nullptr) {
    stats.segments.push_back(Describe(*frozen, SegmentStats::State::kBuilding));
  }
  if (active->live > 0) stats.segments.push_back(Describe(*active, SegmentStats::State::kFresh));
  return stats;
}

}  // namespace cairn::vector
