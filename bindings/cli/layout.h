#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "terminal.h"

namespace cairn::cli {

/// Byte span of a text that is to stand out.
using Span = std::pair<uint32_t, uint32_t>;

/// Breaks a printable text into lines of at most `columns` columns (0 = one line), between words or
/// between wide characters, and paints the spans. A word longer than a line is cut.
std::vector<std::string> WrapMarked(std::string_view text, const std::vector<Span>& marks,
                                    size_t columns, const Painter& paint);

/// The text cut to `columns` columns, with "…" at the end where something was cut; 0 = uncut.
std::string Fit(std::string_view text, size_t columns);

/// "1 file", "2 files".
std::string Counted(uint64_t count, std::string_view noun);

/// "412 B", "3.4 MB".
std::string HumanBytes(uint64_t bytes);

/// A fixed number of decimals.
std::string Decimal(double value, int decimals);

}  // namespace cairn::cli
