#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace cairn::net {

/// Commands that are sent together and answered in their order. Arguments are bytes of any kind.
///
/// Thread safety: thread-compatible. Keeps its memory when cleared, so that it can be used again.
class RedisPipeline {
 public:
  /// Adds one command: its name and its arguments; at least one of them.
  RedisPipeline& Add(std::span<const std::string_view> words);
  RedisPipeline& Add(std::initializer_list<std::string_view> words) {
    return Add(std::span(words.begin(), words.size()));
  }
  void Clear();

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// As they are sent.
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  size_t size_ = 0;
};

}  // namespace cairn::net
