#include "storage/iterator.h"

#include <string>
#include <utility>

#include "storage/batch.h"
#include "storage/rocks_status.h"

namespace cairn::storage {
namespace {

std::string_view View(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

class PrefixIterator final : public Iterator {
 public:
  PrefixIterator(std::shared_ptr<Instance> instance, std::shared_ptr<const Pinned> pinned,
                 Family family, std::string_view prefix)
      : instance_(std::move(instance)),
        pinned_(std::move(pinned)),
        prefix_(prefix),
        end_(PrefixEnd(prefix)),
        end_slice_(end_) {
    rocksdb::ReadOptions options;
    if (pinned_ != nullptr) options.snapshot = pinned_->moment();
    if (!end_.empty()) options.iterate_upper_bound = &end_slice_;
    it_.reset(instance_->db().NewIterator(options, instance_->handle(family)));
    it_->Seek(prefix_);
  }

  bool Valid() const override { return it_->Valid(); }
  void Next() override { it_->Next(); }
  void Seek(std::string_view key) override {
    if (key < prefix_) key = prefix_;
    it_->Seek(rocksdb::Slice(key.data(), key.size()));
  }
  std::string_view key() const override { return View(it_->key()); }
  std::string_view value() const override { return View(it_->value()); }
  Status status() const override { return FromRocks(it_->status(), "scan"); }

 private:
  const std::shared_ptr<Instance> instance_;
  const std::shared_ptr<const Pinned> pinned_;
  const std::string prefix_;
  const std::string end_;
  const rocksdb::Slice end_slice_;
  std::unique_ptr<rocksdb::Iterator> it_;  // uses all of the above: destroyed first
};

class FailedIterator final : public Iterator {
 public:
  explicit FailedIterator(Status status) : status_(std::move(status)) {}
  bool Valid() const override { return false; }
  void Next() override {}
  void Seek(std::string_view) override {}
  std::string_view key() const override { return {}; }
  std::string_view value() const override { return {}; }
  Status status() const override { return status_; }

 private:
  const Status status_;
};

}  // namespace

std::unique_ptr<Iterator> NewPrefixIterator(std::shared_ptr<Instance> instance,
                                            std::shared_ptr<const Pinned> pinned, Family family,
                                            std::string_view prefix) {
  return std::make_unique<PrefixIterator>(std::move(instance), std::move(pinned), family, prefix);
}

std::unique_ptr<Iterator> NewFailedIterator(Status status) {
  return std::make_unique<FailedIterator>(std::move(status));
}

}  // namespace cairn::storage
