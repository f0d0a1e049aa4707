#include "resilience/batcher.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "resilience/faults.h"
#include "resilience/status_mask.h"

namespace cairn::resilience {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr uint32_t kMaxWorkers = 256;
constexpr uint32_t kMaxItems = 1 << 20;

/// The batcher that this thread works for.
thread_local const Batcher* current = nullptr;

}  // namespace

/// An item, its caller and its batch. The runner's part (`item`) belongs to the worker until
/// `done`.
struct Batcher::Entry {
  std::string input;
  BatchItem item;
  Done on_done;  // asynchronous items only

  // Guarded by the batcher's mutex: where it is while it waits.
  std::list<EntryPtr>::iterator place;
  bool queued = false;

  Mutex mutex;
  CondVar wake;
  bool done CAIRN_GUARDED_BY(mutex) = false;
  bool left CAIRN_GUARDED_BY(mutex) = false;

  bool HasLeft() {
    MutexLock lock(mutex);
    return left;
  }
};

Status BatcherOptions::Check() const {
  Faults faults;
  auto check = [&faults](const char* setting, uint32_t value, uint32_t most) {
    faults.AddIf(value == 0 || value > most, setting, " is ", value, ", must be 1 to ", most);
  };
  check("max_items", max_items, kMaxItems);
  check("enough_items", enough_items, kMaxItems);
  check("max_queue", max_queue, kMaxItems);
  check("workers", workers, kMaxWorkers);
  faults.AddIf(max_delay_ns < 0, "max_delay_ns is ", max_delay_ns, ", must not be negative");
  faults.AddIf(enough_items > max_items, "enough_items (", enough_items,
               ") is more than max_items (", max_items, ")");
  faults.AddIf(enough_items > max_queue, "enough_items (", enough_items,
               ") is more than max_queue (", max_queue, "): the queue could never hold enough");
  return faults.ToStatus(StrCat("batcher '", name, "'"));
}

Result<std::unique_ptr<Batcher>> Batcher::Create(BatcherOptions options, Runner runner,
                                                 const Clock* clock) {
  CAIRN_RETURN_IF_ERROR(options.Check());
  if (runner == nullptr) {
    return Error(Code::kInvalidArgument, "batcher '", options.name, "': it has no runner");
  }
  std::unique_ptr<Batcher> batcher(new Batcher(std::move(options), std::move(runner), clock));
  MutexLock lock(batcher->stop_mutex_);
  std::vector<std::thread>& threads = batcher->threads_;
  try {
    while (threads.size() < batcher->options_.workers) {
      threads.emplace_back([raw = batcher.get()] { raw->Work(); });
    }
  } catch (const std::system_error&) {
    // The process may start no more threads: fewer workers do, but none is none.
    if (threads.empty()) {
      return Error(Code::kResourceExhausted, "batcher '", batcher->options_.name,
                   "': the system starts no more threads");
    }
  }
  return Result<std::unique_ptr<Batcher>>(std::move(batcher));
}

Batcher::Batcher(BatcherOptions options, Runner runner, const Clock* clock)
    : options_(std::move(options)), runner_(std::move(runner)), clock_(clock) {}

Batcher::~Batcher() { Close(); }

// --- Callers.

Status Batcher::Check(Entry* entry) {
  uint64_t cost = entry->item.cost;
  if (options_.max_cost != 0 && cost > options_.max_cost) {
    return Error(Code::kOutOfRange, "batcher '", options_.name, "': the item costs ", cost,
                 ", a batch may cost ", options_.max_cost);
  }
  entry->item.input = entry->input;
  entry->item.submitted_ns = clock_->MonotonicNs();
  if (entry->item.deadline.Passed(entry->item.submitted_ns)) {
    timed_out_.fetch_add(1, kRelaxed);
    return Error(Code::kTimedOut, "batcher '", options_.name, "': the deadline has passed");
  }
  return OkStatus();
}

bool Batcher::Lead(const EntryPtr& entry) {
  if (!entry->item.deadline.is_never() || options_.enough_items > 1) return false;
  const std::vector<EntryPtr> batch{entry};
  {
    MutexLock lock(mutex_);
    if (closed_ || !queue_.empty() || running_.size() >= options_.workers) return false;
    ++submitted_;
    running_.push_back(&batch);
  }
  const Batcher* outer = std::exchange(current, this);
  RunBatch(batch);
  current = outer;
  MutexLock lock(mutex_);
  std::erase(running_, &batch);
  if (!queue_.empty() && idle_workers_ > 0) work_.Signal();
  if (closed_) drained_.SignalAll();
  return true;
}

