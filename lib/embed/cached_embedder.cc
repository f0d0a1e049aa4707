#include "embed/cached_embedder.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace cairn::embed {
namespace {

class CachedEmbedder final : public Embedder {
 public:
  CachedEmbedder(std::shared_ptr<Embedder> inner, std::string_view scope,
                 std::shared_ptr<cache::Cache> cache)
      : inner_(std::move(inner)), cache_(std::move(cache)), space_(cache_->default_space()) {
    ByteWriter writer(&prefix_);
    writer.Text(scope);
    writer.Text(inner_->identity().name);
    writer.Text(inner_->identity().version);
    writer.Big64(inner_->identity().generation);
    writer.Big32(inner_->dim());
  }

  const EmbedderIdentity& identity() const override { return inner_->identity(); }
  uint32_t dim() const override { return inner_->dim(); }

  Status Embed(std::span<const std::string_view> texts, Purpose purpose, float* out) override {
    std::vector<size_t> missing;
    for (size_t i = 0; i < texts.size(); ++i) {
      if (!Recall(texts[i], purpose, out + i * dim())) missing.push_back(i);
    }
    if (missing.empty()) return OkStatus();
    if (missing.size() < texts.size()) return EmbedSome(texts, missing, purpose, out);
    CAIRN_RETURN_IF_ERROR(inner_->Embed(texts, purpose, out));
    for (size_t i = 0; i < texts.size(); ++i) Remember(texts[i], purpose, out + i * dim());
    return OkStatus();
  }

 private:
  size_t vector_bytes() const { return dim() * sizeof(float); }

  std::string KeyOf(std::string_view text, Purpose purpose) const {
    std::string key;
    key.reserve(prefix_.size() + 1 + text.size());
    key.append(prefix_).push_back(static_cast<char>(purpose));
    return key.append(text);
  }

  bool Recall(std::string_view text, Purpose purpose, float* out) {
    const cache::Handle known = cache_->Get(space_, KeyOf(text, purpose));
    if (!known || known.value().size() != vector_bytes()) return false;
    std::memcpy(out, known.value().data(), vector_bytes());
    return true;
  }

  void Remember(std::string_view text, Purpose purpose, const float* vector) {
    if (std::all_of(vector, vector + dim(), [](float x) { return x == 0; })) return;
    cache::SetOptions options;
    options.ttl_ns = kVectorTtlNs;
    const std::string_view bytes(reinterpret_cast<const char*>(vector), vector_bytes());
    cache_->Set(space_, KeyOf(text, purpose), bytes, options)
        .IgnoreError("then it is embedded again");
  }

  Status EmbedSome(std::span<const std::string_view> texts, const std::vector<size_t>& missing,
                   Purpose purpose, float* out) {
    std::vector<std::string_view> wanted;
    for (size_t i : missing) wanted.push_back(texts[i]);
    std::vector<float> fresh(wanted.size() * dim());
    Status status = inner_->Embed(wanted, purpose, fresh.data());
    if (!status.ok()) {
      const auto index = status.index();
      return index.has_value() && *index < missing.size()
                 ? std::move(status).WithIndex(missing[*index])
                 : status;
    }
    for (size_t i = 0; i < missing.size(); ++i) {
      const float* vector = fresh.data() + i * dim();
      std::copy_n(vector, dim(), out + missing[i] * dim());
      Remember(wanted[i], purpose, vector);
    }
    return OkStatus();
  }

  const std::shared_ptr<Embedder> inner_;
  const std::shared_ptr<cache::Cache> cache_;
  cache::Space* const space_;
  std::string prefix_;
};

}  // namespace

std::shared_ptr<Embedder> MakeCachedEmbedder(std::shared_ptr<Embedder> inner, std::string scope,
                                             std::shared_ptr<cache::Cache> cache) {
  return std::make_shared<CachedEmbedder>(std::move(inner), scope, std::move(cache));
}

}  // namespace cairn::embed
