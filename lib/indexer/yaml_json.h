#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/status.h"

namespace cairn::indexer {

/// Reads a YAML mapping into JSON, members in the file's order, a repeated key with its last value.
///
/// Plain scalars take the type of YAML's core schema (null, true, 1, 1.5), quoted ones and whatever
/// JSON cannot hold (.nan, 0x10, 007) are text. Empty text is an empty object. What expands to more
/// than 10,000 values, or is nested deeper than 32, is refused: aliases cannot blow it up.
///
/// Errors: kInvalidArgument with the line (counted from `first_line`) for broken YAML;
/// kFailedPrecondition when it is YAML but no mapping.
Result<json::object> YamlToJson(std::string_view yaml, size_t first_line);

}  // namespace cairn::indexer
