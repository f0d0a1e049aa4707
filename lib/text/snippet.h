#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/analyzer.h"

namespace cairn::text {

struct Highlight {
  uint32_t begin = 0;  ///< byte offsets into the snippet's text, on character boundaries
  uint32_t end = 0;
};

struct Snippet {
  std::string text;  ///< one line; white space collapsed; "..." where text was left out
  std::vector<Highlight> highlights;
};

/// The window of about `target_chars` characters of `text` that shows the most different query
/// terms, preferring the start of a sentence. Without a match: the beginning of the text.
Snippet MakeSnippet(const analysis::Analyzer& analyzer, std::string_view query,
                    std::string_view text, size_t target_chars = 200);

}  // namespace cairn::text
