#include "vector/vector_index.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "kernels/distance.h"

namespace cairn::vector {

namespace {

constexpr uint32_t kMaxDim = 65'535;

}  // namespace

Status CheckIndexOptions(const VectorIndexOptions& options) {
  if (options.dim == 0 || options.dim > kMaxDim) {
    return Error(Code::kInvalidArgument, "dimension ", options.dim, " is not in 1 to ", kMaxDim);
  }
  if (options.metric != Metric::kCosine && options.metric != Metric::kInnerProduct &&
      options.metric != Metric::kL2) {
    return Error(Code::kInvalidArgument, "unknown metric ", static_cast<int32_t>(options.metric));
  }
  return OkStatus();
}

Status ValidateVectors(const float* vectors, size_t count, uint32_t dim, Metric metric) {
  if (vectors == nullptr && count != 0) {
    return Error(Code::kInvalidArgument, "no data given for ", count, " vectors");
  }
  for (size_t i = 0; i < count; ++i) {
    const float* v = vectors + i * dim;
    if (!kernels::AllFinite(v, dim)) {
      return Error(Code::kInvalidArgument, "vector ", i, " holds NaN or infinity").WithIndex(i);
    }
    if (metric == Metric::kCosine && std::all_of(v, v + dim, [](float x) { return x == 0; })) {
      return Error(Code::kInvalidArgument, "vector ", i, " is zero, which has no cosine")
          .WithIndex(i);
    }
  }
  return OkStatus();
}

void SearchWork::Add(const SearchWork& query) {
  if (query.mode > mode || (query.mode == mode && query.ef > ef)) {
    mode = query.mode;
    ef = query.ef;
  }
  codes_scored += query.codes_scored;
  vectors_scored += query.vectors_scored;
  fell_back = fell_back || query.fell_back;
  segments = query.segments;
}

Status VectorIndex::Add(DocNo doc, const float* vectors, size_t count) {
  if (count > std::numeric_limits<uint32_t>::max()) {
    return Error(Code::kInvalidArgument, count, " chunks are too many for one document");
  }
  if (count == 1) {
    constexpr uint32_t kFirst = 0;
    return AddChunks(doc, {&kFirst, 1}, vectors);
  }
  std::vector<uint32_t> ordinals(count);
  std::iota(ordinals.begin(), ordinals.end(), 0u);
  return AddChunks(doc, ordinals, vectors);
}

}  // namespace cairn::vector
