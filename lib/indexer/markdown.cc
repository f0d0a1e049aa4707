#include "indexer/markdown.h"

#include <algorithm>
#include <utility>

#include "indexer/anchor.h"
#include "indexer/cmark_tree.h"
#include "indexer/comments.h"
#include "indexer/html_text.h"
#include "indexer/lines.h"
#include "indexer/markdown_guard.h"
#include "indexer/tokens.h"

namespace cairn::indexer {
namespace {

struct LineRange {
  size_t first;
  size_t last;
};

/// Walks the tree and turns its leaves into blocks.
class BlockBuilder {
 public:
  BlockBuilder(std::string_view source, uint32_t max_tokens)
      : source_(source), lines_(source), max_tokens_(max_tokens) {}

  ParsedText Build(cmark_node* document) {
    IterPtr iter(cmark_iter_new(document));
    for (cmark_event_type event = cmark_iter_next(iter.get()); event != CMARK_EVENT_DONE;
         event = cmark_iter_next(iter.get())) {
      cmark_node* node = cmark_iter_get_node(iter.get());
      if (event == CMARK_EVENT_EXIT) {
        Leave(node);
      } else if (Enter(node)) {
        cmark_iter_reset(iter.get(), node, CMARK_EVENT_EXIT);
      }
    }
    return std::move(out_);
  }

 private:
  /// True when the node was a leaf and is done with.
  bool Enter(cmark_node* node) {
    cmark_node_type type = cmark_node_get_type(node);
    TablePart part = TablePartOf(node);
    if (type == CMARK_NODE_LIST || part == TablePart::kTable) {
      if (depth_++ == 0) ++group_;
      return false;
    }
    if (type == CMARK_NODE_CODE_BLOCK) return AddCode(node), true;
    if (type == CMARK_NODE_HTML_BLOCK) return AddHtml(node), true;
    if (type == CMARK_NODE_HEADING) return AddHeading(node), true;
    if (type == CMARK_NODE_PARAGRAPH || part == TablePart::kRow) {
      return AddText(RangeOf(node), node, 0), true;
    }
    return false;
  }

  void Leave(cmark_node* node) {
    bool list = cmark_node_get_type(node) == CMARK_NODE_LIST;
    if (list || TablePartOf(node) == TablePart::kTable) --depth_;
  }

  static size_t Line(int line) { return line > 0 ? static_cast<size_t>(line) : 0; }

  /// The lines of a leaf. cmark misplaces two: the head of a table (it gets the line of the text
  /// right above it) and that text (it gets none), so these are told from their neighbours.
  LineRange RangeOf(cmark_node* node) const {
    LineRange range{Line(cmark_node_get_start_line(node)), Line(cmark_node_get_end_line(node))};
    cmark_node* next = cmark_node_next(node);
    if (TablePartOf(node) == TablePart::kRow) {
      cmark_node* table = cmark_node_parent(node);
      if (node == cmark_node_first_child(table)) range.first = range.last = HeadLine(table);
    } else if (range.first == 0 && next != nullptr && TablePartOf(next) == TablePart::kTable) {
      range = {Line(cmark_node_get_start_line(next)), HeadLine(next) - 1};
    }
    return range;
  }

  static size_t HeadLine(cmark_node* table) {
    cmark_node* body = cmark_node_next(cmark_node_first_child(table));
    size_t line = body != nullptr ? Line(cmark_node_get_start_line(body))
                                  : Line(cmark_node_get_end_line(table)) + 1;
    return std::max<size_t>(line, 3) - 2;
  }

  void AddCode(cmark_node* node) {
    LineRange range = RangeOf(node);
    const char* literal = cmark_node_get_literal(node);
    std::string_view rest = literal == nullptr ? "" : literal;
    VisibleText visible;
    while (!rest.empty()) {
      std::string_view line = TakeLine(&rest);
      visible.Append(line, TextKind::kCode);
      if (!rest.empty()) visible.Append("\n", TextKind::kCode);
    }
    Finish(range, 0, std::move(visible));
  }

  void AddHtml(cmark_node* node) {
    LineRange range = RangeOf(node);
    VisibleText visible = StripHtml(source_, lines_.Begin(range.first), lines_.End(range.last));
    ShowAsObsidian(&visible, false, &out_.findings);
    Finish(range, 0, std::move(visible));
  }

