// Rotating and rounding vectors, written once. No include guard: each instruction set's source file
// includes this inside its own unnamed namespace, after it has defined CAIRN_KERNEL_TARGET, the
// attribute that lets a function use the instruction set, or nothing. The loops are plain, for the
// compiler to widen. Products must be rounded before they are added, so the attribute must not
// allow fused ones.

/// Two levels of the transform at a time, from the one that joins pairs of `half` values.
CAIRN_KERNEL_TARGET inline void TransformFrom(size_t half, float* v, size_t count) {
  for (; half * 2 < count; half *= 4) {
    for (size_t i = 0; i < count; i += 4 * half) {
      float* __restrict p = v + i;
      float* __restrict q = p + half;
      float* __restrict r = q + half;
      float* __restrict s = r + half;
      for (size_t j = 0; j < half; ++j) {
        float a = p[j] + q[j];
        float b = p[j] - q[j];
        float c = r[j] + s[j];
        float d = r[j] - s[j];
        p[j] = a + c;
        q[j] = b + d;
        r[j] = a - c;
        s[j] = b - d;
      }
    }
  }
  if (half < count) {
    float* __restrict low = v;
    float* __restrict high = v + half;
    for (size_t j = 0; j < half; ++j) {
      float a = low[j];
      float b = high[j];
      low[j] = a + b;
      high[j] = a - b;
    }
  }
}

CAIRN_KERNEL_TARGET inline void ScaleAll(float scale, float* v, size_t count) {
  for (size_t i = 0; i < count; ++i) v[i] *= scale;
}

/// As integers, which are in the same order as sizes and need no rule for NaN.
CAIRN_KERNEL_TARGET inline float LargestSize(const float* v, size_t count) {
  uint32_t largest = 0;
  for (size_t i = 0; i < count; ++i) {
    uint32_t bits;
    std::memcpy(&bits, v + i, sizeof(bits));
    bits &= 0x7FFFFFFF;
    largest = bits > largest ? bits : largest;
  }
  float size;
  std::memcpy(&size, &largest, sizeof(size));
  return size;
}

CAIRN_KERNEL_TARGET inline RoundedQuery RoundAll(float* __restrict v, size_t dim,
                                                 int8_t* __restrict lanes) {
  float scale = 127 / LargestSize(v, dim);
  if (!(scale > 0) || std::isinf(scale)) {
    std::memset(lanes, 0, dim);
    return {};
  }
  int32_t sum = 0;
  int32_t squares = 0;
  for (size_t d = 0; d < dim; ++d) {
    // Rounded by truncating a positive number, which needs no call.
    float scaled = v[d] * scale;
    int32_t lane = static_cast<int32_t>(scaled + 128.5f) - 128;
    lanes[d] = static_cast<int8_t>(lane);
    sum += lane;
    squares += lane * lane;
    v[d] = scaled - static_cast<float>(lane);
  }
  return {scale, sum, squares};
}
