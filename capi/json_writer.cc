#include "capi/json_writer.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "base/bytes.h"

namespace cairn::capi {
namespace {

constexpr int64_t kNsPerSecond = 1000000000;
constexpr std::string_view kHexDigits = "0123456789abcdef";

void AppendEscaped(char c, std::string* out) {
  switch (c) {
    case '"':
      out->append("\\\"");
      return;
    case '\\':
      out->append("\\\\");
      return;
    case '\n':
      out->append("\\n");
      return;
    case '\r':
      out->append("\\r");
      return;
    case '\t':
      out->append("\\t");
      return;
    default:
      break;
  }
  auto byte = static_cast<unsigned char>(c);
  if (byte >= 0x20) {
    out->push_back(c);
    return;
  }
  out->append("\\u00");
  out->push_back(kHexDigits[byte >> 4]);
  out->push_back(kHexDigits[byte & 15]);
}

/// The fraction of a second with as few groups of three digits as it needs.
std::string Fraction(int64_t ns) {
  if (ns == 0) return "";
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), ".%09lld", static_cast<long long>(ns));
  std::string fraction(text.data());
  while (fraction.ends_with("000")) fraction.resize(fraction.size() - 3);
  return fraction;
}

}  // namespace

void JsonWriter::Separate() {
  if (needs_comma_) out_.push_back(',');
  needs_comma_ = true;
}

void JsonWriter::Open(char bracket) {
  Separate();
  out_.push_back(bracket);
  needs_comma_ = false;
}

void JsonWriter::Close(char bracket) {
  out_.push_back(bracket);
  needs_comma_ = true;
}

void JsonWriter::Quote(std::string_view text) {
  out_.push_back('"');
  for (char c : text) AppendEscaped(c, &out_);
  out_.push_back('"');
}

void JsonWriter::Key(std::string_view key) {
  Separate();
  Quote(key);
  out_.push_back(':');
  needs_comma_ = false;
}

void JsonWriter::Text(std::string_view text) {
  Separate();
  if (IsValidUtf8(text)) {
    Quote(text);
  } else {
    Quote(ToValidUtf8(text));
  }
}

void JsonWriter::Integer(uint64_t number) {
  Separate();
  out_.append(std::to_string(number));
}

void JsonWriter::Number(double number, int digits) {
  double scale = std::pow(10, digits);
  double scaled = number * scale;
  if (!std::isfinite(number)) return Null();
  // Where the scaled number has no room for a fraction there is nothing to round.
  double rounded = std::fabs(scaled) < 1e15 ? std::round(scaled) / scale : number;
  Separate();
  std::array<char, 32> text{};
  auto end = std::to_chars(text.data(), text.data() + text.size(), rounded + 0.0);
  out_.append(text.data(), end.ptr);
}

void JsonWriter::Boolean(bool value) {
  Separate();
  out_.append(value ? "true" : "false");
}

void JsonWriter::Null() {
  Separate();
  out_.append("null");
}

void JsonWriter::Json(std::string_view json) {
  Separate();
  if (json.empty()) json = "{}";
  bool in_string = false;
  bool escaped = false;
  for (char c : json) {
    bool space = c == ' ' || c == '\n' || c == '\r' || c == '\t';
    if (!in_string && space) continue;
    out_.push_back(c);
    if (c == '"' && !escaped) in_string = !in_string;
    escaped = in_string && c == '\\' && !escaped;
  }
}

void JsonWriter::Time(int64_t unix_ns) {
  if (unix_ns == 0) return Null();
  // In integers: chrono would multiply the whole seconds back, beyond the range near its ends.
  int64_t seconds = unix_ns / kNsPerSecond;
  int64_t fraction_ns = unix_ns % kNsPerSecond;
  if (fraction_ns < 0) {
    fraction_ns += kNsPerSecond;
    --seconds;
  }
  std::chrono::sys_seconds moment{std::chrono::seconds(seconds)};
  auto day = std::chrono::floor<std::chrono::days>(moment);
  std::chrono::year_month_day date(day);
  std::chrono::hh_mm_ss time(moment - day);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", int(date.year()),
                unsigned(date.month()), unsigned(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  Text(text.data() + Fraction(fraction_ns) + "Z");
}

}  // namespace cairn::capi
