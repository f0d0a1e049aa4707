#include "vector/row_block.h"

#include <algorithm>
#include <cstring>

namespace cairn::vector {

RowBlock::RowBlock(uint32_t capacity, uint32_t dim)
    : capacity_(capacity),
      dim_(dim),
      floats_(
          static_cast<float*>(::operator new (size_t{capacity} * dim * sizeof(float), kAlignment))),
      docs_(new DocNo[capacity]),
      ordinals_(new uint32_t[capacity]) {}

uint64_t RowBlock::memory_bytes() const {
  return sizeof(*this) +
         uint64_t{capacity_} * (dim_ * sizeof(float) + sizeof(DocNo) + sizeof(uint32_t));
}

void RowBlock::Write(uint32_t row, DocNo doc, const uint32_t* ordinals, const float* vectors,
                     uint32_t count) {
  std::memcpy(floats_.get() + size_t{row} * dim_, vectors, size_t{count} * dim_ * sizeof(float));
  std::fill_n(docs_.get() + row, count, doc);
  std::copy_n(ordinals, count, ordinals_.get() + row);
}

}  // namespace cairn::vector
