#pragma once

#include <string>
#include <vector>

namespace cairn::cli {

/// Conditions of the command line that become one filter of the library.
struct FilterFlags {
  std::vector<std::string> tags;
  std::string type;
  std::string status;
  std::string json;  ///< --filter; "" = none
};

/// The filter as JSON, or "" for none. A --filter that is no JSON object goes to the library as it
/// is, which tells what is wrong and where. Throws a Failure when an option and --filter name the
/// same field.
std::string FilterJson(const FilterFlags& flags);

}  // namespace cairn::cli
