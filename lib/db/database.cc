#include "db/database.h"

#include <utility>

#include "db/config.h"
#include "db/database_impl.h"
#include "db/store_tier.h"
#include "embed/embedder.h"

namespace cairn::db {
namespace {

/// Frees a callback's user data unless an embedder took it over.
class CallbackGuard {
 public:
  explicit CallbackGuard(const embed::HostCallback& callback) : callback_(callback) {}
  ~CallbackGuard() {
    if (armed_ && callback_.free != nullptr) callback_.free(callback_.user_data);
  }
  CallbackGuard(const CallbackGuard&) = delete;
  CallbackGuard& operator=(const CallbackGuard&) = delete;
  const embed::HostCallback& Release() {
    armed_ = false;
    return callback_;
  }

 private:
  const embed::HostCallback callback_;
  bool armed_ = true;
};

Result<std::shared_ptr<embed::Embedder>> MakeCallback(const CollectionConfig& config,
                                                      CallbackGuard& guard) {
  embed::EmbedderIdentity identity{config.embedder_name, config.embedder_version, 0};
  CAIRN_ASSIGN_OR_RETURN(
      std::unique_ptr<embed::Embedder> inner,
      embed::MakeCallbackEmbedder(std::move(identity), config.dim, guard.Release()));
  return std::shared_ptr<embed::Embedder>(embed::MakeCheckedEmbedder(std::move(inner), {}));
}

}  // namespace

Result<std::unique_ptr<Database>> Database::Open(const DatabaseOptions& options) {
  CAIRN_ASSIGN_OR_RETURN(std::shared_ptr<DatabaseImpl> impl, DatabaseImpl::Open(options));
  return std::unique_ptr<Database>(new Database(std::move(impl)));
}

Database::Database(std::shared_ptr<DatabaseImpl> impl) : impl_(std::move(impl)) {}

Database::~Database() = default;

Result<std::unique_ptr<Collection>> Database::CreateCollection(std::string_view name,
                                                               const CollectionOptions& options) {
  CallbackGuard guard(options.callback);
  CAIRN_RETURN_IF_ERROR(ValidateCollectionName(name));
  CAIRN_RETURN_IF_ERROR(ValidateConfig(options.config));
  std::shared_ptr<embed::Embedder> embedder;
  if (options.config.embedder == EmbedderKind::kCallback) {
    if (options.callback.fn == nullptr) {
      return Error(Code::kInvalidArgument, "a callback embedder needs its function");
    }
    CAIRN_ASSIGN_OR_RETURN(embedder, MakeCallback(options.config, guard));
  } else if (options.callback.fn != nullptr) {
    return Error(Code::kInvalidArgument, "embed_fn is only for the callback embedder");
  }
  CAIRN_ASSIGN_OR_RETURN(CollectionStatePtr state,
                         impl_->CreateCollection(name, options.config, std::move(embedder)));
  return std::make_unique<Collection>(impl_, std::move(state));
}

Result<std::unique_ptr<Collection>> Database::OpenCollection(std::string_view name,
                                                             const CollectionOptions* options) {
  CallbackGuard guard(options == nullptr ? embed::HostCallback{} : options->callback);
  CAIRN_RETURN_IF_ERROR(ValidateCollectionName(name));
  CAIRN_ASSIGN_OR_RETURN(CollectionStatePtr state, impl_->FindCollection(name, nullptr));
  if (options != nullptr) {
    CAIRN_RETURN_IF_ERROR(
        CheckAgrees(options->config, state->config).WithContext(StrCat("\"", name, "\"")));
    if (options->callback.fn != nullptr) {
      if (state->config.embedder != EmbedderKind::kCallback) {
        return Error(Code::kInvalidArgument, "embed_fn is only for the callback embedder");
      }
      CAIRN_ASSIGN_OR_RETURN(std::shared_ptr<embed::Embedder> embedder,
                             MakeCallback(state->config, guard));
      CAIRN_ASSIGN_OR_RETURN(state, impl_->FindCollection(name, std::move(embedder)));
    }
  }
  return std::make_unique<Collection>(impl_, std::move(state));
}

Status Database::DropCollection(std::string_view name) { return impl_->DropCollection(name); }

Result<std::vector<std::string>> Database::CollectionNames() const {
  CAIRN_RETURN_IF_ERROR(impl_->CheckOpen());
  return impl_->CollectionNames();
}

Result<std::shared_ptr<cache::Tier>> Database::OpenCacheTier(std::string_view cache_name,
                                                             uint64_t max_bytes) {
  CAIRN_ASSIGN_OR_RETURN(std::shared_ptr<storage::CacheStore> store,
                         impl_->OpenCacheStore(max_bytes));
  return std::shared_ptr<cache::Tier>(
      std::make_shared<StoreTier>(std::move(store), std::string(cache_name)));
}

Status Database::Sync() { return impl_->Sync(); }

Status Database::Refresh() { return impl_->Refresh(); }

Status Database::WaitIdle(int64_t timeout_ns) { return impl_->WaitIdle(timeout_ns); }

Result<DatabaseStats> Database::Stats() const { return impl_->Stats(); }

std::string Database::Metrics() const { return impl_->Metrics(); }

Status Database::Close() { return impl_->Close(); }

}  // namespace cairn::db
