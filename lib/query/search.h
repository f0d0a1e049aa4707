#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/status.h"
#include "embed/embedder.h"
#include "storage/store.h"
#include "text/snippet.h"
#include "text/text_index.h"
#include "vector/vector_index.h"

namespace cairn::query {

enum class Mode : int32_t { kAuto = 0, kText = 1, kVector = 2, kHybrid = 3 };

/// "auto", "text", "vector", "hybrid".
std::string_view ModeName(Mode mode);

struct SearchRequest {
  std::string_view text;
  Mode mode = Mode::kAuto;
  uint32_t limit = 10;            ///< 1 to 1000
  uint32_t offset = 0;            ///< to 10,000
  std::string_view filter_json;   ///< see query/filter.h
  std::span<const float> vector;  ///< empty = embed the text
  bool include_inactive = false;  ///< also status inactive and hidden
  float text_weight = 0;          ///< hybrid; both 0 = the collection's default
  float vector_weight = 0;
  std::optional<float> min_score;
  uint32_t snippet_chars = 200;  ///< 0 = no snippets
  float target_recall = 0.98f;   ///< of the vector search, in (0, 1]; 1 = exact
  uint32_t ef = 0;               ///< its beam width; 0 = what target_recall asks for
};

struct SearchResult {
  std::string id;
  std::string title;
  std::string path;
  std::vector<std::string> tags;
  std::string type;
  std::string status;
  std::string metadata_json;
  double score = 0;
  double text_score = 0;    ///< BM25; 0 when the text did not match
  double vector_score = 0;  ///< of the nearest chunk; 0 when not among the nearest
  uint32_t matched_chunks = 0;
  bool has_chunk = false;  ///< whether the fields below mean anything
  uint32_t chunk_ordinal = 0;
  uint64_t chunk_begin = 0;
  uint64_t chunk_end = 0;
  uint32_t chunk_line = 0;
  std::string heading_path;
  text::Snippet snippet;
};

struct SearchResponse {
  std::string query;
  Mode mode = Mode::kText;  ///< the one used
  std::vector<SearchResult> results;
  uint64_t total = 0;
  bool has_more = false;
  std::string degraded;  ///< why less was done than asked, or ""
  /// False when the same search of the same state may do better in a moment.
  bool repeatable = true;
  int64_t took_ns = 0;
  bool searched_vectors = false;  ///< whether the fields below mean anything
  float target_recall = 0;        ///< 1 where the search was exact as asked for; 0 = ef was given
  vector::SearchWork work;
};

/// One collection at one moment: everything a search reads. Borrowed for the call.
struct SearchContext {
  const storage::Store* store = nullptr;
  storage::SnapshotPtr at;
  CollectionId collection{};
  const text::TextIndex* text = nullptr;
  vector::VectorViewPtr vectors;  ///< null: no vectors (vectors_missing says why)
  vector::Metric metric = vector::Metric::kCosine;
  uint32_t dim = 0;
  embed::Embedder* embedder = nullptr;  ///< null: text cannot be embedded
  std::string vectors_missing;
  float default_text_weight = 0.5f;
  float default_vector_weight = 0.5f;
  const Clock* clock = Clock::System();
};

/// parse -> {text, vector} -> fuse -> one result per document -> page.
Result<SearchResponse> Search(const SearchContext& context, const SearchRequest& request);

/// True when a search in this mode would read vectors.
bool WantsVectors(const SearchRequest& request);

}  // namespace cairn::query
