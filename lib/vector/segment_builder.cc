#include "vector/segment_builder.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include "vector/calibrate.h"
#include "vector/calibrate_entry_table.h"
#include "vector/graph_builder.h"

namespace cairn::vector {
namespace {

constexpr uint32_t kRowsPerJob = 512;
constexpr double kWorstDeadShare = 0.2;      // of the base's rows, before they are left out
constexpr double kCalibrationGrowth = 1.25;  // before it is done again
constexpr float kWorstErrorGrowth = 1.5f;    // of the mean coding error, before training again

class SegmentBuilder {
 public:
  SegmentBuilder(const SegmentInput& input, const SegmentBuildOptions& options)
      : input_(input), options_(options), rows_(input.added.dim()) {}

  Result<BuiltSegment> Build() {
    MakeRows();
    if (rows_.size() >= kMaxGraphRows) {
      return Error(Code::kResourceExhausted, "a segment of ", rows_.size(), " rows is too large");
    }
    Quantizer quantizer = ChooseQuantizer();
    OwnedGraph graph = OwnedGraph::Create(quantizer, rows_.size());
    CAIRN_RETURN_IF_ERROR(Encode(quantizer, &graph));
    GraphBuildOptions build{.pool = options_.pool, .cancelled = options_.cancelled};
    CAIRN_RETURN_IF_ERROR(CopyBaseGraph(quantizer, build, &graph));
    CAIRN_RETURN_IF_ERROR(GrowGraph(quantizer, base_rows_, build, &graph));
    if (trained_anew_ || compacted_) SketchEdges(quantizer, options_.pool, &graph);
    return Finish(std::move(quantizer), std::move(graph));
  }

 private:
  const Segment* base() const { return input_.base.get(); }

  void MakeRows() {
    if (base() != nullptr) {
      double dead = input_.base_dead.count();
      compacted_ = dead > 0 && (input_.compact || dead >= kWorstDeadShare * base()->size());
      if (compacted_) {
        for (uint32_t row = 0; row < base()->size(); ++row) {
          if (input_.base_dead.Test(row)) continue;
          rows_.Append(base()->rows.Vector(row), base()->rows.Chunk(row));
        }
      } else {
        rows_ = base()->rows;
      }
      // Where most rows are gone, so is most of what the graph knew.
      bool rebuild = compacted_ && rows_.size() < base()->size() / 2;
      base_rows_ = rebuild ? 0 : rows_.size();
    }
    for (uint32_t row = 0; row < input_.added.size(); ++row) {
      rows_.Append(input_.added.Vector(row), input_.added.Chunk(row));
    }
  }

  /// The base's, while it fits the added rows and they are not the majority.
  Quantizer ChooseQuantizer() {
    if (base() != nullptr && base()->graph.width == CodeWidth::kSeven &&
        rows_.size() < 2 * base()->trained_rows && FitsAdded(base()->quantizer)) {
      trained_anew_ = false;
      trained_rows_ = base()->trained_rows;
      code_error_ = base()->code_error;
      return base()->quantizer;
    }
    trained_rows_ = rows_.size();
    return Quantizer::Train(rows_.dim(), options_.metric, CodeWidth::kSeven, rows_.size(),
                            [this](size_t i) { return rows_.Vector(static_cast<uint32_t>(i)); });
  }

  bool FitsAdded(const Quantizer& quantizer) const {
    const RowTable& added = input_.added;
    if (added.size() == 0) return true;
    std::vector<uint8_t> code(quantizer.code_bytes());
    double sum = 0;
    uint32_t tried = std::min<uint32_t>(added.size(), 256);
    for (uint32_t i = 0; i < tried; ++i) {
      const float* vector = added.Vector(uint32_t(uint64_t{added.size()} * i / tried));
      float error = 0;
      quantizer.Encode(vector, code.data(), &error);
      sum += static_cast<double>(error);
    }
    if (options_.metric == Metric::kInnerProduct && !WithinBound(quantizer)) return false;
    return sum / tried <= static_cast<double>(kWorstErrorGrowth * base()->code_error);
  }
  bool WithinBound(const Quantizer& quantizer) const {
    for (uint32_t i = 0; i < input_.added.size(); ++i) {
      const float* v = input_.added.Vector(i);
      double length = 0;
      for (uint32_t d = 0; d < rows_.dim(); ++d) length += double(v[d]) * double(v[d]);
      if (length > static_cast<double>(quantizer.parameters().norm_bound)) return false;
    }
    return true;
  }

