#include "db/search_context.h"

#include "embed/builtin.h"

namespace cairn::db {

std::string WhyNoVectors(const CollectionState& state, const CollectionView& view) {
  if (state.config.embedder != EmbedderKind::kBuiltin || view.embedder_state.generation > 0) {
    return "";
  }
  uint32_t needed = embed::BuiltinOptions().min_chunks;
  return StrCat("the builtin embedder is not trained yet: the collection has ",
                view.counters.chunk_count, " chunks and training starts at ", needed);
}

query::SearchContext MakeContext(const DatabaseImpl& db, const CollectionState& state,
                                 const ReadState& pinned, const CollectionView& view) {
  query::SearchContext context;
  context.store = &db.store();
  context.at = pinned.at;
  context.collection = state.id;
  context.text = &state.text;
  context.vectors = view.vectors;
  context.metric = state.config.metric;
  context.dim = state.dim;
  context.embedder = view.embedder.get();
  context.vectors_missing = WhyNoVectors(state, view);
  if (state.config.embedder == EmbedderKind::kBuiltin) {
    context.default_text_weight = 0.6f;
    context.default_vector_weight = 0.4f;
  }
  context.clock = db.options().clock;
  return context;
}

}  // namespace cairn::db
