#include "cairn_bench/library.h"

#include <sys/resource.h>

#include <stdexcept>

namespace cairn::bench {

void Check(cairn_status status, cairn_error* error, std::string_view what) {
  if (status == CAIRN_OK) return;
  const std::string message =
      std::string(what) + ": " + cairn_status_name(status) + ": " + cairn_error_message(error);
  cairn_error_release(error);
  throw std::runtime_error(message);
}

Database OpenDatabase(const std::string& path, int32_t durability, bool read_only, bool remembers) {
  cairn_database_options options;
  cairn_database_options_init(&options, sizeof options);
  options.durability = durability;
  options.read_only = read_only ? 1 : 0;
  options.search_cache_none = options.embedding_cache_none = remembers ? 0 : 1;
  cairn_error* error = nullptr;
  cairn_database* database = nullptr;
  const cairn_status status =
      cairn_database_open(path.data(), path.size(), &options, &database, &error);
  Check(status, error, "cannot open the database " + path);
  return Database(database);
}

Collection CreateCollection(cairn_database* database, const std::string& name,
                            const std::string& embedder) {
  cairn_collection_options options;
  cairn_collection_options_init(&options, sizeof options);
  options.embedder = embedder == "none" ? CAIRN_EMBEDDER_NONE : CAIRN_EMBEDDER_BUILTIN;
  cairn_error* error = nullptr;
  cairn_collection* collection = nullptr;
  const cairn_status status =
      cairn_collection_create(database, name.data(), name.size(), &options, &collection, &error);
  Check(status, error, "cannot make the collection " + name);
  return Collection(collection);
}

Collection CreateVectorCollection(cairn_database* database, const std::string& name, uint32_t dim) {
  cairn_collection_options options;
  cairn_collection_options_init(&options, sizeof options);
  options.embedder = CAIRN_EMBEDDER_NONE;
  options.dim = dim;
  cairn_error* error = nullptr;
  cairn_collection* collection = nullptr;
  const cairn_status status =
      cairn_collection_create(database, name.data(), name.size(), &options, &collection, &error);
  Check(status, error, "cannot make the collection " + name);
  return Collection(collection);
}

std::vector<uint64_t> SearchVector(const cairn_collection* collection, const float* query,
                                   size_t dim, uint32_t k) {
  std::vector<uint64_t> keys(k);
  std::vector<float> scores(k);
  uint32_t count = 0;
  cairn_error* error = nullptr;
  Check(
      cairn_collection_search_vectors(collection, query, 1, static_cast<uint32_t>(dim), k, nullptr,
                                      keys.data(), nullptr, scores.data(), &count, nullptr, &error),
      error, "the search failed");
  keys.resize(count);
  return keys;
}

Collection OpenCollection(cairn_database* database, const std::string& name) {
  cairn_error* error = nullptr;
  cairn_collection* collection = nullptr;
  const cairn_status status =
      cairn_collection_open(database, name.data(), name.size(), nullptr, &collection, &error);
  Check(status, error, "cannot open the collection " + name);
  return Collection(collection);
}

cairn_collection_stats StatsOf(const cairn_collection* collection) {
  cairn_collection_stats stats{};
  stats.struct_size = sizeof stats;
  cairn_error* error = nullptr;
  const cairn_status status = cairn_collection_stats_get(collection, &stats, &error);
  Check(status, error, "cannot read the counts");
  return stats;
}

int32_t ModeOf(const std::string& name) {
  if (name == "text") return CAIRN_MODE_TEXT;
  if (name == "vector") return CAIRN_MODE_VECTOR;
  if (name == "hybrid") return CAIRN_MODE_HYBRID;
  return CAIRN_MODE_AUTO;
}

Results Search(const cairn_collection* collection, const std::string& query,
               const cairn_search_options& options) {
  cairn_error* error = nullptr;
  cairn_results* results = nullptr;
  const cairn_status status =
      cairn_search(collection, query.data(), query.size(), &options, &results, &error);
  Check(status, error, "the search \"" + query + "\" failed");
  return Results(results);
}

uint64_t PeakResidentBytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<uint64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace cairn::bench
