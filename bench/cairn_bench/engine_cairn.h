#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "cairn_bench/ann_engine.h"
#include "cairn_bench/scratch.h"
#include "vector/vector_index.h"

namespace cairn::bench {

/// Cairn's vector index itself, below the C ABI, with its files in a scratch folder. Document
/// numbers are row numbers, one vector a document.
///
/// Thread safety: one thread may search (with a view of its own) while another writes;
/// everything else is single-threaded.
class CairnEngine : public AnnEngine {
 public:
  explicit CairnEngine(const EngineOptions& options);

  std::string_view name() const override { return "cairn"; }
  void Build(const VectorSet& base) override;
  size_t Search(const float* query, size_t k, uint32_t ef, uint32_t* rows_out) override;
  /// Makes the index's filter from the bitmap anew for each search.
  size_t SearchFiltered(const float* query, size_t k, uint32_t ef, const Bitmap& filter,
                        uint32_t* rows_out) override;
  size_t SearchExact(const float* query, size_t k, uint32_t* rows_out) override;
  bool has_filtered_search() const override { return true; }
  bool has_exact_search() const override { return true; }
  uint64_t engine_bytes() const override { return view_->memory_bytes(); }

  /// A search with any options, on any view.
  size_t SearchWith(const vector::VectorView& view, const float* query,
                    const vector::SearchOptions& options, uint32_t* rows_out);
  /// Asks for a share of the true neighbours, instead of giving a beam width.
  size_t SearchTarget(const vector::VectorView& view, const float* query, size_t k,
                      float target_recall, uint32_t* rows_out);

  void Add(uint32_t doc, const float* vector);
  void Remove(uint32_t doc);
  void WaitIdle();
  /// Makes searches see what was written since.
  void Refresh() { view_ = index_->View(); }
  const vector::VectorView& view() const { return *view_; }
  vector::VectorViewPtr NewView() const { return index_->View(); }
  /// Bytes of the files.
  uint64_t DiskBytes() const;

 private:
  ScratchFolder scratch_;
  std::unique_ptr<ThreadPool> pool_;
  std::unique_ptr<vector::VectorIndex> index_;
  vector::VectorViewPtr view_;
  std::vector<vector::VectorHit> hits_;
};

}  // namespace cairn::bench
