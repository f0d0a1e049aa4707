#include "storage/batch.h"

#include <set>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace cairn::storage {
namespace {

/// Greater than any key in use: the end of a range that no prefix bounds.
constexpr size_t kLastKeySize = 1 << 16;

/// Up to this many keys of a prefix are deleted one by one. RocksDB pays for a range deletion at
/// every later read, in proportion to the range deletions not yet compacted away; a document's few
/// keys are not worth that, a collection's are.
constexpr size_t kMaxPointDeletes = 256;

rocksdb::Slice SliceOf(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

/// Writes changes in their order, and turns deleted prefixes into deletions that RocksDB knows.
class Applier {
 public:
  Applier(const Instance& instance, rocksdb::WriteBatch* out) : instance_(instance), out_(out) {}

  /// Expects prefixes to be deleted later, so that the key may be among theirs.
  void RememberPut(Family family, std::string_view key) { puts_.emplace(family, key); }

  rocksdb::Status Put(Family family, std::string_view key, std::string_view value) {
    return out_->Put(instance_.handle(family), SliceOf(key), SliceOf(value));
  }

  rocksdb::Status Delete(Family family, std::string_view key) {
    return out_->Delete(instance_.handle(family), SliceOf(key));
  }

  rocksdb::Status DeletePrefix(Family family, std::string_view prefix) {
    std::vector<std::string> keys;
    rocksdb::Status status = FindKeys(family, prefix, &keys);
    // Keys in a damaged table can still be deleted, unseen.
    if (!status.ok() || keys.size() > kMaxPointDeletes) return DeleteRange(family, prefix);
    for (const std::string& key : keys) {
      status = Delete(family, key);
      if (!status.ok()) return status;
    }
    return status;
  }

 private:
  /// The prefix's keys, from the store and from earlier in this batch; stops beyond the limit.
  rocksdb::Status FindKeys(Family family, std::string_view prefix, std::vector<std::string>* keys) {
    for (auto put = puts_.lower_bound({family, prefix});
         put != puts_.end() && put->first == family &&
         put->second.substr(0, prefix.size()) == prefix;
         ++put) {
      keys->emplace_back(put->second);
      if (keys->size() > kMaxPointDeletes) return rocksdb::Status::OK();
    }
    std::string end = PrefixEnd(prefix);
    rocksdb::Slice end_slice(end);
    rocksdb::ReadOptions options;
    if (!end.empty()) options.iterate_upper_bound = &end_slice;
    std::unique_ptr<rocksdb::Iterator> it(
        instance_.db().NewIterator(options, instance_.handle(family)));
    for (it->Seek(SliceOf(prefix)); it->Valid() && keys->size() <= kMaxPointDeletes; it->Next()) {
      keys->push_back(it->key().ToString());
    }
    return it->status();
  }

  rocksdb::Status DeleteRange(Family family, std::string_view prefix) {
    std::string end = PrefixEnd(prefix);
    if (end.empty()) end.assign(kLastKeySize, '\xff');
    return out_->DeleteRange(instance_.handle(family), SliceOf(prefix), end);
  }

  const Instance& instance_;
  rocksdb::WriteBatch* const out_;
  std::set<std::pair<Family, std::string_view>> puts_;
};

}  // namespace

std::string PrefixEnd(std::string_view prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.remove_suffix(1);
  std::string end(prefix);
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

void Batch::Rep::Add(Kind kind, Family family, std::string_view key) {
  ByteWriter writer(&changes);
  writer.Byte(static_cast<uint8_t>(kind));
  writer.Byte(static_cast<uint8_t>(family));
  writer.Text(key);
}

rocksdb::Status Batch::Rep::ApplyTo(const Instance& instance, rocksdb::WriteBatch* out) const {
  Applier applier(instance, out);
  ByteReader reader(changes);
  while (reader.remaining() > 0) {
    Kind kind = static_cast<Kind>(reader.Byte());
    Family family = static_cast<Family>(reader.Byte());
    std::string_view key = reader.Text();
    if (kind == Kind::kPut && changes.size() - reader.remaining() < prefixes_end) {
      applier.RememberPut(family, key);
    }
    rocksdb::Status status = kind == Kind::kPut      ? applier.Put(family, key, reader.Text())
                             : kind == Kind::kDelete ? applier.Delete(family, key)
                                                     : applier.DeletePrefix(family, key);
    if (!status.ok()) return status;
  }
  return rocksdb::Status::OK();
}

Batch::Batch() : rep_(std::make_unique<Rep>()) {}
Batch::~Batch() = default;
Batch::Batch(Batch&&) noexcept = default;
Batch& Batch::operator=(Batch&&) noexcept = default;

void Batch::Put(Family family, std::string_view key, std::string_view value) {
  if (rep_ == nullptr) Clear();
  rep_->Add(Rep::Kind::kPut, family, key);
  ByteWriter(&rep_->changes).Text(value);
}

void Batch::Delete(Family family, std::string_view key) {
  if (rep_ == nullptr) Clear();
  rep_->Add(Rep::Kind::kDelete, family, key);
}

void Batch::DeletePrefix(Family family, std::string_view prefix) {
  if (rep_ == nullptr) Clear();
  rep_->Add(Rep::Kind::kDeletePrefix, family, prefix);
  rep_->prefixes_end = rep_->changes.size();
}

size_t Batch::byte_size() const { return rep_ == nullptr ? 0 : rep_->changes.size(); }

bool Batch::empty() const { return byte_size() == 0; }

void Batch::Clear() { rep_ = std::make_unique<Rep>(); }

}  // namespace cairn::storage
