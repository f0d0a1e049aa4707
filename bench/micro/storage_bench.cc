// Storage: commit, get and scan, at the sizes that a note produces.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/ids.h"
#include "storage/keys.h"
#include "storage/store.h"

namespace cairn::storage {
namespace {

constexpr CollectionId kCollection{1};
constexpr uint64_t kDocuments = 20000;
constexpr size_t kValueBytes = 1000;

/// A store in a new folder, removed at the end of the scope.
class BenchStore {
 public:
  BenchStore() {
    path_ = (std::filesystem::temp_directory_path() / "cairn-bench-XXXXXX").string();
    if (mkdtemp(path_.data()) == nullptr) return;
    StoreOptions options;
    options.path = path_ + "/db";
    Result<std::unique_ptr<Store>> opened = Store::Open(options);
    if (opened.ok()) store_ = std::move(*opened);
  }
  ~BenchStore() {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  BenchStore(const BenchStore&) = delete;
  BenchStore& operator=(const BenchStore&) = delete;

  /// Null when it could not be opened.
  Store* get() const { return store_.get(); }

  /// Writes kDocuments bodies.
  bool Fill() {
    Batch batch;
    for (uint64_t i = 0; i < kDocuments; ++i) {
      batch.Put(Family::kDocuments, keys::Body(kCollection, DocNo{i}),
                std::string(kValueBytes, 'x'));
    }
    return store_ != nullptr && store_->Commit(batch, Durability::kAsync).ok();
  }

 private:
  std::string path_;
  std::unique_ptr<Store> store_;
};

/// One commit of range(0) values.
void BM_CommitAsync(benchmark::State& state) {
  BenchStore store;
  if (store.get() == nullptr) return state.SkipWithError("cannot open a store");
  const std::string value(kValueBytes, 'x');
  uint64_t next = 0;
  for (auto _ : state) {
    Batch batch;
    for (int64_t i = 0; i < state.range(0); ++i) {
      batch.Put(Family::kDocuments, keys::Body(kCollection, DocNo{next++}), value);
    }
    if (!store.get()->Commit(batch, Durability::kAsync).ok()) state.SkipWithError("commit failed");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(state.iterations() * state.range(0) * static_cast<int64_t>(kValueBytes));
}
BENCHMARK(BM_CommitAsync)->Arg(1)->Arg(100);

void BM_Get(benchmark::State& state) {
  BenchStore store;
  if (!store.Fill()) return state.SkipWithError("cannot fill a store");
  uint64_t next = 0;
  for (auto _ : state) {
    // A stride that is prime to the number of documents visits all of them out of order.
    next = (next + 7919) % kDocuments;
    auto value = store.get()->Get(Family::kDocuments, keys::Body(kCollection, DocNo{next}));
    if (!value.ok()) state.SkipWithError("get failed");
    benchmark::DoNotOptimize(value);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Get);

/// All documents, once per iteration.
void BM_Scan(benchmark::State& state) {
  BenchStore store;
  if (!store.Fill()) return state.SkipWithError("cannot fill a store");
  uint64_t seen = 0;
  for (auto _ : state) {
    auto it = store.get()->Scan(Family::kDocuments, keys::BodyPrefix(kCollection));
    for (; it->Valid(); it->Next()) {
      benchmark::DoNotOptimize(it->value().data());
      ++seen;
    }
    if (!it->status().ok()) state.SkipWithError("scan failed");
  }
  state.SetItemsProcessed(static_cast<int64_t>(seen));
}
BENCHMARK(BM_Scan)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace cairn::storage
