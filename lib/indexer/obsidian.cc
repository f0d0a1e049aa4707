#include "indexer/obsidian.h"

#include <algorithm>
#include <cstdint>

#include "indexer/comments.h"
#include "indexer/lines.h"
#include "indexer/tags.h"

namespace cairn::indexer {
namespace {

constexpr size_t kNone = std::string_view::npos;
constexpr size_t kMaxLinkBytes = 1024;
constexpr size_t kMaxFootnoteBytes = 64;

/// Replaces text[begin, end) by `insert`.
struct Edit {
  size_t begin;
  size_t end;
  std::string_view insert;
};

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Carries out edits, which are in order and do not overlap.
VisibleText Apply(const VisibleText& in, const std::vector<Edit>& edits) {
  VisibleText out;
  size_t span = 0;
  auto copy = [&](size_t begin, size_t end) {
    while (begin < end) {
      while (span + 1 < in.spans.size() && in.spans[span + 1].begin <= begin) ++span;
      const TextSpan& from = in.spans[span];
      size_t stop = span + 1 < in.spans.size() ? std::min(end, in.spans[span + 1].begin) : end;
      uint64_t source = from.exact ? from.source + (begin - from.begin) : from.source;
      out.spans.push_back({out.text.size(), source, from.kind, from.exact});
      out.text.append(in.text, begin, stop - begin);
      begin = stop;
    }
  };
  size_t at = 0;
  for (const Edit& edit : edits) {
    copy(at, edit.begin);
    if (!edit.insert.empty()) {
      out.spans.push_back({out.text.size(), in.spans[span].source, TextKind::kText, false});
      out.text.append(edit.insert);
    }
    at = edit.end;
  }
  copy(at, in.text.size());
  return out;
}

/// Goes over the text once and notes the edits.
class Scanner {
 public:
  Scanner(const VisibleText& visible, bool with_tags, Findings* findings)
      : visible_(visible), text_(visible.text), with_tags_(with_tags), findings_(findings) {}

  std::vector<Edit> Run() {
    size_t i = CalloutMark();
    while (i < text_.size()) {
      while (span_ + 1 < visible_.spans.size() && visible_.spans[span_ + 1].begin <= i) ++span_;
      if (visible_.spans[span_].kind != TextKind::kText) {
        i = SpanEnd();
        continue;
      }
      size_t next = Step(i);
      i = next > i ? next : i + 1;
    }
    BlockId();
    return std::move(edits_);
  }

 private:
  size_t SpanEnd() const {
    return span_ + 1 < visible_.spans.size() ? visible_.spans[span_ + 1].begin : text_.size();
  }
  bool At(size_t i, std::string_view mark) const { return text_.substr(i, mark.size()) == mark; }
  void Drop(size_t begin, size_t end) { edits_.push_back({begin, end, {}}); }

  /// Handles what starts at `i`; returns where to go on, `i` when nothing starts there.
  size_t Step(size_t i) {
    switch (text_[i]) {
      case '!':
        return At(i, "![[") ? WikiLink(i, i + 3) : i;
      case '[':
        return At(i, "[[") ? WikiLink(i, i + 2) : Footnote(i);
      case '#':
        return Tag(i);
      case '~':
        return Pair(i, "~~");
      case '=':
        return Pair(i, "==");
      case kMask: {
        size_t end = std::min(text_.find_first_not_of(kMask, i), text_.size());
        Drop(i, end);
        return end;
      }
      case ' ':
        return Spaces(i);
      default:
        return i;
    }
  }

  size_t WikiLink(size_t open, size_t begin) {
    size_t close = text_.substr(0, std::min(text_.size(), begin + kMaxLinkBytes)).find("]]", begin);
    std::string_view inner = close == kNone ? "" : text_.substr(begin, close - begin);
    if (inner.empty() || inner.find_first_of("\n[") != kNone) return begin;
    size_t bar = inner.find('|');
    std::string_view path = inner.substr(0, bar);
    size_t hash = path.find('#');
    std::string_view target = Trim(path.substr(0, hash));
    if (!target.empty()) findings_->links.emplace_back(target);
    if (bar != kNone) {
      Drop(open, begin + bar + 1);
    } else {
      Drop(open, begin);
      if (hash != kNone) Anchor(begin + hash, close, target.empty());
    }
    Drop(close, close + 2);
    return close + 2;
  }

