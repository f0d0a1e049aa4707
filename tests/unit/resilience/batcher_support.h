#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "resilience/batcher.h"
#include "unit/resilience/support.h"

namespace cairn::resilience {

/// A backend that answers "<input>!" and waits, where it is told to, until the test lets it go on.
class Backend {
 public:
  Status Run(std::span<BatchItem* const> batch) {
    MutexLock lock(mutex_);
    std::vector<std::string> inputs;
    for (BatchItem* item : batch) {
      inputs.emplace_back(item->input);
      item->output = std::string(item->input) + "!";
      if (clock_ != nullptr) waits_.push_back(clock_->MonotonicNs() - item->submitted_ns);
      if (item->input == "bad") item->status = Error(Code::kInvalidArgument, "bad item");
    }
    bool poisoned = std::find(inputs.begin(), inputs.end(), "poison") != inputs.end();
    size_t number = batches_.size();
    batches_.push_back(std::move(inputs));
    arrived_.SignalAll();
    while (number >= may_end_) go_on_.Wait(mutex_);
    return poisoned ? Error(poison_code_, "poisoned") : OkStatus();
  }

  Batcher::Runner runner() {
    return [this](std::span<BatchItem* const> batch) { return Run(batch); };
  }
  void Hold() {
    MutexLock lock(mutex_);
    may_end_ = batches_.size();
  }
  void LetOneGo() {
    MutexLock lock(mutex_);
    ++may_end_;
    go_on_.SignalAll();
  }
  void LetGo() {
    MutexLock lock(mutex_);
    may_end_ = SIZE_MAX;
    go_on_.SignalAll();
  }
  void AwaitBatches(size_t count) {
    MutexLock lock(mutex_);
    while (batches_.size() < count) arrived_.Wait(mutex_);
  }
  std::vector<std::vector<std::string>> batches() {
    MutexLock lock(mutex_);
    return batches_;
  }
  void set_poison_code(Code code) { poison_code_ = code; }
  /// Notes how long items waited until their batch began.
  void NoteWaits(const Clock* clock) { clock_ = clock; }
  std::vector<int64_t> waits() {
    MutexLock lock(mutex_);
    return waits_;
  }

 private:
  Mutex mutex_;
  CondVar arrived_;
  CondVar go_on_;
  size_t may_end_ CAIRN_GUARDED_BY(mutex_) = SIZE_MAX;  // batches from this one on are held
  Code poison_code_ = Code::kInternal;
  const Clock* clock_ = nullptr;
  std::vector<int64_t> waits_ CAIRN_GUARDED_BY(mutex_);
  std::vector<std::vector<std::string>> batches_ CAIRN_GUARDED_BY(mutex_);
};

/// Collects outcomes of asynchronous items: "output" or "code: message".
class Outcomes {
 public:
  Batcher::Done done() {
    return [this](Status status, std::string output) {
      MutexLock lock(mutex_);
      seen_.push_back(status.ok() ? std::move(output) : std::string(CodeName(status.code())));
      more_.SignalAll();
    };
  }
  std::vector<std::string> Await(size_t count) {
    MutexLock lock(mutex_);
    while (seen_.size() < count) more_.Wait(mutex_);
    return seen_;
  }

 private:
  Mutex mutex_;
  CondVar more_;
  std::vector<std::string> seen_ CAIRN_GUARDED_BY(mutex_);
};

}  // namespace cairn::resilience
