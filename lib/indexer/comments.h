#pragma once

#include <string>
#include <string_view>

namespace cairn::indexer {

/// Stands for each byte of a masked comment.
inline constexpr char kMask = '\x1A';

/// A copy of `source`, byte for byte as long, in which Obsidian's `%%comments%%` and NUL bytes are
/// overwritten with kMask; line endings stay. A comment is closed on its own line, or, when its
/// line starts with the `%%`, by the next `%%` anywhere. Without an end it is no comment. Code
/// keeps its `%%`.
std::string MaskComments(std::string_view source);

}  // namespace cairn::indexer
