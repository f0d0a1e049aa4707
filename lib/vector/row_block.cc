#include "vector/row_block.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace cairn::vector {
namespace {

constexpr std::align_val_t kAlignment{64};
constexpr size_t kMappedBytes = 128 << 10;

}  // namespace

FloatBuffer::FloatBuffer(size_t count) : bytes_(count * sizeof(float)) {
  if (bytes_ < kMappedBytes) {
    data_ = static_cast<float*>(::operator new(bytes_, kAlignment));
    return;
  }
  void* pages = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  data_ = static_cast<float*>(pages);
}

FloatBuffer::~FloatBuffer() {
  if (bytes_ < kMappedBytes) {
    ::operator delete(data_, kAlignment);
  } else {
    munmap(data_, bytes_);
  }
}

RowBlock::RowBlock(uint32_t capacity, uint32_t dim)
    : capacity_(capacity),
      dim_(dim),
      floats_(size_t{capacity} * dim),
      docs_(new DocNo[capacity]),
      ordinals_(new uint32_t[capacity]) {}

uint64_t RowBlock::memory_bytes() const {
  return sizeof(*this) +
         uint64_t{capacity_} * (dim_ * sizeof(float) + sizeof(DocNo) + sizeof(uint32_t));
}

void RowBlock::Write(uint32_t row, DocNo doc, const uint32_t* ordinals, const float* vectors,
                     uint32_t count) {
  std::memcpy(floats_.data() + size_t{row} * dim_, vectors, size_t{count} * dim_ * sizeof(float));
  std::fill_n(docs_.get() + row, count, doc);
  std::copy_n(ordinals, count, ordinals_.get() + row);
}

}  // namespace cairn::vector
