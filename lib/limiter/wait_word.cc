#include "limiter/wait_word.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

namespace cairn::limiter {
namespace {

static_assert(sizeof(std::atomic<uint32_t>) == 4 && std::atomic<uint32_t>::is_always_lock_free);

constexpr int64_t kSecondNs = 1'000'000'000;

}  // namespace

void WaitWord::WaitFor(uint32_t seen, int64_t timeout_ns) const {
  timeout_ns = std::max<int64_t>(timeout_ns, 0);
  timespec left{};
  left.tv_sec = static_cast<time_t>(timeout_ns / kSecondNs);
  left.tv_nsec = static_cast<long>(timeout_ns % kSecondNs);
  // Failures are changes, signals and the time being up; the caller looks anyway.
  static_cast<void>(syscall(SYS_futex, &word_, FUTEX_WAIT_PRIVATE, seen, &left, nullptr, 0));
}

void WaitWord::Wake(int32_t most) const {
  static_cast<void>(syscall(SYS_futex, &word_, FUTEX_WAKE_PRIVATE, most, nullptr, nullptr, 0));
}

}  // namespace cairn::limiter
