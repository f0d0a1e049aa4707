#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace cairn::kernels {

/// One instruction set's distance functions over float32 vectors of `dim` elements.
/// Pointers need no alignment. Results differ between sets only by rounding.
struct Kernel {
  std::string_view name;  ///< "scalar", "avx2", "avx512"
  float (*dot)(const float* a, const float* b, size_t dim);
  float (*l2_squared)(const float* a, const float* b, size_t dim);
  /// out[i] = dot(query, rows + i * dim) for i in [0, count).
  void (*dot_rows)(const float* query, const float* rows, size_t count, size_t dim, float* out);
  void (*l2_squared_rows)(const float* query, const float* rows, size_t count, size_t dim,
                          float* out);
};

/// The widest kernel that this processor runs, or the one that CAIRN_KERNEL names. An unknown or
/// unsupported name is ignored (ActiveKernel().name tells). Chosen once per process.
const Kernel& ActiveKernel();

/// Every kernel this processor runs, the widest first; "scalar" is always the last.
std::span<const Kernel* const> SupportedKernels();

/// Scales `v` to length one. False, and `v` unchanged, when its length is zero or not finite.
bool Normalize(float* v, size_t dim);

/// True when every element is finite.
bool AllFinite(const float* v, size_t count);

}  // namespace cairn::kernels