  void AddHeading(cmark_node* node) {
    bool top = cmark_node_get_type(cmark_node_parent(node)) == CMARK_NODE_DOCUMENT;
    AddText(RangeOf(node), node,
            top ? static_cast<uint8_t>(cmark_node_get_heading_level(node)) : 0);
  }

  void AddText(LineRange range, cmark_node* node, uint8_t heading_level) {
    VisibleText visible = RenderInlines(node, &out_.findings);
    bool heading = cmark_node_get_type(node) == CMARK_NODE_HEADING;
    if (CountTokens(visible.text) > max_tokens_) Anchor(range, &visible);
    ShowAsObsidian(&visible, !heading, &out_.findings);
    if (heading_level > 0 && out_.first_heading.empty()) {
      out_.first_heading = Trim(visible.text);
    }
    Finish(range, heading_level, std::move(visible));
  }

  void Anchor(LineRange range, VisibleText* visible) const {
    AnchorSpans(source_, lines_.Begin(range.first), lines_.End(range.last), visible);
  }

  /// Keeps the block if there is something to see. Lines go to one block only, in order: where
  /// cmark lets a block end too late, the start of the next one counts.
  void Finish(LineRange range, uint8_t heading_level, VisibleText visible) {
    if (Trim(visible.text).empty()) return;
    range.first = std::max<size_t>(range.first, 1);
    if (range.first <= last_.last && range.first > last_.first) {
      last_.last = LastVisible({last_.first, range.first - 1});
      out_.blocks.back().end = lines_.End(last_.last);
    }
    range.first = std::min(std::max(range.first, last_.last + 1), lines_.count());
    range.last = LastVisible({range.first, std::min(range.last, lines_.count())});
    Block block{lines_.Begin(range.first), lines_.End(range.last), std::move(visible)};
    if (range.first <= last_.last) block.begin = block.end;
    block.tokens = CountTokens(block.visible.text);
    if (block.tokens > max_tokens_ && !block.visible.spans.empty() &&
        block.visible.spans.front().source == 0) {
      Anchor(range, &block.visible);
    }
    block.heading_level = heading_level;
    block.group = depth_ > 0 ? group_ : 0;
    last_ = range;
    out_.blocks.push_back(std::move(block));
  }

  /// The last line of the range that is not blank; the first line if all are.
  size_t LastVisible(LineRange range) const {
    size_t last = std::max(range.first, range.last);
    while (last > range.first && Blank(last)) --last;
    return last;
  }

  bool Blank(size_t line) const {
    uint64_t begin = lines_.Begin(line);
    return Trim(source_.substr(begin, lines_.End(line) - begin)).empty();
  }

  std::string_view source_;
  LineIndex lines_;
  uint32_t max_tokens_;
  LineRange last_{0, 0};  ///< of the last block
  int depth_ = 0;
  uint32_t group_ = 0;
  ParsedText out_;
};

}  // namespace

ParsedText ParsePlainText(std::string_view source) {
  ParsedText out;
  Block block;
  auto finish = [&] {
    if (block.visible.text.empty()) return;
    block.tokens = CountTokens(block.visible.text);
    out.blocks.push_back(std::move(block));
    block = {};
  };
  for (std::string_view rest = source; !rest.empty();) {
    uint64_t begin = source.size() - rest.size();
    std::string_view line = TakeLine(&rest);
    if (Trim(line).empty()) {
      finish();
      continue;
    }
    if (block.visible.text.empty()) {
      block.begin = begin;
    } else {
      block.visible.AppendExact("\n", block.end);
    }
    block.visible.AppendExact(line, begin);
    block.end = begin + line.size();
  }
  finish();
  return out;
}

ParsedText ParseMarkdown(std::string_view source, uint32_t max_tokens) {
  NodePtr tree;
  std::string masked;
  if (!TooIntricate(source)) {
    masked = MaskComments(source);
    tree = ParseTree(masked);
  }
  if (tree == nullptr) {
    ParsedText out = ParsePlainText(source);
    out.fell_back = true;
    return out;
  }
  return BlockBuilder(masked, max_tokens).Build(tree.get());
}

}  // namespace cairn::indexer
