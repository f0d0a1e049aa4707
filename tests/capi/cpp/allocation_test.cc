// The fast path allocates nothing: counted by an operator new of our own, which libcairn.so uses
// too.
#include <cairn/cairn.hpp>

#include <atomic>
#include <cstdlib>
#include <new>
#include <random>
#include <string>
#include <vector>

extern "C" {
#include "check.h"
}

namespace {

std::atomic<std::size_t> allocations{0};
thread_local bool counting = false;

void* Allocate(std::size_t bytes, std::size_t alignment) {
  if (counting) allocations.fetch_add(1, std::memory_order_relaxed);
  void* memory = alignment == 0 ? std::malloc(bytes)
                                : std::aligned_alloc(
                                      alignment, (bytes + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t bytes) { return Allocate(bytes, 0); }
void* operator new[](std::size_t bytes) { return Allocate(bytes, 0); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return Allocate(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return Allocate(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace {

constexpr std::uint32_t kDim = 16;
constexpr std::uint32_t kK = 10;
constexpr std::size_t kQueries = 256;

std::vector<float> RandomVectors(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count * kDim);
  for (float& value : values) value = normal(random);
  return values;
}

/// What the searches are made of, all of it there before anything is counted.
struct Arrays {
  std::vector<float> queries = RandomVectors(kQueries, 2);
  std::vector<std::uint64_t> keys = std::vector<std::uint64_t>(kQueries * kK);
  std::vector<std::uint32_t> ordinals = std::vector<std::uint32_t>(kQueries * kK);
  std::vector<float> scores = std::vector<float>(kQueries * kK);
  std::vector<std::uint32_t> counts = std::vector<std::uint32_t>(kQueries);

  void Search(const cairn::Collection& vectors, std::size_t first, std::size_t count,
              const cairn::VectorOptions& options) {
    cairn::FloatView view(queries.data() + first * kDim, count * kDim);
    vectors.nearest_into(view, kDim, kK, options, keys.data(), ordinals.data(), scores.data(),
                         counts.data());
  }
};

void Fill(cairn::Collection* vectors, std::size_t count, std::size_t chunks) {
  std::vector<float> values = RandomVectors(count * chunks, 1);
  std::vector<cairn::NewDocument> documents(count);
  for (std::size_t i = 0; i < count; ++i) {
    documents[i].id = std::to_string(i);
    documents[i].vectors = cairn::FloatView(values.data() + i * chunks * kDim, chunks * kDim);
    documents[i].dim = kDim;
  }
  vectors->upsert(documents);
}

std::size_t CountSingles(const cairn::Collection& vectors, Arrays* arrays,
                         const cairn::VectorOptions& options) {
  for (std::size_t i = 0; i < kQueries; ++i) arrays->Search(vectors, i, 1, options);
  allocations = 0;
  counting = true;
  for (std::size_t i = 0; i < kQueries; ++i) arrays->Search(vectors, i, 1, options);
  counting = false;
  return allocations;
}

std::size_t CountBatch(const cairn::Collection& vectors, Arrays* arrays, std::size_t size) {
  arrays->Search(vectors, 0, size, {});
  allocations = 0;
  counting = true;
  arrays->Search(vectors, 0, size, {});
  counting = false;
  return allocations;
}

void CheckCollection(std::size_t count, std::size_t chunks) {
  char* folder = make_folder();
  {
    cairn::DatabaseOptions options;
    options.durability = cairn::Durability::kAsync;
    cairn::Database db(path_in(folder, "db"), options);
    cairn::CollectionOptions with_vectors;
    with_vectors.embedder = cairn::Embedder::kNone;
    with_vectors.dim = kDim;
    cairn::Collection vectors = db.create_collection("v", with_vectors);
    Fill(&vectors, count, chunks);
    Arrays arrays;
    arrays.Search(vectors, 0, 1, {});
    db.wait_idle();
    CHECK(arrays.counts[0] == kK);
    cairn::VectorOptions exact;
    exact.target_recall = 1;
    cairn::VectorOptions range;
    range.min_score = 0.5f;
    cairn::VectorOptions per_chunk;
    per_chunk.group_by = cairn::GroupBy::kNone;
    CHECK(CountSingles(vectors, &arrays, {}) == 0);
    CHECK(CountSingles(vectors, &arrays, exact) == 0);
    CHECK(CountSingles(vectors, &arrays, range) == 0);
    CHECK(CountSingles(vectors, &arrays, per_chunk) == 0);
    // A batch costs a fixed number, to share it out to the threads.
    CHECK(CountBatch(vectors, &arrays, kQueries) <= 16);
  }
  remove_folder(folder);
}

void AGraphIsSearchedWithoutAllocating() { CheckCollection(2500, 1); }
void DocumentsOfSeveralChunksToo() { CheckCollection(900, 3); }
void FreshVectorsToo() { CheckCollection(300, 1); }

void TheCounterCounts() {
  allocations = 0;
  counting = true;
  std::string* text = new std::string(100, 'x');
  counting = false;
  CHECK(allocations == 2);
  delete text;
}

}  // namespace

int main() {
  RUN(TheCounterCounts);
  RUN(AGraphIsSearchedWithoutAllocating);
  RUN(DocumentsOfSeveralChunksToo);
  RUN(FreshVectorsToo);
  return check_result();
}
