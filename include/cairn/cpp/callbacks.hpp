// SPDX-License-Identifier: Apache-2.0
#ifndef CAIRN_CPP_CALLBACKS_HPP_
#define CAIRN_CPP_CALLBACKS_HPP_

#include <cairn/cairn.h>
#include <cairn/cpp/options.hpp>

#include <exception>
#include <memory>
#include <mutex>
#include <utility>

namespace cairn {
namespace detail {

inline void log_trampoline(std::int32_t level, const char* component, const char* message,
                           void* user_data) noexcept {
  try {
    (*static_cast<LogFunction*>(user_data))(static_cast<LogLevel>(level), component, message);
  } catch (...) {  // nobody is there to receive it
  }
}

inline void free_log(void* user_data) noexcept { delete static_cast<LogFunction*>(user_data); }

/// Lives in the frame of one index_folder.
struct ProgressState {
  const std::function<bool(const Progress&)>& progress;
  std::exception_ptr thrown;
};

inline std::int32_t progress_trampoline(std::int32_t phase, std::uint64_t done, std::uint64_t total,
                                        const char* path, std::size_t path_bytes,
                                        void* user_data) noexcept {
  auto* state = static_cast<ProgressState*>(user_data);
  try {
    return state->progress({static_cast<Phase>(phase), done, total, {path, path_bytes}}) ? 0 : 1;
  } catch (...) {
    state->thrown = std::current_exception();
    return 1;
  }
}

/// An embedding function and the exception that it threw last. Shared by the C library and the
/// Collection. Thread-safe.
class EmbedState {
 public:
  explicit EmbedState(EmbedFunction embed) : embed_(std::move(embed)) {}

  std::int32_t call(const std::vector<std::string_view>& texts, Purpose purpose,
                    float* vectors_out) noexcept {
    try {
      embed_(texts, purpose, vectors_out);
      return 0;
    } catch (...) {
      std::lock_guard<std::mutex> lock(mutex_);
      thrown_ = std::current_exception();
      return 1;
    }
  }

  std::exception_ptr take() noexcept {
    std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(thrown_, nullptr);
  }

 private:
  const EmbedFunction embed_;
  std::mutex mutex_;
  std::exception_ptr thrown_;
};

using EmbedStatePtr = std::shared_ptr<EmbedState>;

inline std::int32_t embed_trampoline(const char* const* texts, const std::size_t* text_bytes,
                                     std::size_t count, std::int32_t purpose, float* vectors_out,
                                     void* user_data) noexcept {
  try {
    std::vector<std::string_view> views;
    views.reserve(count);
    for (std::size_t i = 0; i < count; ++i) views.emplace_back(texts[i], text_bytes[i]);
    const EmbedStatePtr& state = *static_cast<EmbedStatePtr*>(user_data);
    return state->call(views, static_cast<Purpose>(purpose), vectors_out);
  } catch (...) {  // no memory for the views
    return 1;
  }
}

inline void free_embed(void* user_data) noexcept { delete static_cast<EmbedStatePtr*>(user_data); }

}  // namespace detail
}  // namespace cairn

#endif  // CAIRN_CPP_CALLBACKS_HPP_
