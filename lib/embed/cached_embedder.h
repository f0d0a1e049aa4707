#pragma once

#include <memory>
#include <string>

#include "cache/cache.h"
#include "embed/embedder.h"

namespace cairn::embed {

/// How long a vector is remembered.
inline constexpr int64_t kVectorTtlNs = 86'400 * int64_t{1'000'000'000};

/// Remembers the vectors of another embedder. The key is all that the vector depends on: `scope`,
/// the identity with its training generation, the dimension, the purpose and the text itself.
/// A zero vector is not remembered: with many embedders it is a fault, and passes.
///
/// scope: tells embedders apart that share an identity and are not the same, as the builtin ones of
/// two collections are; "" where the identity says it all.
std::shared_ptr<Embedder> MakeCachedEmbedder(std::shared_ptr<Embedder> inner, std::string scope,
                                             std::shared_ptr<cache::Cache> cache);

}  // namespace cairn::embed
