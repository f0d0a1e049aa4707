#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "cache/tier.h"

namespace cairn::cache {

/// A tier in memory that fails when told to.
class FakeTier final : public Tier {
 public:
  std::string_view name() const override { return "fake"; }
  bool shared() const override { return true; }

  Status Get(std::string_view space, std::span<const std::string_view> keys,
             std::span<TierValue> values_out, uint64_t* epoch_out) override {
    CAIRN_RETURN_IF_ERROR(Begin());
    *epoch_out = epochs_[std::string(space)];
    for (size_t i = 0; i < keys.size(); ++i) {
      const auto found = values.find({std::string(space), std::string(keys[i])});
      if (found == values.end() || found->second.first != *epoch_out) continue;
      values_out[i] = {true, found->second.second, 0};
    }
    return OkStatus();
  }
  Status Set(std::string_view space, uint64_t epoch, std::span<const TierWrite> writes) override {
    CAIRN_RETURN_IF_ERROR(Begin());
    if (epoch != epochs_[std::string(space)]) return OkStatus();
    for (const TierWrite& write : writes) {
      values[{std::string(space), std::string(write.key)}] = {epoch, std::string(write.value)};
    }
    return OkStatus();
  }
  Status Delete(std::string_view space, std::span<const std::string_view> keys) override {
    CAIRN_RETURN_IF_ERROR(Begin());
    for (std::string_view key : keys) values.erase({std::string(space), std::string(key)});
    return OkStatus();
  }
  Result<uint64_t> Epoch(std::string_view space) override {
    CAIRN_RETURN_IF_ERROR(Begin());
    return epochs_[std::string(space)];
  }
  Result<uint64_t> Bump(std::string_view space, uint64_t at_least) override {
    CAIRN_RETURN_IF_ERROR(Begin());
    uint64_t& epoch = epochs_[std::string(space)];
    epoch = std::max(epoch + 1, at_least);
    return epoch;
  }

  bool failing = false;
  int calls = 0;

  /// What it holds, by namespace and key, as it was written: epoch and bytes.
  std::map<std::pair<std::string, std::string>, std::pair<uint64_t, std::string>> values;

 private:
  Status Begin() {
    ++calls;
    return failing ? Error(Code::kUnavailable, "the fake tier is down") : OkStatus();
  }
  std::map<std::string, uint64_t> epochs_;
};

}  // namespace cairn::cache
