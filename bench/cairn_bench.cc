// cairn-bench: measures the library on any data set: indexing, ranking quality and search times
// through its C ABI, the vector index from inside. One JSON object per line on standard output.
#include <cstdio>
#include <exception>
#include <map>
#include <string>
#include <vector>

#include "cairn_bench/arguments.h"
#include "cairn_bench/commands.h"

namespace {

constexpr const char* kHelp =
    "usage: cairn-bench COMMAND OPTIONS\n"
    "\n"
    "  index   --root DIR [--db DIR] [--embedder builtin|none] [--durability sync|async]\n"
    "          indexes a folder of notes twice: from nothing, and unchanged\n"
    "  ir      --corpus corpus.jsonl --queries queries.jsonl --qrels qrels.tsv\n"
    "          [--mode hybrid|text|vector|all] [--embedder builtin|none] [--binary]\n"
    "          ranking quality on a judged collection (BEIR's files), and times\n"
    "  search  --db DIR --queries FILE [--collection NAME] [--mode auto|text|vector|hybrid]\n"
    "          [--limit N] [--repeat N] [--no-snippet] [--remembered]\n"
    "          search times on a database that is there\n"
    "  vector  DATA [--targets R,R,...] [--groundtruth F] [--peers hnswlib,faiss|none]\n"
    "          vector search at equal recall, beside other engines\n"
    "  filter  DATA [--target-recall R] [--peers hnswlib|none]\n"
    "          filters of every pass rate and shape\n"
    "  churn   DATA [--target-recall R] [--rounds N]\n"
    "          recall and bytes while half of the vectors are updated again and again\n"
    "  mixed   DATA [--target-recall R] [--rounds N] [--seconds N] [--rate N]\n"
    "          searches while a writer adds\n"
    "  resilience  [--part all|cost|batcher] [--rounds N] [--callers N] [--items N] [--delay-ms "
    "N]\n"
    "          what a call through breaker, retry and pipeline costs; what batching brings\n"
    "  durable [--dim N] [--count N] [--sync-count N] [--rounds N]\n"
    "          single upserts, async and sync, beside bare RocksDB puts of the same bytes\n"
    "  open    [--synthetic NxD:SEED] [--db DIR] [--repeat N]\n"
    "          time to the first answer of a database that is there\n"
    "  cache   --trace F.u64le[.gz] [--capacity N] [--policy cairn|lru|s3fifo|tinylfu]\n"
    "          --throughput [--entries N] [--keys N] [--threads T] [--zipf S] [--value-bytes B]\n"
    "          [--peers c,tbb,rocksdb|none] [--operations N] [--repeat N]\n"
    "          --bytes-bound [--threads T] [--megabytes N] [--operations N]\n"
    "          hit ratios, times and bounds of the cache\n"
    "  limiter [--algorithm gcra|fixed|sliding|concurrency] [--keys N] [--threads N] [--zipf S]\n"
    "          [--limit N] [--requests N] [--rounds N] [--memory-mib N] [--shared]\n"
    "          [--adversary | --flood]\n"
    "          nanoseconds per decision, bytes per key, and what an attacker gets\n"
    "          --redis [--redis-url URL] [--batch N] [--seconds N] [--phase P] [--outage SECONDS]\n"
    "          limits in Redis: decisions per second, or what happens while it is killed\n"
    "\n"
    "  DATA is --base F --queries F (.fvecs, .bvecs, .npy) or --synthetic NxD:SEED, and\n"
    "  [--limit N] [--query-limit N] [--metric cosine|ip|l2] [--k N] [--threads N] [--m N]\n"
    "  [--ef-construction N] [--repeat N]\n"
    "\n"
    "Prints one JSON object per line. Exit codes: 0 done, 1 failed, 2 wrong command line.\n"
    "See bench/README.md for what the numbers mean.\n";

using Command = void (*)(const std::vector<std::string>&);

Command Find(const std::string& name) {
  static const std::map<std::string, Command> kCommands = {
      {"index", cairn::bench::RunIndex},     {"ir", cairn::bench::RunIr},
      {"search", cairn::bench::RunSearch},   {"vector", cairn::bench::RunVector},
      {"filter", cairn::bench::RunFilter},   {"churn", cairn::bench::RunChurn},
      {"mixed", cairn::bench::RunMixed},     {"durable", cairn::bench::RunDurable},
      {"open", cairn::bench::RunOpen},       {"resilience", cairn::bench::RunResilience},
      {"limiter", cairn::bench::RunLimiter}, {"cache", cairn::bench::RunCache}};
  const auto found = kCommands.find(name);
  if (found == kCommands.end()) throw cairn::bench::UsageError("there is no command " + name);
  return found->second;
}

int Run(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    std::fputs(kHelp, stderr);
    return 2;
  }
  if (arguments[0] == "--help" || arguments[0] == "-h") {
    std::fputs(kHelp, stdout);
    return 0;
  }
  Find(arguments[0])({arguments.begin() + 1, arguments.end()});
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Run({argv + 1, argv + argc});
  } catch (const cairn::bench::UsageError& error) {
    std::fprintf(stderr, "cairn-bench: %s; see cairn-bench --help\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "cairn-bench: %s\n", error.what());
    return 1;
  }
}
