#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kernels/edge_sketch.h"
#include "kernels/encoding.h"

namespace cairn::kernels {

/// Lanes that codes and queries are padded to, in dimensions; padding dimensions of a query are 0.
constexpr size_t kCodeLanes = 64;

/// Code rows anywhere in memory: row i starts at base + ids[i] * stride.
struct CodeRows {
  const uint8_t* base;
  size_t stride;        ///< bytes
  const uint32_t* ids;  ///< null: row i is at base + i * stride
};

/// Dot products of an int8 query with quantized rows: out[i] = sum over d of query[d] * code_i[d].
/// `dim` is a multiple of kCodeLanes; |query[d]| <= 127. Exact: every instruction set gives the
/// same.
///   dot7  one byte per dimension, 0 to 127
///   dot4  two dimensions per byte: of each group of 64 dimensions, the first 32 in the low halves
///         of 32 bytes and the last 32 in the high halves
struct CodeKernel {
  std::string_view name;  ///< "scalar", "avx2", "avx512vnni", "neon"
  void (*dot7)(const int8_t* query, const CodeRows& rows, size_t count, size_t dim, int32_t* out);
  void (*dot4)(const int8_t* query, const CodeRows& rows, size_t count, size_t dim, int32_t* out);
  ProjectCodeFunction* project_code;
  PromisingEdgesFunction* promising_edges;
  TransformFunction* transform;
  RoundQueryFunction* round_query;
};

/// The widest one that this processor runs and that CAIRN_KERNEL allows. Chosen once per process.
const CodeKernel& ActiveCodeKernel();

}  // namespace cairn::kernels
