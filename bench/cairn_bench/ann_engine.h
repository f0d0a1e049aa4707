#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bitmap.h"
#include "cairn_bench/exact_distance.h"
#include "cairn_bench/vector_set.h"

namespace cairn::bench {

struct EngineOptions {
  size_t dim = 0;
  Metric metric = Metric::kCosine;
  size_t threads = 1;  ///< for building; searches use the calling thread
  size_t m = 16;
  size_t ef_construction = 200;
};

/// One vector search engine under measurement. Rows are named by their number. Under cosine rows
/// and queries come with unit length. Failures are exceptions.
///
/// Thread safety: single-threaded.
class AnnEngine {
 public:
  virtual ~AnnEngine() = default;
  virtual std::string_view name() const = 0;
  /// Adds all rows; when it returns nothing goes on in the background. Called once.
  virtual void Build(const VectorSet& base) = 0;
  /// Writes at most k row numbers, nearest first or not; returns how many.
  virtual size_t Search(const float* query, size_t k, uint32_t ef, uint32_t* rows_out) = 0;
  /// The same among the rows of `filter`.
  virtual size_t SearchFiltered(const float* query, size_t k, uint32_t ef, const Bitmap& filter,
                                uint32_t* rows_out);
  virtual bool has_filtered_search() const { return false; }
  /// The same without error and among all rows.
  virtual size_t SearchExact(const float* query, size_t k, uint32_t* rows_out);
  virtual bool has_exact_search() const { return false; }
  /// The memory that the engine says it takes; 0 when it does not say.
  virtual uint64_t engine_bytes() const { return 0; }
};

}  // namespace cairn::bench
