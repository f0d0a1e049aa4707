#pragma once

#include <cstddef>
#include <set>
#include <string>

#include "cairn_bench/arguments.h"
#include "cairn_bench/exact_distance.h"
#include "cairn_bench/json_line.h"
#include "cairn_bench/vector_set.h"

namespace cairn::bench {

/// What a run of one of the vector commands is about. Under cosine all rows have unit length.
struct Workload {
  std::string name;
  std::string metric_name;
  Metric metric = Metric::kCosine;
  size_t k = 10;
  size_t threads = 1;
  size_t m = 16;
  size_t ef_construction = 200;
  size_t repeats = 5;
  VectorSet base;
  VectorSet queries;
};

/// Names of the arguments that ReadWorkload understands, and `more`.
std::set<std::string> WorkloadArguments(const std::set<std::string>& more);

/// Reads or makes the data that the arguments name, with at most `max_queries` queries.
Workload ReadWorkload(const Arguments& arguments, size_t max_queries);

/// Adds what tells one workload from another.
void Describe(const Workload& workload, JsonLine* line);

}  // namespace cairn::bench
