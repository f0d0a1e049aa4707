#pragma once

#include <cairn/base.h>

#include <utility>

namespace cairn::capi {

/// The user data of a callback: its free function runs exactly once, when the last holder goes.
///
/// Thread safety: thread-compatible.
class HostData {
 public:
  HostData(void* user_data, cairn_free_fn free) : user_data_(user_data), free_(free) {}
  HostData(HostData&& other) noexcept
      : user_data_(other.user_data_), free_(std::exchange(other.free_, nullptr)) {}
  HostData& operator=(HostData&&) = delete;
  ~HostData() {
    if (free_ != nullptr) free_(user_data_);
  }

  void* get() const { return user_data_; }
  bool has_free() const { return free_ != nullptr; }

 private:
  void* user_data_;
  cairn_free_fn free_;
};

}  // namespace cairn::capi
