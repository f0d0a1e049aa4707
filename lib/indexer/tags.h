#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::indexer {

/// Length of the tag name at the front of `text` (behind the '#'), 0 for none: letters, digits,
/// '_', '-', '/' and most of Unicode, with at least one character that is no digit.
size_t TagLength(std::string_view text);

/// Adds `tag` without leading '#' and surrounding space, unless it is empty or already there.
/// ASCII letters are compared without case; the first spelling stays. A document keeps at most
/// 1000.
void AddTag(std::string_view tag, std::vector<std::string>* tags);

/// Adds each tag of a list written as one string, separated by commas or white space.
void AddTagList(std::string_view list, std::vector<std::string>* tags);

}  // namespace cairn::indexer
