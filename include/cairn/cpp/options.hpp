// SPDX-License-Identifier: Apache-2.0
#ifndef CAIRN_CPP_OPTIONS_HPP_
#define CAIRN_CPP_OPTIONS_HPP_

#include <cairn/cairn.h>
#include <cairn/cpp/handle.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cairn {

// The values mean what the constants of the same name mean in the C headers.
enum class Durability : std::int32_t {
  kSync = CAIRN_DURABILITY_SYNC,
  kAsync = CAIRN_DURABILITY_ASYNC
};
enum class LogLevel : std::int32_t {
  kDebug = CAIRN_LOG_DEBUG,
  kInfo = CAIRN_LOG_INFO,
  kWarning = CAIRN_LOG_WARNING,
  kError = CAIRN_LOG_ERROR,
};
enum class Metric : std::int32_t {
  kCosine = CAIRN_METRIC_COSINE,
  kInnerProduct = CAIRN_METRIC_INNER_PRODUCT,
  kL2 = CAIRN_METRIC_L2,
};
enum class Embedder : std::int32_t {
  kBuiltin = CAIRN_EMBEDDER_BUILTIN,
  kNone = CAIRN_EMBEDDER_NONE,
  kCallback = CAIRN_EMBEDDER_CALLBACK,
};
enum class Purpose : std::int32_t {
  kDocument = CAIRN_PURPOSE_DOCUMENT,
  kQuery = CAIRN_PURPOSE_QUERY
};
enum class Format : std::int32_t {
  kPlainText = CAIRN_FORMAT_PLAIN_TEXT,
  kMarkdown = CAIRN_FORMAT_MARKDOWN,
};
enum class Mode : std::int32_t {
  kAuto = CAIRN_MODE_AUTO,
  kText = CAIRN_MODE_TEXT,
  kVector = CAIRN_MODE_VECTOR,
  kHybrid = CAIRN_MODE_HYBRID,
};
enum class Phase : std::int32_t {
  kScan = CAIRN_PHASE_SCAN,
  kIndex = CAIRN_PHASE_INDEX,
  kEmbed = CAIRN_PHASE_EMBED,
  kDone = CAIRN_PHASE_DONE,
};

/// Receives log records, from any thread and also concurrently. What it throws is dropped.
using LogFunction =
    std::function<void(LogLevel level, std::string_view component, std::string_view message)>;

/// Fills vectors_out[i * dim .. ] for every text i, from any thread and also concurrently. An
/// exception fails the call that needed the vectors, and comes out of it again.
using EmbedFunction = std::function<void(const std::vector<std::string_view>& texts,
                                         Purpose purpose, float* vectors_out)>;

struct DatabaseOptions {
  bool read_only = false;
  bool must_exist = false;
  Durability durability = Durability::kSync;
  std::uint32_t thread_count = 0;           ///< 0 = as many as processors, at most 4
  std::uint64_t storage_memory_bytes = 0;   ///< 0 = 64 MiB
  std::uint64_t vector_memory_bytes = 0;    ///< as in cairn_database_options; 0 = no limit
  std::uint64_t search_cache_bytes = 0;     ///< for remembered answers; 0 = 16 MiB
  std::uint64_t embedding_cache_bytes = 0;  ///< for remembered vectors of texts; 0 = 16 MiB
  bool search_cache_none = false;
  bool embedding_cache_none = false;
  LogLevel log_level = LogLevel::kDebug;
  LogFunction log;
};

/// As cairn_collection_options: zero and empty mean the default.
struct CollectionOptions {
  Embedder embedder = Embedder::kBuiltin;  ///< kCallback when `embed` is set
  std::uint32_t dim = 0;
  Metric metric = Metric::kCosine;
  std::string language;
  float bm25_k1 = 0;
  float bm25_b = 0;
  float title_weight = 0;
  float tags_weight = 0;
  float description_weight = 0;
  float body_weight = 0;
  EmbedFunction embed;
  std::string embedder_name;
  std::string embedder_version;
};

struct SearchOptions {
  Mode mode = Mode::kAuto;
  std::uint32_t limit = 10;
  std::uint32_t offset = 0;
  std::string filter_json;
  FloatView vector;  ///< empty = embed the query text
  bool include_inactive = false;
  float text_weight = 0;
  float vector_weight = 0;
  std::optional<float> min_score;
  std::uint32_t snippet_chars = 200;  ///< 0 = no snippets
  float target_recall = 0;            ///< of the vector search; 0 = 0.98, 1 = exact
  std::uint32_t ef = 0;               ///< its beam width; 0 = what target_recall asks for
};

enum class GroupBy : std::int32_t {
  kDocument = CAIRN_GROUP_DOCUMENT,
  kNone = CAIRN_GROUP_NONE,
};

/// As cairn_vector_options.
struct VectorOptions {
  GroupBy group_by = GroupBy::kDocument;
  float target_recall = 0;  ///< 0 = 0.98, 1 = exact
  std::uint32_t ef = 0;
  std::optional<float> min_score;
  std::string_view filter_json;
  bool exclude_self = false;
};

struct Progress {
  Phase phase = Phase::kScan;
  std::uint64_t done = 0;
  std::uint64_t total = 0;  ///< 0 while unknown
  std::string_view path;
};

struct IndexOptions {
  bool force_root = false;
  bool allow_mass_delete = false;
  std::uint32_t chunk_max_tokens = 0;  ///< 0 = 256
  std::uint64_t max_file_bytes = 0;    ///< 0 = 1 MiB
  std::vector<std::string> ignore;     ///< further patterns, as in .gitignore
  /// Returns false to cancel. What it throws comes out of index_folder.
  std::function<bool(const Progress&)> progress;
};

}  // namespace cairn

#endif  // CAIRN_CPP_OPTIONS_HPP_
