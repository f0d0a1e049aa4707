#include <algorithm>
#include <stdexcept>

#include "cairn_bench/arguments.h"
#include "cairn_bench/commands.h"
#include "cairn_bench/dataset.h"
#include "cairn_bench/json_line.h"
#include "cairn_bench/library.h"
#include "cairn_bench/metrics.h"
#include "cairn_bench/scratch.h"
#include "cairn_bench/stopwatch.h"

namespace cairn::bench {
namespace {

constexpr size_t kBatch = 256;
constexpr uint32_t kDepth = 1000;  // ranks that MAP looks at, as trec_eval does
constexpr uint32_t kPage = 10;     // results per search when the time is taken

struct Task {
  std::vector<CorpusDocument> corpus;
  std::vector<Query> queries;
  std::unordered_map<std::string, Judgements> judgements;
};

struct Loaded {
  double index_seconds = 0;
  double train_seconds = 0;
};

cairn_document_input InputOf(const CorpusDocument& document) {
  cairn_document_input input;
  cairn_document_input_init(&input, sizeof input);
  input.id = document.id.data();
  input.id_bytes = document.id.size();
  input.title = document.title.data();
  input.title_bytes = document.title.size();
  input.body = document.text.data();
  input.body_bytes = document.text.size();
  return input;
}

void Upsert(cairn_collection* collection, const std::vector<CorpusDocument>& corpus) {
  for (size_t begin = 0; begin < corpus.size(); begin += kBatch) {
    std::vector<cairn_document_input> batch;
    for (size_t i = begin; i < std::min(begin + kBatch, corpus.size()); ++i) {
      batch.push_back(InputOf(corpus[i]));
    }
    cairn_error* error = nullptr;
    const cairn_status status =
        cairn_collection_upsert(collection, batch.data(), batch.size(), &error);
    Check(status, error, "cannot write the documents from number " + std::to_string(begin + 1));
  }
}

void WaitIdle(cairn_database* database) {
  cairn_error* error = nullptr;
  const cairn_status status = cairn_database_wait_idle(database, -1, &error);
  Check(status, error, "waiting for the background work failed");
}

/// Background training may have seen only a part: trains on everything.
void Train(cairn_database* database, cairn_collection* collection) {
  WaitIdle(database);
  cairn_error* error = nullptr;
  const cairn_status status = cairn_collection_train(collection, &error);
  Check(status, error, "cannot train the embedder");
  WaitIdle(database);
}

Loaded Load(cairn_database* database, cairn_collection* collection, const Task& task, bool train) {
  Loaded loaded;
  const Stopwatch index;
  Upsert(collection, task.corpus);
  loaded.index_seconds = index.Seconds();
  const Stopwatch training;
  if (train) Train(database, collection);
  loaded.train_seconds = training.Seconds();
  return loaded;
}

cairn_search_options OptionsOf(const std::string& mode, uint32_t limit, bool snippets) {
  cairn_search_options options;
  cairn_search_options_init(&options, sizeof options);
  options.mode = ModeOf(mode);
  options.limit = limit;
  options.snippet_none = snippets ? 0 : 1;
  return options;
}

Ranking RankingOf(const cairn_results* results) {
  cairn_search_info info{};
  info.struct_size = sizeof info;
  cairn_error* error = nullptr;
  Check(cairn_results_info(results, &info, &error), error, "cannot read the answer");
  if (info.degraded_bytes > 0)
    throw std::runtime_error("degraded answer: " + std::string(info.degraded));
  Ranking ranking;
  for (uint32_t i = 0; i < info.count; ++i) {
    cairn_result result{};
    result.struct_size = sizeof result;
    Check(cairn_results_get(results, i, &result, &error), error, "cannot read a result");
    ranking.emplace_back(result.id, result.id_bytes);
  }
  return ranking;
}

/// Means over the queries that have a relevant document.
void AddQuality(const cairn_collection* collection, const Task& task, const std::string& mode,
                JsonLine* line) {
  const cairn_search_options options = OptionsOf(mode, kDepth, false);
  double ndcg = 0;
  double precision = 0;
  double recall = 0;
  size_t judged = 0;
  for (const Query& query : task.queries) {
    const auto found = task.judgements.find(query.id);
    if (found == task.judgements.end() || RelevantCount(found->second) == 0) continue;
    const Results results = Search(collection, query.text, options);
    const Ranking ranking = RankingOf(results.get());
    ndcg += Ndcg(ranking, found->second, 10);
    precision += AveragePrecision(ranking, found->second);
    recall += Recall(ranking, found->second, 100);
    ++judged;
  }
  if (judged == 0) throw std::runtime_error("no query has a relevant document");
  const double count = static_cast<double>(judged);
  line->Count("queries", judged)
      .Count("queries_left_out", task.queries.size() - judged)
      .Number("ndcg@10", ndcg / count, 4)
      .Number("map", precision / count, 4)
      .Number("recall@100", recall / count, 4);
}

void AddSpeed(const cairn_collection* collection, const Task& task, const std::string& mode,
              JsonLine* line) {
  const cairn_search_options options = OptionsOf(mode, kPage, true);
  std::vector<double> seconds;
  for (const Query& query : task.queries) {
    const Stopwatch watch;
    const Results results = Search(collection, query.text, options);
    seconds.push_back(watch.Seconds());
  }
  line->Latencies(seconds);
}

std::vector<std::string> ModesOf(const Arguments& arguments) {
  const std::string mode = arguments.Choice("mode", {"hybrid", "text", "vector", "all"});
  if (mode == "all") return {"text", "vector", "hybrid"};
  return {mode};
}

}  // namespace

void RunIr(const std::vector<std::string>& given) {
  const Arguments arguments(given, {"corpus", "queries", "qrels", "mode", "embedder"}, {"binary"});
  const std::vector<std::string> modes = ModesOf(arguments);
  const bool text_only = modes == std::vector<std::string>{"text"};
  const std::string embedder =
      arguments.Choice("embedder", text_only ? std::vector<std::string>{"none", "builtin"}
                                             : std::vector<std::string>{"builtin", "none"});
  Task task;
  task.corpus = ReadCorpus(arguments.Required("corpus"));
  task.queries = ReadQueries(arguments.Required("queries"));
  task.judgements =
      ReadJudgements(arguments.Required("qrels"), task.queries, arguments.Has("binary"));
  const ScratchFolder scratch;
  const Database database = OpenDatabase(scratch.path() + "/db", CAIRN_DURABILITY_ASYNC, false);
  const Collection collection = CreateCollection(database.get(), "corpus", embedder);
  const Loaded loaded = Load(database.get(), collection.get(), task, embedder == "builtin");
  for (const std::string& mode : modes) {
    JsonLine line;
    line.Text("bench", "ir")
        .Text("corpus", arguments.Required("corpus"))
        .Text("mode", mode)
        .Text("embedder", embedder)
        .Flag("binary", arguments.Has("binary"))
        .Count("docs", task.corpus.size());
    AddQuality(collection.get(), task, mode, &line);
    AddSpeed(collection.get(), task, mode, &line);
    line.Number("index_seconds", loaded.index_seconds, 4)
        .Number("train_seconds", loaded.train_seconds, 4)
        .Count("peak_rss_bytes", PeakResidentBytes())
        .Print();
  }
}

}  // namespace cairn::bench
