#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "cairn_bench/arguments.h"
#include "cairn_bench/commands.h"
#include "cairn_bench/json_line.h"
#include "cairn_bench/library.h"
#include "cairn_bench/metrics.h"
#include "cairn_bench/scratch.h"
#include "cairn_bench/stopwatch.h"
#include "cairn_bench/synthetic.h"

namespace cairn::bench {
namespace {

/// A RocksDB with nothing around it: what a put of the same bytes costs at least.
class BareRocks {
 public:
  explicit BareRocks(const std::string& path) {
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::DB* db = nullptr;
    Check(rocksdb::DB::Open(options, path, &db));
    db_.reset(db);
  }

  void Put(const std::string& key, const float* vector, size_t dim, bool sync) {
    rocksdb::WriteOptions options;
    options.sync = sync;
    Check(db_->Put(options, key,
                   rocksdb::Slice(reinterpret_cast<const char*>(vector), dim * sizeof(float))));
  }

 private:
  static void Check(const rocksdb::Status& status) {
    if (!status.ok()) throw std::runtime_error("RocksDB: " + status.ToString());
  }
  std::unique_ptr<rocksdb::DB> db_;
};

void Upsert(cairn_collection* collection, const std::string& id, const float* vector, size_t dim) {
  cairn_document_input input;
  cairn_document_input_init(&input, sizeof input);
  input.id = id.data();
  input.id_bytes = id.size();
  input.vectors = vector;
  input.vector_count = 1;
  input.dim = static_cast<uint32_t>(dim);
  cairn_error* error = nullptr;
  Check(cairn_collection_upsert(collection, &input, 1, &error), error, "cannot write");
}

struct DurableRun {
  bool sync = false;
  bool replace = false;  ///< the same ids again
  size_t count = 0;
};

/// Writes each vector to both, taking turns. Seconds per write.
struct DurableTimes {
  std::vector<double> upsert;
  std::vector<double> put;
};

DurableTimes Measure(const DurableRun& run, const VectorSet& vectors, cairn_collection* collection,
                     BareRocks* bare) {
  DurableTimes times;
  for (size_t i = 0; i < run.count; ++i) {
    std::string id = "document-" + std::to_string(run.replace ? i % (run.count / 4 + 1) : i);
    const float* vector = vectors.Row(i % vectors.count());
    const Stopwatch put;
    bare->Put(id, vector, vectors.dim, run.sync);
    times.put.push_back(put.Seconds());
    const Stopwatch upsert;
    Upsert(collection, id, vector, vectors.dim);
    times.upsert.push_back(upsert.Seconds());
  }
  return times;
}

double MeasureAndPrint(const DurableRun& run, const VectorSet& vectors) {
  ScratchFolder folder;
  int32_t durability = run.sync ? CAIRN_DURABILITY_SYNC : CAIRN_DURABILITY_ASYNC;
  Database database = OpenDatabase(folder.path() + "/cairn", durability, false);
  Collection collection =
      CreateVectorCollection(database.get(), "vectors", static_cast<uint32_t>(vectors.dim));
  // From here on every write goes to the index too.
  SearchVector(collection.get(), vectors.Row(0), vectors.dim, 1);
  BareRocks bare(folder.path() + "/bare");
  const DurableTimes times = Measure(run, vectors, collection.get(), &bare);
  const double ratio = Percentile(times.upsert, 50) / Percentile(times.put, 50);
  JsonLine()
      .Text("phase", run.sync ? "sync" : "async")
      .Text("ids", run.replace ? "replaced" : "new")
      .Count("writes", run.count)
      .Count("dim", vectors.dim)
      .Number("upsert_p50_us", Percentile(times.upsert, 50) * 1e6, 1)
      .Number("upsert_p99_us", Percentile(times.upsert, 99) * 1e6, 1)
      .Number("put_p50_us", Percentile(times.put, 50) * 1e6, 1)
      .Number("put_p99_us", Percentile(times.put, 99) * 1e6, 1)
      .Number("p50_ratio", ratio, 3)
      .Print();
  return ratio;
}

}  // namespace

void RunDurable(const std::vector<std::string>& given) {
  const Arguments arguments(given, {"dim", "count", "sync-count", "rounds"}, {});
  const uint32_t dim = arguments.Count("dim", 384);
  const uint32_t count = arguments.Count("count", 5000);
  const uint32_t sync_count = arguments.Count("sync-count", 500);
  const uint32_t rounds = arguments.Count("rounds", 3);
  const VectorSet vectors =
      MakeSynthetic(std::to_string(std::min(count, 5000u)) + "x" + std::to_string(dim) + ":1").base;
  JsonLine best;
  for (bool sync : {false, true}) {
    std::vector<double> ratios;
    for (uint32_t round = 0; round < rounds; ++round) {
      ratios.push_back(MeasureAndPrint({sync, false, sync ? sync_count : count}, vectors));
    }
    MeasureAndPrint({sync, true, sync ? sync_count : count}, vectors);
    best.Number(sync ? "sync" : "async", *std::min_element(ratios.begin(), ratios.end()), 3);
    best.Number(sync ? "sync_median" : "async_median", Percentile(ratios, 50), 3);
  }
  JsonLine().Text("phase", "summary").Object("p50_ratio", best).Print();
}

}  // namespace cairn::bench
