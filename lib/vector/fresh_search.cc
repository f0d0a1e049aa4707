#include "vector/fresh_search.h"

#include <algorithm>

#include "kernels/distance.h"
#include "vector/score.h"

namespace cairn::vector {
namespace {

constexpr uint32_t kTileRows = 256;

}  // namespace

void SearchFresh(const Snapshot& snapshot, Metric metric, uint32_t dim, const float* query,
                 const DocumentFilter* filter, SearchScratch* scratch, BestHits* hits,
                 SearchWork* work) {
  if (snapshot.live == 0) return;
  const kernels::Kernel& kernel = kernels::ActiveKernel();
  auto score_rows = metric == Metric::kL2 ? kernel.l2_squared_rows : kernel.dot_rows;
  if (scratch->scores.size() < kTileRows) scratch->scores.resize(kTileRows);
  float* scores = scratch->scores.data();
  for (size_t slot = 0; slot < snapshot.directory.slot_count(); ++slot) {
    const BlockEntry& entry = snapshot.directory.At(slot);
    if (entry.live == 0) continue;
    for (uint32_t begin = 0; begin < entry.count; begin += kTileRows) {
      uint32_t count = std::min(kTileRows, entry.count - begin);
      const float* rows = entry.block->Row(begin);
      score_rows(query, rows, count, dim, scores);
      work->vectors_scored += count;
      for (uint32_t i = 0; i < count; ++i) {
        uint32_t row = begin + i;
        float score = FinishScore(metric, scores[i], query, entry.block->Row(row), dim);
        if (score < hits->threshold()) continue;
        if (entry.dead && entry.dead->Test(row)) continue;
        if (filter != nullptr && !filter->Test(entry.block->Doc(row))) continue;
        hits->Offer({entry.block->Chunk(row), score});
      }
    }
  }
}

}  // namespace cairn::vector
