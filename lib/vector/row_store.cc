#include "vector/row_store.h"

#include <algorithm>
#include <utility>

namespace cairn::vector {
namespace {

constexpr uint64_t kBlockBytes = 1 << 20;
constexpr uint64_t kMinBlockRows = 16;
constexpr uint64_t kMaxBlockRows = 4096;
constexpr size_t kManyBuckets = 1024;

uint32_t MaxBlockRows(uint32_t dim) {
  uint64_t rows = kBlockBytes / (dim * sizeof(float));
  return static_cast<uint32_t>(std::clamp(rows, kMinBlockRows, kMaxBlockRows));
}

/// A map node: the entry, its link, and what the allocator adds.
constexpr uint64_t kDocumentBytes = sizeof(DocumentMap::value_type) + 2 * sizeof(void*);

}  // namespace

uint64_t Snapshot::memory_bytes() const {
  return sizeof(*this) + block_bytes + bucket_bytes + directory.memory_bytes() +
         documents * kDocumentBytes;
}

void PieceList::Add(const Piece& piece) {
  if (empty()) {
    first = piece;
  } else {
    rest.push_back(piece);
  }
}

void PieceList::RemoveSlot(uint32_t slot) {
  rest.erase(std::remove_if(rest.begin(), rest.end(),
                            [slot](const Piece& piece) { return piece.slot == slot; }),
             rest.end());
  if (first.slot != slot) return;
  first = {};
  if (rest.empty()) return;
  first = rest.back();
  rest.pop_back();
}

RowStore::RowStore(uint32_t dim)
    : dim_(dim), max_block_rows_(MaxBlockRows(dim)), snapshot_(std::make_shared<Snapshot>()) {}

StoreEdit::StoreEdit(RowStore* store)
    : store_(store), next_(std::make_shared<Snapshot>(*store->snapshot_)) {}

bool StoreEdit::Insert(DocNo doc, const uint32_t* ordinals, const float* vectors, uint32_t count) {
  if (Find(doc) != nullptr) return false;
  if (count == 0) return true;
  Append(doc, ordinals, vectors, count, &changed_[doc]);
  ++next_->documents;
  return true;
}

bool StoreEdit::Remove(DocNo doc) {
  PieceList* pieces = Find(doc);
  if (pieces == nullptr) return false;
  PieceList dead = std::exchange(*pieces, {});
  Kill(dead.first);
  for (const Piece& piece : dead.rest) Kill(piece);
  --next_->documents;
  return true;
}

/// The list to change, or null where the document does not exist.
PieceList* StoreEdit::Find(DocNo doc) {
  auto changed = changed_.find(doc);
  if (changed == changed_.end()) {
    auto stored = store_->documents_.find(doc);
    if (stored == store_->documents_.end()) return nullptr;
    changed = changed_.emplace(*stored).first;
  }
  return changed->second.empty() ? nullptr : &changed->second;
}

void StoreEdit::Append(DocNo doc, const uint32_t* ordinals, const float* vectors, uint32_t count,
                       PieceList* pieces) {
  for (uint32_t done = 0; done < count;) {
    uint32_t slot = OpenTail(count - done);
    BlockEntry& entry = next_->directory.Mutable(slot);
    uint32_t rows = std::min(count - done, entry.block->capacity() - entry.count);
    pieces->Add({slot, entry.count, rows});
    entry.block->Write(entry.count, doc, ordinals + done, vectors + size_t{done} * store_->dim_,
                       rows);
    entry.count += rows;
    entry.live += rows;
    next_->live += rows;
    done += rows;
  }
}

/// Blocks grow with the index, so that a small index stays small.
uint64_t RowStore::NextBlockRows(uint64_t live, uint64_t incoming) const {
  return std::clamp<uint64_t>(std::max(live, incoming), kMinBlockRows, max_block_rows_);
}

uint64_t RowStore::BlockBytesToAdd(size_t rows) const {
  const Snapshot& now = *snapshot_;
  if (now.tail != Snapshot::kNoTail) {
    const BlockEntry& tail = now.directory.At(now.tail);
    if (tail.count + rows <= tail.block->capacity()) return 0;
  }
  return NextBlockRows(now.live + rows, rows) *
         (dim_ * sizeof(float) + sizeof(DocNo) + sizeof(uint32_t));
}

/// A tail with room.
uint32_t StoreEdit::OpenTail(uint32_t incoming) {
  if (next_->tail != Snapshot::kNoTail) {
    const BlockEntry& tail = next_->directory.At(next_->tail);
    if (tail.count < tail.block->capacity()) return next_->tail;
    suspects_.push_back(next_->tail);
  }
  uint64_t rows = store_->NextBlockRows(next_->live, incoming);
  auto block = std::make_shared<RowBlock>(static_cast<uint32_t>(rows), store_->dim_);
  auto slot = static_cast<uint32_t>(next_->directory.FreeSlot());
  next_->block_bytes += block->memory_bytes();
  next_->directory.Mutable(slot).block = std::move(block);
  next_->tail = slot;
  return slot;
}

void StoreEdit::Kill(const Piece& piece) {
  suspects_.push_back(piece.slot);
  BlockEntry& entry = next_->directory.Mutable(piece.slot);
  auto dead = entry.dead ? std::make_shared<DeadRows>(*entry.dead)
                         : std::make_shared<DeadRows>(entry.block->capacity());
  if (!entry.dead) next_->block_bytes += dead->memory_bytes();
  for (uint32_t i = 0; i < piece.count; ++i) dead->Set(piece.row + i);
  entry.dead = std::move(dead);
  entry.live -= piece.count;
  next_->live -= piece.count;
}

bool StoreEdit::WorthCompacting(uint32_t slot) const {
  const BlockEntry& entry = next_->directory.At(slot);
  if (entry.block == nullptr) return false;
  uint64_t dead = entry.count - entry.live;
  if (slot == next_->tail) return dead * 2 > entry.block->capacity();
  return dead * 4 > entry.count;
}

void StoreEdit::Compact(uint32_t slot) {
  if (slot == next_->tail) next_->tail = Snapshot::kNoTail;
  if (next_->directory.At(slot).live != 0) MoveLiveRows(slot);
  BlockEntry& entry = next_->directory.Mutable(slot);
  next_->block_bytes -= entry.block->memory_bytes();
  if (entry.dead) next_->block_bytes -= entry.dead->memory_bytes();
  entry = {};
}

/// Appends the live rows of a block again, run by run. The slot stays taken meanwhile, so that no
/// new piece can bear its number.
void StoreEdit::MoveLiveRows(uint32_t slot) {
  const BlockEntry entry = next_->directory.At(slot);
  const RowBlock& block = *entry.block;
  auto dead = [&entry](uint32_t row) { return entry.dead != nullptr && entry.dead->Test(row); };
  next_->live -= entry.live;
  for (uint32_t row = 0, end = 0; row < entry.count; row = end) {
    DocNo doc = block.Doc(row);
    end = row + 1;
    if (dead(row)) continue;
    while (end < entry.count && block.Doc(end) == doc && !dead(end)) ++end;
    PieceList* pieces = Find(doc);
    pieces->RemoveSlot(slot);
    Append(doc, block.Ordinals(row), block.Row(row), end - row, pieces);
  }
}

std::shared_ptr<const Snapshot> StoreEdit::Prepare() {
  while (!suspects_.empty()) {
    uint32_t slot = suspects_.back();
    suspects_.pop_back();
    if (WorthCompacting(slot)) Compact(slot);
  }
  if (next_->live == 0) next_ = std::make_shared<Snapshot>();
  FitDocumentMap();
  return next_;
}

/// Makes room, so that Commit need not, and gives room back.
void StoreEdit::FitDocumentMap() {
  DocumentMap& documents = store_->documents_;
  size_t most = documents.size() + changed_.size();
  size_t buckets = documents.bucket_count();
  if (most >= buckets || (buckets > kManyBuckets && most < buckets / 8)) {
    documents.rehash(most * 2);
  }
  next_->bucket_bytes = documents.bucket_count() * sizeof(void*);
}

void StoreEdit::Commit() noexcept {
  DocumentMap& documents = store_->documents_;
  while (!changed_.empty()) {
    auto node = changed_.extract(changed_.begin());
    auto stored = documents.find(node.key());
    if (node.mapped().empty()) {
      if (stored != documents.end()) documents.erase(stored);
    } else if (stored != documents.end()) {
      stored->second = std::move(node.mapped());
    } else {
      documents.insert(std::move(node));
    }
  }
  store_->snapshot_ = std::move(next_);
}

}  // namespace cairn::vector
