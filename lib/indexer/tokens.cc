#include "indexer/tokens.h"

#include <array>

namespace cairn::indexer {
namespace {

constexpr size_t kRunBytes = 32;

enum class CharKind { kSpace, kWord, kSingle, kOther };

/// Scripts written without spaces between words: Thai, Lao, Burmese, Khmer, kana, Han.
bool StandsAlone(char32_t c) {
  return (c >= 0x0E00 && c <= 0x0EFF) || (c >= 0x1000 && c <= 0x109F) ||
         (c >= 0x1780 && c <= 0x17FF) || (c >= 0x3040 && c <= 0x30FF) ||
         (c >= 0x3400 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0x20000 && c <= 0x3FFFF);
}

constexpr CharKind KindOfAscii(char32_t c) {
  if (c <= 0x20) return CharKind::kSpace;
  bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              c == '_' || c == '\'';
  return word ? CharKind::kWord : CharKind::kOther;
}

constexpr std::array<CharKind, 128> kAsciiKinds = [] {
  std::array<CharKind, 128> kinds{};
  for (char32_t c = 0; c < 128; ++c) kinds[c] = KindOfAscii(c);
  return kinds;
}();

CharKind KindOf(char32_t c) {
  if (c < 0x80) return kAsciiKinds[c];
  if (c < 0xC0 || (c >= 0x2000 && c <= 0x2BFF) || (c >= 0x3000 && c <= 0x303F) ||
      (c >= 0xFF00 && c <= 0xFF0F) || c == 0xFFFD) {
    return CharKind::kOther;
  }
  return StandsAlone(c) ? CharKind::kSingle : CharKind::kWord;
}

/// Counts character by character.
class Counter {
 public:
  /// Returns how many words the character adds.
  uint32_t Add(char32_t c, size_t length) {
    CharKind kind = KindOf(c);
    if (kind == CharKind::kSpace) return previous_ = kind, 0;
    if (kind == CharKind::kSingle) return previous_ = kind, 1;
    if (kind != previous_) run_ = 0;
    bool starts = kind == CharKind::kWord && previous_ != CharKind::kWord;
    previous_ = kind;
    run_ += length;
    if (run_ > kRunBytes) {
      run_ = length;
      return 1;
    }
    return starts ? 1 : 0;
  }

 private:
  CharKind previous_ = CharKind::kSpace;
  size_t run_ = 0;
};

/// DecodeFront at `i`, quick for ASCII.
char32_t Next(std::string_view text, size_t i, size_t* length) {
  unsigned char byte = static_cast<unsigned char>(text[i]);
  *length = 1;
  return byte < 0x80 ? byte : DecodeFront(text.substr(i), length);
}

}  // namespace

char32_t DecodeFront(std::string_view text, size_t* length) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char first = byte(0);
  *length = 1;
  if (first < 0x80) return first;
  size_t need = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < need) return 0xFFFD;
  char32_t c = first & (0x7Fu >> need);
  for (size_t i = 1; i < need; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0xFFFD;
    c = (c << 6) | (byte(i) & 0x3Fu);
  }
  *length = need;
  return c;
}

uint32_t CountTokens(std::string_view text) {
  Counter counter;
  uint32_t count = 0;
  size_t length = 0;
  for (size_t i = 0; i < text.size(); i += length) {
    char32_t c = Next(text, i, &length);
    count += counter.Add(c, length);
  }
  return count;
}

size_t PrefixWithin(std::string_view text, uint32_t max_tokens) {
  Counter counter;
  uint32_t count = 0;
  size_t length = 0;
  for (size_t i = 0; i < text.size(); i += length) {
    char32_t c = Next(text, i, &length);
    count += counter.Add(c, length);
    if (count > max_tokens && i > 0) return i;
  }
  return text.size();
}

std::string_view CutUtf8(std::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  while (max_bytes > 0 && (static_cast<unsigned char>(text[max_bytes]) & 0xC0) == 0x80) --max_bytes;
  return text.substr(0, max_bytes);
}

}  // namespace cairn::indexer
