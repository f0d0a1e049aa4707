#include "indexer/markdown_guard.h"

#include <algorithm>
#include <cstdint>

#include "indexer/lines.h"

namespace cairn::indexer {
namespace {

constexpr size_t kMaxBytes = size_t{256} << 20;
constexpr size_t kMaxNesting = 32;
constexpr uint64_t kMaxSteps = 200'000'000;
constexpr uint64_t kMaxCells = 2'000'000;

/// Containers that the line opens or continues: quote and list markers at its front.
size_t Nesting(std::string_view line) {
  size_t count = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    char c = line[i];
    bool spaced = i + 1 < line.size() && (line[i + 1] == ' ' || line[i + 1] == '\t');
    if (c == '>') {
      ++count;
    } else if ((c == '-' || c == '+' || c == '*' || c == '.' || c == ')') && spaced) {
      ++count;
    } else if (c != ' ' && c != '\t' && (c < '0' || c > '9')) {
      break;
    }
  }
  return count;
}

/// What one run of lines without a blank one between holds.
struct Paragraph {
  uint64_t bytes = 0;
  uint64_t lines = 0;
  uint64_t images = 0;
  uint64_t links = 0;
  uint64_t declarations = 0;
  uint64_t widest = 0;

  void Add(std::string_view line) {
    uint64_t pipes = 0;
    for (size_t i = 0; i < line.size(); ++i) {
      char next = i + 1 < line.size() ? line[i + 1] : '\0';
      if (line[i] == '|') ++pipes;
      if (line[i] == '!' && next == '[') ++images;
      if (line[i] == ']') ++links;
      if (line[i] == '<' && (next == '!' || next == '?')) ++declarations;
    }
    bytes += line.size();
    widest = std::max(widest, pipes);
    ++lines;
  }
  bool Hostile() const {
    return images * links > kMaxSteps || declarations * bytes > kMaxSteps ||
           (widest > 64 && widest * lines > kMaxCells);
  }
};

}  // namespace

bool TooIntricate(std::string_view text) {
  if (text.size() > kMaxBytes) return true;
  Paragraph paragraph;
  while (!text.empty()) {
    std::string_view line = TakeLine(&text);
    if (Nesting(line) > kMaxNesting) return true;
    if (Trim(line).empty()) {
      if (paragraph.Hostile()) return true;
      paragraph = {};
    } else {
      paragraph.Add(line);
    }
  }
  return paragraph.Hostile();
}

}  // namespace cairn::indexer
