// Any bytes are a document: parsing never fails, and every chunk lies inside the input.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/bytes.h"
#include "base/json.h"
#include "indexer/parser.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (auto format : {cairn::indexer::Format::kMarkdown, cairn::indexer::Format::kPlainText}) {
    auto document = cairn::indexer::ParseDocument("dir/note.md", bytes, format, {});
    if (!cairn::IsValidUtf8(document.body) || !cairn::IsValidUtf8(document.title)) std::abort();
    if (!cairn::json::ParseObject(document.metadata_json, "metadata").ok()) std::abort();
    for (const auto& chunk : document.chunks) {
      if (chunk.begin > chunk.end || chunk.line == 0) std::abort();
      if (chunk.end > std::max(size, document.body.size())) std::abort();
      if (!cairn::IsValidUtf8(chunk.text)) std::abort();
    }
  }
  return 0;
}
