#include "analysis/segmenter.h"

namespace cairn::analysis {

namespace {
constexpr uint32_t kZeroWidthJoiner = 0x200d;

bool IsAsciiLower(uint32_t code) { return code - 'a' < 26; }

/// The end of the lower-case ASCII letters from `at` when `previous` is one too, else `at`: they
/// change nothing in the state of a scan.
size_t SkipAsciiLower(std::string_view text, size_t at, uint32_t previous) {
  if (!IsAsciiLower(previous)) return at;
  while (at < text.size() && IsAsciiLower(static_cast<unsigned char>(text[at]))) ++at;
  return at;
}

}  // namespace

bool Segmenter::Next(Segment* segment) {
  *segment = Segment();
  while (at_ < text_.size()) {
    const Item item = At(at_);
    segment->begin = static_cast<uint32_t>(at_);
    if (IsWordPart(item.value) || item.value == CharClass::kConnector) {
      if (ScanWord(segment)) return true;
    } else if (item.value == CharClass::kHangul || IsUnspaced(item.value)) {
      ScanRun(item.value, segment);
      return true;
    } else if (item.value == CharClass::kEmoji) {
      ScanEmoji(segment);
      return true;
    } else if (item.value == CharClass::kRegional) {
      if (ScanFlag(segment)) return true;
    } else {
      at_ += item.size;
    }
  }
  return false;
}

size_t Segmenter::SkipExtend(size_t at) const {
  for (Item item = At(at); item.value == CharClass::kExtend; item = At(at)) at += item.size;
  return at;
}

bool Segmenter::Joins(CharClass before, CharClass middle, CharClass after) const {
  const bool letters = IsLetter(before) && IsLetter(after);
  const bool digits = before == CharClass::kDigit && after == CharClass::kDigit;
  switch (middle) {
    case CharClass::kQuote:
      return digits || (letters && options_.apostrophe_joins);
    case CharClass::kMidNumLet:
      return digits || letters;
    case CharClass::kMidLetter:
      return letters;
    case CharClass::kMidNum:
      return digits;
    case CharClass::kDoubleQuote:
      return before == CharClass::kHebrew && after == CharClass::kHebrew;
    default:
      return false;
  }
}

void Segmenter::TakeWordPart(const Item& item, Segment* segment) const {
  if (item.value == CharClass::kDigit) {
    segment->has_digit = true;
    return;
  }
  if (!segment->has_letter) {
    segment->script = item.value;
  } else if (segment->script != item.value) {
    segment->script = CharClass::kOther;
  }
  segment->has_letter = true;
}

bool Segmenter::ScanWord(Segment* segment) {
  bool started = false;    // a letter or digit was seen: before it, connectors are dropped
  bool connector = false;  // the last thing seen, marks aside, is a connector
  bool lower = false;
  bool inner_upper = false;
  CharClass before = CharClass::kOther;
  for (Item item = At(at_); item.size != 0; item = At(at_)) {
    size_t next = at_ + item.size;
    if (IsWordPart(item.value)) {
      next = SkipAsciiLower(text_, next, item.code);
      if (!started) segment->begin = static_cast<uint32_t>(at_);
      const bool upper = table_.IsUpper(item.code);
      inner_upper |= upper && segment->has_letter;
      lower |= !upper && item.value != CharClass::kDigit;
      segment->joined |= started && connector;
      TakeWordPart(item, segment);
      started = true;
      connector = false;
      before = item.value;
      segment->end = static_cast<uint32_t>(next);
    } else if (item.value == CharClass::kExtend) {
      if (started && !connector) segment->end = static_cast<uint32_t>(next);
    } else if (item.value == CharClass::kConnector) {
      connector = true;
    } else {
      if (connector || !Joins(before, item.value, At(SkipExtend(next)).value)) break;
      segment->joined |= item.value == CharClass::kMidNumLet || item.value == CharClass::kMidNum;
    }
    segment->ascii &= item.code < 0x80;
    at_ = next;
  }
  segment->camel = lower && inner_upper;
  segment->suffix_end = started ? SuffixEnd(*segment) : 0;
  if (segment->suffix_end != 0) at_ = segment->suffix_end;
  return started;
}

uint32_t Segmenter::SuffixEnd(const Segment& segment) const {
  if (at_ != segment.end || !segment.ascii || segment.joined) return 0;
  if (!IsLetter(At(segment.begin).value)) return 0;
  const std::string_view rest = text_.substr(at_);
  if (rest.starts_with("++")) {
    const Item after = At(at_ + 2);
    const bool ends = after.code != '+' && !IsLetter(after.value);
    return ends ? segment.end + 2 : 0;
  }
  if (rest.starts_with("#") && segment.end - segment.begin == 1) {
    const Item after = At(at_ + 1);
    const bool ends = after.code != '#' && !IsLetter(after.value);
    return ends ? segment.end + 1 : 0;
  }
  return 0;
}

void Segmenter::ScanRun(CharClass value, Segment* segment) {
  segment->kind = value == CharClass::kHangul ? Segment::Kind::kHangul : Segment::Kind::kUnspaced;
  for (Item item = At(at_); item.size != 0; item = At(at_)) {
    if (item.value != value && item.value != CharClass::kExtend) break;
    at_ += item.size;
  }
  segment->end = static_cast<uint32_t>(at_);
}

void Segmenter::ScanEmoji(Segment* segment) {
  segment->kind = Segment::Kind::kEmoji;
  bool joined = true;
  for (Item item = At(at_); item.size != 0; item = At(at_)) {
    if (item.value == CharClass::kExtend) {
      joined |= item.code == kZeroWidthJoiner;
    } else if (item.value == CharClass::kEmoji && joined) {
      joined = false;
    } else {
      break;
    }
    at_ += item.size;
  }
  segment->end = static_cast<uint32_t>(at_);
}

bool Segmenter::ScanFlag(Segment* segment) {
  const size_t second = at_ + At(at_).size;
  const Item item = At(second);
  at_ = second;
  if (item.value != CharClass::kRegional) return false;
  at_ += item.size;
  segment->kind = Segment::Kind::kEmoji;
  segment->end = static_cast<uint32_t>(at_);
  return true;
}

}  // namespace cairn::analysis
