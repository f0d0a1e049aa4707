// The part of SegmentedIndex that keeps within a memory budget.
//
// Rows that are added are refused while there is still room to seal those that are fresh, and to
// build anew what is left when most rows are deleted, so a full index can be searched fast and is
// not stuck. A seal grows the largest segment that there is room to copy; where there is room for
// none it makes a small one of its own.

#include <algorithm>

#include "vector/segmented_index.h"

namespace cairn::vector {
namespace {

constexpr uint64_t kPageRows = RowTable::kPageRows;  // the last page of a base may be copied
constexpr uint64_t kLeastDeleted = 4;                // one of so many may stay
constexpr double kWorstDeadShare = 0.2;              // from which on it is always compacted

}  // namespace

Result<MemoryCharge> SegmentedIndex::ReserveRoom(size_t rows) {
  if (options_.memory == nullptr || options_.memory->limit_bytes() == 0) return MemoryCharge();
  uint64_t fresh = rows;
  uint64_t sealed = 0;
  uint64_t block = 0;
  {
    MutexLock lock(write_mutex_);
    fresh += FreshRowsLocked();
    for (const SealedPart& part : sealed_) sealed += part.segment->size();
    block = active_->BlockBytesToAdd(rows);
  }
  uint64_t seal = SealedBytes(options_.dim, fresh, 2 * fresh);
  // What is left of everything once three of four are deleted; else their room never came back.
  uint64_t left = sealed / kLeastDeleted + 2 * (fresh / kLeastDeleted + 1);
  uint64_t compact = SealedBytes(options_.dim, left, left);
  uint64_t more = FreshBytes(options_.dim, fresh) - FreshBytes(options_.dim, fresh - rows);
  return MemoryCharge::Reserve(options_.memory, std::max(more, block), std::max(seal, compact),
                               "adding vectors, and building their index,");
}

/// The most that building the outcome of a job may take.
uint64_t SegmentedIndex::JobBytesLocked(const Job& job) const {
  uint64_t added = job.frozen == nullptr ? 0 : job.frozen->live;
  for (size_t i = job.first_part + 1; i < sealed_.size(); ++i) added += sealed_[i].live();
  uint64_t rows = added;
  uint64_t heap_rows = 2 * added;  // once in the order of documents, once in the segment
  if (job.first_part < sealed_.size()) {
    const SealedPart& base = sealed_[job.first_part];
    uint64_t size = base.segment->size();
    double dead = base.dead.count();
    bool compacted = dead > (job.quiet ? kQuietDeadShare : kWorstDeadShare) * base.segment->size();
    rows += compacted ? base.live() : size;
    heap_rows += compacted ? base.live() : std::min(kPageRows, size);
  }
  return SealedBytes(options_.dim, rows, heap_rows);
}

void SegmentedIndex::NoteRefusalLocked() {
  memory_refused_ = true;
  refused_at_bytes_ = options_.memory == nullptr ? 0 : options_.memory->used_bytes();
}

/// True while there is no point in trying again. A view that somebody held may have kept memory.
bool SegmentedIndex::RefusedLocked() const {
  if (!memory_refused_) return false;
  return options_.memory == nullptr || options_.memory->used_bytes() >= refused_at_bytes_;
}

/// False when the job would leave everything as it is.
bool SegmentedIndex::UsefulLocked(const Job& job) const {
  if (job.frozen != nullptr || job.first_part + 1 < sealed_.size()) return true;
  if (job.first_part == sealed_.size()) return false;
  const SealedPart& part = sealed_[job.first_part];
  return job.quiet && part.dead.count() > kQuietDeadShare * part.segment->size();
}

/// Settles which parts the job takes, the most that there is room for, and reserves it.
Status SegmentedIndex::ReserveJobLocked(Job* job) {
  for (;; ++job->first_part) {
    bool useful = UsefulLocked(*job);
    uint64_t bytes = JobBytesLocked(*job);
    auto reserved = MemoryCharge::Reserve(useful ? options_.memory : nullptr, bytes, 0,
                                          "building an index of vectors");
    if (useful && reserved.ok()) {
      job->memory = std::move(reserved).value();
      job->parts.assign(sealed_.begin() + static_cast<ptrdiff_t>(job->first_part), sealed_.end());
      return OkStatus();
    }
    if (job->first_part < sealed_.size()) continue;
    if (!reserved.ok()) return std::move(reserved).status();
    return Error(Code::kResourceExhausted, "merging ", sealed_.size(),
                 " segments of vectors does not fit into the limit of ",
                 options_.memory == nullptr ? 0 : options_.memory->limit_bytes(), " bytes");
  }
}

/// Turns the reservation into what the outcome takes.
void SegmentedIndex::ChargeOutcome(Job* job, bool compacted) {
  SealedPart& part = job->part;
  const SealedPart* base = job->parts.empty() ? nullptr : &job->parts.front();
  if (base != nullptr && part.segment == base->segment) {
    part.graph_memory = base->graph_memory;
    part.page_memory = base->page_memory;
    job->memory.Resize(0);
    return;
  }
  const Segment& segment = *part.segment;
  uint64_t graph = segment.heap_bytes + segment.entry_table->heap_bytes() +
                   segment.by_document.capacity() * sizeof(uint32_t);
  uint64_t pages = part.segment->rows.heap_bytes();
  if (base != nullptr && !compacted) {
    part.page_memory = base->page_memory;
    pages -= std::min(pages, base->segment->rows.heap_bytes());
  }
  part.graph_memory = std::make_shared<const MemoryCharge>(job->memory.Split(graph));
  part.page_memory.push_back(std::make_shared<const MemoryCharge>(job->memory.Split(pages)));
  job->memory.Resize(0);
}

}  // namespace cairn::vector
