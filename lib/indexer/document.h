#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cairn::indexer {

/// One piece of a document's body.
struct Chunk {
  uint64_t begin = 0;  ///< byte span in the document's body
  uint64_t end = 0;
  uint32_t line = 1;         ///< line of `begin` in the original file, from 1
  std::string heading_path;  ///< titles of the open headings, outermost first, joined by " > "
  std::string text;          ///< what a reader sees of the span: no markup
};

/// A parsed document, whatever it came from. Times are nanoseconds since the Unix epoch, 0 = none.
struct Document {
  std::string id;
  std::string title;
  std::vector<std::string> tags;  ///< without '#', in order, no duplicates
  std::string type;
  std::string status;
  std::string description;
  int64_t created_ns = 0;
  int64_t modified_ns = 0;
  std::string metadata_json = "{}";  ///< a JSON object: the frontmatter's other properties, links
  std::string body;                  ///< the original bytes, made valid UTF-8
  std::vector<Chunk> chunks;
  std::vector<std::string> warnings;  ///< e.g. broken frontmatter, invalid UTF-8
};

}  // namespace cairn::indexer
