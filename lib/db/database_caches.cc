#include <utility>

#include "db/database_impl.h"

// What a database remembers of its searches and of its embedders.

namespace cairn::db {
namespace {

Result<std::shared_ptr<cache::Cache>> MakeCache(const DatabaseOptions& options, const char* name,
                                                uint64_t max_bytes,
                                                std::shared_ptr<metrics::Registry> metrics) {
  if (max_bytes == 0) return std::shared_ptr<cache::Cache>();
  cache::CacheOptions cache;
  cache.max_bytes = max_bytes;
  cache.clock = options.clock;
  cache.metrics = std::move(metrics);
  cache.name = name;
  CAIRN_ASSIGN_OR_RETURN(std::unique_ptr<cache::Cache> made,
                         cache::Cache::Create(std::move(cache)));
  return std::shared_ptr<cache::Cache>(std::move(made));
}

CacheUse UseOf(const cache::Cache* cache) {
  CacheUse use;
  if (cache == nullptr) return use;
  const cache::CacheStats stats = cache->Stats();
  use.hits = stats.total.hits;
  use.misses = stats.total.misses;
  use.entries = stats.total.entries;
  use.bytes = stats.bytes;
  use.limit_bytes = stats.max_bytes;
  return use;
}

/// Whether a search reads the same in both. The counters name the last change of the collection,
/// but not where an earlier release has written it: there every change of the database counts.
bool ReadsTheSame(const CollectionView& a, uint64_t a_sequence, const CollectionView& b,
                  uint64_t b_sequence) {
  return a.counters.last_change == b.counters.last_change &&
         (a.counters.last_change != 0 || a_sequence == b_sequence) &&
         a.embedder_state.generation == b.embedder_state.generation && a.embedder == b.embedder &&
         a.vectors == b.vectors;
}

}  // namespace

Status DatabaseImpl::MakeCaches() {
  auto vectors = MakeCache(options_, "embeddings", options_.embedding_cache_bytes, registry_);
  auto answers = MakeCache(options_, "searches", options_.search_cache_bytes, registry_);
  std::string faults;
  if (!vectors.ok()) faults = StrCat("embedding_cache_bytes: ", vectors.status().message());
  if (!answers.ok()) {
    faults +=
        StrCat(faults.empty() ? "" : "; ", "search_cache_bytes: ", answers.status().message());
  }
  if (!faults.empty()) return Error(Code::kInvalidArgument, faults);
  vector_cache_ = std::move(vectors).value();
  answer_cache_ = std::move(answers).value();
  if (answer_cache_ != nullptr) answers_ = std::make_unique<query::ResultCache>(answer_cache_);
  return OkStatus();
}

void DatabaseImpl::OpenAnswers(CollectionState* state) {
  if (answers_ != nullptr) state->answers = answers_->OpenSpace(state->name);
}

void DatabaseImpl::NumberView(const CollectionState& state, const ReadState* before,
                              CollectionView* view) {
  if (before != nullptr) {
    const auto known = before->collections.find(state.id);
    if (known != before->collections.end() &&
        ReadsTheSame(known->second, before->counters.sequence, *view, counters_.sequence)) {
      view->number = known->second.number;
      return;
    }
  }
  view->number = ++last_view_;
  if (state.answers != nullptr) answers_->Forget(state.answers);
}

void DatabaseImpl::AddCacheStats(DatabaseStats* stats) const {
  stats->search_cache = UseOf(answer_cache_.get());
  stats->embedding_cache = UseOf(vector_cache_.get());
}

std::string DatabaseImpl::Metrics() const {
  for (cache::Cache* cache : {answer_cache_.get(), vector_cache_.get()}) {
    if (cache != nullptr) cache->Maintain();  // it writes its metrics then
  }
  return registry_->ToPrometheusText();
}

}  // namespace cairn::db
