#pragma once

#include <cstddef>
#include <functional>

#include "base/status.h"
#include "base/thread_pool.h"

namespace cairn::embed {

/// What a training step runs on: the thread budget and the wish to stop.
///
/// Steps cut their work into blocks of fixed size and each block writes its own part of the result,
/// so the outcome does not depend on the number of threads.
class Work {
 public:
  /// Both may be null; both are borrowed.
  Work(ThreadPool* pool, const std::function<bool()>* cancelled)
      : pool_(pool), cancelled_(cancelled) {}

  void ParallelFor(size_t count, const std::function<void(size_t)>& body) const {
    if (pool_ != nullptr) {
      pool_->ParallelFor(count, body);
      return;
    }
    for (size_t i = 0; i < count; ++i) body(i);
  }

  /// Calls body(begin, end) for consecutive blocks of `block` items that cover [0, count).
  void ParallelBlocks(size_t count, size_t block,
                      const std::function<void(size_t, size_t)>& body) const {
    ParallelFor((count + block - 1) / block, [&](size_t i) {
      size_t begin = i * block;
      body(begin, begin + block < count ? begin + block : count);
    });
  }

  /// kCancelled when the caller wants to stop. Call from the training thread only.
  Status CheckCancelled() const {
    if (cancelled_ == nullptr || !*cancelled_ || !(*cancelled_)()) return OkStatus();
    return Error(Code::kCancelled, "training of the builtin embedder was cancelled");
  }

 private:
  ThreadPool* const pool_;
  const std::function<bool()>* const cancelled_;
};

}  // namespace cairn::embed
