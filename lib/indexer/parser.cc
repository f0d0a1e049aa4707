#include "indexer/parser.h"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/json.h"
#include "indexer/chunker.h"
#include "indexer/frontmatter.h"
#include "indexer/markdown.h"
#include "indexer/tags.h"
#include "indexer/tokens.h"

namespace cairn::indexer {
namespace {

constexpr size_t kMaxLinks = 1000;
constexpr size_t kMaxLinkBytes = 1024;
constexpr size_t kMaxTitleBytes = 1000;
constexpr std::string_view kBom = "\xEF\xBB\xBF";

ParsedText Parse(std::string_view prose, Format format, const ChunkerOptions& options) {
  if (format == Format::kPlainText) return ParsePlainText(prose);
  return ParseMarkdown(prose, std::max(options.max_tokens, 1u));
}

uint64_t BomBytes(std::string_view text) {
  return text.substr(0, kBom.size()) == kBom ? kBom.size() : 0;
}

std::string_view Stem(std::string_view id) {
  size_t slash = id.rfind('/');
  if (slash != std::string_view::npos) id.remove_prefix(slash + 1);
  size_t dot = id.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? id : id.substr(0, dot);
}

json::array Distinct(const std::vector<std::string>& links) {
  json::array out;
  std::unordered_set<std::string_view> seen;
  for (const std::string& link : links) {
    if (out.size() >= kMaxLinks) break;
    if (link.size() <= kMaxLinkBytes && seen.insert(link).second) out.emplace_back(link);
  }
  return out;
}

/// cmark passes malformed bytes through; a host's body may hold them.
void Repair(std::vector<Chunk>* chunks) {
  for (Chunk& chunk : *chunks) {
    chunk.text = ToValidUtf8(chunk.text);
    chunk.heading_path = ToValidUtf8(chunk.heading_path);
  }
}

}  // namespace

Document ParseDocument(std::string_view id, std::string_view bytes, Format format,
                       const ChunkerOptions& options) {
  Document document;
  document.id = std::string(id);
  if (IsValidUtf8(bytes)) {
    document.body = std::string(bytes);
  } else {
    document.body = ToValidUtf8(bytes);
    document.warnings.emplace_back("invalid UTF-8: replaced by U+FFFD");
  }
  std::string_view body = document.body;
  json::object metadata;
  uint64_t base = 0;
  if (format == Format::kMarkdown) base = ReadFrontmatter(body, &document, &metadata);
  base = std::max(base, BomBytes(body));
  ParsedText parsed = Parse(body.substr(base), format, options);
  if (parsed.fell_back) {
    document.warnings.emplace_back("too intricate for Markdown: indexed as plain text");
  }
  if (document.title.empty()) document.title = parsed.first_heading;
  if (document.title.empty()) document.title = Stem(id);
  document.title = CutUtf8(document.title, kMaxTitleBytes);
  for (const std::string& tag : parsed.findings.tags) AddTag(tag, &document.tags);
  json::array links = Distinct(parsed.findings.links);
  if (!links.empty()) metadata.emplace("links", std::move(links));
  document.metadata_json = json::serialize(metadata);
  document.chunks = PackBlocks(body, base, std::move(parsed.blocks), options);
  return document;
}

void ChunkBody(Document* document, Format format, const ChunkerOptions& options) {
  std::string_view body = document->body;
  uint64_t base = BomBytes(body);
  if (format == Format::kMarkdown) {
    Document unused;
    json::object ignored;
    base = std::max(base, ReadFrontmatter(body, &unused, &ignored));
  }
  ParsedText parsed = Parse(body.substr(base), format, options);
  document->chunks = PackBlocks(body, base, std::move(parsed.blocks), options);
  if (!IsValidUtf8(body)) Repair(&document->chunks);
}

}  // namespace cairn::indexer
