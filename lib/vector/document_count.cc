#include "vector/document_count.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <vector>

namespace cairn::vector {
namespace {

/// Counts documents whose rows come one after another.
class Runs {
 public:
  void Add(DocNo doc) {
    if (last_ == doc) return;
    last_ = doc;
    ++count_;
  }
  uint64_t count() const { return count_; }

 private:
  std::optional<DocNo> last_;
  uint64_t count_ = 0;
};

}  // namespace

uint64_t CountDocuments(const Segment& segment, const RowMarks& dead, const RowSet* allowed) {
  Runs runs;
  auto add = [&](uint32_t row) {
    if (!dead.Test(row)) runs.Add(segment.rows.Doc(row));
  };
  if (!segment.by_document.empty()) {
    for (uint32_t row : segment.by_document) {
      if (allowed == nullptr || allowed->Test(row)) add(row);
    }
  } else if (allowed == nullptr) {
    for (uint32_t row = 0; row < segment.size(); ++row) add(row);
  } else {
    for (size_t i = 0; i < allowed->words.size(); ++i) {
      for (uint64_t word = allowed->words[i]; word != 0; word &= word - 1) {
        add(static_cast<uint32_t>(i * 64) + static_cast<uint32_t>(std::countr_zero(word)));
      }
    }
  }
  return runs.count();
}

uint64_t CountDocuments(const Snapshot& snapshot, const DocumentFilter& filter) {
  std::vector<DocNo> documents;
  Runs runs;
  for (size_t slot = 0; slot < snapshot.directory.slot_count(); ++slot) {
    const BlockEntry& entry = snapshot.directory.At(slot);
    if (entry.live == 0) continue;
    for (uint32_t row = 0; row < entry.count; ++row) {
      if (entry.dead && entry.dead->Test(row)) continue;
      DocNo doc = entry.block->Chunk(row).doc;
      if (filter.Test(doc)) documents.push_back(doc);
    }
  }
  std::sort(documents.begin(), documents.end());
  for (DocNo doc : documents) runs.Add(doc);
  return runs.count();
}

}  // namespace cairn::vector
