#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "vector/index_state.h"
#include "vector/segment_folder.h"
#include "vector/segmented_view.h"
#include "vector/vector_index.h"

namespace cairn::vector {

/// Sealed segments plus a fresh buffer.
///
/// What is added goes to the active rows and is scanned exactly. When there are enough of them they
/// are frozen, a new active store takes their place, and a background job makes a segment of the
/// frozen rows: the largest segment that it pays to grow takes them, and all that is smaller, into
/// a copy of its graph. A second without writes, and everything is merged into one segment, without
/// the deleted rows if they are many, and saved. At most one job runs at a time.
///
/// Files: when enough rows are in no file, every segment that is not in one is written to a new
/// file, and then a manifest of all of them is published. It tells the position up to which the
/// rows were frozen, not up to which they were added: those in the fresh buffer are not in the
/// files. Files of an opened index are searched as they are mapped, until a job has checked them
/// and copied their graphs into memory; before that no job merges them.
///
/// Writers take turns under `write_mutex_`, which a job holds only to begin and to commit. A reader
/// takes `view_mutex_`, which is only ever held to copy or swap one pointer. Lock order: alive,
/// write, view.
class SegmentedIndex final : public VectorIndex {
 public:
  explicit SegmentedIndex(const VectorIndexOptions& options);
  ~SegmentedIndex() override;

  /// Maps the files of `manifest` (null = none), deletes others, and begins to check them. To be
  /// called once, before anything else.
  Status Open(const IndexManifest* manifest) CAIRN_EXCLUDES(write_mutex_);

  Status AddChunks(DocNo doc, std::span<const uint32_t> ordinals, const float* vectors) override;
  void Remove(DocNo doc) override;
  Result<MemoryCharge> ReserveRoom(size_t rows) override;
  VectorViewPtr View() const override;
  IndexStats Stats() const override;
  const VectorIndexOptions& options() const override { return options_; }
  void SetPosition(uint64_t position) override;
  void Stop() override;
  Status WaitIdle(int64_t timeout_ns) override;

 private:
  static constexpr double kQuietDeadShare = 0.05;  // left out when the index has time for it

  enum class Work { kNone, kCheckFile, kSeal, kSave, kPublish };
  /// One seal or merge.
  struct Job {
    bool quiet = false;
    std::shared_ptr<const Snapshot> frozen;
    uint64_t position = 0;  ///< everything up to it is in the outcome or in the parts before
    size_t first_part = 0;  ///< this sealed part and all after it are merged
    std::vector<SealedPart> parts;
    SealedPart part;  ///< the outcome
    MemoryCharge memory;
  };
  /// Lets a timer, and a job that waits for its turn, find out whether the index is still there.
  struct Alive {
    explicit Alive(SegmentedIndex* i) : index(i) {}
    Mutex mutex;
    SegmentedIndex* index CAIRN_GUARDED_BY(mutex);
  };

  // What is in the index.
  void PublishLocked() CAIRN_REQUIRES(write_mutex_);
  bool ContainsLocked(DocNo doc) const CAIRN_REQUIRES(write_mutex_);
  bool RemoveLocked(DocNo doc) CAIRN_REQUIRES(write_mutex_);
  void NoteWriteLocked() CAIRN_REQUIRES(write_mutex_);
  uint64_t FreshRowsLocked() const CAIRN_REQUIRES(write_mutex_);

  // What is to be done.
  Work NextWorkLocked(bool quiet) const CAIRN_REQUIRES(write_mutex_);
  bool SealDueLocked() const CAIRN_REQUIRES(write_mutex_);
  bool MergeDueLocked() const CAIRN_REQUIRES(write_mutex_);
  bool SaveDueLocked(bool quiet) const CAIRN_REQUIRES(write_mutex_);
  bool PublishDueLocked(bool quiet) const CAIRN_REQUIRES(write_mutex_);

  // How jobs are run.
  void ArmTimerLocked() CAIRN_REQUIRES(write_mutex_);
  void StartJobLocked() CAIRN_REQUIRES(write_mutex_);
  bool BeginJob() CAIRN_EXCLUDES(write_mutex_);
  void OnTimer() CAIRN_EXCLUDES(write_mutex_);
  void RunInline(bool quiet) CAIRN_EXCLUDES(write_mutex_);
  void RunJobs() CAIRN_EXCLUDES(write_mutex_);
  Status Do(Work work, Job* job) CAIRN_EXCLUDES(write_mutex_);

