#include "vector/row_marks.h"

namespace cairn::vector {

bool RowMarks::Set(uint32_t row) {
  if (Test(row)) return false;
  size_t page = row / kPageRows;
  if (page >= pages_.size()) pages_.resize(page + 1);
  std::shared_ptr<Page>& shared = pages_[page];
  if (shared == nullptr) {
    shared = std::make_shared<Page>();
  } else if (shared.use_count() > 1) {
    shared = std::make_shared<Page>(*shared);
  }
  (*shared)[row % kPageRows / 64] |= uint64_t{1} << (row % 64);
  ++count_;
  return true;
}

uint64_t RowMarks::heap_bytes() const {
  uint64_t bytes = pages_.capacity() * sizeof(pages_[0]);
  for (const auto& page : pages_) bytes += page == nullptr ? 0 : sizeof(Page);
  return bytes;
}

}  // namespace cairn::vector
