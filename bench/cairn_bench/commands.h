#pragma once

#include <string>
#include <vector>

namespace cairn::bench {

// Each runs one subcommand and prints JSON lines to standard output. Errors are exceptions.
void RunIndex(const std::vector<std::string>& given);
void RunIr(const std::vector<std::string>& given);
void RunSearch(const std::vector<std::string>& given);

}  // namespace cairn::bench
