#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/status.h"
#include "resilience/deadline.h"

namespace cairn::resilience {

struct BatcherOptions {
  std::string name;                   ///< told in messages and metrics
  uint32_t max_items = 64;            ///< most items of one batch
  uint64_t max_cost = 0;              ///< most cost of one batch, in any unit; 0: no bound
  uint32_t enough_items = 1;          ///< so many items do not wait for company any longer
  int64_t max_delay_ns = 25'000'000;  ///< longest that the oldest item waits for company
  uint32_t max_queue = 1024;          ///< items that wait; more are refused
  uint32_t workers = 1;               ///< batches at the same time, a thread for each
  bool isolate = false;               ///< when a batch fails, run each member once more by itself

  /// invalid_argument, listing all that is wrong.
  Status Check() const;
};

/// One item as the function that runs a batch sees it.
struct BatchItem {
  std::string_view input;
  uint64_t cost = 1;
  Deadline deadline;
  int64_t submitted_ns = 0;
  // To be filled: this item's own slice of the result, or its own failure.
  std::string output;
  Status status;
};

struct BatcherStats {
  uint64_t submitted = 0;   ///< items taken into the queue
  uint64_t overloaded = 0;  ///< items refused because the queue was full
  uint64_t timed_out = 0;   ///< items whose deadline passed, in the queue or while they ran
  uint64_t failed = 0;      ///< items that were run and failed
  uint64_t batches = 0;     ///< runs, those of single members after a failure included
  uint64_t items = 0;       ///< items in these runs
  uint64_t isolated = 0;    ///< items that were run once more by themselves
  uint64_t busy_ns = 0;     ///< time in runs, summed over the workers
  uint64_t wait_ns = 0;     ///< time in the queue, summed over the items that were run
  uint32_t queued = 0;
  uint32_t running = 0;  ///< batches under way
};

/// Puts items of many callers together and has them worked off in batches.
///
/// Pull when idle: a worker that has nothing to do takes what is there, up to `max_items` and
/// `max_cost`, so that batches grow by themselves while the workers are busy, and nothing waits
/// while they are not. Where a batch is worth waiting for, `enough_items` above 1 makes an idle
/// worker wait for so many, but never longer than `max_delay_ns` after the oldest came. Items go in
/// the order in which they came.
///
/// A caller who has all the time in the world and finds a worker idle and the queue empty takes
/// that worker's place for one batch, its own item: nobody has to be woken.
///
/// A caller whose deadline passes leaves: out of the queue at once, and out of a running batch
/// without the others noticing, since an item belongs to the batch as well as to its caller.
///
/// Thread safety: thread-safe. Ownership: owns its worker threads; the clock outlives it.
class Batcher {
 public:
  /// Runs one batch, in a worker thread or in that of a caller without deadline; must not throw. A
  /// failure is that of every member; with OK each member has its own status and output.
  using Runner = std::function<Status(std::span<BatchItem* const> batch)>;
  /// Told the outcome of one item: in a worker thread, under no lock.
  using Done = std::function<void(Status status, std::string output)>;

  static Result<std::unique_ptr<Batcher>> Create(BatcherOptions options, Runner runner,
                                                 const Clock* clock = Clock::System());
  /// Close().
  ~Batcher();
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  /// Hands in one item and waits for its result. resource_exhausted: the queue is full. timed_out:
  /// no result by the deadline. out_of_range: it costs more than a batch may.
  /// failed_precondition: closed. Else what the runner said.
  Result<std::string> Submit(std::string input, uint64_t cost = 1, Deadline deadline = {});

  /// The same without waiting: `done` is called exactly once unless this fails. An item whose
  /// deadline passes in the queue is told so when a batch is next formed.
  Status SubmitAsync(std::string input, uint64_t cost, Deadline deadline, Done done);

  /// Refuses new items, works off those in the queue, and joins the workers. Idempotent. Not to be
  /// called by the runner.
  void Close() { Stop(false); }
  /// The same, but items in the queue are cancelled.
  void Cancel() { Stop(true); }

  /// To be called when an injected clock was moved: those who wait look at it again.
  void ClockMoved() CAIRN_EXCLUDES(mutex_);

  /// Whether this thread is running one of its batches, or is one of its workers.
  bool InWorker() const;

  BatcherStats Stats() const CAIRN_EXCLUDES(mutex_);
  const BatcherOptions& options() const { return options_; }

 private:
  struct Entry;
  using EntryPtr = std::shared_ptr<Entry>;

  Batcher(BatcherOptions options, Runner runner, const Clock* clock);

  Status Check(Entry* entry);
  bool Lead(const EntryPtr& entry) CAIRN_EXCLUDES(mutex_);
  Status Enqueue(const EntryPtr& entry) CAIRN_EXCLUDES(mutex_);
  Status Await(Entry* entry) CAIRN_EXCLUDES(mutex_);
  void Leave(Entry* entry) CAIRN_EXCLUDES(mutex_);
  void Stop(bool cancel) CAIRN_EXCLUDES(mutex_, stop_mutex_);

  void Work() CAIRN_EXCLUDES(mutex_);
  /// Negative: a batch can be formed now. Else how long until the oldest item must go.
  int64_t WaitForCompany(int64_t now_ns) const CAIRN_REQUIRES(mutex_);
  void Form(int64_t now_ns, std::vector<EntryPtr>* batch, std::vector<EntryPtr>* expired)
      CAIRN_REQUIRES(mutex_);
  EntryPtr PopFront() CAIRN_REQUIRES(mutex_);
  void RunBatch(const std::vector<EntryPtr>& batch) CAIRN_EXCLUDES(mutex_);
  void RunAlone(Entry* entry) CAIRN_EXCLUDES(mutex_);
  Status CallRunner(std::span<BatchItem* const> items);
  /// False when its caller had left.
  static bool Finish(Entry* entry);

  const BatcherOptions options_;
  const Runner runner_;
  const Clock* const clock_;

  std::atomic<uint64_t> overloaded_{0};  // these: relaxed statistics
  std::atomic<uint64_t> timed_out_{0};
  std::atomic<uint64_t> failed_{0};
  std::atomic<uint64_t> batches_{0};
  std::atomic<uint64_t> items_{0};
  std::atomic<uint64_t> isolated_{0};
  std::atomic<uint64_t> busy_ns_{0};
  std::atomic<uint64_t> wait_ns_{0};

  mutable Mutex mutex_;
  CondVar work_;
  CondVar drained_;
  std::list<EntryPtr> queue_ CAIRN_GUARDED_BY(mutex_);
  uint64_t queued_cost_ CAIRN_GUARDED_BY(mutex_) = 0;  // saturates
  uint64_t submitted_ CAIRN_GUARDED_BY(mutex_) = 0;
  uint32_t idle_workers_ CAIRN_GUARDED_BY(mutex_) = 0;
  /// At most `workers`.
  std::vector<const std::vector<EntryPtr>*> running_ CAIRN_GUARDED_BY(mutex_);
  bool closed_ CAIRN_GUARDED_BY(mutex_) = false;

  Mutex stop_mutex_;  // taken before mutex_
  std::vector<std::thread> threads_ CAIRN_GUARDED_BY(stop_mutex_);
};

}  // namespace cairn::resilience