  Status Encode(const Quantizer& quantizer, OwnedGraph* graph) {
    uint32_t first = 0;
    if (base_rows_ > 0 && !compacted_ && !trained_anew_) {
      std::memcpy(graph->slab->data(), base()->graph.blocks, size_t{base_rows_} * graph->stride());
      std::copy(base()->graph.bias, base()->graph.bias + base_rows_, graph->bias.begin());
      max_error_ = base()->max_code_error;
      first = base_rows_;
    }
    uint32_t jobs = (rows_.size() - first + kRowsPerJob - 1) / kRowsPerJob;
    std::vector<double> errors(jobs);
    std::vector<float> largest(jobs);
    auto encode = [&](size_t job) {
      uint32_t begin = first + static_cast<uint32_t>(job) * kRowsPerJob;
      uint32_t end = std::min(rows_.size(), begin + kRowsPerJob);
      for (uint32_t row = begin; row < end; ++row) {
        float error = 0;
        graph->bias[row] = quantizer.Encode(rows_.Vector(row), graph->Code(row), &error);
        errors[job] += static_cast<double>(error);
        largest[job] = std::max(largest[job], std::sqrt(error));
      }
    };
    if (options_.pool == nullptr) {
      for (size_t job = 0; job < jobs; ++job) encode(job);
    } else {
      options_.pool->ParallelFor(jobs, encode);
    }
    double sum = 0;
    for (size_t job = 0; job < jobs; ++job) {
      sum += errors[job];
      max_error_ = std::max(max_error_, largest[job]);
    }
    if (first == 0 && rows_.size() > 0) code_error_ = static_cast<float>(sum / rows_.size());
    return OkStatus();
  }

  Status CopyBaseGraph(const Quantizer& quantizer, const GraphBuildOptions& build,
                       OwnedGraph* graph) {
    if (base_rows_ == 0) return OkStatus();
    graph->entry_centres = base()->entry_table->centres.size();
    if (compacted_) {
      return CopyLiveGraph(quantizer, base()->graph, input_.base_dead, build, graph);
    }
    graph->entries = base()->entries;
    if (!trained_anew_) {
      graph->edges = base()->graph.edges;  // with the sketches, which came with the blocks
      return OkStatus();
    }
    for (uint32_t row = 0; row < base_rows_; ++row) {
      std::memcpy(graph->Neighbours(row), base()->graph.Neighbours(row),
                  kMaxDegree * sizeof(uint32_t));
    }
    return OkStatus();
  }

  Result<BuiltSegment> Finish(Quantizer quantizer, OwnedGraph graph) {
    auto segment = std::make_shared<Segment>(std::move(quantizer), std::move(rows_));
    auto owner = std::make_shared<OwnedGraph>(std::move(graph));
    segment->graph = owner->view();
    segment->entries = owner->entries;
    segment->EnterBy(ChooseEntryTable(*segment));
    segment->graph_owner = owner;
    segment->heap_bytes = owner->slab->bytes() + owner->bias.capacity() * sizeof(float);
    segment->code_error = code_error_;
    segment->max_code_error = max_error_;
    segment->trained_rows = trained_rows_;
    segment->SortByDocument();
    if (CalibrationHolds(*segment)) {
      segment->calibration = base()->calibration;
      segment->calibrated_rows = base()->calibrated_rows;
    } else {
      Calibrate(options_.pool, segment.get());
      segment->calibrated_rows = segment->size();
    }
    return BuiltSegment{std::move(segment), compacted_};
  }

  std::shared_ptr<const EntryTable> ChooseEntryTable(const Segment& segment) const {
    return CalibrationHolds(segment)
               ? MakeEntryTable(segment.quantizer, segment.graph, segment.entries,
                                base()->entry_table->centres.size())
               : CalibrateEntryTable(segment.quantizer, segment.graph, segment.entries);
  }
  bool CalibrationHolds(const Segment& segment) const {
    return base() != nullptr && !compacted_ && !base()->calibration.points.empty() &&
           segment.size() < kCalibrationGrowth * base()->calibrated_rows;
  }

  const SegmentInput& input_;
  const SegmentBuildOptions& options_;
  RowTable rows_;
  uint32_t base_rows_ = 0;  ///< of rows_, those that the base's graph links
  bool compacted_ = false;
  bool trained_anew_ = true;  ///< else the quantizer is the base's
  uint32_t trained_rows_ = 0;
  float code_error_ = 0;
  float max_error_ = 0;
};

}  // namespace

Result<BuiltSegment> BuildSegment(const SegmentInput& input, const SegmentBuildOptions& options) {
  return SegmentBuilder(input, options).Build();
}

}  // namespace cairn::vector
