#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bitmap.h"
#include "base/ids.h"
#include "base/status.h"
#include "storage/store.h"
#include "text/query_terms.h"
#include "text/text_index.h"

namespace cairn::text {

struct Posting;

/// Numbers the documents of one search from 0, in the order they are first seen.
class DocTable {
 public:
  uint32_t IndexOf(DocNo doc);
  const std::vector<DocNo>& docs() const { return docs_; }

 private:
  void Grow();
  size_t Home(DocNo doc) const;

  std::vector<DocNo> docs_;
  std::vector<uint32_t> slots_;  // open addressing: index into docs_ plus one, 0 is free
};

/// One search: reads the postings of each term once, then scores.
///
/// Thread safety: single-threaded; used for one search. Borrows everything it is given.
class Searcher {
 public:
  struct Source {
    const storage::Store* store;
    CollectionId collection;
    storage::SnapshotPtr at;
    Bm25Options options;
    TextStatistics statistics;
  };

  Searcher(Source source, const QueryTerms& query, const Bitmap* filter)
      : source_(std::move(source)), query_(query), filter_(filter) {}

  Result<TextResult> Run(size_t k);

 private:
  struct Entry {
    uint32_t doc = 0;   ///< index in docs_
    float part = 0;     ///< the saturated term frequency
    size_t chunks = 0;  ///< where the chunk list begins in chunk_bytes_
    uint32_t chunk_size = 0;
    bool in_tags = false;
  };
  struct TermPostings {
    double idf = 0;
    std::vector<Entry> entries;  ///< ascending by document number; those the filter lets through
  };
  /// What one word of the query gives one chunk.
  struct ChunkShare {
    uint32_t ordinal = 0;
    uint32_t slot = 0;
    double share = 0;
  };

  Status ReadTerm(const std::string& term, TermPostings* postings);
  Status ReadPosting(DocNo doc, std::string_view value, TermPostings* postings);
  float SaturatedFrequency(const Posting& posting) const;
  void ScoreSlot(const QueryTerms::Slot& slot);
  void TakeTop(size_t k, TextResult* result) const;
  void FindBestChunk(TextHit* hit);
  const Entry* FindEntry(const TermPostings& postings, DocNo doc) const;
  void AppendShares(uint32_t slot, DocNo doc);

  Source source_;
  const QueryTerms& query_;
  const Bitmap* filter_;
  double average_length_ = 0;
  DocTable docs_;
  std::string chunk_bytes_;
  std::vector<TermPostings> postings_;  // by term
  std::vector<double> scores_;          // by document index
  std::vector<double> slot_best_;       // by document index, zero between slots
  std::vector<uint32_t> slot_docs_;
  std::vector<double> tag_idf_;       // by document index: idf of the words that its tags hold
  std::vector<double> slot_tag_idf_;  // by document index, zero between slots
  double query_idf_ = 0;              // of all words that any document holds
  std::vector<ChunkShare> shares_;
};

}  // namespace cairn::text