  // Sealing and merging.
  Status PlanLocked(Job* job) CAIRN_REQUIRES(write_mutex_);
  uint64_t JobBytesLocked(const Job& job) const CAIRN_REQUIRES(write_mutex_);
  void NoteRefusalLocked() CAIRN_REQUIRES(write_mutex_);
  bool RefusedLocked() const CAIRN_REQUIRES(write_mutex_);
  bool UsefulLocked(const Job& job) const CAIRN_REQUIRES(write_mutex_);
  Status ReserveJobLocked(Job* job) CAIRN_REQUIRES(write_mutex_);
  void ChargeOutcome(Job* job, bool compacted) CAIRN_EXCLUDES(write_mutex_);
  Status Build(Job* job) CAIRN_EXCLUDES(write_mutex_);
  void CommitLocked(Job* job) CAIRN_REQUIRES(write_mutex_);

  // Files; segmented_files.cc.
  Status MapFile(const IndexManifest::File& file) CAIRN_REQUIRES(write_mutex_);
  bool WritesFiles() const { return !folder_.none() && !options_.read_only && !unsaveable_; }
  bool AllSavedLocked() const CAIRN_REQUIRES(write_mutex_);
  uint64_t CutLocked() const CAIRN_REQUIRES(write_mutex_);
  std::vector<std::string> FileNamesLocked() const CAIRN_REQUIRES(write_mutex_);
  void SwapLocked(const SegmentPtr& from, const SealedPart& to) CAIRN_REQUIRES(write_mutex_);
  Status CheckFile() CAIRN_EXCLUDES(write_mutex_);
  Status Save() CAIRN_EXCLUDES(write_mutex_);
  Status SavePart(const SealedPart& part) CAIRN_EXCLUDES(write_mutex_);
  Status PublishManifest() CAIRN_EXCLUDES(write_mutex_);

  const VectorIndexOptions options_;
  const VectorIndexOptions view_options_;  ///< without what only the index needs
  const size_t threads_;                   ///< of the pool; 0 = jobs run in the calls that write
  const std::shared_ptr<ScratchPool> scratch_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> unsaveable_{false};  ///< a file could not be written: none is tried again
  SegmentFolder folder_;                 ///< belongs to Open, then to the job

  mutable Mutex write_mutex_;
  CondVar job_done_;
  std::unique_ptr<RowStore> active_ CAIRN_GUARDED_BY(write_mutex_);
  std::unique_ptr<RowStore> frozen_ CAIRN_GUARDED_BY(write_mutex_);
  std::vector<SealedPart> sealed_ CAIRN_GUARDED_BY(write_mutex_);
  uint64_t documents_ CAIRN_GUARDED_BY(write_mutex_) = 0;
  uint64_t position_ CAIRN_GUARDED_BY(write_mutex_) = 0;
  uint64_t frozen_position_ CAIRN_GUARDED_BY(write_mutex_) = 0;  ///< when `frozen_` was frozen
  uint64_t sealed_position_ CAIRN_GUARDED_BY(write_mutex_) = 0;
  int64_t last_write_ns_ CAIRN_GUARDED_BY(write_mutex_) = 0;
  bool job_running_ CAIRN_GUARDED_BY(write_mutex_) = false;  ///< or waiting for its turn
  bool job_begun_ CAIRN_GUARDED_BY(write_mutex_) = false;
  bool job_failed_ CAIRN_GUARDED_BY(write_mutex_) = false;
  bool damaged_ CAIRN_GUARDED_BY(write_mutex_) = false;  ///< no more jobs
  bool want_quiet_ CAIRN_GUARDED_BY(write_mutex_) = false;
  bool timer_armed_ CAIRN_GUARDED_BY(write_mutex_) = false;
  /// The budget had no room for the last seal or merge, and nothing was written since.
  bool memory_refused_ CAIRN_GUARDED_BY(write_mutex_) = false;
  uint64_t refused_at_bytes_ CAIRN_GUARDED_BY(write_mutex_) = 0;  ///< in use then
  bool memory_reported_ CAIRN_GUARDED_BY(write_mutex_) = false;
  MemoryCharge fresh_memory_ CAIRN_GUARDED_BY(write_mutex_);  ///< of active and frozen rows
  Status last_error_ CAIRN_GUARDED_BY(write_mutex_);
  /// Documents removed since the job began, which its outcome still holds.
  std::vector<DocNo> removed_meanwhile_ CAIRN_GUARDED_BY(write_mutex_);
  std::vector<std::string> published_files_ CAIRN_GUARDED_BY(write_mutex_);
  uint64_t published_position_ CAIRN_GUARDED_BY(write_mutex_) = 0;

  mutable Mutex view_mutex_;
  VectorViewPtr view_ CAIRN_GUARDED_BY(view_mutex_);
  const std::shared_ptr<Alive> alive_;
};

}  // namespace cairn::vector
