// SPDX-License-Identifier: Apache-2.0
#ifndef CAIRN_CPP_HANDLE_HPP_
#define CAIRN_CPP_HANDLE_HPP_

#include <cairn/buffer.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cairn {

/// A borrowed run of floats: a pointer and a length, or anything with data() and size().
class FloatView {
 public:
  FloatView() = default;
  FloatView(const float* data, std::size_t size) : data_(data), size_(size) {}
  template <typename Floats,
            typename = decltype(static_cast<const float*>(std::declval<const Floats&>().data()))>
  FloatView(const Floats& floats)  // NOLINT(google-explicit-constructor)
      : data_(floats.data()), size_(floats.size()) {}

  const float* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

 private:
  const float* data_ = nullptr;
  std::size_t size_ = 0;
};

namespace detail {

template <typename T, void (*release)(T*)>
struct Releaser {
  void operator()(T* handle) const noexcept { release(handle); }
};

/// A handle with one owner.
template <typename T, void (*release)(T*)>
using Owned = std::unique_ptr<T, Releaser<T, release>>;

/// A handle that counts references.
template <typename T, T* (*retain)(T*), void (*release)(T*)>
class Shared {
 public:
  Shared() = default;
  /// Takes over one reference.
  explicit Shared(T* handle) noexcept : handle_(handle) {}
  Shared(const Shared& other) noexcept : handle_(retain(other.handle_)) {}
  Shared(Shared&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Shared& operator=(Shared other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Shared() { release(handle_); }

  T* get() const noexcept { return handle_; }

 private:
  T* handle_ = nullptr;
};

inline std::string to_string(cairn_buffer* taken) {
  Owned<cairn_buffer, cairn_buffer_release> buffer(taken);
  std::size_t size = 0;
  const char* data = cairn_buffer_data(buffer.get(), &size);
  return std::string(data, size);
}

inline std::vector<std::string> to_strings(cairn_list* taken) {
  Owned<cairn_list, cairn_list_release> list(taken);
  std::vector<std::string> strings(cairn_list_size(list.get()));
  for (std::size_t i = 0; i < strings.size(); ++i) {
    std::size_t size = 0;
    const char* data = cairn_list_item(list.get(), i, &size);
    strings[i].assign(data, size);
  }
  return strings;
}

}  // namespace detail
}  // namespace cairn

#endif  // CAIRN_CPP_HANDLE_HPP_
