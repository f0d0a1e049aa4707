#include "net/redis_pipeline.h"

#include <charconv>

namespace cairn::net {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

void AppendCount(std::string* out, char kind, size_t count) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof(digits), count).ptr;
  out->push_back(kind);
  out->append(digits, end);
  out->append(kLineEnd);
}

}  // namespace

RedisPipeline& RedisPipeline::Add(std::span<const std::string_view> words) {
  AppendCount(&bytes_, '*', words.size());
  for (std::string_view word : words) {
    AppendCount(&bytes_, '$', word.size());
    bytes_.append(word);
    bytes_.append(kLineEnd);
  }
  ++size_;
  return *this;
}

void RedisPipeline::Clear() {
  bytes_.clear();
  size_ = 0;
}

}  // namespace cairn::net
