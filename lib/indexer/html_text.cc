#include "indexer/html_text.h"

#include <algorithm>
#include <string>

#include "indexer/lines.h"

namespace cairn::indexer {
namespace {

constexpr size_t kNone = std::string_view::npos;

bool StartsWithTag(std::string_view html, std::string_view name) {
  if (html.size() < name.size() + 1 || html[0] != '<') return false;
  for (size_t i = 0; i < name.size(); ++i) {
    if (LowerAscii(html[i + 1]) != name[i]) return false;
  }
  char after = html.size() > name.size() + 1 ? html[name.size() + 1] : '>';
  return after == '>' || after == '/' || after == ' ' || after == '\t' || after == '\n' ||
         after == '\r';
}

bool IsNameStart(char c) {
  return (LowerAscii(c) >= 'a' && LowerAscii(c) <= 'z') || c == '/' || c == '!' || c == '?';
}

/// Position behind `mark` in `html`, or its end.
size_t Behind(std::string_view html, std::string_view mark) {
  size_t found = html.find(mark);
  return found == kNone ? html.size() : found + mark.size();
}

/// Length of the script or style element at the front, its content included.
size_t HiddenElement(std::string_view html, std::string_view name) {
  for (size_t at = 1; (at = html.find("</", at)) != kNone; at += 2) {
    std::string tag = "<" + std::string(html.substr(at + 2, name.size() + 1));
    if (StartsWithTag(tag, name)) return at + Behind(html.substr(at), ">");
  }
  return html.size();
}

/// Length of what to leave out at the front of `html`, which starts with '<'; 0 for none.
size_t HiddenLength(std::string_view html) {
  if (html.substr(0, 4) == "<!--") return Behind(html, "-->");
  if (StartsWithTag(html, "script")) return HiddenElement(html, "script");
  if (StartsWithTag(html, "style")) return HiddenElement(html, "style");
  if (html.size() > 1 && IsNameStart(html[1])) return Behind(html, ">");
  return 0;
}

}  // namespace

bool IsLineBreakTag(std::string_view html) { return StartsWithTag(html, "br"); }

VisibleText StripHtml(std::string_view source, uint64_t begin, uint64_t end) {
  VisibleText out;
  auto append_lines = [&](uint64_t from, uint64_t to) {
    while (from < to) {
      std::string_view piece = source.substr(from, to - from);
      piece = piece.substr(0, piece.find('\r'));
      out.AppendExact(piece, from);
      from += piece.size() + 1;
    }
  };
  uint64_t kept = begin;
  for (uint64_t at = begin; (at = source.find('<', at)) < end;) {
    size_t hidden = HiddenLength(source.substr(at, end - at));
    append_lines(kept, hidden > 0 ? at : at + 1);
    at += hidden > 0 ? hidden : 1;
    kept = at;
  }
  append_lines(kept, end);
  return out;
}

}  // namespace cairn::indexer
