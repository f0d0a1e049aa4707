#include <algorithm>
#include <random>

#include "base/bytes.h"
#include "tokens.h"

namespace cairn::analysis {
namespace {

constexpr uint32_t kSeed = 20240611;

bool IsBoundary(std::string_view text, size_t at) {
  // A well-formed character must not begin before `at` and end after it.
  for (size_t back = 1; back <= 3 && back <= at; ++back) {
    for (size_t size = back + 1; size <= 4 && at - back + size <= text.size(); ++size) {
      const std::string_view slice = text.substr(at - back, size);
      const auto lead = static_cast<unsigned char>(slice[0]);
      if (lead >= 0xc0 && IsValidUtf8(slice) &&
          std::all_of(slice.begin() + 1, slice.end(), [](char c) { return (c & 0xc0) == 0x80; })) {
        return false;
      }
    }
  }
  return true;
}

void CheckTokens(std::string_view text, const std::vector<Token>& tokens) {
  uint32_t begin = 0;
  uint32_t position = 0;
  for (const Token& token : tokens) {
    ASSERT_FALSE(token.term.empty());
    ASSERT_LE(token.term.size(), 255u);
    ASSERT_TRUE(IsValidUtf8(token.term)) << token.term;
    ASSERT_EQ(token.term.find('\0'), std::string::npos);
    ASSERT_LT(token.begin, token.end);
    ASSERT_LE(token.end, text.size());
    ASSERT_GE(token.begin, begin);
    ASSERT_GE(token.position, position);
    ASSERT_TRUE(IsBoundary(text, token.begin)) << token.begin;
    ASSERT_TRUE(IsBoundary(text, token.end)) << token.end;
    begin = token.begin;
    position = token.position;
  }
}

class Property : public ::testing::TestWithParam<const char*> {
 protected:
  /// Checks the invariants, that a second call agrees, and that neighbours do not matter.
  void Check(std::string_view text) {
    analyzer_->Analyze(text, &tokens_);
    CheckTokens(text, tokens_);
    if (HasFatalFailure()) return;
    analyzer_->Analyze(text, &again_);
    ASSERT_EQ(tokens_, again_);
    const std::string padded = StrCat("before ", text, " after");
    analyzer_->Analyze(padded, &again_);
    ASSERT_EQ(again_.size(), tokens_.size() + 2);
    for (size_t i = 0; i < tokens_.size(); ++i) ASSERT_EQ(again_[i + 1].term, tokens_[i].term);
  }

  std::shared_ptr<const Analyzer> analyzer_ = test::MakeAnalyzer(GetParam());
  std::vector<Token> tokens_;
  std::vector<Token> again_;
  std::mt19937 random_{kSeed};
};

TEST_P(Property, RandomBytes) {
  for (int round = 0; round < 1500; ++round) {
    std::string text(random_() % 200, '\0');
    for (char& c : text) c = static_cast<char>(random_());
    Check(text);
    if (HasFatalFailure()) FAIL() << "round " << round;
  }
}

void AppendUtf8(uint32_t code, std::string* out) {
  if (code < 0x80) {
    out->push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out->push_back(static_cast<char>(0xc0 | code >> 6));
    out->push_back(static_cast<char>(0x80 | (code & 0x3f)));
  } else if (code < 0x10000) {
    out->push_back(static_cast<char>(0xe0 | code >> 12));
    out->push_back(static_cast<char>(0x80 | (code >> 6 & 0x3f)));
    out->push_back(static_cast<char>(0x80 | (code & 0x3f)));
  } else {
    out->push_back(static_cast<char>(0xf0 | code >> 18));
    out->push_back(static_cast<char>(0x80 | (code >> 12 & 0x3f)));
    out->push_back(static_cast<char>(0x80 | (code >> 6 & 0x3f)));
    out->push_back(static_cast<char>(0x80 | (code & 0x3f)));
  }
}

TEST_P(Property, RandomCharacters) {
  for (int round = 0; round < 1500; ++round) {
    std::string text;
    const uint32_t window = random_() % 0x30;  // stay near one script, with excursions
    for (size_t i = random_() % 80; i > 0; --i) {
      const uint32_t pick = random_() % 10;
      uint32_t code = pick == 0   ? random_() % 0x110000
                      : pick <= 2 ? random_() % 0x80
                                  : window * 0x100 + random_() % 0x200;
      if (code >= 0xd800 && code < 0xe000) code = 0x3042;
      AppendUtf8(code, &text);
    }
    Check(text);
    if (HasFatalFailure()) FAIL() << "round " << round;
  }
}

TEST_P(Property, EveryCharacterAlone) {
  for (uint32_t code = 0; code < 0x110000; code += code < 0x3000 ? 1 : 7) {
    if (code >= 0xd800 && code < 0xe000) continue;
    std::string text;
    AppendUtf8(code, &text);
    analyzer_->Analyze(text, &tokens_);
    CheckTokens(text, tokens_);
    if (HasFatalFailure()) FAIL() << "U+" << std::hex << code;
  }
}

INSTANTIATE_TEST_SUITE_P(Languages, Property,
                         ::testing::Values("english", "turkish", "french", "none"));

}  // namespace
}  // namespace cairn::analysis
