#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "cairn_bench/metrics.h"

namespace cairn::bench {

// Files as the BEIR collections have them. JSONL is split on line feeds only, since other
// separators may stand inside a JSON string. Every error is a std::runtime_error that begins with
// FILE:LINE.

struct CorpusDocument {
  std::string id;
  std::string title;
  std::string text;
};

struct Query {
  std::string id;
  std::string text;
};

/// Objects with "_id", and "title" and "text" where there are any. Ids must not repeat.
std::vector<CorpusDocument> ReadCorpus(const std::string& path);

/// Objects with "_id" and "text".
std::vector<Query> ReadQueries(const std::string& path);

/// Queries as above from a .jsonl file; else one query per line, numbered from 1.
std::vector<Query> ReadAnyQueries(const std::string& path);

/// Judgements by query id, from lines `query-id <TAB> corpus-id <TAB> grade` below a header line.
/// Every query id must be one of `queries`. binary: grades above 0 become 1.
std::unordered_map<std::string, Judgements> ReadJudgements(const std::string& path,
                                                           const std::vector<Query>& queries,
                                                           bool binary);

}  // namespace cairn::bench
