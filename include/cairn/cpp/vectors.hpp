// SPDX-License-Identifier: Apache-2.0
#ifndef CAIRN_CPP_VECTORS_HPP_
#define CAIRN_CPP_VECTORS_HPP_

#include <cairn/cairn.h>
#include <cairn/cpp/error.hpp>
#include <cairn/cpp/handle.hpp>
#include <cairn/cpp/options.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cairn {

/// One of the nearest documents. Collection::id_of names it.
struct Neighbour {
  std::uint64_t key = 0;
  float score = 0;
  std::uint32_t ordinal = 0;  ///< which chunk of the document
};

using VectorReport = cairn_vector_report;

/// One list per query, best first, and how they were found.
struct Neighbours : std::vector<std::vector<Neighbour>> {
  VectorReport report{};
};

namespace detail {

inline cairn_vector_options to_raw(const VectorOptions& options) {
  cairn_vector_options raw{};
  raw.struct_size = sizeof(raw);
  raw.group_by = static_cast<std::int32_t>(options.group_by);
  raw.target_recall = options.target_recall;
  raw.ef = options.ef;
  raw.min_score = options.min_score.value_or(0);
  raw.has_min_score = options.min_score.has_value() ? 1 : 0;
  raw.filter_json = options.filter_json.data();
  raw.filter_json_bytes = options.filter_json.size();
  raw.exclude_self = options.exclude_self ? 1 : 0;
  return raw;
}

inline VectorReport new_report() {
  VectorReport report{};
  report.struct_size = sizeof(report);
  return report;
}

inline std::size_t row_count(FloatView queries, std::uint32_t dim) {
  if (dim == 0 || queries.size() % dim != 0) {
    throw Error(CAIRN_INVALID_ARGUMENT, "queries are not whole rows of dim floats");
  }
  return queries.size() / dim;
}

/// Arrays for rows of k hits.
struct Rows {
  Rows(std::size_t rows, std::uint32_t width)
      : k(width), keys(rows * k), ordinals(rows * k), scores(rows * k), counts(rows) {}

  Neighbours lists(const VectorReport& report) const {
    Neighbours lists;
    lists.report = report;
    lists.resize(counts.size());
    for (std::size_t row = 0; row < counts.size(); ++row) {
      for (std::size_t i = row * k; i < row * k + counts[row]; ++i) {
        lists[row].push_back({keys[i], scores[i], ordinals[i]});
      }
    }
    return lists;
  }

  const std::size_t k;
  std::vector<std::uint64_t> keys;
  std::vector<std::uint32_t> ordinals;
  std::vector<float> scores;
  std::vector<std::uint32_t> counts;
};

inline std::vector<cairn_segment_stats> to_stats(cairn_segments* taken) {
  Owned<cairn_segments, cairn_segments_release> segments(taken);
  std::vector<cairn_segment_stats> all(cairn_segments_count(taken));
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].struct_size = sizeof(all[i]);
    ErrorSlot error;
    error.check(cairn_segments_get(taken, i, &all[i], error.out()));
  }
  return all;
}

}  // namespace detail
}  // namespace cairn

#endif  // CAIRN_CPP_VECTORS_HPP_
