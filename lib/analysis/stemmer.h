#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/char_class.h"
#include "base/status.h"

struct sb_stemmer;

namespace cairn::analysis {

/// Which Snowball algorithm serves which script; null for none.
struct StemmerPlan {
  std::array<const char*, kCharClassCount> algorithms{};

  /// kInvalidArgument, listing the languages there are, when `language` is not one of them.
  static Result<StemmerPlan> Create(std::string_view language);

  /// Changes whenever the stemming library does: a hash of its algorithms' names and of the stems
  /// of some probe words.
  std::string Fingerprint() const;
};

/// Stemmers of one plan with a memory of recent words. Thread safety: single-threaded.
class StemmerSet {
 public:
  explicit StemmerSet(const StemmerPlan& plan);
  ~StemmerSet();
  StemmerSet(const StemmerSet&) = delete;
  StemmerSet& operator=(const StemmerSet&) = delete;

  /// Replaces `word`, folded letters of one script, by its stem. A word keeps its form where the
  /// script has no stemmer or where nothing would be left of it.
  void Stem(CharClass script, std::string* word);

 private:
  struct Deleter {
    void operator()(sb_stemmer* stemmer) const;
  };
  using Stemmer = std::unique_ptr<sb_stemmer, Deleter>;

  static constexpr size_t kMaxMemoWord = 30;
  static constexpr size_t kMemoEntries = 2048;
  struct MemoEntry {
    uint8_t word_size = 0;
    uint8_t stem_size = 0;
    CharClass script = CharClass::kOther;
    char word[kMaxMemoWord];
    char stem[kMaxMemoWord];
  };

  std::array<Stemmer, kCharClassCount> stemmers_;
  std::vector<MemoEntry> memo_;
};

}  // namespace cairn::analysis
