#include "db/store_tier.h"

#include <utility>
#include <vector>

#include "base/bytes.h"

namespace cairn::db {

std::string StoreTier::SpaceName(std::string_view space) const {
  std::string name;
  ByteWriter writer(&name);
  writer.Text(name_);  // with its length, so that no two pairs meet
  writer.Raw(space);
  return name;
}

Status StoreTier::Get(std::string_view space, std::span<const std::string_view> keys,
                      std::span<cache::TierValue> values_out, uint64_t* epoch_out) {
  std::vector<storage::CachedValue> found(keys.size());
  CAIRN_RETURN_IF_ERROR(store_->Get(SpaceName(space), keys, found, epoch_out));
  for (size_t i = 0; i < found.size(); ++i) {
    values_out[i] = {found[i].found, std::move(found[i].value), found[i].ttl_ns};
  }
  return OkStatus();
}

Status StoreTier::Set(std::string_view space, uint64_t epoch,
                      std::span<const cache::TierWrite> writes) {
  std::vector<storage::CacheWrite> given;
  given.reserve(writes.size());
  for (const cache::TierWrite& write : writes) {
    given.push_back({write.key, write.value, write.ttl_ns});
  }
  return store_->Set(SpaceName(space), epoch, given);
}

Status StoreTier::Delete(std::string_view space, std::span<const std::string_view> keys) {
  return store_->Delete(SpaceName(space), keys);
}

Result<uint64_t> StoreTier::Epoch(std::string_view space) {
  return store_->Epoch(SpaceName(space));
}

Result<uint64_t> StoreTier::Bump(std::string_view space, uint64_t at_least) {
  return store_->Bump(SpaceName(space), at_least);
}

}  // namespace cairn::db
