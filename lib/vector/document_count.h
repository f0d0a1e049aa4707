#pragma once

#include <cstdint>

#include "vector/document_filter.h"
#include "vector/row_marks.h"
#include "vector/row_store.h"
#include "vector/segment.h"

namespace cairn::vector {

/// Documents with at least one live row that is allowed. `allowed` null = all.
uint64_t CountDocuments(const Segment& segment, const RowMarks& dead, const RowSet* allowed);

/// The same of fresh rows.
uint64_t CountDocuments(const Snapshot& snapshot, const DocumentFilter& filter);

}  // namespace cairn::vector
