#include <algorithm>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "vector/checked_rows.h"
#include "vector/document_count.h"
#include "vector/exact_search.h"
#include "vector/row_store.h"
#include "vector/vector_index.h"

namespace cairn::vector {
namespace {

class ExactView final : public VectorView {
 public:
  ExactView(const VectorIndexOptions& options, std::shared_ptr<const Snapshot> snapshot)
      : options_(options), snapshot_(std::move(snapshot)) {}

  size_t size() const override { return snapshot_->live; }
  size_t document_count() const override { return snapshot_->documents; }
  uint64_t memory_bytes() const override { return snapshot_->memory_bytes(); }
  uint64_t CountDocuments(const DocumentFilter& filter) const override {
    return vector::CountDocuments(*snapshot_, filter);
  }
  Status Search(const float* queries, size_t query_count, const SearchOptions& options,
                std::vector<std::vector<VectorHit>>* hits_out, SearchWork* work) const override {
    if (work != nullptr) work->vectors_scored += snapshot_->live * query_count;
    return SearchExact(*snapshot_, options_, queries, query_count, options, hits_out);
  }
  Status SearchOne(const float* query, const SearchOptions& options, VectorHit* hits_out,
                   size_t* count_out, SearchWork* work) const override {
    *count_out = 0;
    std::vector<std::vector<VectorHit>> hits;
    CAIRN_RETURN_IF_ERROR(Search(query, 1, options, &hits, work));
    *count_out = hits[0].size();
    std::copy(hits[0].begin(), hits[0].end(), hits_out);
    return OkStatus();
  }

 private:
  const VectorIndexOptions options_;
  const std::shared_ptr<const Snapshot> snapshot_;
};

/// Writers take turns under `write_mutex_`. A reader takes `view_mutex_`, which is only ever held
/// to copy or swap one pointer, so it never waits for a writer's work. Lock order: write, view.
class ExactIndex final : public VectorIndex {
 public:
  explicit ExactIndex(const VectorIndexOptions& options)
      : options_(options),
        store_(options.dim),
        view_(std::make_shared<ExactView>(options, store_.snapshot())) {}

  Status AddChunks(DocNo doc, std::span<const uint32_t> ordinals, const float* vectors) override;
  void Remove(DocNo doc) override;
  VectorViewPtr View() const override {
    MutexLock lock(view_mutex_);
    return view_;
  }
  const VectorIndexOptions& options() const override { return options_; }
  Status WaitIdle(int64_t) override { return OkStatus(); }

 private:
  void Publish(StoreEdit* edit) CAIRN_REQUIRES(write_mutex_);

  const VectorIndexOptions options_;
  Mutex write_mutex_;
  mutable Mutex view_mutex_;
  RowStore store_ CAIRN_GUARDED_BY(write_mutex_);
  VectorViewPtr view_ CAIRN_GUARDED_BY(view_mutex_);
};

Status ExactIndex::AddChunks(DocNo doc, std::span<const uint32_t> ordinals, const float* vectors) {
  size_t count = ordinals.size();
  CAIRN_ASSIGN_OR_RETURN(CheckedRows rows, CheckedRows::Make(options_, ordinals, vectors));
  MutexLock lock(write_mutex_);
  StoreEdit edit(&store_);
  if (!edit.Insert(doc, ordinals.data(), rows.data(), static_cast<uint32_t>(count))) {
    return Error(Code::kAlreadyExists, "document number ", ToInt(doc), " is in the index already");
  }
  Publish(&edit);
  return OkStatus();
}

void ExactIndex::Remove(DocNo doc) {
  MutexLock lock(write_mutex_);
  StoreEdit edit(&store_);
  if (edit.Remove(doc)) Publish(&edit);
}

void ExactIndex::Publish(StoreEdit* edit) {
  VectorViewPtr view = std::make_shared<ExactView>(options_, edit->Prepare());
  edit->Commit();
  MutexLock lock(view_mutex_);
  view_.swap(view);
  // `view`, declared before the lock, lets the old one go after the lock is released.
}

}  // namespace

Result<std::unique_ptr<VectorIndex>> MakeExactIndex(const VectorIndexOptions& options) {
  CAIRN_RETURN_IF_ERROR(CheckIndexOptions(options));
  return std::unique_ptr<VectorIndex>(std::make_unique<ExactIndex>(options));
}

}  // namespace cairn::vector
