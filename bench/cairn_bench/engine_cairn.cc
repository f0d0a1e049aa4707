#include "cairn_bench/engine_cairn.h"

#include <filesystem>
#include <stdexcept>
#include <utility>

#include "vector/document_filter.h"

namespace cairn::bench {
namespace {

using vector::SearchOptions;
using vector::VectorIndexOptions;
using vector::VectorView;

void Check(const Status& status) {
  if (!status.ok()) throw std::runtime_error("cairn: " + std::string(status.message()));
}

}  // namespace

CairnEngine::CairnEngine(const EngineOptions& options) {
  if (options.threads > 1) pool_ = std::make_unique<ThreadPool>(options.threads);
  VectorIndexOptions index_options;
  index_options.dim = static_cast<uint32_t>(options.dim);
  index_options.metric = options.metric;
  index_options.pool = pool_.get();
  index_options.directory = scratch_.path();
  auto made = vector::MakeSegmentedIndex(index_options);
  if (!made.ok()) Check(made.status());
  index_ = std::move(made).value();
  Refresh();
}

void CairnEngine::Build(const VectorSet& base) {
  for (size_t row = 0; row < base.count(); ++row) Add(static_cast<uint32_t>(row), base.Row(row));
  WaitIdle();
  Refresh();
}

size_t CairnEngine::Search(const float* query, size_t k, uint32_t ef, uint32_t* rows_out) {
  SearchOptions options;
  options.k = k;
  options.ef = ef;
  return SearchWith(*view_, query, options, rows_out);
}

size_t CairnEngine::SearchFiltered(const float* query, size_t k, uint32_t ef, const Bitmap& filter,
                                   uint32_t* rows_out) {
  const vector::DocumentFilter documents(filter);
  SearchOptions options;
  options.k = k;
  options.ef = ef;
  options.filter = &documents;
  return SearchWith(*view_, query, options, rows_out);
}

size_t CairnEngine::SearchExact(const float* query, size_t k, uint32_t* rows_out) {
  return SearchTarget(*view_, query, k, 1.0f, rows_out);
}

size_t CairnEngine::SearchWith(const VectorView& view, const float* query,
                               const SearchOptions& options, uint32_t* rows_out) {
  if (hits_.size() < options.k) hits_.resize(options.k);
  size_t count = 0;
  Check(view.SearchOne(query, options, hits_.data(), &count));
  for (size_t i = 0; i < count; ++i) rows_out[i] = static_cast<uint32_t>(ToInt(hits_[i].chunk.doc));
  return count;
}

size_t CairnEngine::SearchTarget(const VectorView& view, const float* query, size_t k,
                                 float target_recall, uint32_t* rows_out) {
  SearchOptions options;
  options.k = k;
  options.target_recall = target_recall;
  return SearchWith(view, query, options, rows_out);
}

void CairnEngine::Add(uint32_t doc, const float* vector) {
  Check(index_->Add(DocNo{doc}, vector, 1));
}

void CairnEngine::Remove(uint32_t doc) { index_->Remove(DocNo{doc}); }

void CairnEngine::WaitIdle() { Check(index_->WaitIdle(-1)); }

uint64_t CairnEngine::DiskBytes() const {
  uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(scratch_.path())) {
    std::error_code gone;  // merged away meanwhile
    const uintmax_t size = entry.is_regular_file(gone) ? entry.file_size(gone) : 0;
    if (!gone) bytes += size;
  }
  return bytes;
}

}  // namespace cairn::bench
