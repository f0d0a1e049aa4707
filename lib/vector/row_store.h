#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "vector/directory.h"

namespace cairn::vector {

/// What one view sees. Immutable once shared.
struct Snapshot {
  static constexpr uint32_t kNoTail = UINT32_MAX;

  Directory directory;
  uint32_t tail = kNoTail;  ///< slot of the block that rows are appended to
  uint64_t live = 0;
  uint64_t documents = 0;
  uint64_t block_bytes = 0;   ///< of the blocks and their dead marks
  uint64_t bucket_bytes = 0;  ///< of the map from documents to rows

  uint64_t memory_bytes() const;
};

/// Rows [row, row + count) of the block in `slot`.
struct Piece {
  uint32_t slot = 0;
  uint32_t row = 0;
  uint32_t count = 0;
};

/// Where a document's rows are. Nearly always one piece.
struct PieceList {
  Piece first;
  std::vector<Piece> rest;

  bool empty() const { return first.count == 0; }
  void Add(const Piece& piece);
  void RemoveSlot(uint32_t slot);
};
using DocumentMap = std::unordered_map<DocNo, PieceList>;

/// The rows of an index and where each document's are: the writer's side.
///
/// Rows are appended to the tail block, in place, beyond what any snapshot counts. Removing marks
/// rows dead in a copy of their block's marks. Once more than a quarter of a full block is dead, or
/// more than half of the tail's capacity, its live rows are appended again and the block is let go:
/// its memory returns when the last snapshot that holds it is gone. So at most a third more rows
/// than the live ones are kept in full blocks, for at most three row copies per row removed.
///
/// Thread safety: thread-compatible. Snapshots may be read from any thread.
class RowStore {
 public:
  explicit RowStore(uint32_t dim);

  const std::shared_ptr<const Snapshot>& snapshot() const { return snapshot_; }
  bool Contains(DocNo doc) const { return documents_.find(doc) != documents_.end(); }
  /// The most bytes of the block that adding so many rows begins; 0 when there is room for them.
  uint64_t BlockBytesToAdd(size_t rows) const;

 private:
  friend class StoreEdit;
  uint64_t NextBlockRows(uint64_t live, uint64_t incoming) const;

  const uint32_t dim_;
  const uint32_t max_block_rows_;
  std::shared_ptr<const Snapshot> snapshot_;
  DocumentMap documents_;
};

/// One atomic change of a RowStore. Until Commit the store and its snapshots stay as they were, so
/// an edit that ran out of memory is simply dropped. At most one edit of a store at a time.
class StoreEdit {
 public:
  explicit StoreEdit(RowStore* store);
  StoreEdit(const StoreEdit&) = delete;
  StoreEdit& operator=(const StoreEdit&) = delete;

  /// Adds a document with these chunks. False, and nothing done, when it is there already.
  bool Insert(DocNo doc, const uint32_t* ordinals, const float* vectors, uint32_t count);
  /// False when there is no such document.
  bool Remove(DocNo doc);

  /// Compacts and readies everything that may fail. The outcome, to be published after Commit.
  std::shared_ptr<const Snapshot> Prepare();
  /// Makes the prepared outcome the store's own. Cannot fail.
  void Commit() noexcept;

 private:
  PieceList* Find(DocNo doc);
  void FitDocumentMap();
  void Append(DocNo doc, const uint32_t* ordinals, const float* vectors, uint32_t count,
              PieceList* pieces);
  uint32_t OpenTail(uint32_t incoming);
  void Kill(const Piece& piece);
  bool WorthCompacting(uint32_t slot) const;
  void Compact(uint32_t slot);
  void MoveLiveRows(uint32_t slot);

  RowStore* const store_;
  std::shared_ptr<Snapshot> next_;
  DocumentMap changed_;  // empty = removed
  std::vector<uint32_t> suspects_;
};

}  // namespace cairn::vector
