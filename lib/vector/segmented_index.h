#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "vector/index_state.h"
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
/// Writers take turns under `write_mutex_`, which a job holds only to begin and to commit. A reader
/// takes `view_mutex_`, which is only ever held to copy or swap one pointer. Lock order: alive,
/// write, view.
class SegmentedIndex final : public VectorIndex {
 public:
  explicit SegmentedIndex(const VectorIndexOptions& options);
  ~SegmentedIndex() override;

  Status AddChunks(DocNo doc, std::span<const uint32_t> ordinals, const float* vectors) override;
  void Remove(DocNo doc) override;
  VectorViewPtr View() const override;
  const VectorIndexOptions& options() const override { return options_; }
  Status WaitIdle(int64_t timeout_ns) override;

 private:
  /// One seal or merge.
  struct Job {
    bool quiet = false;
    std::shared_ptr<const Snapshot> frozen;
    size_t first_part = 0;  ///< this sealed part and all after it are merged
    std::vector<SealedPart> parts;
    SealedPart part;  ///< the outcome
  };
  /// Lets a timer find out whether the index is still there.
  struct Alive {
    explicit Alive(SegmentedIndex* i) : index(i) {}
    Mutex mutex;
    SegmentedIndex* index CAIRN_GUARDED_BY(mutex);
  };

  void PublishLocked() CAIRN_REQUIRES(write_mutex_);
  bool ContainsLocked(DocNo doc) const CAIRN_REQUIRES(write_mutex_);
  bool RemoveLocked(DocNo doc) CAIRN_REQUIRES(write_mutex_);
  void NoteWriteLocked() CAIRN_REQUIRES(write_mutex_);
  bool SealDueLocked() const CAIRN_REQUIRES(write_mutex_);
  bool QuietWorkLocked() const CAIRN_REQUIRES(write_mutex_);
  bool SavedLocked(const SealedPart& part) const CAIRN_REQUIRES(write_mutex_);
  void ArmTimerLocked() CAIRN_REQUIRES(write_mutex_);
  void StartJobLocked() CAIRN_REQUIRES(write_mutex_);
  void PlanLocked(Job* job) CAIRN_REQUIRES(write_mutex_);
  void CommitLocked(Job* job) CAIRN_REQUIRES(write_mutex_);
  void OnTimer() CAIRN_EXCLUDES(write_mutex_);
  void RunInline(bool quiet) CAIRN_EXCLUDES(write_mutex_);
  void RunJobs() CAIRN_EXCLUDES(write_mutex_);
  Status Build(Job* job) CAIRN_EXCLUDES(write_mutex_);
  void Save(Job* job) CAIRN_EXCLUDES(write_mutex_);

  const VectorIndexOptions options_;
  const size_t threads_;  ///< of the pool; 0 = jobs run in the calls that write
  const std::shared_ptr<ScratchPool> scratch_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> unsaveable_{false};  ///< a file could not be written: none is tried again
  uint64_t last_file_ = 0;               ///< belongs to the job

  mutable Mutex write_mutex_;
  CondVar job_done_;
  std::unique_ptr<RowStore> active_ CAIRN_GUARDED_BY(write_mutex_);
  std::unique_ptr<RowStore> frozen_ CAIRN_GUARDED_BY(write_mutex_);
  std::vector<SealedPart> sealed_ CAIRN_GUARDED_BY(write_mutex_);
  uint64_t documents_ CAIRN_GUARDED_BY(write_mutex_) = 0;
  int64_t last_write_ns_ CAIRN_GUARDED_BY(write_mutex_) = 0;
  bool job_running_ CAIRN_GUARDED_BY(write_mutex_) = false;
  bool job_failed_ CAIRN_GUARDED_BY(write_mutex_) = false;
  bool want_quiet_ CAIRN_GUARDED_BY(write_mutex_) = false;
  bool timer_armed_ CAIRN_GUARDED_BY(write_mutex_) = false;
  Status last_error_ CAIRN_GUARDED_BY(write_mutex_);
  /// Documents removed since the job began, which its outcome still holds.
  std::vector<DocNo> removed_meanwhile_ CAIRN_GUARDED_BY(write_mutex_);

  mutable Mutex view_mutex_;
  VectorViewPtr view_ CAIRN_GUARDED_BY(view_mutex_);
  const std::shared_ptr<Alive> alive_;
};

}  // namespace cairn::vector
