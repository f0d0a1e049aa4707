#include <algorithm>
#include <utility>

#include "embed/embedder.h"
#include "kernels/distance.h"

namespace cairn::embed {
namespace {

/// Code points of UTF-8 text; a byte that continues nothing counts as none.
size_t CountCharacters(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) >> 6) != 2; }));
}

class CheckedEmbedder final : public Embedder {
 public:
  CheckedEmbedder(std::unique_ptr<Embedder> inner, const EmbedLimits& limits)
      : inner_(std::move(inner)), limits_(limits) {}

  const EmbedderIdentity& identity() const override { return inner_->identity(); }
  uint32_t dim() const override { return inner_->dim(); }

  Status Embed(std::span<const std::string_view> texts, Purpose purpose, float* out) override {
    CAIRN_RETURN_IF_ERROR(CheckTexts(texts));
    const size_t step = std::max<size_t>(limits_.max_texts, 1);
    for (size_t begin = 0; begin < texts.size(); begin += step) {
      auto part = texts.subspan(begin, std::min(step, texts.size() - begin));
      CAIRN_RETURN_IF_ERROR(EmbedPart(part, begin, purpose, out + begin * dim()));
    }
    return OkStatus();
  }

 private:
  Status CheckTexts(std::span<const std::string_view> texts) const {
    for (size_t i = 0; i < texts.size(); ++i) {
      if (texts[i].size() <= limits_.max_chars) continue;
      size_t characters = CountCharacters(texts[i]);
      if (characters <= limits_.max_chars) continue;
      return Error(Code::kInvalidArgument, "text ", i, " has ", characters,
                   " characters, the limit is ", limits_.max_chars)
          .WithIndex(i);
    }
    return OkStatus();
  }

  /// Embeds texts[first .. first + part.size()) of the caller's call.
  Status EmbedPart(std::span<const std::string_view> part, size_t first, Purpose purpose,
                   float* out) {
    Status status = inner_->Embed(part, purpose, out);
    if (!status.ok()) {
      auto index = status.index();
      return index.has_value() ? std::move(status).WithIndex(first + *index) : status;
    }
    for (size_t i = 0; i < part.size(); ++i) {
      if (kernels::AllFinite(out + i * dim(), dim())) continue;
      return Error(Code::kInternal, "the embedder ", identity().ToString(),
                   " answered NaN or infinity for text ", first + i)
          .WithIndex(first + i);
    }
    return OkStatus();
  }

  const std::unique_ptr<Embedder> inner_;
  const EmbedLimits limits_;
};

}  // namespace

std::unique_ptr<Embedder> MakeCheckedEmbedder(std::unique_ptr<Embedder> inner,
                                              const EmbedLimits& limits) {
  return std::make_unique<CheckedEmbedder>(std::move(inner), limits);
}

}  // namespace cairn::embed
