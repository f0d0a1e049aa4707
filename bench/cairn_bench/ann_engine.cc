#include "cairn_bench/ann_engine.h"

#include <stdexcept>

namespace cairn::bench {

size_t AnnEngine::SearchFiltered(const float*, size_t, uint32_t, const Bitmap&, uint32_t*) {
  throw std::logic_error(std::string(name()) + " has no filtered search here");
}

size_t AnnEngine::SearchExact(const float*, size_t, uint32_t*) {
  throw std::logic_error(std::string(name()) + " has no exact search here");
}

}  // namespace cairn::bench
