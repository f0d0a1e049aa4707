#include "vector/segmented_index.h"

#include <algorithm>
#include <new>
#include <utility>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/sync_point.h"
#include "vector/checked_rows.h"
#include "vector/segment_builder.h"

namespace cairn::vector {
namespace {

constexpr uint32_t kMinGraphRows = 2000;  // below, an exact scan is as fast
// Fresh rows to seal at, once there is a graph: few beside it, as each is scanned by every search.
constexpr uint64_t kMinSealRows = 256;
constexpr uint64_t kMaxSealRows = 1024;
constexpr uint64_t kSealShare = 256;
constexpr uint64_t kCheapCopyBytes = 256u << 20;  // a graph up to this size is grown at every seal
constexpr uint64_t kMergeRatio = 8;
constexpr int64_t kQuietNs = 1'000'000'000;

/// The rows of the parts and of the frozen rows that are live, in the order of their documents.
class LiveRows {
 public:
  void Add(const SealedPart& part) {
    for (uint32_t row = 0; row < part.segment->size(); ++row) {
      if (part.dead.Test(row)) continue;
      rows_.push_back({part.segment->rows.Chunk(row), part.segment->rows.Vector(row)});
    }
  }
  void Add(const Snapshot& snapshot) {
    for (size_t slot = 0; slot < snapshot.directory.slot_count(); ++slot) {
      const BlockEntry& entry = snapshot.directory.At(slot);
      if (entry.live == 0) continue;
      for (uint32_t row = 0; row < entry.count; ++row) {
        if (entry.dead && entry.dead->Test(row)) continue;
        rows_.push_back({entry.block->Chunk(row), entry.block->Row(row)});
      }
    }
  }
  RowTable ToTable(uint32_t dim) {
    std::sort(rows_.begin(), rows_.end(),
              [](const Row& a, const Row& b) { return a.chunk < b.chunk; });
    RowTable table(dim);
    for (const Row& row : rows_) table.Append(row.vector, row.chunk);
    return table;
  }

