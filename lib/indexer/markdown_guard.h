#pragma once

#include <string_view>

namespace cairn::indexer {

/// True when a Markdown parser would take far longer than linear time, or far more memory than the
/// text, on this input: nesting of dozens of containers, thousands of unclosed constructs in one
/// paragraph, very wide tables. Linear time itself. Notes written by people are never that.
bool TooIntricate(std::string_view text);

}  // namespace cairn::indexer
