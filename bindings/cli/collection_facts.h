#pragma once

#include <cairn/collection.h>

#include <string>

namespace cairn::cli {

/// Counts and settings of one collection.
struct CollectionFacts {
  std::string name;
  cairn_collection_stats stats{};
};

CollectionFacts FactsOf(cairn_database* database, const std::string& name);

/// "builtin", "none" or "callback".
const char* EmbedderName(int32_t embedder);

/// As a JSON object.
std::string FactsJson(const CollectionFacts& facts);

}  // namespace cairn::cli
