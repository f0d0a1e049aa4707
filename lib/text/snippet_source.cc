#include "text/snippet_source.h"

#include <algorithm>

#include "analysis/char_class.h"

namespace cairn::text {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

bool IsBlank(uint32_t code) {
  return code <= 0x20 || (code >= 0x7f && code <= 0xa0) || code == 0x1680 ||
         (code >= 0x2000 && code <= 0x200a) || code == 0x2028 || code == 0x2029 || code == 0x202f ||
         code == 0x205f || code == 0x3000;
}

bool IsContinuation(char byte) { return (byte & 0xc0) == 0x80; }

/// Ends a sentence when white space follows.
bool IsStop(uint32_t code) {
  return code == '.' || code == '!' || code == '?' || code == 0x2026 || code == 0x61f ||
         code == 0x6d4 || code == 0x964;
}

/// Ends a sentence whatever follows.
bool IsFullWidthStop(uint32_t code) {
  return code == 0x3002 || code == 0xff01 || code == 0xff1f || code == 0xff0e;
}

/// May stand between the stop and the white space.
bool IsCloser(uint32_t code) {
  return code == '"' || code == '\'' || code == ')' || code == ']' || code == 0x2019 ||
         code == 0x201d || code == 0xbb || code == 0x300d || code == 0x300f || code == 0xff09;
}

/// Begins a list item, a heading or a quotation when it is the first of its line.
bool IsBlockMark(uint32_t code) {
  return code == '#' || code == '-' || code == '*' || code == '+' || code == '>';
}

class Flattener {
 public:
  FlatText Run(std::string_view text) {
    flat_.text.reserve(text.size());
    for (size_t at = 0; at < text.size();) {
      const analysis::Char c = analysis::DecodeChar(text, at);
      if (IsBlank(c.code)) {
        blank_ = true;
        lines_ += c.code == '\n' || c.code == 0x2029 ? 1 : 0;
      } else {
        const bool bad = c.code == 0xfffd && c.size == 1;
        Take(c.code, bad ? kReplacement : text.substr(at, c.size));
      }
      at += c.size;
    }
    return std::move(flat_);
  }

 private:
  void Take(uint32_t code, std::string_view bytes) {
    const bool begins = flat_.text.empty() || (full_stop_ && !IsCloser(code)) ||
                        (stop_ && blank_) || lines_ >= 2 || (lines_ == 1 && IsBlockMark(code));
    if (blank_ && !flat_.text.empty()) flat_.text.push_back(' ');
    if (begins) flat_.sentence_starts.push_back(static_cast<uint32_t>(flat_.text.size()));
    flat_.text.append(bytes);
    full_stop_ = IsFullWidthStop(code) || (full_stop_ && !blank_ && IsCloser(code));
    stop_ = IsStop(code) || (stop_ && !blank_ && IsCloser(code));
    blank_ = false;
    lines_ = 0;
  }

  FlatText flat_;
  bool blank_ = false;
  bool stop_ = false;
  bool full_stop_ = false;
  int lines_ = 0;
};

}  // namespace

FlatText Flatten(std::string_view text) { return Flattener().Run(text); }

size_t CountChars(std::string_view text) {
  const auto continuations = std::count_if(text.begin(), text.end(), IsContinuation);
  return text.size() - static_cast<size_t>(continuations);
}

size_t Advance(std::string_view text, size_t at, size_t chars) {
  for (; chars > 0 && at < text.size(); --chars) {
    do {
      ++at;
    } while (at < text.size() && IsContinuation(text[at]));
  }
  return at;
}

size_t Retreat(std::string_view text, size_t at, size_t chars) {
  for (; chars > 0 && at > 0; --chars) {
    do {
      --at;
    } while (at > 0 && IsContinuation(text[at]));
  }
  return at;
}

}  // namespace cairn::text
