#include "cache/core.h"

namespace cairn::cache {
namespace {

/// For a first guess at how many entries a bound in bytes means.
constexpr uint64_t kLikelyEntryBytes = 512;

}  // namespace

Core::Core(const CacheOptions& options, uint32_t shards)
    : clock(options.clock != nullptr ? options.clock : Clock::System()),
      system_clock(clock == Clock::System()),
      listening(options.listener != nullptr),
      shard_count(shards),
      budget(options.max_bytes, options.max_entries),
      spaces(std::make_unique<std::atomic<Space*>[]>(kMostSpaces)),
      tables(std::make_unique<std::atomic<Table::Head>[]>(shards)) {
  const bool by_bytes = options.max_bytes != 0;
  const uint64_t capacity = by_bytes ? options.max_bytes : options.max_entries;
  const uint64_t likely = by_bytes ? options.max_bytes / kLikelyEntryBytes : options.max_entries;
  tuner = std::make_unique<Tuner>(capacity, likely, options.max_bytes);
  budget.TryTakeBytes(tuner->bytes());
}

Core::~Core() = default;

}  // namespace cairn::cache
