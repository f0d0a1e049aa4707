#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "analysis/analyzer.h"
#include "base/ids.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "embed/embedder.h"
#include "storage/store.h"

namespace cairn::embed {

struct BuiltinOptions {
  uint32_t block_dim = 256;    ///< dimensions of the LSA and of the PPMI block; dim() is twice
  uint32_t min_chunks = 50;    ///< fewer train nothing
  uint32_t max_terms = 60000;  ///< vocabulary, by document frequency
  uint32_t max_train_chunks = 100000;
  uint64_t max_train_tokens = 50'000'000;
  uint64_t seed = 42;
};

/// Gives the trainer every chunk's embedded text, in a fixed order, as often as it is called.
/// The consumer returns false to stop (cancellation).
using ChunkSource =
    std::function<Status(const std::function<bool(std::string_view text)>& consumer)>;

struct TrainReport {
  uint64_t chunk_count = 0;
  uint64_t term_count = 0;
  double seconds = 0;
};

/// Learns a model from the chunks and writes it under `generation` into the manifest family, in
/// several batches; it counts only once the caller names the generation as active. Deterministic
/// for the same chunks and machine. kFailedPrecondition when there are fewer than min_chunks;
/// kCancelled when `cancelled` returned true.
Result<TrainReport> TrainBuiltin(storage::Store* store, CollectionId collection,
                                 uint64_t generation, const analysis::Analyzer& analyzer,
                                 const ChunkSource& chunks, const BuiltinOptions& options,
                                 ThreadPool* pool, const std::function<bool()>& cancelled);

/// Opens a trained generation. Reads the header only; term rows are fetched when a text needs
/// them and kept in a bounded memory cache. kNotFound when the generation does not exist.
Result<std::unique_ptr<Embedder>> OpenBuiltin(const storage::Store* store, CollectionId collection,
                                              uint64_t generation,
                                              std::shared_ptr<const analysis::Analyzer> analyzer,
                                              const BuiltinOptions& options);

/// Dimension of the builtin embedder with these options.
inline uint32_t BuiltinDim(const BuiltinOptions& options) { return 2 * options.block_dim; }

}  // namespace cairn::embed
