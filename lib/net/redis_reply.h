#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cairn::net {

/// What a Redis server answered to one command.
struct RedisReply {
  enum class Kind : uint8_t { kNil, kString, kStatus, kError, kInteger, kArray };

  Kind kind = Kind::kNil;
  int64_t integer = 0;
  std::string text;  ///< of kString, kStatus and kError
  std::vector<RedisReply> elements;

  bool is_nil() const { return kind == Kind::kNil; }
  bool is_error() const { return kind == Kind::kError; }
};

}  // namespace cairn::net