  /// The part of a link from its '#': a heading is shown behind " > ", a block id is not shown.
  void Anchor(size_t hash, size_t close, bool alone) {
    if (At(hash, "#^")) {
      Drop(hash, close);
    } else {
      edits_.push_back({hash, hash + 1, alone ? "" : " > "});
    }
  }

  size_t Footnote(size_t i) {
    if (!At(i, "[^")) return i;
    size_t close = text_.substr(0, std::min(text_.size(), i + kMaxFootnoteBytes)).find(']', i);
    if (close == kNone || close == i + 2) return i;
    if (text_.substr(i, close - i).find_first_of(" \n\t") != kNone) return i;
    size_t end = close + 1;
    if (i == 0 && At(end, ":")) end = std::min(text_.find_first_not_of(' ', end + 1), text_.size());
    Drop(i, end);
    return end;
  }

  size_t Tag(size_t i) {
    if (!with_tags_ || (i > 0 && !IsSpace(text_[i - 1]))) return i;
    size_t length = TagLength(text_.substr(i + 1, SpanEnd() - i - 1));
    if (length > 0) findings_->tags.emplace_back(text_.substr(i + 1, length));
    return i + 1 + length;
  }

  /// Drops `mark` where it opens or closes a pair: text directly inside of both marks.
  size_t Pair(size_t i, std::string_view mark) {
    if (!At(i, mark)) return i;
    size_t end = i + 2;
    if (At(end, mark.substr(1))) return std::min(text_.find_first_not_of(mark[0], i), text_.size());
    if (i == pair_close_) {
      Drop(i, end);
      return end;
    }
    if (end >= text_.size() || IsSpace(text_[end]) || (i < pair_close_ && pair_close_ != kNone)) {
      return end;
    }
    size_t close = text_.find(mark, end);
    if (close == kNone || IsSpace(text_[close - 1])) return end;
    pair_close_ = close;
    Drop(i, end);
    return end;
  }

  size_t Spaces(size_t i) {
    size_t end = i + 1;
    while (end < SpanEnd() && (text_[end] == ' ' || text_[end] == kMask)) ++end;
    bool doubled = i > 0 && text_[i - 1] == ' ';
    size_t keep = doubled ? i : i + 1;
    if (end > keep) Drop(keep, end);
    return end;
  }

  size_t CalloutMark() {
    if (!At(0, "[!")) return 0;
    size_t close = text_.substr(0, kMaxFootnoteBytes).find(']');
    if (close == kNone || text_.substr(0, close).find_first_of(" \n") != kNone) return 0;
    size_t end = close + 1;
    if (At(end, "+") || At(end, "-")) ++end;
    while (At(end, " ")) ++end;
    Drop(0, end);
    return end;
  }

  void BlockId() {
    size_t mark = text_.rfind(" ^");
    size_t done = edits_.empty() ? 0 : edits_.back().end;
    if (mark == kNone || mark < done || mark + 2 == text_.size()) return;
    if (visible_.spans.back().kind != TextKind::kText) return;
    for (char c : text_.substr(mark + 2)) {
      char lower = LowerAscii(c);
      if (!((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-')) return;
    }
    Drop(mark, text_.size());
  }

  const VisibleText& visible_;
  std::string_view text_;
  bool with_tags_;
  Findings* findings_;
  size_t span_ = 0;
  size_t pair_close_ = kNone;
  std::vector<Edit> edits_;
};

}  // namespace

void ShowAsObsidian(VisibleText* visible, bool with_tags, Findings* findings) {
  if (visible->text.empty()) return;
  std::vector<Edit> edits = Scanner(*visible, with_tags, findings).Run();
  if (!edits.empty()) *visible = Apply(*visible, edits);
}

}  // namespace cairn::indexer
