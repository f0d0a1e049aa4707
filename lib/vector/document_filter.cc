#include "vector/document_filter.h"

#include "vector/segment.h"

namespace cairn::vector {
namespace {

constexpr size_t kMaxKnown = 16;

Bitmap ToBitmap(std::span<const DocNo> documents) {
  Bitmap bitmap;
  for (DocNo doc : documents) bitmap.Set(ToInt(doc));
  return bitmap;
}

RowSetPtr Resolve(const Segment& segment, const Bitmap& documents) {
  auto rows = std::make_shared<RowSet>();
  uint32_t size = segment.size();
  rows->words.resize((size_t{size} + 63) / 64);
  for (uint32_t row = 0; row < size; ++row) {
    uint64_t in = documents.Test(ToInt(segment.rows.Doc(row))) ? 1 : 0;
    rows->words[row / 64] |= in << (row % 64);
    rows->count += static_cast<uint32_t>(in);
  }
  return rows;
}

}  // namespace

DocumentFilter::DocumentFilter(std::span<const DocNo> documents)
    : documents_(ToBitmap(documents)) {}

RowSetPtr DocumentFilter::RowsOf(const std::shared_ptr<const Segment>& segment) const {
  {
    MutexLock lock(mutex_);
    for (const auto& [known, rows] : known_) {
      if (known == segment) return rows;
    }
  }
  RowSetPtr rows = Resolve(*segment, documents_);
  MutexLock lock(mutex_);
  if (known_.size() >= kMaxKnown) known_.erase(known_.begin());
  known_.emplace_back(segment, rows);
  return rows;
}

}  // namespace cairn::vector
