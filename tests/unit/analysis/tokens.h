#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/analyzer.h"
#include "support/matchers.h"

namespace cairn::analysis {

inline bool operator==(const Token& a, const Token& b) {
  return a.term == b.term && a.begin == b.begin && a.end == b.end && a.position == b.position &&
         a.counts == b.counts;
}

inline void PrintTo(const Token& token, std::ostream* out) {
  *out << token.term << "[" << token.begin << "," << token.end << ")@" << token.position
       << (token.counts ? "" : "~");
}

}  // namespace cairn::analysis

namespace cairn::test {

inline std::shared_ptr<const analysis::Analyzer> MakeAnalyzer(std::string language = "english") {
  auto analyzer = analysis::Analyzer::Create({std::move(language)});
  EXPECT_TRUE(analyzer.ok()) << analyzer.status();
  return analyzer.ok() ? *analyzer : nullptr;
}

inline std::vector<analysis::Token> Analyze(std::string_view text,
                                            const std::string& language = "english") {
  std::vector<analysis::Token> tokens;
  MakeAnalyzer(language)->Analyze(text, &tokens);
  return tokens;
}

/// The terms in order; a form that does not count ends in '~', and words are split by spaces, the
/// forms of one word by '/'.
inline std::string Terms(std::string_view text, const std::string& language = "english") {
  std::string out;
  uint32_t position = 0;
  bool first = true;
  for (const analysis::Token& token : Analyze(text, language)) {
    if (!first) out += token.position == position ? "/" : " ";
    out += token.term + (token.counts ? "" : "~");
    position = token.position;
    first = false;
  }
  return out;
}

}  // namespace cairn::test
