#include "analysis/char_class.h"

#include <algorithm>
#include <iterator>

#include <utf8proc.h>

namespace cairn::analysis {
namespace {

using C = CharClass;

struct Range {
  uint32_t first;
  uint32_t last;
  CharClass value;
};

/// Characters whose role in a word does not follow from their category. Sorted.
constexpr Range kRoles[] = {
    {'"', '"', C::kDoubleQuote},      {'\'', '\'', C::kQuote},     {',', ',', C::kMidNum},
    {'.', '.', C::kMidNumLet},        {0xb7, 0xb7, C::kMidLetter},  // middle dot
    {0x2bc, 0x2bc, C::kQuote},                                      // modifier letter apostrophe
    {0x387, 0x387, C::kMidLetter},                                  // Greek ano teleia
    {0x55f, 0x55f, C::kMidLetter},                                  // Armenian abbreviation mark
    {0x5f3, 0x5f3, C::kQuote},                                      // Hebrew geresh
    {0x5f4, 0x5f4, C::kDoubleQuote},                                // Hebrew gershayim
    {0x66b, 0x66c, C::kMidNum},        // Arabic decimal and thousands separators
    {0x200b, 0x200b, C::kOther},       // zero width space separates words
    {0x2018, 0x2019, C::kQuote},       // curly apostrophes
    {0x2024, 0x2024, C::kMidNumLet},   // one dot leader
    {0x2027, 0x2027, C::kMidLetter},   // hyphenation point
    {0x2e80, 0x2fd5, C::kCjk},         // radicals
    {0x3005, 0x3005, C::kCjk},         // ideographic iteration mark
    {0x3007, 0x3007, C::kCjk},         // ideographic zero
    {0x3300, 0x3370, C::kCjk},         // squared words
    {0x3371, 0x337a, C::kLatin},       // squared units
    {0x337b, 0x337f, C::kCjk},         // squared era names
    {0x3380, 0x33df, C::kLatin},       // squared units
    {0x33e0, 0x33fe, C::kCjk},         // days of the month
    {0x33ff, 0x33ff, C::kLatin},       // squared unit
    {0xfe52, 0xfe52, C::kMidNumLet},   // small full stop
    {0xff07, 0xff07, C::kQuote},       // full-width apostrophe
    {0xff0e, 0xff0e, C::kMidNumLet},   // full-width full stop
    {0xff9e, 0xff9f, C::kExtend},      // half-width voicing marks
    {0x1f1e6, 0x1f1ff, C::kRegional},  // regional indicators
    {0x1f3fb, 0x1f3ff, C::kExtend},    // skin tones
};

/// Where the letters of each script live; only letters in these ranges are of the script. Sorted.
constexpr Range kScripts[] = {
    {0x41, 0x2af, C::kLatin},         {0x370, 0x3ff, C::kGreek},
    {0x400, 0x52f, C::kCyrillic},     {0x530, 0x58f, C::kArmenian},
    {0x590, 0x5ff, C::kHebrew},       {0x600, 0x6ff, C::kArabic},
    {0x750, 0x77f, C::kArabic},       {0x870, 0x8ff, C::kArabic},
    {0x900, 0x97f, C::kDevanagari},   {0xb80, 0xbff, C::kTamil},
    {0xe00, 0xe7f, C::kThai},         {0xe80, 0xeff, C::kLao},
    {0x1000, 0x109f, C::kMyanmar},    {0x1100, 0x11ff, C::kHangul},
    {0x1780, 0x17ff, C::kKhmer},      {0x1c80, 0x1c8f, C::kCyrillic},
    {0x1d00, 0x1dbf, C::kLatin},      {0x1e00, 0x1eff, C::kLatin},
    {0x1f00, 0x1fff, C::kGreek},      {0x2071, 0x209c, C::kLatin},
    {0x212a, 0x212b, C::kLatin},      {0x2c60, 0x2c7f, C::kLatin},
    {0x3021, 0x3029, C::kCjk},        {0x3031, 0x303b, C::kCjk},
    {0x3041, 0x30ff, C::kCjk},        {0x3105, 0x312f, C::kCjk},
    {0x3131, 0x318e, C::kHangul},     {0x31a0, 0x31ff, C::kCjk},
    {0x3400, 0x4dbf, C::kCjk},        {0x4e00, 0x9fff, C::kCjk},
    {0xa640, 0xa69f, C::kCyrillic},   {0xa720, 0xa7ff, C::kLatin},
    {0xa8e0, 0xa8ff, C::kDevanagari}, {0xa960, 0xa97f, C::kHangul},
    {0xa9e0, 0xa9ff, C::kMyanmar},    {0xaa60, 0xaa7f, C::kMyanmar},
    {0xab30, 0xab6f, C::kLatin},      {0xac00, 0xd7ff, C::kHangul},
    {0xf900, 0xfaff, C::kCjk},        {0xfb00, 0xfb06, C::kLatin},
    {0xfb13, 0xfb17, C::kArmenian},   {0xfb1d, 0xfb4f, C::kHebrew},
    {0xfb50, 0xfdff, C::kArabic},     {0xfe70, 0xfefc, C::kArabic},
    {0xff21, 0xff5a, C::kLatin},      {0xff66, 0xff9d, C::kCjk},
    {0xffa0, 0xffdc, C::kHangul},     {0x1aff0, 0x1b16f, C::kCjk},
    {0x1d400, 0x1d6a5, C::kLatin},    {0x20000, 0x3ffff, C::kCjk},
};

template <size_t kCount>
const Range* Find(const Range (&ranges)[kCount], uint32_t code) {
  const Range* range =
      std::lower_bound(std::begin(ranges), std::end(ranges), code,
                       [](const Range& r, uint32_t value) { return r.last < value; });
  return range != std::end(ranges) && range->first <= code ? range : nullptr;
}

CharClass Classify(uint32_t code, const utf8proc_property_t& property) {
  if (const Range* role = Find(kRoles, code)) return role->value;
  switch (property.category) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_NL: {
      const Range* script = Find(kScripts, code);
      return script != nullptr ? script->value : C::kOtherLetter;
    }
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NO:
      return C::kDigit;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
      return C::kExtend;
    case UTF8PROC_CATEGORY_PC:
      return C::kConnector;
    default:
      break;
  }
  // Below U+231A the pictographs are signs of running text: (c), (r), tm, arrows.
  const bool pictograph = property.boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC;
  return pictograph && code >= 0x231a ? C::kEmoji : C::kOther;
}

constexpr Char kBad{0xfffd, 1};

}  // namespace

Char DecodeMultiByte(std::string_view text, size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const uint32_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() - at < size) return kBad;
  uint32_t code = lead & (0x7fu >> size);
  for (uint32_t i = 1; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(text[at + i]);
    if ((byte & 0xc0) != 0x80) return kBad;
    code = code << 6 | (byte & 0x3fu);
  }
  const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  if (overlong || surrogate || code > 0x10ffff) return kBad;
  return {code, size};
}

CharTable::CharTable() {
  for (uint32_t code = 0; code < bmp_.size(); ++code) bmp_[code] = Compute(code);
}

uint8_t CharTable::Compute(uint32_t code) {
  const utf8proc_property_t& property = *utf8proc_get_property(static_cast<int32_t>(code));
  const auto value = static_cast<uint8_t>(Classify(code, property));
  const bool upper =
      property.category == UTF8PROC_CATEGORY_LU || property.category == UTF8PROC_CATEGORY_LT;
  return static_cast<uint8_t>(value | (upper ? 0x80 : 0));
}

}  // namespace cairn::analysis
