#include <algorithm>
#include <filesystem>

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

constexpr size_t kBatch = 512;
constexpr char kName[] = "vectors";

/// Writes a database with these vectors, and waits until their index is in files.
double Build(const std::string& path, const VectorSet& base) {
  const Stopwatch watch;
  const Database database = OpenDatabase(path, CAIRN_DURABILITY_ASYNC, false);
  const Collection collection =
      CreateVectorCollection(database.get(), kName, static_cast<uint32_t>(base.dim));
  SearchVector(collection.get(), base.Row(0), base.dim, 1);  // the index is built as it is written
  std::vector<std::string> ids(kBatch);
  std::vector<cairn_document_input> inputs(kBatch);
  cairn_error* error = nullptr;
  for (size_t begin = 0; begin < base.count(); begin += kBatch) {
    const size_t count = std::min(kBatch, base.count() - begin);
    for (size_t i = 0; i < count; ++i) {
      ids[i] = std::to_string(begin + i);
      cairn_document_input_init(&inputs[i], sizeof inputs[i]);
      inputs[i].id = ids[i].data();
      inputs[i].id_bytes = ids[i].size();
      inputs[i].vectors = base.Row(begin + i);
      inputs[i].vector_count = 1;
      inputs[i].dim = static_cast<uint32_t>(base.dim);
    }
    Check(cairn_collection_upsert(collection.get(), inputs.data(), count, &error), error,
          "cannot write");
  }
  Check(cairn_database_wait_idle(database.get(), -1, &error), error, "cannot wait");
  Check(cairn_database_close(database.get(), &error), error, "cannot close");
  return watch.Seconds();
}

struct OpenTimes {
  std::vector<double> open;
  std::vector<double> first;
  std::vector<double> total;
};

OpenTimes Measure(const std::string& path, bool read_only, size_t repeats,
                  const VectorSet& queries) {
  OpenTimes times;
  for (size_t i = 0; i < repeats; ++i) {
    const Stopwatch total;
    const Database database = OpenDatabase(path, CAIRN_DURABILITY_SYNC, read_only);
    const Collection collection = OpenCollection(database.get(), kName);
    times.open.push_back(total.Seconds());
    const Stopwatch first;
    SearchVector(collection.get(), queries.Row(i % queries.count()), queries.dim, 10);
    times.first.push_back(first.Seconds());
    times.total.push_back(total.Seconds());
    cairn_error* error = nullptr;
    Check(cairn_database_close(database.get(), &error), error, "cannot close");
  }
  return times;
}

void Print(const VectorSet& base, bool read_only, const OpenTimes& times) {
  JsonLine()
      .Text("phase", read_only ? "open_read_only" : "open")
      .Count("vectors", base.count())
      .Count("dim", base.dim)
      .Count("repeats", times.total.size())
      .Number("open_p50_ms", Percentile(times.open, 50) * 1e3, 3)
      .Number("first_search_p50_ms", Percentile(times.first, 50) * 1e3, 3)
      .Number("first_answer_p50_ms", Percentile(times.total, 50) * 1e3, 3)
      .Number("first_answer_max_ms", Percentile(times.total, 100) * 1e3, 3)
      .Print();
}

}  // namespace

void RunOpen(const std::vector<std::string>& given) {
  const Arguments arguments(given, {"synthetic", "db", "repeat"}, {});
  const SyntheticData data = MakeSynthetic(arguments.Get("synthetic", "200000x128:1"));
  const size_t repeats = arguments.Count("repeat", 9);
  const ScratchFolder scratch;
  const std::string folder = arguments.Get("db", scratch.path());
  // A tenth of the vectors first: the times should be the same.
  for (size_t share : {size_t{10}, size_t{1}}) {
    VectorSet base = data.base;
    base.values.resize(base.count() / share * base.dim);
    const std::string path = folder + "/open-" + std::to_string(base.count());
    if (!std::filesystem::exists(path)) {
      const double seconds = Build(path, base);
      JsonLine()
          .Text("phase", "build")
          .Count("vectors", base.count())
          .Number("seconds", seconds, 2)
          .Print();
    }
    for (bool read_only : {false, true}) {
      Print(base, read_only, Measure(path, read_only, repeats, data.queries));
    }
  }
}

}  // namespace cairn::bench
