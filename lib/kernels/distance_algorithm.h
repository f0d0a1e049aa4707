// The distance functions, written once. No include guard: each instruction set's source file
// includes this inside its own unnamed namespace, after it has defined
//   CAIRN_KERNEL_TARGET   the attribute that lets a function use the instruction set, or nothing
//   struct Lanes          Vec, kWidth (floats in a Vec), kRowsPerPass, and the static functions
//                         Zero(), Load(p), LoadFirst(p, n) with n in [1, kWidth) and zeros after,
//                         MulAdd(a, b, c) = a * b + c, Sub(a, b), Add(a, b), Sum(v)
// so that every function here, inlined or not, is compiled for that set and for no other.
//
// A row's score is the same to the last bit whether it is scored alone or with others: each row has
// its own kChains accumulators, always filled and summed in the same order. Equal vectors therefore
// tie exactly, wherever they lie.

constexpr size_t kChains = 4;
constexpr size_t kFloatsPerLine = 16;

struct DotStep {
  static CAIRN_KERNEL_TARGET inline typename Lanes::Vec Apply(typename Lanes::Vec query,
                                                              typename Lanes::Vec row,
                                                              typename Lanes::Vec sum) {
    return Lanes::MulAdd(query, row, sum);
  }
};

struct L2SquaredStep {
  static CAIRN_KERNEL_TARGET inline typename Lanes::Vec Apply(typename Lanes::Vec query,
                                                              typename Lanes::Vec row,
                                                              typename Lanes::Vec sum) {
    typename Lanes::Vec difference = Lanes::Sub(query, row);
    return Lanes::MulAdd(difference, difference, sum);
  }
};

/// Asks for the lines of the next pass in the order they lie in memory: one stream for the
/// processor's prefetcher, however many rows a pass reads side by side.
template <size_t kRows>
CAIRN_KERNEL_TARGET inline void PrefetchNextPass(const float* rows, size_t dim, size_t at) {
  auto next = reinterpret_cast<uintptr_t>(rows) + (kRows * dim + kRows * at) * sizeof(float);
  for (size_t i = 0; i < kRows * kChains * Lanes::kWidth; i += kFloatsPerLine) {
    __builtin_prefetch(reinterpret_cast<const void*>(next + i * sizeof(float)));
  }
}

/// Scores kRows rows in one pass over the query.
template <typename Step, size_t kRows, bool kPrefetch>
CAIRN_KERNEL_TARGET inline void ScorePass(const float* query, const float* rows, size_t dim,
                                          float* out) {
  constexpr size_t kWidth = Lanes::kWidth;
  typename Lanes::Vec sums[kRows][kChains];
  for (size_t r = 0; r < kRows; ++r) {
    for (size_t c = 0; c < kChains; ++c) sums[r][c] = Lanes::Zero();
  }
  size_t i = 0;
  for (; i + kChains * kWidth <= dim; i += kChains * kWidth) {
    if constexpr (kPrefetch) PrefetchNextPass<kRows>(rows, dim, i);
    for (size_t c = 0; c < kChains; ++c) {
      typename Lanes::Vec q = Lanes::Load(query + i + c * kWidth);
      for (size_t r = 0; r < kRows; ++r) {
        sums[r][c] = Step::Apply(q, Lanes::Load(rows + r * dim + i + c * kWidth), sums[r][c]);
      }
    }
  }
  for (; i + kWidth <= dim; i += kWidth) {
    typename Lanes::Vec q = Lanes::Load(query + i);
    for (size_t r = 0; r < kRows; ++r) {
      sums[r][0] = Step::Apply(q, Lanes::Load(rows + r * dim + i), sums[r][0]);
    }
  }
  if (i < dim) {
    typename Lanes::Vec q = Lanes::LoadFirst(query + i, dim - i);
    for (size_t r = 0; r < kRows; ++r) {
      sums[r][1] = Step::Apply(q, Lanes::LoadFirst(rows + r * dim + i, dim - i), sums[r][1]);
    }
  }
  for (size_t r = 0; r < kRows; ++r) {
    out[r] = Lanes::Sum(
        Lanes::Add(Lanes::Add(sums[r][0], sums[r][1]), Lanes::Add(sums[r][2], sums[r][3])));
  }
}

template <typename Step>
CAIRN_KERNEL_TARGET float ScoreOne(const float* a, const float* b, size_t dim) {
  float out = 0;
  ScorePass<Step, 1, false>(a, b, dim, &out);
  return out;
}

template <typename Step>
CAIRN_KERNEL_TARGET void ScoreRows(const float* query, const float* rows, size_t count, size_t dim,
                                   float* out) {
  constexpr size_t kRows = Lanes::kRowsPerPass;
  size_t i = 0;
  for (; i + kRows <= count; i += kRows) {
    ScorePass<Step, kRows, true>(query, rows + i * dim, dim, out + i);
  }
  for (; i < count; ++i) ScorePass<Step, 1, false>(query, rows + i * dim, dim, out + i);
}

constexpr Kernel MakeKernel(std::string_view name) {
  return {name, &ScoreOne<DotStep>, &ScoreOne<L2SquaredStep>, &ScoreRows<DotStep>,
          &ScoreRows<L2SquaredStep>};
}
