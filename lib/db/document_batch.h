#pragma once

#include <optional>
#include <string_view>

#include "db/collection_state.h"
#include "db/prepare.h"
#include "storage/records.h"
#include "storage/store.h"

namespace cairn::db {

/// What a document's batch changes besides the store: for the counters and the vector index.
struct DocumentChange {
  std::optional<DocNo> removed;
  std::optional<DocNo> added;
  storage::CollectionCounters counters;  ///< after the change
};

/// Number of the live document with this id, from the latest committed state; kNotFound.
Result<DocNo> FindDocument(const storage::Store& store, CollectionId collection,
                           std::string_view id, const storage::SnapshotPtr& at = nullptr);

/// Adds everything to `batch` that writes `document` in place of any earlier version: record, body,
/// id, source state, chunks, vectors, postings and attributes. The counters are left to the caller.
/// Needs the write mutex.
Result<DocumentChange> WriteToBatch(const storage::Store& store, const CollectionState& state,
                                    const PreparedDocument& document, storage::Batch* batch);

/// Adds everything that deletes the document, but not the counters; kNotFound. Needs the write
/// mutex.
Result<DocumentChange> DeleteToBatch(const storage::Store& store, const CollectionState& state,
                                     std::string_view id, storage::Batch* batch);

}  // namespace cairn::db