Status Batcher::Enqueue(const EntryPtr& entry) {
  MutexLock lock(mutex_);
  if (closed_) {
    return Error(Code::kFailedPrecondition, "batcher '", options_.name, "' is closed");
  }
  if (queue_.size() >= options_.max_queue) {
    overloaded_.fetch_add(1, kRelaxed);
    return Error(Code::kResourceExhausted, "batcher '", options_.name, "': ", queue_.size(),
                 " items are waiting already");
  }
  entry->place = queue_.insert(queue_.end(), entry);
  entry->queued = true;
  ++submitted_;
  if (__builtin_add_overflow(queued_cost_, entry->item.cost, &queued_cost_)) {
    queued_cost_ = UINT64_MAX;
  }
  // The first item sets the clock that a worker waits by; others matter only when they are enough.
  bool matters = queue_.size() == 1 || WaitForCompany(entry->item.submitted_ns) < 0;
  if (idle_workers_ > 0 && matters && running_.size() < options_.workers) work_.Signal();
  return OkStatus();
}

Result<std::string> Batcher::Submit(std::string input, uint64_t cost, Deadline deadline) {
  auto entry = std::make_shared<Entry>();
  entry->input = std::move(input);
  entry->item.cost = cost;
  entry->item.deadline = deadline;
  CAIRN_RETURN_IF_ERROR(Check(entry.get()));
  if (!Lead(entry)) {
    CAIRN_RETURN_IF_ERROR(Enqueue(entry));
    CAIRN_RETURN_IF_ERROR(Await(entry.get()));
  }
  if (!entry->item.status.ok()) return std::move(entry->item.status);
  return std::move(entry->item.output);
}

Status Batcher::SubmitAsync(std::string input, uint64_t cost, Deadline deadline, Done done) {
  auto entry = std::make_shared<Entry>();
  entry->input = std::move(input);
  entry->item.cost = cost;
  entry->item.deadline = deadline;
  entry->on_done = std::move(done);
  CAIRN_RETURN_IF_ERROR(Check(entry.get()));
  return Enqueue(entry);
}

Status Batcher::Await(Entry* entry) {
  Deadline deadline = entry->item.deadline;
  {
    MutexLock lock(entry->mutex);
    while (!entry->done) {
      if (deadline.is_never()) {
        entry->wake.Wait(entry->mutex);
        continue;
      }
      int64_t left_ns = deadline.LeftNs(clock_->MonotonicNs());
      if (left_ns == 0) {
        entry->left = true;
        break;
      }
      entry->wake.WaitFor(entry->mutex, left_ns);
    }
    if (entry->done) return OkStatus();
  }
  Leave(entry);
  timed_out_.fetch_add(1, kRelaxed);
  return Error(Code::kTimedOut, "batcher '", options_.name, "': no result in time");
}

void Batcher::Leave(Entry* entry) {
  MutexLock lock(mutex_);
  if (!entry->queued) return;
  entry->queued = false;
  queued_cost_ -= std::min(queued_cost_, entry->item.cost);
  queue_.erase(entry->place);
}

// --- Workers.

int64_t Batcher::WaitForCompany(int64_t now_ns) const {
  if (closed_ || queue_.size() >= options_.enough_items) return -1;
  if (options_.max_cost != 0 && queued_cost_ >= options_.max_cost) return -1;
  int64_t waited_ns = now_ns - queue_.front()->item.submitted_ns;
  return waited_ns >= options_.max_delay_ns
             ? -1
             : options_.max_delay_ns - std::max<int64_t>(0, waited_ns);
}

Batcher::EntryPtr Batcher::PopFront() {
  EntryPtr entry = std::move(queue_.front());
  queue_.pop_front();
  entry->queued = false;
  queued_cost_ -= std::min(queued_cost_, entry->item.cost);
  return entry;
}

void Batcher::Form(int64_t now_ns, std::vector<EntryPtr>* batch, std::vector<EntryPtr>* expired) {
  uint64_t cost = 0;
  while (!queue_.empty() && batch->size() < options_.max_items) {
    const BatchItem& next = queue_.front()->item;
    if (next.deadline.Passed(now_ns)) {
      expired->push_back(PopFront());
      continue;
    }
    if (options_.max_cost != 0 && next.cost > options_.max_cost - cost) break;
    cost += options_.max_cost != 0 ? next.cost : 0;
    wait_ns_.fetch_add(static_cast<uint64_t>(std::max<int64_t>(0, now_ns - next.submitted_ns)),
                       kRelaxed);
    batch->push_back(PopFront());
  }
}

bool Batcher::InWorker() const { return current == this; }

