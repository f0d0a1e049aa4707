#include <faiss/IndexHNSW.h>
#include <omp.h>

#include <vector>

#include "cairn_bench/peers.h"

namespace cairn::bench {
namespace {

/// IndexHNSWFlat; its storage is an IndexFlat and serves the exact searches. FAISS takes its number
/// of threads from OpenMP: that of the options while it builds, one while it searches.
class FaissEngine : public AnnEngine {
 public:
  explicit FaissEngine(const EngineOptions& options)
      : options_(options),
        index_(static_cast<int>(options.dim), static_cast<int>(options.m),
               options.metric == Metric::kL2 ? faiss::METRIC_L2 : faiss::METRIC_INNER_PRODUCT) {
    index_.hnsw.efConstruction = static_cast<int>(options.ef_construction);
  }

  std::string_view name() const override { return "faiss"; }

  void Build(const VectorSet& base) override {
    omp_set_num_threads(static_cast<int>(options_.threads));
    index_.add(static_cast<faiss::Index::idx_t>(base.count()), base.values.data());
    omp_set_num_threads(1);
  }

  size_t Search(const float* query, size_t k, uint32_t ef, uint32_t* rows_out) override {
    index_.hnsw.efSearch = static_cast<int>(ef);
    return Ask(index_, query, k, rows_out);
  }

  size_t SearchExact(const float* query, size_t k, uint32_t* rows_out) override {
    return Ask(*index_.storage, query, k, rows_out);
  }
  bool has_exact_search() const override { return true; }

 private:
  size_t Ask(const faiss::Index& index, const float* query, size_t k, uint32_t* rows_out) {
    labels_.resize(k);
    distances_.resize(k);
    index.search(1, query, static_cast<faiss::Index::idx_t>(k), distances_.data(), labels_.data());
    size_t count = 0;
    for (const faiss::Index::idx_t label : labels_) {
      if (label >= 0) rows_out[count++] = static_cast<uint32_t>(label);
    }
    return count;
  }

  EngineOptions options_;
  faiss::IndexHNSWFlat index_;
  std::vector<faiss::Index::idx_t> labels_;
  std::vector<float> distances_;
};

}  // namespace

std::unique_ptr<AnnEngine> MakeFaissEngine(const EngineOptions& options) {
  return std::make_unique<FaissEngine>(options);
}

}  // namespace cairn::bench
