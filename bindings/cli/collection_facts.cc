#include "collection_facts.h"

#include "failure.h"
#include "json.h"
#include "open.h"

namespace cairn::cli {
namespace {

const char* MetricName(int32_t metric) {
  switch (metric) {
    case CAIRN_METRIC_COSINE:
      return "cosine";
    case CAIRN_METRIC_INNER_PRODUCT:
      return "inner_product";
    case CAIRN_METRIC_L2:
      return "l2";
    default:
      return "unknown";
  }
}

}  // namespace

CollectionFacts FactsOf(cairn_database* database, const std::string& name) {
  const Collection collection = OpenCollection(database, name);
  CollectionFacts facts;
  facts.name = name;
  facts.stats.struct_size = sizeof facts.stats;
  ErrorSlot error;
  Check(cairn_collection_stats_get(collection.get(), &facts.stats, error.out()), error);
  return facts;
}

const char* EmbedderName(int32_t embedder) {
  switch (embedder) {
    case CAIRN_EMBEDDER_BUILTIN:
      return "builtin";
    case CAIRN_EMBEDDER_NONE:
      return "none";
    case CAIRN_EMBEDDER_CALLBACK:
      return "callback";
    default:
      return "unknown";
  }
}

std::string FactsJson(const CollectionFacts& facts) {
  const cairn_collection_stats& stats = facts.stats;
  return JsonObject()
      .Text("name", facts.name)
      .Number("documents", stats.document_count)
      .Number("chunks", stats.chunk_count)
      .Number("vectors", stats.vector_count)
      .Number("dim", stats.dim)
      .Text("metric", MetricName(stats.metric))
      .Text("embedder", EmbedderName(stats.embedder))
      .Number("embedder_generation", stats.embedder_generation)
      .Number("trained_chunks", stats.trained_chunk_count)
      .Number("training_min_chunks", stats.training_min_chunks)
      .str();
}

}  // namespace cairn::cli
