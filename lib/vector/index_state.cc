#include "vector/index_state.h"

namespace cairn::vector {

uint64_t SealedPart::memory_bytes() const {
  return segment->heap_bytes + segment->entry_table->heap_bytes() + segment->rows.heap_bytes() +
         dead.heap_bytes() + segment->by_document.capacity() * sizeof(uint32_t);
}

uint64_t IndexState::live() const {
  uint64_t rows = active->live + (frozen == nullptr ? 0 : frozen->live);
  for (const SealedPart& part : sealed) rows += part.live();
  return rows;
}

uint64_t IndexState::memory_bytes() const {
  uint64_t bytes = sizeof(*this) + active->memory_bytes();
  if (frozen != nullptr) bytes += frozen->memory_bytes();
  for (const SealedPart& part : sealed) bytes += part.memory_bytes();
  return bytes;
}

}  // namespace cairn::vector
