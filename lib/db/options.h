#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "embed/builtin.h"
#include "embed/embedder.h"
#include "storage/store.h"
#include "text/text_index.h"
#include "vector/vector_index.h"

namespace cairn::db {

inline constexpr uint64_t kDefaultCacheBytes = 16 << 20;

struct DatabaseOptions {
  std::string path;
  bool read_only = false;
  bool must_exist = false;
  storage::Durability durability = storage::Durability::kSync;
  uint32_t thread_count = 0;          ///< 0 = as many as processors, at most 4
  uint64_t storage_memory_bytes = 0;  ///< 0 = 64 MiB
  uint64_t vector_memory_bytes = 0;   ///< most that vector indexes may take; 0 = no limit
  uint64_t search_cache_bytes = kDefaultCacheBytes;     ///< for answers of searches; 0 = none
  uint64_t embedding_cache_bytes = kDefaultCacheBytes;  ///< for vectors of texts; 0 = none
  std::shared_ptr<LogSink> log;                         ///< null: silent
  const Clock* clock = Clock::System();
};

enum class EmbedderKind : int32_t { kBuiltin = 0, kNone = 1, kCallback = 2 };

/// The settings a collection is created with; stored, and unchangeable afterwards.
struct CollectionConfig {
  EmbedderKind embedder = EmbedderKind::kBuiltin;
  uint32_t dim = 0;  ///< 0 with kBuiltin (it has its own) and for kNone without vectors
  vector::Metric metric = vector::Metric::kCosine;
  std::string language = "english";
  text::Bm25Options bm25;
  std::string embedder_name;     ///< kCallback
  std::string embedder_version;  ///< kCallback
};

/// How one handle uses a collection.
struct CollectionOptions {
  CollectionConfig config;
  embed::HostCallback callback;  ///< kCallback; owned by the call it is passed to
};

/// invalid_argument that lists everything wrong with the settings.
Status ValidateConfig(const CollectionConfig& config);

/// `name` must be 1 to 128 bytes of UTF-8 without control characters and '/'.
Status ValidateCollectionName(std::string_view name);

/// `id` must be 1 to 512 bytes of UTF-8 without NUL.
Status ValidateDocumentId(std::string_view id);

}  // namespace cairn::db
