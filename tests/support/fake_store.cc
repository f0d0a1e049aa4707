#include "support/fake_store.h"

#include <utility>

namespace cairn::storage {

struct Batch::Rep {
  enum class Kind { kPut, kDelete, kDeletePrefix };
  struct Change {
    Kind kind;
    Family family;
    std::string key;
    std::string value;
  };
  std::vector<Change> changes;
  size_t byte_size = 0;

  void Add(Kind kind, Family family, std::string_view key, std::string_view value) {
    changes.push_back({kind, family, std::string(key), std::string(value)});
    byte_size += key.size() + value.size();
  }
};

Batch::Batch() : rep_(std::make_unique<Rep>()) {}
Batch::~Batch() = default;
Batch::Batch(Batch&&) noexcept = default;
Batch& Batch::operator=(Batch&&) noexcept = default;

void Batch::Put(Family family, std::string_view key, std::string_view value) {
  rep_->Add(Rep::Kind::kPut, family, key, value);
}
void Batch::Delete(Family family, std::string_view key) {
  rep_->Add(Rep::Kind::kDelete, family, key, {});
}
void Batch::DeletePrefix(Family family, std::string_view prefix) {
  rep_->Add(Rep::Kind::kDeletePrefix, family, prefix, {});
}
size_t Batch::byte_size() const { return rep_->byte_size; }
bool Batch::empty() const { return rep_->changes.empty(); }
void Batch::Clear() { *rep_ = Rep(); }

}  // namespace cairn::storage

namespace cairn::test {
namespace {

using Map = std::map<std::string, std::string>;

class FakeIterator final : public storage::Iterator {
 public:
  FakeIterator(std::shared_ptr<const void> owner, const Map& map, std::string_view prefix,
               Status status)
      : owner_(std::move(owner)), map_(map), prefix_(prefix), status_(std::move(status)) {
    at_ = map_.lower_bound(prefix_);
  }
  bool Valid() const override {
    return status_.ok() && at_ != map_.end() && at_->first.starts_with(prefix_);
  }
  void Next() override { ++at_; }
  void Seek(std::string_view key) override {
    at_ = map_.lower_bound(key < prefix_ ? prefix_ : std::string(key));
  }
  std::string_view key() const override { return at_->first; }
  std::string_view value() const override { return at_->second; }
  Status status() const override { return status_; }

 private:
  std::shared_ptr<const void> owner_;
  const Map& map_;
  std::string prefix_;
  Status status_;
  Map::const_iterator at_;
};

}  // namespace

FakeStore::FakeStore() : contents_(std::make_shared<Contents>()) {}

Map& FakeStore::family(storage::Family family) {
  if (contents_.use_count() > 1) contents_ = std::make_shared<Contents>(*contents_);
  return (*contents_)[static_cast<size_t>(family)];
}

std::shared_ptr<const FakeStore::Contents> FakeStore::View(const storage::SnapshotPtr& at) const {
  if (at == nullptr) return contents_;
  return {at, reinterpret_cast<const Contents*>(at.get())};
}

Result<std::string> FakeStore::Get(storage::Family family, std::string_view key,
                                   const storage::SnapshotPtr& at) const {
  CAIRN_RETURN_IF_ERROR(read_failure_);
  const auto view = View(at);
  const Map& map = (*view)[static_cast<size_t>(family)];
  auto found = map.find(std::string(key));
  if (found == map.end()) return Error(Code::kNotFound, "no such key");
  return found->second;
}

Result<std::vector<std::optional<std::string>>> FakeStore::MultiGet(
    storage::Family family, std::span<const std::string> keys,
    const storage::SnapshotPtr& at) const {
  CAIRN_RETURN_IF_ERROR(read_failure_);
  const auto view = View(at);
  const Map& map = (*view)[static_cast<size_t>(family)];
  std::vector<std::optional<std::string>> values;
  for (const std::string& key : keys) {
    auto found = map.find(key);
    values.push_back(found == map.end() ? std::nullopt : std::optional(found->second));
  }
  return values;
}

std::unique_ptr<storage::Iterator> FakeStore::Scan(storage::Family family, std::string_view prefix,
                                                   const storage::SnapshotPtr& at) const {
  auto view = View(at);
  const Map& map = (*view)[static_cast<size_t>(family)];
  return std::make_unique<FakeIterator>(std::move(view), map, prefix, read_failure_);
}

Status FakeStore::Commit(const storage::Batch& batch, storage::Durability /*durability*/) {
  for (const auto& change : RepOf(batch).changes) {
    using Kind = std::decay_t<decltype(change.kind)>;
    Map& map = family(change.family);
    if (change.kind == Kind::kPut) {
      map[change.key] = change.value;
    } else if (change.kind == Kind::kDelete) {
      map.erase(change.key);
    } else {
      auto first = map.lower_bound(change.key);
      while (first != map.end() && first->first.starts_with(change.key)) first = map.erase(first);
    }
  }
  return OkStatus();
}

storage::SnapshotPtr FakeStore::TakeSnapshot() const {
  return {contents_, reinterpret_cast<const storage::Snapshot*>(contents_.get())};
}

}  // namespace cairn::test
