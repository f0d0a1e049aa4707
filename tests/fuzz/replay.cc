// Stands in for libFuzzer: feeds every file below the folders named, and a fixed number of
// mutations of each, to the target.

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr int kMutations = 40;

void Run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

std::string Mutate(std::string input, std::mt19937& random) {
  for (int edits = 1 + static_cast<int>(random() % 4); edits > 0 && !input.empty(); --edits) {
    size_t at = random() % input.size();
    switch (random() % 4) {
      case 0:
        input[at] = static_cast<char>(random());
        break;
      case 1:
        input.erase(at, 1 + random() % 20);
        break;
      case 2:
        input.insert(at, input.substr(random() % input.size(), 1 + random() % 20));
        break;
      default:
        input.insert(at, 1, "\n#-`[]{}:\"'|>\t\\\x00\xFF"[random() % 17]);
    }
  }
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  std::mt19937 random(1);
  size_t inputs = 0;
  Run("");
  for (int i = 1; i < argc; ++i) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      std::string seed((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
      Run(seed);
      for (int mutation = 0; mutation < kMutations; ++mutation) Run(Mutate(seed, random));
      inputs += 1 + kMutations;
    }
  }
  std::printf("%zu inputs\n", inputs);
  return inputs == 0 ? 1 : 0;
}
