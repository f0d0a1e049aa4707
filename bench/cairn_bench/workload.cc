#include "cairn_bench/workload.h"

#include <algorithm>
#include <limits>
#include <map>
#include <stdexcept>
#include <utility>

#include "cairn_bench/synthetic.h"
#include "cairn_bench/vector_file.h"

namespace cairn::bench {
namespace {

Metric MetricOf(const std::string& name) {
  static const std::map<std::string, Metric> kMetrics = {
      {"cosine", Metric::kCosine}, {"ip", Metric::kInnerProduct}, {"l2", Metric::kL2}};
  return kMetrics.at(name);
}

void KeepFirst(VectorSet* set, size_t count) {
  if (count >= set->count()) return;
  set->values.resize(count * set->dim);
  set->values.shrink_to_fit();
}

void ReadData(const Arguments& arguments, size_t max_queries, Workload* workload) {
  const size_t limit =
      arguments.Has("limit") ? arguments.Count("limit", 1) : std::numeric_limits<size_t>::max();
  if (arguments.Has("synthetic")) {
    workload->name = "synthetic " + arguments.Required("synthetic");
    SyntheticData data = MakeSynthetic(arguments.Required("synthetic"));
    workload->base = std::move(data.base);
    workload->queries = std::move(data.queries);
    KeepFirst(&workload->base, limit);
    KeepFirst(&workload->queries, max_queries);
    return;
  }
  workload->name = arguments.Required("base");
  workload->queries = ReadVectors(arguments.Required("queries"), max_queries);
  workload->base = ReadVectors(workload->name, limit);
  workload->base.values.shrink_to_fit();
}

}  // namespace

std::set<std::string> WorkloadArguments(const std::set<std::string>& more) {
  std::set<std::string> names = {"base",   "queries",     "synthetic",      "limit",
                                 "metric", "k",           "threads",        "m",
                                 "repeat", "query-limit", "ef-construction"};
  names.insert(more.begin(), more.end());
  return names;
}

Workload ReadWorkload(const Arguments& arguments, size_t max_queries) {
  Workload workload;
  workload.metric_name = arguments.Choice("metric", {"cosine", "ip", "l2"});
  workload.metric = MetricOf(workload.metric_name);
  workload.k = arguments.Count("k", 10);
  workload.threads = arguments.Count("threads", 1);
  workload.m = arguments.Count("m", 16);
  workload.ef_construction = arguments.Count("ef-construction", 200);
  workload.repeats = arguments.Count("repeat", 5);
  if (arguments.Has("query-limit")) max_queries = arguments.Count("query-limit", 1);
  ReadData(arguments, max_queries, &workload);
  if (workload.base.dim != workload.queries.dim) {
    throw std::runtime_error("rows and queries differ in width");
  }
  if (workload.metric == Metric::kCosine) {
    Normalize(&workload.base);
    Normalize(&workload.queries);
  }
  return workload;
}

void Describe(const Workload& workload, JsonLine* line) {
  line->Text("data", workload.name)
      .Text("metric", workload.metric_name)
      .Count("rows", workload.base.count())
      .Count("dim", workload.base.dim)
      .Count("queries", workload.queries.count())
      .Count("k", workload.k)
      .Count("threads", workload.threads);
}

}  // namespace cairn::bench
