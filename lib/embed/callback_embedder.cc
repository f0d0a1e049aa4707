#include <utility>

#include "embed/embedder.h"

namespace cairn::embed {
namespace {

/// Holds the host's user data and gives it back exactly once.
class OwnedCallback {
 public:
  explicit OwnedCallback(const HostCallback& callback) : callback_(callback) {}
  ~OwnedCallback() {
    if (callback_.free != nullptr) callback_.free(callback_.user_data);
  }
  OwnedCallback(OwnedCallback&& other) noexcept
      : callback_(std::exchange(other.callback_, HostCallback{})) {}
  OwnedCallback& operator=(OwnedCallback&&) = delete;

  const HostCallback& get() const { return callback_; }

 private:
  HostCallback callback_;
};

/// Hands every call to the host. Thread safety: that of the host's function.
class CallbackEmbedder final : public Embedder {
 public:
  CallbackEmbedder(EmbedderIdentity identity, uint32_t dim, OwnedCallback callback)
      : identity_(std::move(identity)), dim_(dim), callback_(std::move(callback)) {}

  const EmbedderIdentity& identity() const override { return identity_; }
  uint32_t dim() const override { return dim_; }

  Status Embed(std::span<const std::string_view> texts, Purpose purpose, float* out) override {
    if (texts.empty()) return OkStatus();
    std::vector<const char*> starts;
    std::vector<size_t> sizes;
    starts.reserve(texts.size());
    sizes.reserve(texts.size());
    for (std::string_view text : texts) {
      starts.push_back(text.data() == nullptr ? "" : text.data());
      sizes.push_back(text.size());
    }
    const HostCallback& host = callback_.get();
    int32_t outcome = host.fn(starts.data(), sizes.data(), texts.size(),
                              static_cast<int32_t>(purpose), out, host.user_data);
    if (outcome == 0) return OkStatus();
    return Error(Code::kUnavailable, "the embedding callback of ", identity_.name,
                 " failed with code ", outcome, " for ", texts.size(), " texts");
  }

 private:
  const EmbedderIdentity identity_;
  const uint32_t dim_;
  const OwnedCallback callback_;
};

}  // namespace

Result<std::unique_ptr<Embedder>> MakeCallbackEmbedder(EmbedderIdentity identity, uint32_t dim,
                                                       const HostCallback& callback) {
  OwnedCallback owned(callback);
  if (callback.fn == nullptr) {
    return Error(Code::kInvalidArgument, "the embedding callback has no function");
  }
  if (dim == 0) return Error(Code::kInvalidArgument, "an embedder needs at least one dimension");
  if (identity.name.empty()) return Error(Code::kInvalidArgument, "an embedder needs a name");
  return std::unique_ptr<Embedder>(
      std::make_unique<CallbackEmbedder>(std::move(identity), dim, std::move(owned)));
}

}  // namespace cairn::embed
