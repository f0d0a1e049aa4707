#include "storage/cache_filter.h"

#include <string>
#include <string_view>

namespace cairn::storage {
namespace {

/// For one run, with the time and the oldest generation of its beginning.
class CacheFilter final : public rocksdb::CompactionFilter {
 public:
  explicit CacheFilter(std::shared_ptr<const CacheFilterState> state)
      : state_(std::move(state)),
        epochs_(state_->epochs.load(std::memory_order_acquire)),  // pairs with CacheFiles
        now_unix_ns_(state_->clock->UnixNs()),
        oldest_(state_->oldest.load(std::memory_order_relaxed)),
        nothing_(CacheRecord().Encode()) {}

  const char* Name() const override { return "cairn.cache"; }

  Decision FilterV2(int /*level*/, const rocksdb::Slice& key, ValueType type,
                    const rocksdb::Slice& value, std::string* new_value,
                    std::string* /*skip_until*/) const override {
    if (type != ValueType::kValue || epochs_ == nullptr) return Decision::kKeep;
    const auto parts = cache_keys::Parse({key.data(), key.size()});
    if (!parts) return Decision::kKeep;
    if (parts->generation < oldest_) return Decision::kRemove;
    const auto record = CacheRecord::Decode({value.data(), value.size()});
    if (!record) return Decision::kRemove;
    if (record->kind == CacheRecord::kValue) {
      // Under a former epoch; so is all that older generations hold of the key.
      if (record->epoch != epochs_->Of(parts->space)) return Decision::kRemove;
      if (!record->IsOver(now_unix_ns_)) return Decision::kKeep;
    }
    if (parts->generation == oldest_) return Decision::kRemove;  // there is nothing to hide
    if (record->kind == CacheRecord::kNothing) return Decision::kKeep;
    *new_value = nothing_;
    return Decision::kChangeValue;
  }

 private:
  const std::shared_ptr<const CacheFilterState> state_;
  const CacheEpochs* const epochs_;
  const int64_t now_unix_ns_;
  const uint32_t oldest_;
  const std::string nothing_;
};

}  // namespace

std::unique_ptr<rocksdb::CompactionFilter> CacheFilterFactory::CreateCompactionFilter(
    const rocksdb::CompactionFilter::Context& /*context*/) {
  return std::make_unique<CacheFilter>(state_);
}

}  // namespace cairn::storage
