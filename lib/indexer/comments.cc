#include "indexer/comments.h"

#include <algorithm>

#include "indexer/lines.h"

namespace cairn::indexer {
namespace {

constexpr size_t kNone = std::string_view::npos;

void Mask(std::string* text, size_t begin, size_t end) {
  for (size_t i = begin; i < end; ++i) {
    if ((*text)[i] != '\n' && (*text)[i] != '\r') (*text)[i] = kMask;
  }
}

/// Finds the comments outside code, line by line.
class CommentMasker {
 public:
  explicit CommentMasker(std::string* text) : text_(text), source_(*text) {}

  void Run() {
    for (size_t at = 0; at < source_.size();) {
      std::string_view rest = std::string_view(source_).substr(at);
      std::string_view line = TakeLine(&rest);
      size_t next = source_.size() - rest.size();
      if (!InFence(line)) next = std::max(next, MaskLine(at, line));
      at = next;
    }
  }

 private:
  /// Tells whether the line belongs to a fenced code block, its fences included.
  bool InFence(std::string_view line) {
    size_t begin = line.find_first_not_of(" \t>");
    std::string_view body = begin == kNone ? std::string_view() : line.substr(begin);
    char mark = body.empty() ? '\0' : body[0];
    size_t length = mark == '`' || mark == '~' ? body.find_first_not_of(mark) : 0;
    if (length == kNone) length = body.size();
    if (fence_length_ > 0) {
      bool closes = mark == fence_ && length >= fence_length_ && Trim(body.substr(length)).empty();
      if (closes) fence_length_ = 0;
      return true;
    }
    if (length < 3) return false;
    if (mark == '`' && body.find('`', length) != kNone) return false;
    fence_ = mark;
    fence_length_ = length;
    return true;
  }

  /// Masks the comments that begin on the line; returns the start of the next line to look at.
  size_t MaskLine(size_t at, std::string_view line) {
    size_t first = line.find("%%");
    if (first == kNone) return 0;
    bool leads = Trim(line.substr(0, first)).empty();
    if (leads && line.find("%%", first + 2) == kNone) return MaskLong(at + first);
    for (size_t i = 0; i + 1 < line.size();) {
      if (line[i] == '`') {
        i = SkipCode(line, i);
      } else if (line[i] == '%' && line[i + 1] == '%') {
        size_t close = line.find("%%", i + 2);
        if (close == kNone) return 0;
        Mask(text_, at + i, at + close + 2);
        i = close + 2;
      } else {
        ++i;
      }
    }
    return 0;
  }

  size_t MaskLong(size_t begin) {
    size_t close = source_.find("%%", begin + 2);
    if (close == kNone) return 0;
    Mask(text_, begin, close + 2);
    size_t line_end = source_.find('\n', close);
    return line_end == kNone ? source_.size() : line_end + 1;
  }

  /// The end of the code span that opens at `i`, or of the backticks when it is none.
  static size_t SkipCode(std::string_view line, size_t i) {
    size_t end = std::min(line.find_first_not_of('`', i), line.size());
    std::string_view ticks = line.substr(i, end - i);
    for (size_t at = end; (at = line.find('`', at)) != kNone;) {
      size_t stop = std::min(line.find_first_not_of('`', at), line.size());
      if (stop - at == ticks.size()) return stop;
      at = stop;
    }
    return end;
  }

  std::string* text_;
  const std::string source_;
  char fence_ = '\0';
  size_t fence_length_ = 0;
};

}  // namespace

std::string MaskComments(std::string_view source) {
  std::string text(source);
  std::replace(text.begin(), text.end(), '\0', kMask);
  if (text.find("%%") != std::string::npos) CommentMasker(&text).Run();
  return text;
}

}  // namespace cairn::indexer