 private:
  struct Row {
    ChunkRef chunk;
    const float* vector;
  };
  std::vector<Row> rows_;
};

VectorIndexOptions ForViews(const VectorIndexOptions& options) {
  VectorIndexOptions kept;
  kept.dim = options.dim;
  kept.metric = options.metric;
  kept.pool = options.pool;
  return kept;
}

}  // namespace

SegmentedIndex::SegmentedIndex(const VectorIndexOptions& options)
    : options_(options),
      view_options_(ForViews(options)),
      threads_(options.pool == nullptr ? 0 : options.pool->thread_count()),
      scratch_(std::make_shared<ScratchPool>()),
      folder_(options.directory, options.file_prefix),
      active_(std::make_unique<RowStore>(options.dim)),
      alive_(std::make_shared<Alive>(this)) {
  MutexLock lock(write_mutex_);
  fresh_memory_ = MemoryCharge(options.memory, 0);
  PublishLocked();
}

SegmentedIndex::~SegmentedIndex() { Stop(); }

void SegmentedIndex::Stop() {
  stopping_ = true;
  {
    // From here on a timer that fires finds nothing, nor does a job that has not begun: it may have
    // to wait for a thread that waits for us.
    MutexLock lock(alive_->mutex);
    alive_->index = nullptr;
  }
  MutexLock lock(write_mutex_);
  if (threads_ > 0 && !job_begun_) job_running_ = false;
  job_done_.SignalAll();
  while (job_running_) job_done_.Wait(write_mutex_);
}

void SegmentedIndex::SetPosition(uint64_t position) {
  {
    MutexLock lock(write_mutex_);
    position_ = std::max(position_, position);
    if (threads_ > 0) {
      if (PublishDueLocked(false)) StartJobLocked();
      ArmTimerLocked();
      return;
    }
  }
  RunInline(false);
}

void SegmentedIndex::PublishLocked() {
  auto state = std::make_shared<IndexState>();
  state->active = active_->snapshot();
  if (frozen_ != nullptr) state->frozen = frozen_->snapshot();
  state->sealed = sealed_;
  state->documents = documents_;
  fresh_memory_.Resize(state->active->memory_bytes() +
                       (frozen_ == nullptr ? 0 : state->frozen->memory_bytes()));
  VectorViewPtr view = std::make_shared<SegmentedView>(view_options_, std::move(state), scratch_);
  MutexLock lock(view_mutex_);
  view_.swap(view);
  // `view`, declared before the lock, lets the old one go after the lock is released.
}

VectorViewPtr SegmentedIndex::View() const {
  MutexLock lock(view_mutex_);
  return view_;
}

bool SegmentedIndex::ContainsLocked(DocNo doc) const {
  if (active_->Contains(doc) || (frozen_ != nullptr && frozen_->Contains(doc))) return true;
  for (const SealedPart& part : sealed_) {
    bool found = false;
    part.segment->ForEachRowOf(doc, [&](uint32_t row) { found = found || !part.dead.Test(row); });
    if (found) return true;
  }
  return false;
}

Status SegmentedIndex::AddChunks(DocNo doc, std::span<const uint32_t> ordinals,
                                 const float* vectors) {
  size_t count = ordinals.size();
  CAIRN_ASSIGN_OR_RETURN(CheckedRows rows, CheckedRows::Make(options_, ordinals, vectors));
  {
    MutexLock lock(write_mutex_);
    if (ContainsLocked(doc)) {
      return Error(Code::kAlreadyExists, "document number ", ToInt(doc),
                   " is in the index already");
    }
    if (count == 0) return OkStatus();
    StoreEdit edit(active_.get());
    edit.Insert(doc, ordinals.data(), rows.data(), static_cast<uint32_t>(count));
    edit.Prepare();
    edit.Commit();
    ++documents_;
    NoteWriteLocked();
  }
  if (threads_ == 0) RunInline(false);
  return OkStatus();
}

void SegmentedIndex::Remove(DocNo doc) {
  {
    MutexLock lock(write_mutex_);
    if (!RemoveLocked(doc)) return;
    --documents_;
    NoteWriteLocked();
  }
  if (threads_ == 0) RunInline(false);
}

bool SegmentedIndex::RemoveLocked(DocNo doc) {
  for (RowStore* store : {active_.get(), frozen_.get()}) {
    if (store == nullptr || !store->Contains(doc)) continue;
    StoreEdit edit(store);
    edit.Remove(doc);
    edit.Prepare();
    edit.Commit();
    if (store == frozen_.get() && job_running_) removed_meanwhile_.push_back(doc);
    return true;
  }
  bool removed = false;
  for (SealedPart& part : sealed_) {
    part.segment->ForEachRowOf(doc, [&](uint32_t row) { removed = part.dead.Set(row) || removed; });
  }
  if (removed && job_running_) removed_meanwhile_.push_back(doc);
  return removed;
}

void SegmentedIndex::NoteWriteLocked() {
  PublishLocked();
  memory_refused_ = false;
  last_write_ns_ = Clock::System()->MonotonicNs();
  if (threads_ == 0) return;
  if (NextWorkLocked(false) != Work::kNone) StartJobLocked();
  ArmTimerLocked();
}

uint64_t SegmentedIndex::FreshRowsLocked() const {
  return active_->snapshot()->live + (frozen_ == nullptr ? 0 : frozen_->snapshot()->live);
}

/// `quiet`: also what is only worth it when nobody writes.
SegmentedIndex::Work SegmentedIndex::NextWorkLocked(bool quiet) const {
  if (stopping_ || damaged_) return Work::kNone;
  bool checked = std::all_of(sealed_.begin(), sealed_.end(),
                             [](const SealedPart& part) { return part.verified; });
  if (!checked) return Work::kCheckFile;
  bool seal = SealDueLocked() || (quiet && MergeDueLocked());
  if (seal && !RefusedLocked()) return Work::kSeal;
  if (SaveDueLocked(quiet)) return Work::kSave;
  return PublishDueLocked(quiet) ? Work::kPublish : Work::kNone;
}

bool SegmentedIndex::SealDueLocked() const {
  if (sealed_.empty()) return FreshRowsLocked() >= kMinGraphRows;
  uint64_t share = sealed_.front().segment->size() / kSealShare;
  return FreshRowsLocked() >= std::clamp(share, kMinSealRows, kMaxSealRows);
}

bool SegmentedIndex::MergeDueLocked() const {
  if (sealed_.empty()) return FreshRowsLocked() >= kMinGraphRows;
  if (sealed_.size() > 1 || FreshRowsLocked() > 0) return true;
  const SealedPart& part = sealed_.front();
  return part.dead.count() > kQuietDeadShare * part.segment->size();
}

void SegmentedIndex::ArmTimerLocked() {
  if (timer_armed_ || (!memory_refused_ && NextWorkLocked(true) == Work::kNone)) return;
  timer_armed_ = true;
  options_.pool->ScheduleAfter(kQuietNs, [alive = alive_] {
    MutexLock lock(alive->mutex);
    if (alive->index != nullptr) alive->index->OnTimer();
  });
}

void SegmentedIndex::OnTimer() {
  MutexLock lock(write_mutex_);
  timer_armed_ = false;
  bool quiet = Clock::System()->MonotonicNs() - last_write_ns_ >= kQuietNs;
  if (quiet && !job_running_ && NextWorkLocked(true) != Work::kNone) {
    want_quiet_ = true;
    StartJobLocked();
  }
  ArmTimerLocked();
}

void SegmentedIndex::StartJobLocked() {
  if (job_running_ || stopping_) return;
  job_running_ = true;
  options_.pool->Schedule([alive = alive_] {
    SegmentedIndex* index = nullptr;
    {
      MutexLock lock(alive->mutex);
      if (alive->index != nullptr && alive->index->BeginJob()) index = alive->index;
    }
    if (index != nullptr) index->RunJobs();
  });
}

/// From here on Stop waits for the job.
bool SegmentedIndex::BeginJob() {
  MutexLock lock(write_mutex_);
  job_begun_ = job_running_;
  return job_begun_;
}

void SegmentedIndex::RunInline(bool quiet) {
  {
    MutexLock lock(write_mutex_);
    if (job_running_ || NextWorkLocked(quiet) == Work::kNone) return;
    want_quiet_ = quiet;
    job_running_ = true;
  }
  RunJobs();
}

/// One job after the other while there is something to do.
void SegmentedIndex::RunJobs() {
  for (;;) {
    Job job;
    Work work = Work::kNone;
    Status planned;
    bool refused = false;
    bool report = false;
    {
      MutexLock lock(write_mutex_);
      if (!job_failed_) work = NextWorkLocked(want_quiet_);
      if (work == Work::kNone) {
        want_quiet_ = false;
        job_failed_ = false;
        job_running_ = false;
        job_begun_ = false;
        job_done_.SignalAll();
        return;
      }
      if (work == Work::kSeal) planned = PlanLocked(&job);
      refused = !planned.ok();
      report = !refused || !std::exchange(memory_reported_, true);
    }
    Status done = refused ? std::move(planned) : Do(work, &job);
    report = report && !done.ok() && done.code() != Code::kCancelled && work != Work::kCheckFile;
    if (report && options_.failed) options_.failed(done);
    bool improved = done.ok() && work != Work::kPublish;
    {
      MutexLock lock(write_mutex_);
      if (done.ok()) {
        if (work == Work::kSeal) CommitLocked(&job);
      } else if (refused) {
        NoteRefusalLocked();  // there may be something else to do
      } else {
        last_error_ = std::move(done);
        job_failed_ = true;
      }
      removed_meanwhile_.clear();
    }
    if (improved && options_.improved) options_.improved();
  }
}

Status SegmentedIndex::Do(Work work, Job* job) {
  try {
    switch (work) {
      case Work::kCheckFile:
        return CheckFile();
      case Work::kSeal:
        return Build(job);
      case Work::kSave:
        return Save();
      case Work::kPublish:
        return PublishManifest();
      case Work::kNone:
        break;
    }
    return OkStatus();
  } catch (const std::bad_alloc&) {
    return Error(Code::kResourceExhausted, "no memory for the vectors' background work");
  }
}

Status SegmentedIndex::PlanLocked(Job* job) {
  job->quiet = want_quiet_ && !SealDueLocked();
  if (frozen_ == nullptr && active_->snapshot()->live > 0) {
    frozen_ = std::move(active_);
    frozen_position_ = position_;
    active_ = std::make_unique<RowStore>(options_.dim);
    PublishLocked();
  }
  if (frozen_ != nullptr) job->frozen = frozen_->snapshot();
  job->position = frozen_ == nullptr ? position_ : frozen_position_;
  // The largest part whose graph it pays to grow by all that is smaller; those are merged into it.
  uint64_t smaller = job->frozen == nullptr ? 0 : job->frozen->live;
  job->first_part = sealed_.size();
  for (size_t i = sealed_.size(); i-- > 0;) {
    const SealedPart& part = sealed_[i];
    uint64_t bytes = uint64_t{part.segment->size()} * part.segment->graph.stride;
    bool worth =
        job->quiet || bytes <= kCheapCopyBytes || part.segment->size() <= kMergeRatio * smaller;
    if (!worth) break;
    job->first_part = i;
    smaller += part.segment->size();
  }
  removed_meanwhile_.clear();
  return ReserveJobLocked(job);
}

Status SegmentedIndex::Build(Job* job) {
  LiveRows rows;
  bool compacted = false;
  SegmentInput input{nullptr, {}, RowTable(options_.dim)};
  if (!job->parts.empty()) {
    input.base = job->parts.front().segment;
    input.base_dead = job->parts.front().dead;
    input.compact = job->quiet && input.base_dead.count() > kQuietDeadShare * input.base->size();
    job->part.file_rows = job->parts.front().file_rows;
    job->part.file = job->parts.front().file;
  }
  for (size_t i = 1; i < job->parts.size(); ++i) rows.Add(job->parts[i]);
  if (job->frozen != nullptr) rows.Add(*job->frozen);
  input.added = rows.ToTable(options_.dim);
  SegmentBuildOptions build;
  build.metric = options_.metric;
  build.pool = threads_ == 0 ? nullptr : options_.pool;
  build.cancelled = [this] { return stopping_.load(); };
  bool unchanged = input.base != nullptr && input.added.size() == 0 && !input.compact;
  std::shared_ptr<const Segment> segment = input.base;
  if (!unchanged) {
    CAIRN_SYNC_POINT("segmented_index:build");
    CAIRN_ASSIGN_OR_RETURN(BuiltSegment built, BuildSegment(input, build));
    compacted = built.compacted;
    if (built.compacted) {
      job->part.file_rows = 0;
      job->part.file.clear();
    } else {
      job->part.dead = input.base_dead;
    }
    segment = std::move(built.segment);
  } else {
    job->part.dead = input.base_dead;
  }
  job->part.segment = std::move(segment);
  ChargeOutcome(job, compacted);
  return OkStatus();
}

void SegmentedIndex::CommitLocked(Job* job) {
  for (DocNo doc : removed_meanwhile_) {
    job->part.segment->ForEachRowOf(doc, [&](uint32_t row) { job->part.dead.Set(row); });
  }
  sealed_.resize(job->first_part);
  if (job->part.live() > 0) sealed_.push_back(std::move(job->part));
  frozen_.reset();
  memory_reported_ = false;
  sealed_position_ = job->position;
  PublishLocked();
}

Status SegmentedIndex::WaitIdle(int64_t timeout_ns) {
  if (threads_ == 0) {
    RunInline(true);
    return OkStatus();
  }
  int64_t deadline_ns = Clock::System()->MonotonicNs() + timeout_ns;
  MutexLock lock(write_mutex_);
  for (;;) {
    if (!job_running_) {
      if (NextWorkLocked(true) == Work::kNone) return OkStatus();
      if (!last_error_.ok()) return std::exchange(last_error_, OkStatus());
      want_quiet_ = true;
      StartJobLocked();
    }
    want_quiet_ = true;
    if (timeout_ns < 0) {
      job_done_.Wait(write_mutex_);
      continue;
    }
    int64_t left_ns = deadline_ns - Clock::System()->MonotonicNs();
    if (left_ns <= 0) return Error(Code::kTimedOut, "vectors are still being sealed");
    job_done_.WaitFor(write_mutex_, left_ns);
  }
}

Result<std::unique_ptr<VectorIndex>> MakeSegmentedIndex(const VectorIndexOptions& options,
                                                        const IndexManifest* manifest) {
  // The same limits as the exact index.
  CAIRN_RETURN_IF_ERROR(CheckIndexOptions(options));
  auto index = std::make_unique<SegmentedIndex>(options);
  CAIRN_RETURN_IF_ERROR(index->Open(manifest));
  return std::unique_ptr<VectorIndex>(std::move(index));
}

}  // namespace cairn::vector
