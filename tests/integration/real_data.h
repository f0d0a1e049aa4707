#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

namespace cairn::test {

/// Path of a real data set, or "" where it is absent.
inline std::string RealData(std::string_view name) {
  const char* from_environment = std::getenv("CAIRN_DATA");
  std::string root = from_environment != nullptr ? from_environment : CAIRN_DATA_DEFAULT;
  std::string path = root + "/" + std::string(name);
  return std::filesystem::exists(path) ? path : "";
}

}  // namespace cairn::test