void Batcher::Work() {
  current = this;
  std::vector<EntryPtr> batch;
  std::vector<EntryPtr> expired;
  for (;;) {
    {
      MutexLock lock(mutex_);
      for (;;) {
        if (closed_ && queue_.empty()) return;
        int64_t now_ns = clock_->MonotonicNs();
        // A caller who runs its own item may have this worker's place.
        bool may_run = !queue_.empty() && running_.size() < options_.workers;
        int64_t wait_ns = may_run ? WaitForCompany(now_ns) : INT64_MAX;
        if (wait_ns < 0) {
          Form(now_ns, &batch, &expired);
          break;
        }
        ++idle_workers_;
        if (wait_ns == INT64_MAX) {
          work_.Wait(mutex_);
        } else {
          work_.WaitFor(mutex_, wait_ns);
        }
        --idle_workers_;
      }
      // More is there than one batch takes: another worker may begin with it.
      if (!queue_.empty() && idle_workers_ > 0) work_.Signal();
      if (!batch.empty()) running_.push_back(&batch);
    }
    for (const EntryPtr& entry : expired) {
      timed_out_.fetch_add(1, kRelaxed);
      entry->item.status =
          Error(Code::kTimedOut, "batcher '", options_.name, "': the deadline passed in the queue");
      Finish(entry.get());
    }
    if (!batch.empty()) {
      RunBatch(batch);
      MutexLock lock(mutex_);
      std::erase(running_, &batch);
      if (closed_) drained_.SignalAll();
    }
    batch.clear();
    expired.clear();
  }
}

Status Batcher::CallRunner(std::span<BatchItem* const> items) {
  int64_t begin_ns = clock_->MonotonicNs();
  Status status = runner_(items);
  busy_ns_.fetch_add(static_cast<uint64_t>(std::max<int64_t>(0, clock_->MonotonicNs() - begin_ns)),
                     kRelaxed);
  batches_.fetch_add(1, kRelaxed);
  items_.fetch_add(items.size(), kRelaxed);
  return status;
}

void Batcher::RunBatch(const std::vector<EntryPtr>& batch) {
  std::vector<BatchItem*> items;
  items.reserve(batch.size());
  for (const EntryPtr& entry : batch) items.push_back(&entry->item);
  Status status = CallRunner(items);
  // Where the target itself is in trouble, asking it again for each member would only add to that.
  bool isolate = !status.ok() && options_.isolate && batch.size() > 1 &&
                 !Contains(kWorthRetrying | kNoVerdict, status.code());
  for (const EntryPtr& entry : batch) {
    if (isolate) {
      RunAlone(entry.get());
    } else if (!status.ok()) {
      entry->item.status = status;
    }
    if (!entry->item.status.ok()) failed_.fetch_add(1, kRelaxed);
    Finish(entry.get());
  }
}

void Batcher::RunAlone(Entry* entry) {
  entry->item.status = OkStatus();
  entry->item.output.clear();
  if (entry->HasLeft()) return;
  isolated_.fetch_add(1, kRelaxed);
  BatchItem* item = &entry->item;
  Status status = CallRunner({&item, 1});
  if (!status.ok()) item->status = std::move(status);
}

bool Batcher::Finish(Entry* entry) {
  if (entry->on_done != nullptr) {
    entry->on_done(std::move(entry->item.status), std::move(entry->item.output));
    return true;
  }
  MutexLock lock(entry->mutex);
  entry->done = true;
  entry->wake.Signal();
  return !entry->left;
}

// --- The end.

void Batcher::Stop(bool cancel) {
  std::list<EntryPtr> cancelled;
  {
    MutexLock lock(mutex_);
    closed_ = true;
    if (cancel) {
      cancelled.swap(queue_);
      queued_cost_ = 0;
      for (const EntryPtr& entry : cancelled) entry->queued = false;
    }
  }
  work_.SignalAll();
  for (const EntryPtr& entry : cancelled) {
    entry->item.status = Error(Code::kCancelled, "batcher '", options_.name, "' was shut down");
    Finish(entry.get());
  }
  MutexLock lock(stop_mutex_);
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  MutexLock drain_lock(mutex_);
  while (!running_.empty()) drained_.Wait(mutex_);
}

void Batcher::ClockMoved() {
  MutexLock lock(mutex_);
  work_.SignalAll();
  auto wake = [](const EntryPtr& entry) {
    MutexLock entry_lock(entry->mutex);
    entry->wake.Signal();
  };
  std::for_each(queue_.begin(), queue_.end(), wake);
  for (const auto* batch : running_) std::for_each(batch->begin(), batch->end(), wake);
}

BatcherStats Batcher::Stats() const {
  BatcherStats stats;
  stats.overloaded = overloaded_.load(kRelaxed);
  stats.timed_out = timed_out_.load(kRelaxed);
  stats.failed = failed_.load(kRelaxed);
  stats.batches = batches_.load(kRelaxed);
  stats.items = items_.load(kRelaxed);
  stats.isolated = isolated_.load(kRelaxed);
  stats.busy_ns = busy_ns_.load(kRelaxed);
  stats.wait_ns = wait_ns_.load(kRelaxed);
  MutexLock lock(mutex_);
  stats.submitted = submitted_;
  stats.queued = static_cast<uint32_t>(queue_.size());
  stats.running = static_cast<uint32_t>(running_.size());
  return stats;
}

}  // namespace cairn::resilience
