#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/analyzer.h"
#include "base/bitmap.h"
#include "base/ids.h"
#include "base/status.h"
#include "storage/store.h"

namespace cairn::text {

/// BM25 parameters and field weights. Weights apply to term frequency and to field length, as in
/// Lucene's CombinedFieldQuery (BM25F with one saturation).
struct Bm25Options {
  float k1 = 1.2f;
  float b = 0.75f;
  float title_weight = 2.0f;
  float tags_weight = 2.0f;
  float description_weight = 2.0f;
  float body_weight = 1.0f;
};

/// The text of one document, borrowed.
struct TextDocument {
  std::string_view title;
  std::span<const std::string> tags;
  std::string_view description;
  std::span<const std::string> chunks;  ///< body text, one entry per chunk, in order
};

struct TextHit {
  DocNo doc{};
  float score = 0;
  uint32_t best_chunk = 0;      ///< chunk with the highest BM25 share; 0 when only fields matched
  uint32_t matched_chunks = 0;  ///< chunks that hold at least one query term
  float tag_share = 0;          ///< share of the query's idf that the tags hold, 0 to 1
};

struct TextResult {
  std::vector<TextHit> hits;  ///< score descending, then document number ascending
  uint64_t total = 0;         ///< documents that match, whatever k was
};

/// Counts over live documents that hold at least one term.
struct TextStatistics {
  uint64_t document_count = 0;
  double total_length = 0;  ///< sum of weighted document lengths
};

/// Inverted index of one collection, kept in RocksDB: one posting per (term, document).
///
/// Score of document d for query q, over live documents only:
///   sum over query tokens t (a repeated token counts each time) of
///     ln(1 + (N - n_t + 0.5) / (n_t + 0.5)) * f / (f + k1 * (1 - b + b * L_d / avgL))
///   f = sum of weight * frequency over fields; L = sum of weight * exact field length.
/// Where the analyzer gives several forms of one word of the query (its parts, its spelling without
/// diacritics), each document takes the form that scores best in it, so a word counts once. As a
/// rule the form as written is the rarest and thus first. Fields of weight zero match nothing.
///
/// Field weights go into the stored lengths: they must stay the same for the life of the index.
///
/// Thread safety: Search, Statistics thread-safe; Apply callers must be serialised by the owner,
/// and each batch committed before the next Apply.
class TextIndex {
 public:
  TextIndex(const storage::Store* store, CollectionId collection,
            std::shared_ptr<const analysis::Analyzer> analyzer, const Bm25Options& options);
  ~TextIndex();

  /// Adds to `batch` the entries that remove document `remove` and add document `add_doc`. A
  /// document to remove that is not there, or has no terms, is no error. kAlreadyExists when
  /// `add_doc` is there and is not the one to remove. The batch is left alone on failures.
  Status Apply(storage::Batch* batch, std::optional<DocNo> remove, DocNo add_doc,
               const TextDocument& add) const;
  Status Remove(storage::Batch* batch, DocNo doc) const;

  /// Top k of the documents that hold any query term and are in `filter` (null = all).
  /// A query without terms gives an empty result. A null snapshot is the latest state. kDataLoss
  /// when a stored entry that the search needs is malformed.
  Result<TextResult> Search(std::string_view query, size_t k, const Bitmap* filter,
                            const storage::SnapshotPtr& at) const;

  Result<TextStatistics> Statistics(const storage::SnapshotPtr& at) const;
  const analysis::Analyzer& analyzer() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cairn::text
