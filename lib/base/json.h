#pragma once

#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/status.h"

namespace cairn::json {

using boost::json::array;
using boost::json::object;
using boost::json::serialize;
using boost::json::value;

/// Parses strict JSON. kInvalidArgument with `what` and the byte offset of the fault.
Result<value> Parse(std::string_view text, std::string_view what);

/// Parses a JSON object; empty text counts as {}. kInvalidArgument as above.
Result<object> ParseObject(std::string_view text, std::string_view what);

}  // namespace cairn::json
