#pragma once

#include <sstream>
#include <string>
#include <vector>

namespace cairn::bench {

/// The parts of a text parted by commas; empty ones are left out.
inline std::vector<std::string> SplitList(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

}  // namespace cairn::bench
