#pragma once

#include <cairn/cairn.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "base/status.h"

namespace cairn::capi {

/// No struct of ours will ever be this long: a larger struct_size was not initialised.
inline constexpr uint32_t kMaxStructBytes = 4096;

/// Size of T when it was first published. Only grows apart from sizeof(T) when T gets new fields;
/// specialise it then.
template <typename T>
inline constexpr uint32_t kFirstStructBytes = sizeof(T);
template <>
inline constexpr uint32_t kFirstStructBytes<cairn_cache_options> = 56;
template <>
inline constexpr uint32_t kFirstStructBytes<cairn_cache_stats> = 192;
template <>
inline constexpr uint32_t kFirstStructBytes<cairn_search_options> = 72;
template <>
inline constexpr uint32_t kFirstStructBytes<cairn_search_info> = 48;
template <>
inline constexpr uint32_t kFirstStructBytes<cairn_collection_stats> = 72;
template <>
inline constexpr uint32_t kFirstStructBytes<cairn_database_options> = 56;
template <>
inline constexpr uint32_t kFirstStructBytes<cairn_database_stats> = 56;

/// The struct_size at the start of a struct of the caller, which may lie at any address.
inline uint32_t StructSize(const void* given) {
  uint32_t size = 0;
  std::memcpy(&size, given, sizeof(size));
  return size;
}

/// invalid_argument when a struct_size cannot be that of any version of T.
template <typename T>
Status CheckStructSize(uint32_t size, std::string_view name) {
  if (size >= kFirstStructBytes<T> && size <= kMaxStructBytes) return OkStatus();
  return Error(Code::kInvalidArgument, name, ".struct_size is ", size, ", must be at least ",
               kFirstStructBytes<T>, ": was it set to sizeof?");
}

/// An input struct of the caller, in our layout: fields that the caller's version lacks are zero.
///
/// The fields are there to be read at once, whatever Check says, so that callback data in a
/// malformed struct can still be freed. A field is read only when struct_size covers all of it.
template <typename T>
class InputStruct {
  static_assert(std::is_trivially_copyable_v<T> && alignof(T) == 8 && sizeof(T) % 8 == 0);

 public:
  /// NULL is a struct with all defaults.
  explicit InputStruct(const T* given) : given_(reinterpret_cast<const char*>(given)) {
    if (given == nullptr) return;
    size_ = StructSize(given_);
    if (size_ > kMaxStructBytes) return;
    constexpr uint32_t kFieldBytes = 8;  // no field is longer, and each is aligned to its size
    uint32_t whole_fields = size_ - size_ % kFieldBytes;
    std::memcpy(&value_, given_, std::min<size_t>(whole_fields, sizeof(T)));
  }

  const T* operator->() const { return &value_; }
  const T& value() const { return value_; }

  /// invalid_argument when struct_size is too small; unsupported when the caller has set a field
  /// that this library does not know.
  Status Check(std::string_view name) const {
    if (given_ == nullptr) return OkStatus();
    CAIRN_RETURN_IF_ERROR(CheckStructSize<T>(size_, name));
    for (size_t i = sizeof(T); i < size_; ++i) {
      if (given_[i] == 0) continue;
      return Error(Code::kUnsupported, name, " has a field set at byte ", i,
                   " that this version of the library does not know");
    }
    return OkStatus();
  }

 private:
  const char* given_;
  uint32_t size_ = 0;
  T value_{};
};

/// Clears a struct that the caller wants filled, but for its struct_size.
template <typename T>
Status ClearStruct(T* inout, std::string_view name) {
  if (inout == nullptr) return Error(Code::kInvalidArgument, name, " is NULL");
  char* bytes = reinterpret_cast<char*>(inout);
  uint32_t size = StructSize(bytes);
  CAIRN_RETURN_IF_ERROR(CheckStructSize<T>(size, name));
  std::memset(bytes + sizeof(size), 0, size - sizeof(size));
  return OkStatus();
}

/// Copies as much of `value` as the caller's struct_size, which stays, leaves room for. The struct
/// has passed ClearStruct.
template <typename T>
void FillStruct(T* inout, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  char* bytes = reinterpret_cast<char*>(inout);
  uint32_t size = StructSize(bytes);
  std::memcpy(bytes + sizeof(size), reinterpret_cast<const char*>(&value) + sizeof(size),
              std::min<size_t>(size, sizeof(T)) - sizeof(size));
}

/// Gives an options struct of `size` bytes its defaults: zeros.
inline void InitStruct(void* options, uint32_t size) {
  if (options == nullptr || size < sizeof(size)) return;
  std::memset(options, 0, size);
  std::memcpy(options, &size, sizeof(size));
}

/// invalid_argument unless a yes-or-no field is 0 or 1.
inline Status CheckFlag(uint32_t flag, std::string_view name) {
  if (flag <= 1) return OkStatus();
  return Error(Code::kInvalidArgument, name, " is ", flag, ", must be 0 or 1");
}

/// invalid_argument unless a field that counts choices from 0 is at most `last`.
inline Status CheckChoice(int32_t choice, int32_t last, std::string_view name) {
  if (choice >= 0 && choice <= last) return OkStatus();
  return Error(Code::kInvalidArgument, name, " is ", choice, ", must be 0 to ", last);
}

}  // namespace cairn::capi
