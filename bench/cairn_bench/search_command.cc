#include "cairn_bench/arguments.h"
#include "cairn_bench/commands.h"
#include "cairn_bench/dataset.h"
#include "cairn_bench/json_line.h"
#include "cairn_bench/library.h"
#include "cairn_bench/stopwatch.h"

namespace cairn::bench {
namespace {

/// Every query twice, from a database that remembers: what the second time costs.
void RunRepeated(const Arguments& arguments, const std::vector<Query>& queries,
                 const cairn_search_options& options) {
  const Database database =
      OpenDatabase(arguments.Required("db"), CAIRN_DURABILITY_SYNC, true, true);
  const Collection collection =
      OpenCollection(database.get(), arguments.Get("collection", "notes"));
  Search(collection.get(), queries.front().text, options);  // loads the vectors
  std::vector<double> seconds[2];
  for (std::vector<double>& round : seconds) {
    for (const Query& query : queries) {
      const Stopwatch watch;
      Search(collection.get(), query.text, options);
      round.push_back(watch.Seconds());
    }
  }
  cairn_database_stats stats{};
  stats.struct_size = sizeof stats;
  cairn_error* error = nullptr;
  Check(cairn_database_stats_get(database.get(), &stats, &error), error, "cannot read the counts");
  const double first_ms = Percentile(seconds[0], 50) * 1e3;
  const double repeat_ms = Percentile(seconds[1], 50) * 1e3;
  const auto hits = static_cast<double>(stats.search_cache_hits);
  JsonLine()
      .Text("bench", "search_repeated")
      .Text("mode", arguments.Choice("mode", {"auto", "text", "vector", "hybrid"}))
      .Count("queries", queries.size())
      .Number("first_p50_ms", first_ms, 4)
      .Number("repeat_p50_ms", repeat_ms, 4)
      .Number("times_faster", first_ms / repeat_ms, 1)
      .Number("hit_ratio", hits / (hits + static_cast<double>(stats.search_cache_misses)), 4)
      .Count("cache_bytes", stats.search_cache_bytes)
      .Print();
}

}  // namespace

void RunSearch(const std::vector<std::string>& given) {
  const Arguments arguments(given, {"db", "queries", "collection", "mode", "limit", "repeat"},
                            {"no-snippet", "remembered"});
  const std::vector<Query> queries = ReadAnyQueries(arguments.Required("queries"));
  const std::string mode = arguments.Choice("mode", {"auto", "text", "vector", "hybrid"});
  cairn_search_options options;
  cairn_search_options_init(&options, sizeof options);
  options.mode = ModeOf(mode);
  options.limit = arguments.Count("limit", 10);
  options.snippet_none = arguments.Has("no-snippet") ? 1 : 0;
  if (arguments.Has("remembered")) return RunRepeated(arguments, queries, options);

  const Stopwatch opening;
  const Database database = OpenDatabase(arguments.Required("db"), CAIRN_DURABILITY_SYNC, true);
  const Collection collection =
      OpenCollection(database.get(), arguments.Get("collection", "notes"));
  const double open_seconds = opening.Seconds();
  const Stopwatch first;
  Search(collection.get(), queries.front().text, options);
  const double first_seconds = first.Seconds();

  std::vector<double> seconds;
  const Stopwatch all;
  for (uint32_t round = 0; round < arguments.Count("repeat", 1); ++round) {
    for (const Query& query : queries) {
      const Stopwatch watch;
      Search(collection.get(), query.text, options);
      seconds.push_back(watch.Seconds());
    }
  }
  JsonLine()
      .Text("bench", "search")
      .Text("mode", mode)
      .Count("limit", options.limit)
      .Count("queries", seconds.size())
      .Number("open_ms", open_seconds * 1e3, 3)
      .Number("first_ms", first_seconds * 1e3, 3)
      .Latencies(seconds)
      .Number("queries_per_s", static_cast<double>(seconds.size()) / all.Seconds(), 1)
      .Count("peak_rss_bytes", PeakResidentBytes())
      .Print();
}

}  // namespace cairn::bench
