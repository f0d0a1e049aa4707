#include <benchmark/benchmark.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "kernels/distance.h"
#include "vector/vector_index.h"

namespace cairn {
namespace {

std::vector<float> RandomFloats(size_t count) {
  std::mt19937 generator(1);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> floats(count);
  for (float& x : floats) x = uniform(generator);
  return floats;
}

void CountBytes(benchmark::State& state, size_t rows, size_t dim) {
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(rows * dim * sizeof(float)));
}

/// What a compiler makes of the textbook loop; only this function may use what the baseline lacks.
#if defined(__x86_64__)
__attribute__((target("avx2,fma")))
#endif
void PlainRows(const float* query, const float* rows, size_t count, size_t dim, float* out) {
  for (size_t i = 0; i < count; ++i) {
    float sum = 0;
    for (size_t j = 0; j < dim; ++j) sum += query[j] * rows[i * dim + j];
    out[i] = sum;
  }
}

void ScoreRows(benchmark::State& state,
               void (*score)(const float*, const float*, size_t, size_t, float*)) {
  auto count = static_cast<size_t>(state.range(0));
  auto dim = static_cast<size_t>(state.range(1));
  std::vector<float> query = RandomFloats(dim);
  std::vector<float> rows = RandomFloats(count * dim);
  std::vector<float> out(count);
  for (auto _ : state) {
    score(query.data(), rows.data(), count, dim, out.data());
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  CountBytes(state, count, dim);
}

std::unique_ptr<vector::VectorIndex> FilledIndex(size_t count, size_t dim) {
  std::vector<float> rows = RandomFloats(count * dim);
  vector::VectorIndexOptions options;
  options.dim = static_cast<uint32_t>(dim);
  options.metric = vector::Metric::kCosine;
  auto index = vector::MakeExactIndex(options);
  for (size_t i = 0; i < count; ++i) {
    (*index)->Add(DocNo{i}, rows.data() + i * dim, 1).IgnoreError("random rows are valid");
  }
  return std::move(index).value();
}

/// A search of range(2) queries; time per iteration is that of the whole batch.
void ExactSearch(benchmark::State& state) {
  auto count = static_cast<size_t>(state.range(0));
  auto dim = static_cast<size_t>(state.range(1));
  auto batch = static_cast<size_t>(state.range(2));
  auto index = FilledIndex(count, dim);
  auto view = index->View();
  std::vector<float> queries = RandomFloats(batch * dim);
  std::vector<std::vector<vector::VectorHit>> hits;
  for (auto _ : state) {
    view->Search(queries.data(), batch, {10, nullptr}, &hits).IgnoreError("queries are valid");
    benchmark::DoNotOptimize(hits.data());
  }
  CountBytes(state, count * batch, dim);
  state.SetItemsProcessed(state.iterations() * state.range(2));
}

/// Loads range(0) documents of one vector, one call each.
void ExactLoad(benchmark::State& state) {
  auto count = static_cast<size_t>(state.range(0));
  auto dim = static_cast<size_t>(state.range(1));
  for (auto _ : state) benchmark::DoNotOptimize(FilledIndex(count, dim));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

/// Replaces one document in an index of range(0).
void ExactReplace(benchmark::State& state) {
  auto count = static_cast<uint64_t>(state.range(0));
  auto dim = static_cast<size_t>(state.range(1));
  auto index = FilledIndex(count, dim);
  std::vector<float> row = RandomFloats(dim);
  std::mt19937_64 generator(2);
  std::vector<uint64_t> docs(count);
  for (uint64_t i = 0; i < count; ++i) docs[i] = i;
  uint64_t next = count;
  for (auto _ : state) {
    uint64_t& doc = docs[generator() % count];
    index->Remove(DocNo{doc});
    doc = next++;
    index->Add(DocNo{doc}, row.data(), 1).IgnoreError("random rows are valid");
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(ExactSearch)->ArgsProduct({{100000}, {384, 512}, {1, 64}})->Unit(benchmark::kMillisecond);
BENCHMARK(ExactLoad)->ArgsProduct({{10000, 100000}, {384}})->Unit(benchmark::kMillisecond);
BENCHMARK(ExactReplace)->ArgsProduct({{1000, 10000, 100000}, {384}});

void RegisterRows(const std::string& name,
                  void (*score)(const float*, const float*, size_t, size_t, float*)) {
  benchmark::RegisterBenchmark(name.c_str(), ScoreRows, score)
      ->ArgsProduct({{64, 100000}, {128, 384, 512, 768}});
}

/// Which kernels there are is known only at run time, so BENCHMARK cannot name them.
bool RegisterKernels() {
  for (const kernels::Kernel* kernel : kernels::SupportedKernels()) {
    RegisterRows("DotRows/" + std::string(kernel->name), kernel->dot_rows);
    RegisterRows("L2Rows/" + std::string(kernel->name), kernel->l2_squared_rows);
  }
  RegisterRows("DotRows/plain", PlainRows);
  return true;
}
[[maybe_unused]] const bool kKernelsRegistered = RegisterKernels();

}  // namespace
}  // namespace cairn
