#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace cairn::indexer {

/// Nanoseconds since the Unix epoch of an ISO date or date-time: `2024-03-01`,
/// `2024-03-01T10:00`, `2024-03-01 10:00:00.25 +02:00`. No zone is UTC, no time is midnight.
/// Nothing when it is none, or outside the years 1678 to 2261.
std::optional<int64_t> ParseDate(std::string_view text);

}  // namespace cairn::indexer
