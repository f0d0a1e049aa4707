#pragma once

#include <string>
#include <string_view>

namespace cairn::analysis {

/// NFKC with Unicode case folding, for labels that compare without regard to case. Invalid UTF-8
/// comes back as ASCII lower case.
std::string FoldCase(std::string_view text);

}  // namespace cairn::analysis
