#include "cairn_bench/scratch.h"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace cairn::bench {

ScratchFolder::ScratchFolder() {
  path_ = (std::filesystem::temp_directory_path() / "cairn-bench-XXXXXX").string();
  if (mkdtemp(path_.data()) == nullptr) {
    throw std::runtime_error("cannot make a folder for temporary files: " + path_);
  }
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace cairn::bench
