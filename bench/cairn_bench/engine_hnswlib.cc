// hnswlib, compiled with -O3 -march=native (see CMakeLists.txt): the only file that includes it,
// since its header defines functions that are not inline.
#include <hnswlib/hnswlib.h>

#include <atomic>
#include <thread>
#include <vector>

#include "cairn_bench/peers.h"
#ifndef CAIRN_BENCH_HNSWLIB_FUNCTOR
#include "cairn_bench/hnswlib_gate.h"
#endif

namespace cairn::bench {
namespace {

#ifdef CAIRN_BENCH_HNSWLIB_FUNCTOR
using Hnsw = hnswlib::HierarchicalNSW<float>;
using GateBase = hnswlib::BaseFilterFunctor;
#else
using Hnsw = GatedHnsw;
using GateBase = RowGate;
#endif

class BitmapGate : public GateBase {
 public:
  explicit BitmapGate(const Bitmap& bitmap) : bitmap_(bitmap) {}
  bool operator()(hnswlib::labeltype label) override { return bitmap_.Test(label); }

 private:
  const Bitmap& bitmap_;
};

class HnswlibEngine : public AnnEngine {
 public:
  explicit HnswlibEngine(const EngineOptions& options) : options_(options) {
    if (options.metric == Metric::kL2) {
      space_ = std::make_unique<hnswlib::L2Space>(options.dim);
    } else {
      space_ = std::make_unique<hnswlib::InnerProductSpace>(options.dim);
    }
  }

  std::string_view name() const override { return "hnswlib"; }

  void Build(const VectorSet& base) override {
    index_ =
        std::make_unique<Hnsw>(space_.get(), base.count(), options_.m, options_.ef_construction);
    index_->addPoint(base.Row(0), 0);
    std::atomic<size_t> next{1};
    const auto work = [&] {
      for (size_t row = next++; row < base.count(); row = next++) {
        index_->addPoint(base.Row(row), row);
      }
    };
    std::vector<std::thread> helpers;
    for (size_t i = 1; i < options_.threads; ++i) helpers.emplace_back(work);
    work();
    for (std::thread& helper : helpers) helper.join();
  }

  size_t Search(const float* query, size_t k, uint32_t ef, uint32_t* rows_out) override {
    index_->ef_ = ef;
    return Write(index_->searchKnn(query, k), rows_out);
  }

  bool has_filtered_search() const override { return true; }
  size_t SearchFiltered(const float* query, size_t k, uint32_t ef, const Bitmap& filter,
                        uint32_t* rows_out) override {
    index_->ef_ = ef;
    BitmapGate gate(filter);
#ifdef CAIRN_BENCH_HNSWLIB_FUNCTOR
    return Write(index_->searchKnn(query, k, &gate), rows_out);
#else
    return Write(index_->SearchGated(query, k, &gate), rows_out);
#endif
  }

 private:
  static size_t Write(std::priority_queue<std::pair<float, hnswlib::labeltype>> found,
                      uint32_t* rows_out) {
    const size_t count = found.size();
    for (size_t i = 0; i < count; ++i, found.pop()) {
      rows_out[i] = static_cast<uint32_t>(found.top().second);
    }
    return count;
  }

  EngineOptions options_;
  std::unique_ptr<hnswlib::SpaceInterface<float>> space_;
  std::unique_ptr<Hnsw> index_;
};

}  // namespace

std::unique_ptr<AnnEngine> MakeHnswlibEngine(const EngineOptions& options) {
  return std::make_unique<HnswlibEngine>(options);
}

std::string HnswlibFilterKind() {
#ifdef CAIRN_BENCH_HNSWLIB_FUNCTOR
  return "functor";
#else
  return "emulated";
#endif
}

}  // namespace cairn::bench
