#include "analysis/stemmer.h"

#include <cstring>
#include <new>

#include <libstemmer.h>

#include "base/hash.h"

namespace cairn::analysis {
namespace {

constexpr const char* kEncoding = "UTF_8";

/// The stemmers that every analyzer has, whatever its language.
struct ScriptStemmer {
  CharClass script;
  const char* algorithm;
};
constexpr ScriptStemmer kByScript[] = {
    {CharClass::kCyrillic, "russian"}, {CharClass::kGreek, "greek"},
    {CharClass::kArabic, "arabic"},    {CharClass::kArmenian, "armenian"},
    {CharClass::kDevanagari, "hindi"}, {CharClass::kTamil, "tamil"},
};

/// Languages that are not written in Latin letters alone.
constexpr ScriptStemmer kNotLatin[] = {
    {CharClass::kCyrillic, "russian"}, {CharClass::kGreek, "greek"},
    {CharClass::kArabic, "arabic"},    {CharClass::kArmenian, "armenian"},
    {CharClass::kDevanagari, "hindi"}, {CharClass::kDevanagari, "nepali"},
    {CharClass::kTamil, "tamil"},      {CharClass::kHebrew, "yiddish"},
};

constexpr const char* kProbes[] = {"running",   "generously", "nationale", "aufeinander",
                                   "corriendo", "skying",     "happiness", "proceeding"};

/// The library's own copy of the name, or null.
const char* FindAlgorithm(std::string_view name) {
  for (const char** list = sb_stemmer_list(); *list != nullptr; ++list) {
    if (name == *list) return *list;
  }
  return nullptr;
}

std::string AllLanguages() {
  std::string all = "none";
  for (const char** list = sb_stemmer_list(); *list != nullptr; ++list) {
    all.append(", ").append(*list);
  }
  return all;
}

void Apply(sb_stemmer* stemmer, std::string* word) {
  const auto* stem = sb_stemmer_stem(stemmer, reinterpret_cast<const sb_symbol*>(word->data()),
                                     static_cast<int>(word->size()));
  if (stem == nullptr) throw std::bad_alloc();
  const int size = sb_stemmer_length(stemmer);
  if (size > 0) word->assign(reinterpret_cast<const char*>(stem), static_cast<size_t>(size));
}

sb_stemmer* NewStemmer(const char* algorithm) {
  sb_stemmer* stemmer = sb_stemmer_new(algorithm, kEncoding);
  if (stemmer == nullptr) throw std::bad_alloc();
  return stemmer;
}

}  // namespace

Result<StemmerPlan> StemmerPlan::Create(std::string_view language) {
  StemmerPlan plan;
  for (const ScriptStemmer& entry : kByScript) {
    plan.algorithms[static_cast<size_t>(entry.script)] = FindAlgorithm(entry.algorithm);
  }
  if (language == "none") return plan;
  const char* algorithm = FindAlgorithm(language);
  if (algorithm == nullptr) {
    return Error(Code::kInvalidArgument, "no stemmer for language \"", language,
                 "\"; there are: ", AllLanguages());
  }
  auto script = CharClass::kLatin;
  for (const ScriptStemmer& entry : kNotLatin) {
    if (language == entry.algorithm) script = entry.script;
  }
  plan.algorithms[static_cast<size_t>(script)] = algorithm;
  if (language == "serbian") {  // written in both
    plan.algorithms[static_cast<size_t>(CharClass::kCyrillic)] = algorithm;
  }
  return plan;
}

std::string StemmerPlan::Fingerprint() const {
  std::string seen = AllLanguages();
  StemmerSet stemmers(*this);
  for (const char* probe : kProbes) {
    std::string word = probe;
    stemmers.Stem(CharClass::kLatin, &word);
    seen.append(" ").append(word);
  }
  return HashContent(seen).ToHex().substr(0, 8);
}

void StemmerSet::Deleter::operator()(sb_stemmer* stemmer) const { sb_stemmer_delete(stemmer); }

StemmerSet::StemmerSet(const StemmerPlan& plan) : memo_(kMemoEntries) {
  for (size_t i = 0; i < plan.algorithms.size(); ++i) {
    if (plan.algorithms[i] != nullptr) stemmers_[i].reset(NewStemmer(plan.algorithms[i]));
  }
}

StemmerSet::~StemmerSet() = default;

void StemmerSet::Stem(CharClass script, std::string* word) {
  sb_stemmer* stemmer = stemmers_[static_cast<size_t>(script)].get();
  if (stemmer == nullptr) return;
  const size_t size = word->size();
  if (size > kMaxMemoWord) return Apply(stemmer, word);
  MemoEntry& entry = memo_[HashBytes(*word, static_cast<uint64_t>(script)) % kMemoEntries];
  if (entry.word_size == size && entry.script == script &&
      std::memcmp(entry.word, word->data(), size) == 0) {
    word->assign(entry.stem, entry.stem_size);
    return;
  }
  entry.word_size = static_cast<uint8_t>(size);
  entry.script = script;
  std::memcpy(entry.word, word->data(), size);
  Apply(stemmer, word);
  if (word->size() > kMaxMemoWord) {
    entry.word_size = 0;
    return;
  }
  entry.stem_size = static_cast<uint8_t>(word->size());
  std::memcpy(entry.stem, word->data(), word->size());
}

}  // namespace cairn::analysis
