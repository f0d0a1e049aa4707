#include "json.h"

#include <cstdio>

#include "utf8.h"

namespace cairn::cli {
namespace {

void AppendEscape(unsigned char c, std::string* json) {
  char escape[8];
  std::snprintf(escape, sizeof escape, "\\u%04x", c);
  *json += escape;
}

void AppendAscii(char c, std::string* json) {
  if (c == '"' || c == '\\') {
    *json += '\\';
    *json += c;
  } else if (c == '\n') {
    *json += "\\n";
  } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
    AppendEscape(static_cast<unsigned char>(c), json);
  } else {
    *json += c;
  }
}

}  // namespace

std::string JsonText(std::string_view text) {
  std::string json = "\"";
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = DecodeAt(text, at);
    if (!point.valid) {
      json += "\xEF\xBF\xBD";
    } else if (point.size_bytes == 1) {
      AppendAscii(text[at], &json);
    } else {
      json.append(text.substr(at, point.size_bytes));
    }
    at += point.size_bytes;
  }
  return json + "\"";
}

JsonObject& JsonObject::Text(std::string_view key, std::string_view value) {
  return Raw(key, JsonText(value));
}

JsonObject& JsonObject::Number(std::string_view key, uint64_t value) {
  return Raw(key, std::to_string(value));
}

JsonObject& JsonObject::Bool(std::string_view key, bool value) {
  return Raw(key, value ? "true" : "false");
}

JsonObject& JsonObject::Raw(std::string_view key, std::string_view json) {
  if (!members_.empty()) members_ += ',';
  members_ += JsonText(key);
  members_ += ':';
  members_ += json;
  return *this;
}

}  // namespace cairn::cli
