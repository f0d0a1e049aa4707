#include "db/collection_state.h"

#include <utility>

#include "db/config.h"
#include "embed/builtin.h"
#include "embed/cached_embedder.h"
#include "storage/keys.h"

namespace cairn::db {
namespace {

/// Decodes the record under `key`; a missing record is a default one.
template <typename Record>
Result<Record> ReadOrDefault(const storage::Store& store, const std::string& key) {
  auto bytes = store.Get(storage::Family::kManifest, key);
  if (bytes.ok()) return Record::Decode(*bytes);
  if (bytes.status().code() == Code::kNotFound) return Record();
  return std::move(bytes).status();
}

}  // namespace

CollectionState::CollectionState(const storage::Store* store, std::string collection_name,
                                 CollectionId collection_id, CollectionConfig collection_config,
                                 uint32_t vector_dim,
                                 std::shared_ptr<const analysis::Analyzer> shared_analyzer)
    : name(std::move(collection_name)),
      id(collection_id),
      config(std::move(collection_config)),
      dim(vector_dim),
      analyzer(std::move(shared_analyzer)),
      text(store, id, analyzer, config.bm25) {}

Result<CollectionStatePtr> CollectionState::Create(const storage::Store* store, std::string name,
                                                   CollectionId id, CollectionConfig config) {
  CAIRN_ASSIGN_OR_RETURN(auto analyzer, analysis::Analyzer::Create({config.language}));
  uint32_t dim = EffectiveDim(config);
  return CollectionStatePtr(
      new CollectionState(store, std::move(name), id, std::move(config), dim, std::move(analyzer)));
}

bool CollectionState::HasVectorSpace(uint64_t generation) const {
  return dim > 0 && (config.embedder != EmbedderKind::kBuiltin || generation > 0);
}

CollectionView CollectionState::MakeView() const {
  CollectionView view;
  view.counters = writer.counters;
  view.embedder_state = writer.embedder_state;
  view.embedder = writer.embedder;
  if (writer.vectors != nullptr) view.vectors = writer.vectors->View();
  view.index = writer.vectors;
  return view;
}

std::shared_ptr<embed::Embedder> CollectionState::Remembering(
    std::shared_ptr<embed::Embedder> embedder, const std::shared_ptr<cache::Cache>& vectors) const {
  if (vectors == nullptr || embedder == nullptr) return embedder;
  // What a host calls by one name is one embedder; the builtin one is another in every collection.
  std::string scope = config.embedder == EmbedderKind::kBuiltin ? StrCat(ToInt(id)) : "";
  return embed::MakeCachedEmbedder(std::move(embedder), std::move(scope), vectors);
}

Status CollectionState::Load(const storage::Store& store,
                             const std::shared_ptr<cache::Cache>& vectors) {
  CAIRN_ASSIGN_OR_RETURN(writer.counters, ReadOrDefault<storage::CollectionCounters>(
                                              store, storage::keys::CollectionCounters(id)));
  CAIRN_ASSIGN_OR_RETURN(writer.embedder_state, ReadOrDefault<storage::EmbedderState>(
                                                    store, storage::keys::EmbedderState(id)));
  writer.manifest_position = NoManifest();
  auto manifest =
      store.Get(storage::Family::kManifest, storage::keys::IndexManifest(id, ActiveGeneration()));
  if (manifest.ok()) {
    auto decoded = vector::IndexManifest::Decode(*manifest);
    if (decoded.ok()) *writer.manifest_position = decoded->position;
  }
  if (config.embedder != EmbedderKind::kBuiltin || ActiveGeneration() == 0) return OkStatus();
  CAIRN_ASSIGN_OR_RETURN(std::unique_ptr<embed::Embedder> embedder,
                         embed::OpenBuiltin(&store, id, ActiveGeneration(), analyzer, {}));
  writer.embedder = Remembering(std::move(embedder), vectors);
  return OkStatus();
}

}  // namespace cairn::db
