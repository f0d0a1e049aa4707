#include "storage/cache_record.h"

#include <algorithm>

#include "base/bytes.h"

namespace cairn::storage {
namespace cache_keys {
namespace {

// After all records: a table that holds some of these and records of the newest generation then
// spans nothing of the older ones, and a compaction of it leaves them alone.
constexpr uint32_t kNoGeneration = UINT32_MAX;

std::string Own(char kind, std::string_view rest = {}) {
  std::string key = Generation(kNoGeneration);
  key.push_back(kind);
  return key.append(rest);
}

}  // namespace

std::string Generation(uint32_t generation) {
  std::string key;
  ByteWriter(&key).Big32(generation);
  return key;
}

std::string Record(uint32_t generation, std::string_view space, std::string_view name) {
  std::string key;
  key.reserve(kGenerationBytes + 2 + space.size() + name.size());
  ByteWriter writer(&key);
  writer.Big32(generation);
  writer.Text(space);
  writer.Raw(name);
  return key;
}

std::string Begin() { return Own('b'); }
std::string Generations() { return Own('g'); }
std::string EpochPrefix() { return Own('e'); }
std::string Epoch(std::string_view space) { return Own('e', space); }

std::optional<Parts> Parse(std::string_view key) {
  ByteReader reader(key);
  Parts parts;
  parts.generation = reader.Big32();
  if (reader.failed() || parts.generation == kNoGeneration) return std::nullopt;
  parts.space = reader.Text();
  if (reader.failed()) return std::nullopt;
  return parts;
}

}  // namespace cache_keys

std::optional<CacheRecord> CacheRecord::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  CacheRecord record;
  const uint8_t kind = reader.Byte();
  if (kind == kNothing && bytes.size() == 1) return record;
  if (kind != kValue) return std::nullopt;
  record.kind = kValue;
  record.epoch = reader.Big64();
  record.ends_unix_ns = static_cast<int64_t>(reader.Big64());
  record.ttl_ns = static_cast<int64_t>(reader.Big64());
  if (reader.failed()) return std::nullopt;
  record.value = reader.Raw(reader.remaining());
  return record;
}

std::string CacheRecord::Encode() const {
  std::string bytes;
  ByteWriter writer(&bytes);
  if (kind != kValue) {
    writer.Byte(kNothing);
    return bytes;
  }
  bytes.reserve(kHeaderBytes + value.size());
  writer.Byte(kValue);
  writer.Big64(epoch);
  writer.Big64(static_cast<uint64_t>(ends_unix_ns));
  writer.Big64(static_cast<uint64_t>(ttl_ns));
  writer.Raw(value);
  return bytes;
}

int64_t CacheRecord::LeftNs(int64_t unix_ns) const {
  if (ends_unix_ns == 0) return 0;
  return std::clamp<int64_t>(ends_unix_ns - unix_ns, 1, std::max<int64_t>(ttl_ns, 1));
}

uint64_t CacheEpochs::Of(std::string_view space) const {
  MutexLock lock(mutex_);
  const auto found = raised_.find(space);
  return found == raised_.end() ? begin_ : found->second;
}

void CacheEpochs::Raise(std::string_view space, uint64_t epoch) {
  MutexLock lock(mutex_);
  uint64_t& raised = raised_.try_emplace(std::string(space), begin_).first->second;
  raised = std::max(raised, epoch);
}

uint64_t CacheEpochs::highest() const {
  MutexLock lock(mutex_);
  uint64_t highest = begin_;
  for (const auto& [space, epoch] : raised_) highest = std::max(highest, epoch);
  return highest;
}

}  // namespace cairn::storage
