#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cairn_bench/vector_set.h"

namespace cairn::bench {

/// Reads .fvecs, .bvecs or .npy (two dimensions, float32 or uint8, C order), by the file's ending;
/// at most `limit` rows. Every problem is an exception that names the file.
VectorSet ReadVectors(const std::string& path, size_t limit);

/// Reads .ivecs: one list of row numbers per query.
std::vector<std::vector<uint32_t>> ReadNeighbours(const std::string& path);

}  // namespace cairn::bench
