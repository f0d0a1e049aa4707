#pragma once

#include <cmark-gfm.h>

#include <memory>
#include <string_view>

#include "indexer/blocks.h"
#include "indexer/obsidian.h"

namespace cairn::indexer {

struct FreeNode {
  void operator()(cmark_node* node) const { cmark_node_free(node); }
};
struct FreeIter {
  void operator()(cmark_iter* iter) const { cmark_iter_free(iter); }
};
using NodePtr = std::unique_ptr<cmark_node, FreeNode>;
using IterPtr = std::unique_ptr<cmark_iter, FreeIter>;

/// The document tree of `text`, or null when cmark refuses.
///
/// Only block extensions are attached (tables, task lists): those for inlines (strikethrough,
/// autolink) change tables that are global to cmark while they parse, which no two threads may do.
NodePtr ParseTree(std::string_view text);

enum class TablePart { kNone, kTable, kRow, kCell };

/// What the node is to a table. (The types' numbers are assigned at run time, and Debian's headers
/// do not declare them; their names are stable.)
TablePart TablePartOf(cmark_node* node);

/// The visible text of a leaf with inlines; cells of a table row are set apart by " | ". Link
/// targets are added to `findings`. HTML tags and comments are left out.
VisibleText RenderInlines(cmark_node* leaf, Findings* findings);

}  // namespace cairn::indexer
