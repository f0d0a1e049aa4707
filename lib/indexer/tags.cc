#include "indexer/tags.h"

#include <algorithm>

#include "indexer/lines.h"
#include "indexer/tokens.h"

namespace cairn::indexer {
namespace {

constexpr size_t kMaxTags = 1000;

bool InTag(char32_t c) {
  if (c < 0x80) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-' || c == '/';
  }
  if (c < 0xC0) return c == 0xAA || c == 0xB5 || c == 0xBA;
  if (c >= 0x2000 && c <= 0x206F) return c == 0x200D;  // general punctuation but the joiner
  if (c >= 0x3000 && c <= 0x303F) return c == 0x3005;  // CJK punctuation but the repeat mark
  if (c >= 0xFF00 && c <= 0xFF0F) return false;
  return c != 0xFFFD && c != 0xFEFF && c != 0xD7 && c != 0xF7;
}

bool SameTag(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return LowerAscii(x) == LowerAscii(y);
         });
}

}  // namespace

size_t TagLength(std::string_view text) {
  size_t end = 0;
  bool named = false;
  for (size_t length = 0; end < text.size(); end += length) {
    char32_t c = DecodeFront(text.substr(end), &length);
    if (!InTag(c)) break;
    named = named || ((c < '0' || c > '9') && c != '/');
  }
  while (end > 0 && text[end - 1] == '/') --end;
  return named ? end : 0;
}

void AddTag(std::string_view tag, std::vector<std::string>* tags) {
  tag = Trim(tag);
  while (!tag.empty() && tag[0] == '#') tag = Trim(tag.substr(1));
  if (tag.empty() || tags->size() >= kMaxTags) return;
  bool known = std::any_of(tags->begin(), tags->end(),
                           [&](const std::string& other) { return SameTag(tag, other); });
  if (!known) tags->emplace_back(tag);
}

void AddTagList(std::string_view list, std::vector<std::string>* tags) {
  constexpr std::string_view kSeparators = ", \t\r\n";
  while (!list.empty()) {
    size_t end = std::min(list.find_first_of(kSeparators), list.size());
    AddTag(list.substr(0, end), tags);
    list.remove_prefix(std::min(end + 1, list.size()));
  }
}

}  // namespace cairn::indexer
