#include "indexer/cmark_tree.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm-extension_api.h>

#include "indexer/html_text.h"

namespace cairn::indexer {
namespace {

struct FreeParser {
  void operator()(cmark_parser* parser) const { cmark_parser_free(parser); }
};

std::string_view Literal(cmark_node* node) {
  const char* literal = cmark_node_get_literal(node);
  return literal == nullptr ? std::string_view() : std::string_view(literal);
}

bool IsExtensionType(cmark_node_type type) {
  return (type & CMARK_NODE_TYPE_MASK) == CMARK_NODE_TYPE_BLOCK &&
         type > CMARK_NODE_FOOTNOTE_DEFINITION;
}

void RegisterOnce() {
  static const bool done = [] {
    cmark_gfm_core_extensions_ensure_registered();
    return true;
  }();
  static_cast<void>(done);
}

void NoteLink(cmark_node* link, Findings* findings) {
  const char* url = cmark_node_get_url(link);
  if (url != nullptr && *url != '\0') findings->links.emplace_back(url);
}

/// Collects the text of one leaf, event by event.
class Renderer {
 public:
  explicit Renderer(Findings* findings) : findings_(findings) {}

  void Visit(cmark_event_type event, cmark_node* node) {
    cmark_node_type type = cmark_node_get_type(node);
    bool enter = event == CMARK_EVENT_ENTER;
    if (type == CMARK_NODE_LINK || type == CMARK_NODE_IMAGE) {
      links_ += enter ? 1 : -1;
      if (enter && type == CMARK_NODE_LINK) NoteLink(node, findings_);
    } else if (type == CMARK_NODE_TEXT) {
      out.Append(Literal(node), links_ > 0 ? TextKind::kLink : TextKind::kText);
    } else if (type == CMARK_NODE_CODE) {
      out.Append(Literal(node), TextKind::kCode);
    } else if (type == CMARK_NODE_SOFTBREAK) {
      out.Append(" ", TextKind::kText);
    } else if (type == CMARK_NODE_LINEBREAK ||
               (type == CMARK_NODE_HTML_INLINE && IsLineBreakTag(Literal(node)))) {
      out.Append("\n", TextKind::kText);
    } else if (enter && !out.text.empty() && TablePartOf(node) == TablePart::kCell) {
      out.Append(" | ", TextKind::kCode);
    }
  }

  VisibleText out;

 private:
  Findings* findings_;
  int links_ = 0;
};

}  // namespace

TablePart TablePartOf(cmark_node* node) {
  if (!IsExtensionType(cmark_node_get_type(node))) return TablePart::kNone;
  std::string_view name = cmark_node_get_type_string(node);
  if (name == "table") return TablePart::kTable;
  if (name == "table_row" || name == "table_header") return TablePart::kRow;
  return name == "table_cell" ? TablePart::kCell : TablePart::kNone;
}

NodePtr ParseTree(std::string_view text) {
  RegisterOnce();
  std::unique_ptr<cmark_parser, FreeParser> parser(cmark_parser_new(CMARK_OPT_DEFAULT));
  for (const char* name : {"table", "tasklist"}) {
    cmark_syntax_extension* extension = cmark_find_syntax_extension(name);
    if (extension != nullptr) cmark_parser_attach_syntax_extension(parser.get(), extension);
  }
  cmark_parser_feed(parser.get(), text.data(), text.size());
  return NodePtr(cmark_parser_finish(parser.get()));
}

VisibleText RenderInlines(cmark_node* leaf, Findings* findings) {
  Renderer renderer(findings);
  IterPtr iter(cmark_iter_new(leaf));
  for (cmark_event_type event = cmark_iter_next(iter.get()); event != CMARK_EVENT_DONE;
       event = cmark_iter_next(iter.get())) {
    renderer.Visit(event, cmark_iter_get_node(iter.get()));
  }
  return std::move(renderer.out);
}

}  // namespace cairn::indexer
