#include "base/json.h"

#include <boost/json/src.hpp>

#include <utility>

namespace cairn::json {

Result<value> Parse(std::string_view text, std::string_view what) {
  boost::json::stream_parser parser;
  boost::json::error_code error;
  size_t parsed = parser.write_some(text.data(), text.size(), error);
  if (!error && parsed < text.size()) {
    return Error(Code::kInvalidArgument, what, " is not valid JSON at byte ", parsed,
                 ": unexpected text after the value");
  }
  if (!error) parser.finish(error);
  if (error) {
    return Error(Code::kInvalidArgument, what, " is not valid JSON at byte ", parsed, ": ",
                 error.message());
  }
  return parser.release();
}

Result<object> ParseObject(std::string_view text, std::string_view what) {
  if (text.empty()) return object();
  CAIRN_ASSIGN_OR_RETURN(value parsed, Parse(text, what));
  if (!parsed.is_object()) return Error(Code::kInvalidArgument, what, " is not a JSON object");
  return std::move(parsed.as_object());
}

}  // namespace cairn::json
