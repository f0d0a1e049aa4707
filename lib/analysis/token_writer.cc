#include "analysis/token_writer.h"

#include <algorithm>

namespace cairn::analysis {
namespace {

constexpr size_t kMaxTermBytes = 255;
/// A longer source cannot fold into a term that fits.
constexpr size_t kMaxSourceBytes = 8 * kMaxTermBytes;
/// More parts than this are noise: encoded data, not a name.
constexpr size_t kMaxParts = 16;

void FoldAscii(std::string_view in, std::string* out) {
  out->assign(in);
  for (char& c : *out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
}

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

/// Scripts whose readers leave marks out when they type.
bool HasOptionalMarks(CharClass script) {
  return script == CharClass::kLatin || script == CharClass::kGreek || script == CharClass::kHebrew;
}

/// Characters that fold to themselves unless a mark follows: Han, most kana, Hangul syllables.
bool FoldsToItself(uint32_t code) {
  return (code >= 0x4e00 && code <= 0x9fff) || (code >= 0x3041 && code <= 0x3096) ||
         (code >= 0x30a1 && code <= 0x30fe) || (code >= 0xac00 && code <= 0xd7a3);
}

/// Vowels and final consonants: they continue a syllable written as jamo.
bool ContinuesSyllable(uint32_t code) {
  return (code >= 0x1160 && code <= 0x11ff) || (code >= 0xd7b0 && code <= 0xd7fb);
}

}  // namespace

void TokenWriter::Write(const Segment& segment) {
  switch (segment.kind) {
    case Segment::Kind::kWord:
      return WriteWord(segment);
    case Segment::Kind::kHangul:
      return WriteHangul(segment);
    case Segment::Kind::kUnspaced:
      return WriteRun(segment, true);
    case Segment::Kind::kEmoji:
      return WriteEmoji(segment);
  }
}

void TokenWriter::BeginWord() {
  position_ = next_position_++;
  first_of_word_ = tokens_.size();
}

void TokenWriter::Add(std::string_view term, uint32_t begin, uint32_t end, bool counts) {
  if (term.empty() || term.size() > kMaxTermBytes) return;
  Token& token = tokens_.emplace_back();
  token.term = term;
  token.begin = begin;
  token.end = end;
  token.position = position_;
  token.counts = counts;
}

void TokenWriter::AddForm(std::string_view term, uint32_t begin, uint32_t end) {
  for (size_t i = first_of_word_; i < tokens_.size(); ++i) {
    if (tokens_[i].term == term) return;
  }
  Add(term, begin, end, false);
}

void TokenWriter::WriteWord(const Segment& segment) {
  BeginWord();
  const std::string_view source = Source(segment.begin, segment.end);
  if (source.size() > kMaxSourceBytes) return;
  std::string& folded = scratch_.term;
  if (segment.ascii) {
    FoldAscii(source, &folded);
  } else {
    scratch_.normalizer.Fold(source, &folded);
  }
  bool counts = true;
  if (segment.suffix_end != 0) {
    scratch_.form.assign(folded).append(Source(segment.end, segment.suffix_end));
    Add(scratch_.form, segment.begin, segment.suffix_end, true);
    counts = false;
  }
  if (segment.joined) {
    Add(folded, segment.begin, segment.end, counts);
    return WriteJoined(segment);
  }
  AddStems(segment.script, !segment.has_digit, counts, segment.begin, segment.end);
  if (segment.camel) WriteParts(segment);
}

void TokenWriter::AddStems(CharClass script, bool stem, bool counts, uint32_t begin, uint32_t end) {
  std::string& term = scratch_.term;
  const bool plain = !HasOptionalMarks(script) || IsAscii(term);
  if (!plain) scratch_.normalizer.StripMarks(term, &scratch_.form);
  if (stem) scratch_.stemmers.Stem(script, &term);
  if (counts) {
    Add(term, begin, end, true);
  } else {
    AddForm(term, begin, end);
  }
  if (plain) return;
  if (stem) scratch_.stemmers.Stem(script, &scratch_.form);
  AddForm(scratch_.form, begin, end);
}

void TokenWriter::WriteJoined(const Segment& segment) {
  const bool acronym = IsAcronym(scratch_.term);
  if (!acronym && !IsGroupedNumber(scratch_.term)) return WriteParts(segment);
  std::string& closed = scratch_.term;
  closed.erase(std::remove(closed.begin(), closed.end(), acronym ? '.' : ','), closed.end());
  AddForm(closed, segment.begin, segment.end);
}

void TokenWriter::WriteParts(const Segment& segment) {
  std::vector<Part>& parts = scratch_.parts;
  SplitCompound(Source(segment.begin, segment.end), table_, &parts);
  if (parts.size() < 2 || parts.size() > kMaxParts) return;
  for (const Part& part : parts) WritePart(segment, part);
}

void TokenWriter::WritePart(const Segment& segment, const Part& part) {
  if (part.letters == 1 && part.digits == 0) return;
  const uint32_t begin = segment.begin + part.begin;
  const uint32_t end = segment.begin + part.end;
  const std::string_view source = Source(begin, end);
  if (IsAscii(source)) {
    FoldAscii(source, &scratch_.term);
  } else {
    scratch_.normalizer.Fold(source, &scratch_.term);
  }
  AddStems(part.script, part.digits == 0, false, begin, end);
}

void TokenWriter::WriteHangul(const Segment& segment) {
  const std::string_view source = Source(segment.begin, segment.end);
  if (source.size() > kMaxSourceBytes) return WriteRun(segment, true);
  scratch_.normalizer.Fold(source, &scratch_.term);
  if (scratch_.term.size() > kMaxTermBytes) return WriteRun(segment, true);
  BeginWord();
  Add(scratch_.term, segment.begin, segment.end, true);
  if (UnitEnd(segment.begin, segment.end) != segment.end) WriteRun(segment, false);
}

uint32_t TokenWriter::UnitEnd(uint32_t begin, uint32_t end) const {
  uint32_t at = begin + DecodeChar(text_, begin).size;
  while (at < end) {
    const Char c = DecodeChar(text_, at);
    if (table_.Class(c.code) != CharClass::kExtend && !ContinuesSyllable(c.code)) break;
    at += c.size;
  }
  return at;
}

void TokenWriter::FoldUnit(uint32_t begin, uint32_t end, std::string* out) {
  const std::string_view source = Source(begin, end);
  const Char first = DecodeChar(text_, begin);
  if (first.size == source.size() && FoldsToItself(first.code)) {
    out->assign(source);
  } else if (source.size() > kMaxSourceBytes) {
    out->clear();
  } else {
    scratch_.normalizer.Fold(source, out);
  }
}

void TokenWriter::WriteRun(const Segment& segment, bool own_positions) {
  uint32_t previous_begin = segment.begin;
  uint32_t begin = UnitEnd(segment.begin, segment.end);
  FoldUnit(segment.begin, begin, &scratch_.previous_unit);
  if (begin >= segment.end) {
    BeginWord();
    return Add(scratch_.previous_unit, segment.begin, segment.end, true);
  }
  while (begin < segment.end) {
    const uint32_t end = UnitEnd(begin, segment.end);
    FoldUnit(begin, end, &scratch_.unit);
    std::string& bigram = scratch_.form;
    bigram.assign(scratch_.previous_unit).append(scratch_.unit);
    if (own_positions) {
      BeginWord();
      Add(bigram, previous_begin, end, true);
    } else {
      AddForm(bigram, previous_begin, end);
    }
    scratch_.previous_unit.swap(scratch_.unit);
    previous_begin = begin;
    begin = end;
  }
}

void TokenWriter::WriteEmoji(const Segment& segment) {
  BeginWord();
  std::string& term = scratch_.term;
  term.clear();
  for (uint32_t at = segment.begin; at < segment.end && term.size() <= kMaxTermBytes;) {
    const Char c = DecodeChar(text_, at);
    if (table_.Class(c.code) != CharClass::kExtend) term.append(text_.substr(at, c.size));
    at += c.size;
  }
  Add(term, segment.begin, segment.end, true);
}

}  // namespace cairn::analysis
