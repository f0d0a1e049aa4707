#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "db/database.h"
#include "support/matchers.h"
#include "support/temp_dir.h"

namespace cairn::db::test {

using ::cairn::test::TempDir;

/// Ends the test program when a step that every test needs fails.
template <typename T>
T Must(Result<T> result) {
  if (!result.ok()) {
    ADD_FAILURE() << result.status();
    std::abort();
  }
  return std::move(result).value();
}

inline std::unique_ptr<Database> OpenAt(const std::string& path, bool read_only = false) {
  DatabaseOptions options;
  options.path = path;
  options.read_only = read_only;
  options.durability = storage::Durability::kAsync;
  return Must(Database::Open(options));
}

inline CollectionOptions WithVectors(uint32_t dim,
                                     vector::Metric metric = vector::Metric::kCosine) {
  CollectionOptions options;
  options.config.embedder = EmbedderKind::kNone;
  options.config.dim = dim;
  options.config.metric = metric;
  return options;
}

inline DocumentInput Note(std::string_view id, std::string_view title, std::string_view body) {
  DocumentInput input;
  input.id = id;
  input.title = title;
  input.body = body;
  return input;
}

inline std::vector<std::string> Ids(const query::SearchResponse& response) {
  std::vector<std::string> ids;
  for (const auto& result : response.results) ids.push_back(result.id);
  return ids;
}

inline query::SearchRequest TextQuery(std::string_view text) {
  query::SearchRequest request;
  request.text = text;
  request.mode = query::Mode::kText;
  return request;
}

/// A corpus of two topics whose words co-occur, large enough to train on.
inline std::vector<std::pair<std::string, std::string>> TwoTopics(size_t count) {
  static const char* const kBread[] = {"flour", "dough", "yeast", "oven",
                                       "loaf",  "crumb", "bake",  "ferment"};
  static const char* const kStars[] = {"star",   "galaxy", "telescope", "orbit",
                                       "planet", "comet",  "nebula",    "eclipse"};
  std::vector<std::pair<std::string, std::string>> notes;
  for (size_t i = 0; i < count; ++i) {
    const auto& words = i % 2 == 0 ? kBread : kStars;
    std::string body;
    for (size_t j = 0; j < 12; ++j) body += std::string(words[(i * 7 + j * (i % 5 + 1)) % 8]) + " ";
    notes.emplace_back("doc" + std::to_string(1000 + i), body);
  }
  return notes;
}

}  // namespace cairn::db::test
