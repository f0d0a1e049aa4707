#include "filter.h"

// Boost.JSON as headers only: its one translation unit in this program.
#include <boost/json/src.hpp>

#include "failure.h"

namespace cairn::cli {
namespace {

namespace json = boost::json;

json::object FromOptions(const FilterFlags& flags) {
  json::object filter;
  if (!flags.tags.empty()) filter["tags"] = json::array(flags.tags.begin(), flags.tags.end());
  if (!flags.type.empty()) filter["type"] = flags.type;
  if (!flags.status.empty()) filter["status"] = flags.status;
  return filter;
}

/// "tags" was given as --tag.
std::string OptionOf(std::string_view field) {
  return field == "tags" ? "--tag" : "--" + std::string(field);
}

}  // namespace

std::string FilterJson(const FilterFlags& flags) {
  const json::object options = FromOptions(flags);
  if (options.empty()) return flags.json;
  if (flags.json.empty()) return json::serialize(options);
  json::error_code error;
  json::value given = json::parse(flags.json, error);
  if (error || !given.is_object()) return flags.json;
  json::object& merged = given.get_object();
  for (const auto& condition : options) {
    const std::string_view field(condition.key().data(), condition.key().size());
    if (merged.contains(condition.key())) {
      throw Failure(CAIRN_INVALID_ARGUMENT, "both " + OptionOf(field) + " and --filter name \"" +
                                                std::string(field) + "\": give one of them");
    }
    merged.insert(condition);
  }
  return json::serialize(given);
}

}  // namespace cairn::cli
