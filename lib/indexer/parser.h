#pragma once

#include <cstdint>
#include <string_view>

#include "base/status.h"
#include "indexer/document.h"

namespace cairn::indexer {

enum class Format : int32_t { kPlainText = 0, kMarkdown = 1 };

struct ChunkerOptions {
  uint32_t max_tokens = 256;  ///< bound of a chunk, in words of the analyzer kind
  uint32_t min_tokens = 32;   ///< smaller neighbours are joined where structure allows
};

/// Fills title, tags, type, status, description, times, metadata_json, body, chunks and warnings
/// from the file's bytes. `id` is the relative path: its stem is the last resort for the title.
/// Never fails on content, whatever the bytes: trouble becomes a warning. Depends on its arguments
/// only (file times are the caller's business). Thread safety: thread-safe.
///
/// Offsets point into `body`, which equals `bytes` unless these hold invalid UTF-8. The targets of
/// wikilinks and Markdown links are listed as "links" in the metadata, unless the frontmatter has
/// a property of that name. An empty file is a document with a title and no chunks.
Document ParseDocument(std::string_view id, std::string_view bytes, Format format,
                       const ChunkerOptions& options);

/// Fills `document->chunks` from `document->body` alone. Offsets point into body.
void ChunkBody(Document* document, Format format, const ChunkerOptions& options);

}  // namespace cairn::indexer
