#include "cache/ghost.h"

#include <algorithm>
#include <bit>

namespace cairn::cache {

void Ghost::Resize(size_t keys) {
  const size_t cells = std::bit_ceil(std::max<size_t>(keys, 2 * kWays));
  cells_.assign(cells, Cell{});
  set_mask_ = cells / kWays - 1;
}

void Ghost::Add(uint64_t hash) {
  if (cells_.empty()) return;
  if (++now_ == 0) now_ = 1;
  Cell* set = SetOf(hash);
  Cell* eldest = set;
  for (Cell* cell = set; cell != set + kWays; ++cell) {
    if (cell->when == 0) {
      eldest = cell;
      break;
    }
    if (now_ - cell->when > now_ - eldest->when) eldest = cell;
  }
  *eldest = {static_cast<uint32_t>(hash >> 32), now_};
}

bool Ghost::Take(uint64_t hash, size_t keys) {
  if (cells_.empty()) return false;
  Cell* set = SetOf(hash);
  for (Cell* cell = set; cell != set + kWays; ++cell) {
    if (cell->when == 0 || cell->print != static_cast<uint32_t>(hash >> 32)) continue;
    const bool young = now_ - cell->when < keys;
    cell->when = 0;
    return young;
  }
  return false;
}

}  // namespace cairn::cache
