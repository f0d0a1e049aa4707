#include "analysis/compound.h"

namespace cairn::analysis {
namespace {

bool IsSeparator(CharClass c) {
  return c == CharClass::kConnector || c == CharClass::kMidNumLet || c == CharClass::kMidNum;
}

bool IsAsciiDigit(char c) { return c >= '0' && c <= '9'; }

class Splitter {
 public:
  Splitter(std::string_view word, const CharTable& table, std::vector<Part>* parts)
      : word_(word), table_(table), parts_(parts) {}

  void Run() {
    for (Char c = DecodeChar(word_, at_); c.size != 0; c = DecodeChar(word_, at_)) {
      const CharClass value = table_.Class(c.code);
      const size_t next = at_ + c.size;
      if (IsSeparator(value)) {
        Close(next);
      } else {
        if (IsLetter(value)) TakeLetter(table_.IsUpper(c.code), value, next);
        if (value == CharClass::kDigit) TakeDigit();
      }
      at_ = next;
    }
    Close(at_);
  }

 private:
  enum class Last { kNone, kLower, kUpper, kDigit };

  /// Ends the part at the current place; the next one begins at `next`.
  void Close(size_t next) {
    part_.end = static_cast<uint32_t>(at_);
    if (part_.letters + part_.digits > 0) parts_->push_back(part_);
    part_ = Part();
    part_.begin = static_cast<uint32_t>(next);
    last_ = Last::kNone;
  }

  bool IsLowerAt(size_t at) const {
    const Char c = DecodeChar(word_, at);
    return c.size != 0 && IsLetter(table_.Class(c.code)) && !table_.IsUpper(c.code);
  }

  /// True when at least two lower-case letters begin at `at`.
  bool BeginsLowerRun(size_t at) const {
    return IsLowerAt(at) && IsLowerAt(at + DecodeChar(word_, at).size);
  }

  void TakeLetter(bool upper, CharClass script, size_t next) {
    const bool after_small = last_ == Last::kLower || last_ == Last::kDigit;
    if (upper && (after_small || (last_ == Last::kUpper && BeginsLowerRun(next)))) Close(at_);
    if (part_.letters == 0) {
      part_.script = script;
    } else if (part_.script != script) {
      part_.script = CharClass::kOther;
    }
    ++part_.letters;
    last_ = upper ? Last::kUpper : Last::kLower;
  }

  void TakeDigit() {
    ++part_.digits;
    last_ = Last::kDigit;
  }

  std::string_view word_;
  const CharTable& table_;
  std::vector<Part>* parts_;
  size_t at_ = 0;
  Part part_;
  Last last_ = Last::kNone;
};

}  // namespace

void SplitCompound(std::string_view word, const CharTable& table, std::vector<Part>* parts) {
  parts->clear();
  Splitter(word, table, parts).Run();
}

bool IsAcronym(std::string_view folded) {
  for (size_t i = 0; i < folded.size(); ++i) {
    const bool letter = folded[i] >= 'a' && folded[i] <= 'z';
    if (i % 2 == 0 ? !letter : folded[i] != '.') return false;
  }
  return folded.size() >= 3 && folded.size() % 2 == 1;
}

bool IsGroupedNumber(std::string_view word) {
  size_t at = 0;
  while (at < word.size() && IsAsciiDigit(word[at])) ++at;
  if (at < 1 || at > 3 || at == word.size() || word[at] != ',') return false;
  while (at < word.size() && word[at] == ',') {
    const size_t group = ++at;
    while (at < word.size() && IsAsciiDigit(word[at])) ++at;
    if (at - group != 3) return false;
  }
  if (at < word.size() && word[at] == '.') {
    ++at;
    while (at < word.size() && IsAsciiDigit(word[at])) ++at;
  }
  return at == word.size();
}

}  // namespace cairn::analysis
