#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/bitmap.h"
#include "base/ids.h"
#include "base/mutex.h"

namespace cairn::vector {

struct Segment;

/// The rows of one segment that a filter lets through.
struct RowSet {
  std::vector<uint64_t> words;  ///< one bit per row
  uint32_t count = 0;

  bool Test(uint32_t row) const { return ((words[row / 64] >> (row % 64)) & 1) != 0; }
};
using RowSetPtr = std::shared_ptr<const RowSet>;

/// Which documents may answer a search. Whatever the predicate was, it arrives here as the set of
/// the documents that it holds for. A filter remembers the rows that it means in each segment, so
/// one filter used for many searches is worked out once.
///
/// Thread safety: thread-safe.
class DocumentFilter {
 public:
  explicit DocumentFilter(Bitmap documents) : documents_(std::move(documents)) {}
  /// From any sequence of document numbers.
  explicit DocumentFilter(std::span<const DocNo> documents);
  DocumentFilter(const DocumentFilter&) = delete;
  DocumentFilter& operator=(const DocumentFilter&) = delete;

  bool Test(DocNo doc) const { return documents_.Test(ToInt(doc)); }
  RowSetPtr RowsOf(const std::shared_ptr<const Segment>& segment) const CAIRN_EXCLUDES(mutex_);

 private:
  const Bitmap documents_;
  mutable Mutex mutex_;
  /// By segment; the segments are kept so that an address is never another one's.
  mutable std::vector<std::pair<std::shared_ptr<const Segment>, RowSetPtr>> known_
      CAIRN_GUARDED_BY(mutex_);
};

}  // namespace cairn::vector
