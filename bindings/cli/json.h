#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cairn::cli {

/// The text as a JSON string, quotes included; bytes that are not UTF-8 become U+FFFD.
std::string JsonText(std::string_view text);

/// Writes one JSON object, members in the order they are added.
class JsonObject {
 public:
  JsonObject& Text(std::string_view key, std::string_view value);
  JsonObject& Number(std::string_view key, uint64_t value);
  JsonObject& Bool(std::string_view key, bool value);
  /// `json` must be a JSON value.
  JsonObject& Raw(std::string_view key, std::string_view json);

  std::string str() const { return "{" + members_ + "}"; }

 private:
  std::string members_;
};

}  // namespace cairn::cli
