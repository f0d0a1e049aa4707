#include "vector/entry_points.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/code_distance.h"

namespace cairn::vector {
namespace {

constexpr size_t kSamplePerEntry = 12;
constexpr size_t kMaxSample = 24'000;
constexpr size_t kTile = 256;
constexpr double kEntriesPerRoot = 1;
constexpr size_t kMinEntries = 16;
constexpr size_t kMaxEntries = 16'384;
constexpr uint32_t kRowsPerSampled = 64;

/// A sample of rows and how far each is from the nearest chosen one.
class Cover {
 public:
  Cover(const Quantizer& quantizer, const OwnedGraph& graph, uint32_t first, size_t size)
      : quantizer_(quantizer), graph_(graph) {
    uint32_t rows = graph.row_count - first;
    size = std::min<size_t>(size, rows);
    for (size_t i = 0; i < size; ++i) {
      rows_.push_back(first + static_cast<uint32_t>(uint64_t{rows} * i / size));
    }
    distances_.assign(size, std::numeric_limits<float>::infinity());
  }

  /// Counts `row` as chosen.
  void Choose(uint32_t row) {
    quantizer_.QueryOfCode(graph_.Code(row), graph_.bias[row], &query_);
    int32_t dots[kTile];
    auto dot7 = kernels::ActiveCodeKernel().dot7;
    for (size_t begin = 0; begin < rows_.size(); begin += kTile) {
      size_t count = std::min(kTile, rows_.size() - begin);
      const uint32_t* rows = rows_.data() + begin;
      dot7(query_.lanes.data(), {graph_.slab->data(), graph_.stride(), rows}, count, graph_.lanes,
           dots);
      for (size_t i = 0; i < count; ++i) {
        float distance =
            graph_.bias[rows[i]] - query_.weight * static_cast<float>(dots[i]) + query_.constant;
        distances_[begin + i] = std::min(distances_[begin + i], distance);
      }
    }
  }
  /// The row farthest from all chosen ones.
  uint32_t Farthest(float* distance) const {
    auto farthest = std::max_element(distances_.begin(), distances_.end());
    *distance = *farthest;
    return rows_[static_cast<size_t>(farthest - distances_.begin())];
  }

 private:
  const Quantizer& quantizer_;
  const OwnedGraph& graph_;
  std::vector<uint32_t> rows_;
  std::vector<float> distances_;
  QueryCode query_;
};

}  // namespace

size_t SpreadEntryCount(uint32_t rows) {
  auto count = static_cast<size_t>(kEntriesPerRoot * std::sqrt(static_cast<double>(rows)));
  return std::min<size_t>({rows, std::max(count, kMinEntries), kMaxEntries});
}

void SpreadEntries(const Quantizer& quantizer, const OwnedGraph& graph, uint32_t first,
                   size_t count, std::vector<uint32_t>* entries) {
  if (first >= graph.row_count || count == 0) return;
  Cover cover(quantizer, graph, first, std::min(kMaxSample, count * kSamplePerEntry));
  for (uint32_t entry : *entries) cover.Choose(entry);
  for (; count > 0; --count) {
    float distance = 0;
    uint32_t row = cover.Farthest(&distance);
    if (!(distance > 0)) return;
    entries->push_back(row);
    cover.Choose(row);
  }
}

void SampleEntries(const OwnedGraph& graph, uint32_t first, std::vector<uint32_t>* entries) {
  std::vector<bool> known(graph.row_count);
  for (uint32_t row : *entries) known[row] = true;
  auto step = std::max<uint32_t>(kRowsPerSampled, graph.row_count / uint32_t{kMaxEntries});
  for (uint32_t row = (first + step - 1) / step * step; row < graph.row_count; row += step) {
    if (!known[row]) entries->push_back(row);
  }
}

}  // namespace cairn::vector
