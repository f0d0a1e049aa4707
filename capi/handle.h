#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "base/status.h"

namespace cairn::capi {

/// What a handle is. Unusual numbers, so that other memory is seldom taken for one.
enum class HandleKind : uint32_t {
  kReleased = 0xdead0000,
  kDatabase = 0xca150001,
  kCollection = 0xca150002,
  kBuffer = 0xca150003,
  kList = 0xca150004,
  kDocument = 0xca150005,
  kResults = 0xca150006,
  kReport = 0xca150007,
  kMetrics = 0xca150021,
  kBreaker = 0xca150022,
  kRetry = 0xca150023,
  kRetryBudget = 0xca150024,
  kBulkhead = 0xca150025,
  kPipeline = 0xca150026,
  kBatcher = 0xca150027,
  kSegments = 0xca150040,
  kLimiter = 0xca150010,
  kCache = 0xca150030,
  kCacheSpace = 0xca150031,
};

/// Base of everything the C interface hands out: says what it is and counts references, from one.
/// Each derived struct H names its kind as H::kKind.
///
/// Thread safety: thread-safe.
class Handle {
 public:
  explicit Handle(HandleKind kind) : kind_(kind) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  bool Is(HandleKind kind) const { return kind_.load(std::memory_order_relaxed) == kind; }
  void Retain() { references_.fetch_add(1, std::memory_order_relaxed); }
  /// True for the last reference. Acquire-release: whoever deletes sees every earlier use.
  bool Drop() { return references_.fetch_sub(1, std::memory_order_acq_rel) == 1; }

 protected:
  ~Handle() { kind_.store(HandleKind::kReleased, std::memory_order_relaxed); }

 private:
  std::atomic<HandleKind> kind_;
  std::atomic<uint64_t> references_{1};
};

/// True when the pointer may be used as an H. A pointer to released memory is found out only while
/// that memory was not given to something else.
template <typename H>
bool IsValid(const H* handle) {
  return handle != nullptr && handle->Is(H::kKind);
}

/// invalid_argument, naming the argument, when the pointer may not be used as an H.
template <typename H>
Status CheckHandle(const H* handle, std::string_view name) {
  if (handle == nullptr) return Error(Code::kInvalidArgument, name, " is NULL");
  if (handle->Is(H::kKind)) return OkStatus();
  return Error(Code::kInvalidArgument, name, " is a handle of another type, or was released");
}

template <typename H>
H* Retain(H* handle) noexcept {
  if (IsValid(handle)) handle->Retain();
  return handle;
}

template <typename H>
void Release(H* handle) noexcept {
  if (IsValid(handle) && handle->Drop()) delete handle;
}

/// Refuses a NULL output and clears any other, before anything can fail.
template <typename T>
Status ClearOut(T* out, std::string_view name) {
  if (out == nullptr) return Error(Code::kInvalidArgument, name, " is NULL");
  *out = T{};
  return OkStatus();
}

}  // namespace cairn::capi
