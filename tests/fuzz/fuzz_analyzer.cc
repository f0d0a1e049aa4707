// Any bytes have tokens: in order, inside the input, valid UTF-8; and any text has a snippet.

#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "analysis/analyzer.h"
#include "base/bytes.h"
#include "text/snippet.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto analyzer = cairn::analysis::Analyzer::Create({});
  if (!analyzer.ok()) std::abort();
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<cairn::analysis::Token> tokens;
  (*analyzer)->Analyze(text, &tokens);
  uint32_t last = 0;
  for (const auto& token : tokens) {
    if (token.begin < last || token.begin >= token.end || token.end > size) std::abort();
    if (token.term.empty() || token.term.size() > 255) std::abort();
    if (!cairn::IsValidUtf8(token.term)) std::abort();
    if (token.term.find('\0') != std::string::npos) std::abort();
    last = token.begin;
  }
  auto snippet = cairn::text::MakeSnippet(**analyzer, text.substr(0, size / 4), text);
  for (const auto& highlight : snippet.highlights) {
    if (highlight.begin >= highlight.end || highlight.end > snippet.text.size()) std::abort();
  }
  return 0;
}
