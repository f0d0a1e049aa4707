#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "cache/cache.h"
#include "query/search.h"

namespace cairn::query {

/// How long an answer is remembered.
inline constexpr int64_t kAnswerTtlNs = 300 * int64_t{1'000'000'000};

/// Remembers answers to searches, those without results too.
///
/// The key is the whole request and the number of the state that was searched. Whoever publishes a
/// new state gives it a new number, so an answer is found for exactly as long as a search would
/// read what it was made from, and one that a slow search keeps late is never found: there is no
/// moment in which an old answer could pass for a new one. Forget, besides, lets the space of
/// answers go that nobody can find any more.
///
/// Thread safety: thread-safe.
class ResultCache {
 public:
  explicit ResultCache(std::shared_ptr<cache::Cache> cache) : cache_(std::move(cache)) {}

  /// Where the answers of one collection are; lives as long as this. Null when there are too many.
  cache::Space* OpenSpace(std::string_view collection);

  static std::string KeyOf(const SearchRequest& request, uint64_t state);
  /// Without took_ns.
  std::optional<SearchResponse> Find(cache::Space* space, std::string_view key);
  void Keep(cache::Space* space, std::string_view key, const SearchResponse& response);
  void Forget(cache::Space* space) { cache_->Bump(space); }

 private:
  const std::shared_ptr<cache::Cache> cache_;
};

/// An answer as bytes, without took_ns, for the process that wrote them.
std::string EncodeResponse(const SearchResponse& response);
Result<SearchResponse> DecodeResponse(std::string_view bytes);

}  // namespace cairn::query
