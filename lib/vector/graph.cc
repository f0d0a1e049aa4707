#include "vector/graph.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>

namespace cairn::vector {
namespace {

constexpr size_t kHugePage = 2u << 20;

}  // namespace

Slab::Slab(size_t bytes) : bytes_(bytes) {
  // Small slabs would waste most of a huge page.
  bool huge = bytes >= kHugePage;
  size_t alignment = huge ? kHugePage : 0;
  mapped_bytes_ = std::max<size_t>(bytes, 1) + alignment;
  mapping_ =
      mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping_ == MAP_FAILED) throw std::bad_alloc();
  auto address = reinterpret_cast<uintptr_t>(mapping_);
  if (huge) address = (address + kHugePage - 1) & ~(kHugePage - 1);
  data_ = reinterpret_cast<uint8_t*>(address);
  if (huge) madvise(data_, bytes, MADV_HUGEPAGE);
}

Slab::~Slab() { munmap(mapping_, mapped_bytes_); }

OwnedGraph OwnedGraph::Create(const Quantizer& quantizer, uint32_t rows) {
  OwnedGraph graph;
  graph.code_bytes = quantizer.code_bytes();
  graph.lanes = quantizer.lanes();
  graph.width = quantizer.parameters().width;
  graph.row_count = rows;
  graph.slab = std::make_shared<Slab>(size_t{rows} * graph.stride());
  graph.bias.resize(rows);
  for (uint32_t row = 0; row < rows; ++row) {
    uint32_t* neighbours = graph.Neighbours(row);
    std::fill(neighbours, neighbours + kMaxDegree, kNoNeighbour);
  }
  return graph;
}

Graph OwnedGraph::view() const {
  Graph graph;
  graph.blocks = slab->data();
  graph.stride = stride();
  graph.code_bytes = code_bytes;
  graph.lanes = lanes;
  graph.width = width;
  graph.bias = bias.data();
  graph.row_count = row_count;
  graph.entries = entries;
  graph.edges = edges;
  return graph;
}

}  // namespace cairn::vector
