#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <limits>
#include <thread>
#include <utility>

#include <utf8proc.h>

#include "analysis/analyzer.h"
#include "analysis/char_class.h"
#include "analysis/segmenter.h"
#include "analysis/stemmer.h"
#include "analysis/token_writer.h"

namespace cairn::analysis {
namespace {

/// Keeps idle Scratch objects for the next call of any thread, without a lock: a call takes one out
/// of a slot, starting at the slot of its thread, and puts it back into an empty slot.
///
/// Thread safety: thread-safe.
class ScratchPool {
 public:
  explicit ScratchPool(const StemmerPlan& plan) : plan_(plan) {}
  ~ScratchPool() {
    for (Slot& slot : slots_) delete slot.scratch.load();
  }
  ScratchPool(const ScratchPool&) = delete;
  ScratchPool& operator=(const ScratchPool&) = delete;

  std::unique_ptr<Scratch> Take() {
    const size_t home = Home();
    for (size_t i = 0; i < kSlots; ++i) {
      // Acquire pairs with the release in Return.
      Scratch* taken = At(home + i).exchange(nullptr, std::memory_order_acquire);
      if (taken != nullptr) return std::unique_ptr<Scratch>(taken);
    }
    return std::make_unique<Scratch>(plan_);
  }

  void Return(std::unique_ptr<Scratch> scratch) {
    const size_t home = Home();
    for (size_t i = 0; i < kSlots; ++i) {
      Scratch* empty = nullptr;
      if (At(home + i).compare_exchange_strong(empty, scratch.get(), std::memory_order_release,
                                               std::memory_order_relaxed)) {
        scratch.release();
        return;
      }
    }
  }

 private:
  static constexpr size_t kSlots = 16;
  struct alignas(64) Slot {
    std::atomic<Scratch*> scratch{nullptr};
  };

  static size_t Home() { return std::hash<std::thread::id>()(std::this_thread::get_id()); }
  std::atomic<Scratch*>& At(size_t i) { return slots_[i % kSlots].scratch; }

  StemmerPlan plan_;
  std::array<Slot, kSlots> slots_;
};

/// Languages that glue short words to the next one with an apostrophe: l'amour, dell'arte.
bool HasElision(std::string_view language) {
  return language == "french" || language == "italian" || language == "catalan";
}

class StandardAnalyzer final : public Analyzer {
 public:
  StandardAnalyzer(const AnalyzerOptions& options, const StemmerPlan& plan)
      : pool_(plan),
        identity_(StrCat("standard/1 ", options.language, " utf8proc-", utf8proc_version(),
                         " unicode-", utf8proc_unicode_version(), " snowball-",
                         plan.Fingerprint())) {
    segmenter_options_.apostrophe_joins = !HasElision(options.language);
  }

  void Analyze(std::string_view text, std::vector<Token>* tokens) const override {
    tokens->clear();
    text = text.substr(0, std::numeric_limits<uint32_t>::max());
    std::unique_ptr<Scratch> scratch = pool_.Take();
    Segmenter segmenter(text, table_, segmenter_options_);
    TokenWriter writer(text, table_, scratch.get(), tokens);
    Segment segment;
    while (segmenter.Next(&segment)) writer.Write(segment);
    pool_.Return(std::move(scratch));
  }

  const std::string& identity() const override { return identity_; }

 private:
  CharTable table_;
  mutable ScratchPool pool_;
  Segmenter::Options segmenter_options_;
  std::string identity_;
};

}  // namespace

Result<std::shared_ptr<const Analyzer>> Analyzer::Create(const AnalyzerOptions& options) {
  CAIRN_ASSIGN_OR_RETURN(const StemmerPlan plan, StemmerPlan::Create(options.language));
  return std::shared_ptr<const Analyzer>(std::make_shared<StandardAnalyzer>(options, plan));
}

}  // namespace cairn::analysis
