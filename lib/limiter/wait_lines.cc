#include "limiter/wait_lines.h"

#include <algorithm>

namespace cairn::limiter {

Decision WaitLines::Acquire(Place place, int64_t max_wait_ns, const Ask& ask) {
  const int64_t start_ns = clock_->MonotonicNs();
  const int64_t deadline_ns = start_ns + std::min(max_wait_ns, INT64_MAX - start_ns);
  MutexLock lock(mutex_);
  Waiter self;
  Line& line = lines_[place];
  line.waiters.push_back(&self);
  waiting_.fetch_add(1);
  try {
    const Decision decision = WaitIn(&line, &self, deadline_ns, ask);
    Leave(place, &self);
    waiting_.fetch_sub(1);
    return decision;
  } catch (...) {
    Leave(place, &self);
    waiting_.fetch_sub(1);
    throw;
  }
}

Decision WaitLines::WaitIn(Line* line, Waiter* self, int64_t deadline_ns, const Ask& ask) {
  Answer last;
  bool has_asked = false;
  for (;;) {
    const bool is_first = line->waiters.front() == self;
    const int64_t left_ns = deadline_ns - clock_->MonotonicNs();
    if (is_first || !has_asked) {
      const uint64_t freed_count = line->freed_count;
      mutex_.Unlock();
      try {
        last = ask(is_first, left_ns);
      } catch (...) {
        mutex_.Lock();
        throw;
      }
      mutex_.Lock();
      has_asked = true;
      if (last.pause_ns == 0) break;
      const bool is_first_now = line->waiters.front() == self;
      if (is_first_now && (!is_first || line->freed_count != freed_count)) continue;
    } else if (left_ns <= 0) {
      break;
    }
    Pause(self, is_first ? last.pause_ns : left_ns);
  }
  return last.decision;
}

void WaitLines::Pause(Waiter* self, int64_t ns) {
  if (!wait_) {
    static_cast<void>(self->turn.WaitFor(mutex_, ns));
    return;
  }
  mutex_.Unlock();
  wait_(ns);
  mutex_.Lock();
}

void WaitLines::Leave(Place place, Waiter* self) {
  Line& line = lines_[place];
  const bool was_first = line.waiters.front() == self;
  std::erase(line.waiters, self);
  if (line.waiters.empty()) {
    lines_.erase(place);
  } else if (was_first) {
    line.waiters.front()->turn.Signal();
  }
}

void WaitLines::Tell(Line* line) {
  ++line->freed_count;
  line->waiters.front()->turn.Signal();
}

void WaitLines::Freed(Place place) {
  if (waiting_.load() == 0) return;
  MutexLock lock(mutex_);
  const auto found = lines_.find(place);
  if (found != lines_.end()) Tell(&found->second);
}

void WaitLines::FreedAll(uint32_t policy) {
  if (waiting_.load() == 0) return;
  MutexLock lock(mutex_);
  for (auto& [place, line] : lines_) {
    if (place.policy == policy) Tell(&line);
  }
}

}  // namespace cairn::limiter
