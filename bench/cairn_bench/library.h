#pragma once

#include <cairn/cairn.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::bench {

template <auto Function>
struct Release {
  template <typename Handle>
  void operator()(Handle* handle) const noexcept {
    Function(handle);
  }
};

using Database = std::unique_ptr<cairn_database, Release<cairn_database_release>>;
using Collection = std::unique_ptr<cairn_collection, Release<cairn_collection_release>>;
using Results = std::unique_ptr<cairn_results, Release<cairn_results_release>>;
using IndexReport = std::unique_ptr<cairn_index_report, Release<cairn_index_report_release>>;

/// Throws a std::runtime_error with the library's sentence unless OK; takes the error over.
void Check(cairn_status status, cairn_error* error, std::string_view what);

/// remembers: whether searches and embedded texts are remembered, which hides what they cost.
Database OpenDatabase(const std::string& path, int32_t durability, bool read_only,
                      bool remembers = false);
/// embedder: "builtin" or "none".
Collection CreateCollection(cairn_database* database, const std::string& name,
                            const std::string& embedder);
/// A collection of the host's own vectors, compared by cosine.
Collection CreateVectorCollection(cairn_database* database, const std::string& name, uint32_t dim);
/// The keys of the k nearest.
std::vector<uint64_t> SearchVector(const cairn_collection* collection, const float* query,
                                   size_t dim, uint32_t k);
Collection OpenCollection(cairn_database* database, const std::string& name);
cairn_collection_stats StatsOf(const cairn_collection* collection);

/// "auto", "text", "vector" or "hybrid" as CAIRN_MODE_*.
int32_t ModeOf(const std::string& name);

Results Search(const cairn_collection* collection, const std::string& query,
               const cairn_search_options& options);

/// Most memory this process had resident so far.
uint64_t PeakResidentBytes();

}  // namespace cairn::bench
