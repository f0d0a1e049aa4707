#pragma once

#include <string>
#include <vector>

namespace cairn::bench {

// Each runs one subcommand and prints JSON lines to standard output. Errors are exceptions.
void RunIndex(const std::vector<std::string>& given);
void RunIr(const std::vector<std::string>& given);
void RunSearch(const std::vector<std::string>& given);
void RunVector(const std::vector<std::string>& given);
void RunFilter(const std::vector<std::string>& given);
void RunChurn(const std::vector<std::string>& given);
void RunMixed(const std::vector<std::string>& given);
void RunCache(const std::vector<std::string>& given);
void RunLimiter(const std::vector<std::string>& given);

}  // namespace cairn::bench
