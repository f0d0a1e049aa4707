#include "indexer/lines.h"

#include <algorithm>

namespace cairn::indexer {

std::string_view TakeLine(std::string_view* rest) {
  size_t end = 0;
  while (end < rest->size() && (*rest)[end] != '\n' && (*rest)[end] != '\r') ++end;
  if (end == rest->size()) {
    std::string_view line = *rest;
    rest->remove_prefix(rest->size());
    return line;
  }
  std::string_view line = rest->substr(0, end);
  bool crlf = (*rest)[end] == '\r' && end + 1 < rest->size() && (*rest)[end + 1] == '\n';
  rest->remove_prefix(end + (crlf ? 2 : 1));
  return line;
}

LineIndex::LineIndex(std::string_view text) : text_(text) {
  starts_.push_back(0);
  for (size_t i = 0; i < text.size(); ++i) {
    bool ends =
        text[i] == '\n' || (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n'));
    if (ends) starts_.push_back(i + 1);
  }
}

size_t LineIndex::LineOf(uint64_t offset) const {
  auto after = std::upper_bound(starts_.begin(), starts_.end(), offset);
  return static_cast<size_t>(after - starts_.begin());
}

uint64_t LineIndex::Begin(size_t line) const {
  return starts_[std::clamp<size_t>(line, 1, starts_.size()) - 1];
}

uint64_t LineIndex::End(size_t line) const {
  line = std::clamp<size_t>(line, 1, starts_.size());
  uint64_t begin = starts_[line - 1];
  uint64_t end = line < starts_.size() ? starts_[line] : text_.size();
  while (end > begin && (text_[end - 1] == '\n' || text_[end - 1] == '\r')) --end;
  return end;
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

char LowerAscii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace cairn::indexer
