#include "cache/timer_wheel.h"

#include <algorithm>

namespace cairn::cache {

namespace {

void Append(TimerLink* list, TimerLink* link) {
  link->previous = list->previous;
  link->next = list;
  list->previous->next = link;
  list->previous = link;
}

/// All of one list to the end of another, in O(1).
void Splice(TimerLink* from, TimerLink* to) {
  if (from->next == from) return;
  from->next->previous = to->previous;
  to->previous->next = from->next;
  from->previous->next = to;
  to->previous = from->previous;
  from->previous = from->next = from;
}

}  // namespace

TimerWheel::TimerWheel(int64_t now_ns) : now_ns_(now_ns) {
  for (TimerLink& list : lists_) list.previous = list.next = &list;
}

void TimerWheel::Add(Entry* entry) {
  const int64_t deadline = entry->timing()->deadline_ns.load(std::memory_order_relaxed);
  if (deadline == kNever) return;
  const int64_t at = std::max(deadline, now_ns_);
  int level = 0;
  while (level < kLevels - 1 && (at >> ShiftOf(level)) - (now_ns_ >> ShiftOf(level)) >= kSlots) {
    ++level;
  }
  // Beyond the last level: its farthest slot, from where it is added again.
  const int64_t farthest = (now_ns_ >> ShiftOf(level)) + kSlots - 1;
  const int64_t tick = std::min(at >> ShiftOf(level), farthest);
  Append(&lists_[static_cast<size_t>(level * kSlots + (tick & (kSlots - 1)))],
         &entry->timing()->link);
}

void TimerWheel::Remove(Entry* entry) {
  TimerLink& link = entry->timing()->link;
  if (link.next == nullptr) return;
  link.next->previous = link.previous;
  link.previous->next = link.next;
  link.previous = link.next = nullptr;
}

void TimerWheel::Turn(int64_t now_ns) {
  if (now_ns <= now_ns_) return;
  const int64_t before_ns = now_ns_;
  now_ns_ = now_ns;
  for (int level = 0; level < kLevels; ++level) {
    const int64_t before = before_ns >> ShiftOf(level);
    const int64_t steps = std::min<int64_t>((now_ns >> ShiftOf(level)) - before, kSlots - 1);
    if (steps == 0) return;
    for (int64_t step = 0; step <= steps; ++step) {
      Splice(&lists_[static_cast<size_t>(level * kSlots + ((before + step) & (kSlots - 1)))],
             &due());
    }
  }
}

}  // namespace cairn::cache
