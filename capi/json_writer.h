#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cairn::capi {

/// Writes one JSON text, members in the order of the calls. Bytes that are not UTF-8 become U+FFFD,
/// numbers that are not finite become null.
///
///   JsonWriter json;
///   json.BeginObject();
///   json.Key("id");
///   json.Text(id);
///   json.EndObject();
///
/// Thread safety: single-threaded.
class JsonWriter {
 public:
  void BeginObject() { Open('{'); }
  void EndObject() { Close('}'); }
  void BeginArray() { Open('['); }
  void EndArray() { Close(']'); }
  void Key(std::string_view key);

  void Text(std::string_view text);
  void Integer(uint64_t number);
  /// Rounded to `digits` decimal places.
  void Number(double number, int digits);
  void Boolean(bool value);
  void Null();
  /// A JSON text made elsewhere, without the white space between its tokens; "" is {}.
  void Json(std::string_view json);
  /// Nanoseconds since the Unix epoch as an RFC 3339 text in UTC; 0 is null.
  void Time(int64_t unix_ns);

  std::string Take() { return std::move(out_); }

 private:
  void Separate();
  void Open(char bracket);
  void Close(char bracket);
  void Quote(std::string_view text);

  std::string out_;
  bool needs_comma_ = false;
};

}  // namespace cairn::capi
