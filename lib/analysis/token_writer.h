#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analysis/analyzer.h"
#include "analysis/char_class.h"
#include "analysis/compound.h"
#include "analysis/normalizer.h"
#include "analysis/segmenter.h"
#include "analysis/stemmer.h"

namespace cairn::analysis {

/// What one call needs and the next can use again. Thread safety: single-threaded.
struct Scratch {
  explicit Scratch(const StemmerPlan& plan) : stemmers(plan) {}

  StemmerSet stemmers;
  Normalizer normalizer;
  std::vector<Part> parts;
  std::string term;
  std::string form;
  std::string unit;
  std::string previous_unit;
};

/// Turns segments into tokens. Borrows everything it is given.
///
/// Each word takes one position. Its first token, the normalised and stemmed whole, counts toward
/// the length; further forms of the word share the position and do not count.
///
/// Thread safety: single-threaded.
class TokenWriter {
 public:
  TokenWriter(std::string_view text, const CharTable& table, Scratch* scratch,
              std::vector<Token>* tokens)
      : text_(text), table_(table), scratch_(*scratch), tokens_(*tokens) {}

  void Write(const Segment& segment);

 private:
  std::string_view Source(uint32_t begin, uint32_t end) const {
    return text_.substr(begin, end - begin);
  }
  void BeginWord();
  void Add(std::string_view term, uint32_t begin, uint32_t end, bool counts);
  void AddForm(std::string_view term, uint32_t begin, uint32_t end);

  void WriteWord(const Segment& segment);
  /// Further forms of a word with connectors, full stops or commas, which `term` holds folded.
  void WriteJoined(const Segment& segment);
  void WriteParts(const Segment& segment);
  void WritePart(const Segment& segment, const Part& part);
  /// Adds the stem of the folded word in `term`, and that of its spelling without diacritics.
  void AddStems(CharClass script, bool stem, bool counts, uint32_t begin, uint32_t end);

  void WriteHangul(const Segment& segment);
  void WriteRun(const Segment& segment, bool own_positions);
  /// The end of the unit at `begin`: a letter with its marks, or a syllable of jamo.
  uint32_t UnitEnd(uint32_t begin, uint32_t end) const;
  void FoldUnit(uint32_t begin, uint32_t end, std::string* out);
  void WriteEmoji(const Segment& segment);

  std::string_view text_;
  const CharTable& table_;
  Scratch& scratch_;
  std::vector<Token>& tokens_;
  uint32_t next_position_ = 0;
  uint32_t position_ = 0;
  size_t first_of_word_ = 0;
};

}  // namespace cairn::analysis
