#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "analysis/analyzer.h"
#include "base/ids.h"
#include "base/mutex.h"
#include "base/status.h"
#include "cache/cache.h"
#include "db/options.h"
#include "embed/embedder.h"
#include "query/nearest.h"
#include "storage/records.h"
#include "text/text_index.h"
#include "vector/vector_index.h"

namespace cairn::db {

/// What readers see of a collection at one moment; part of a ReadState.
struct CollectionView {
  storage::CollectionCounters counters;
  storage::EmbedderState embedder_state;
  std::shared_ptr<embed::Embedder> embedder;       ///< null: text cannot be embedded
  vector::VectorViewPtr vectors;                   ///< null: not loaded, or there are none
  std::weak_ptr<const vector::VectorIndex> index;  ///< whose view it is; for statistics
  /// Tells what searches see from what they saw before, in this and in every other collection.
  uint64_t number = 0;
};

/// Position of the newest manifest of an index; kNoManifest without one.
using ManifestPosition = std::shared_ptr<std::atomic<uint64_t>>;
inline constexpr uint64_t kNoManifest = UINT64_MAX;
inline ManifestPosition NoManifest() {
  return std::make_shared<std::atomic<uint64_t>>(kNoManifest);
}

/// The parts of an open collection. The first group never changes; the second belongs to the
/// database's write mutex and is what the next ReadState is made from.
///
/// Thread safety: the constant part and the atomics are thread-safe; `writer` needs the mutex.
class CollectionState {
 public:
  static Result<std::shared_ptr<CollectionState>> Create(const storage::Store* store,
                                                         std::string name, CollectionId id,
                                                         CollectionConfig config);

  const std::string name;
  const CollectionId id;
  const CollectionConfig config;
  const uint32_t dim;  ///< 0 = without vectors
  const std::shared_ptr<const analysis::Analyzer> analyzer;
  const text::TextIndex text;

  std::atomic<bool> dropped{false};
  std::atomic<bool> training{false};
  std::atomic<bool> loading_vectors{false};
  std::atomic<uint64_t> embedded_chunks{0};  ///< since the collection was opened
  Mutex index_mutex;                         ///< held by the one folder run
  Mutex training_mutex;                      ///< held by the one training
  query::NearestScratchPool nearest_scratch;
  cache::Space* answers = nullptr;  ///< of its searches; null = they are not remembered

  /// Guarded by DatabaseImpl::write_mutex().
  struct Writer {
    storage::CollectionCounters counters;
    storage::EmbedderState embedder_state;
    std::shared_ptr<embed::Embedder> embedder;
    std::shared_ptr<vector::VectorIndex> vectors;  ///< null until a search needs it
    uint64_t vectors_number = 0;                   ///< tells one index from the next
    uint64_t vectors_position = 0;                 ///< last change that was looked through for it
    /// Position of the manifest of the active generation's index. Its index moves it when it
    /// publishes one.
    ManifestPosition manifest_position = NoManifest();
  };
  Writer writer;

  /// The vectors' generation: 0 unless the embedder is trained here.
  uint64_t ActiveGeneration() const { return writer.embedder_state.generation; }
  /// Whether vectors can exist now.
  bool HasVectorSpace() const { return HasVectorSpace(ActiveGeneration()); }
  bool HasVectorSpace(uint64_t generation) const;
  CollectionView MakeView() const;

  /// Reads counters, embedder state and the position of the vectors' manifest, and opens the
  /// builtin embedder of the active generation. `vectors`: to remember in; null = nowhere.
  Status Load(const storage::Store& store, const std::shared_ptr<cache::Cache>& vectors);
  /// The collection's embedder, remembering what it embeds.
  std::shared_ptr<embed::Embedder> Remembering(std::shared_ptr<embed::Embedder> embedder,
                                               const std::shared_ptr<cache::Cache>& vectors) const;

 private:
  CollectionState(const storage::Store* store, std::string name, CollectionId id,
                  CollectionConfig config, uint32_t dim,
                  std::shared_ptr<const analysis::Analyzer> analyzer);
};

using CollectionStatePtr = std::shared_ptr<CollectionState>;

}  // namespace cairn::db
