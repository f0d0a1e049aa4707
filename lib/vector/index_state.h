#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "vector/memory_budget.h"
#include "vector/row_marks.h"
#include "vector/row_store.h"
#include "vector/segment.h"

namespace cairn::vector {

/// A sealed segment and which of its rows are deleted.
struct SealedPart {
  SegmentPtr segment;
  RowMarks dead;
  std::string file;        ///< name in the index's directory; "" = not kept there
  uint32_t file_rows = 0;  ///< of the segment, those that a file holds
  /// False while the segment is searched in a file that is still to be checked.
  bool verified = true;

  /// What of a budget the segment takes. Segments that share a graph or pages of rows share these.
  std::shared_ptr<const MemoryCharge> graph_memory;
  std::vector<std::shared_ptr<const MemoryCharge>> page_memory;

  bool saved() const { return file_rows == segment->size(); }
  uint64_t memory_bytes() const;

  uint32_t live() const { return segment->size() - dead.count(); }
};

/// What a view of a segmented index sees. Immutable once shared.
struct IndexState {
  std::shared_ptr<const Snapshot> active;  ///< takes what is added
  std::shared_ptr<const Snapshot> frozen;  ///< is being sealed; null when nothing is
  std::vector<SealedPart> sealed;          ///< the largest first
  uint64_t documents = 0;

  uint64_t live() const;
  uint64_t memory_bytes() const;
};
using IndexStatePtr = std::shared_ptr<const IndexState>;

}  // namespace cairn::vector
