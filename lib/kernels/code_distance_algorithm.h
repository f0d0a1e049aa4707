// Dot products with quantized rows, written once. No include guard: each instruction set's source
// file includes this inside its own unnamed namespace, after it has defined
//   CAIRN_KERNEL_TARGET   the attribute that lets a function use the instruction set, or nothing
//   struct CodeLanes      Codes and Query (32 bytes each), Sums, and the static functions
//                         Zero(), LoadCodes(p), LoadQuery(p), Low(codes) and High(codes) halves of
//                         each byte, Add7(sums, codes, query), Add4(sums, low, query, high, query2)
//                         and Sum4(sums[4], out[4])
// Several rows are scored side by side: the query is loaded once for them, and the additions across
// lanes at the end are shared.

constexpr size_t kRowsPerPass = 4;
constexpr size_t kBytesPerStep = 32;

template <bool kGather>
inline const uint8_t* RowAt(const CodeRows& rows, size_t i) {
  if constexpr (kGather) return rows.base + size_t{rows.ids[i]} * rows.stride;
  return rows.base + i * rows.stride;
}

struct Seven {
  static constexpr size_t kDimsPerStep = 32;
  static CAIRN_KERNEL_TARGET inline void Step(const int8_t* query, const uint8_t* const* rows,
                                              size_t at, typename CodeLanes::Sums* sums) {
    typename CodeLanes::Query q = CodeLanes::LoadQuery(query);
    for (size_t r = 0; r < kRowsPerPass; ++r) {
      sums[r] = CodeLanes::Add7(sums[r], CodeLanes::LoadCodes(rows[r] + at), q);
    }
  }
};

struct Four {
  static constexpr size_t kDimsPerStep = 64;
  static CAIRN_KERNEL_TARGET inline void Step(const int8_t* query, const uint8_t* const* rows,
                                              size_t at, typename CodeLanes::Sums* sums) {
    typename CodeLanes::Query first = CodeLanes::LoadQuery(query);
    typename CodeLanes::Query second = CodeLanes::LoadQuery(query + 32);
    for (size_t r = 0; r < kRowsPerPass; ++r) {
      typename CodeLanes::Codes codes = CodeLanes::LoadCodes(rows[r] + at);
      sums[r] =
          CodeLanes::Add4(sums[r], CodeLanes::Low(codes), first, CodeLanes::High(codes), second);
    }
  }
};

template <typename Width>
CAIRN_KERNEL_TARGET inline void ScoreFour(const int8_t* query, const uint8_t* const* rows,
                                          size_t dim, int32_t* out) {
  typename CodeLanes::Sums sums[kRowsPerPass];
  for (auto& sum : sums) sum = CodeLanes::Zero();
  for (size_t d = 0, at = 0; d < dim; d += Width::kDimsPerStep, at += kBytesPerStep) {
    Width::Step(query + d, rows, at, sums);
  }
  CodeLanes::Sum4(sums, out);
}

template <typename Width, bool kGather>
CAIRN_KERNEL_TARGET void ScoreCodes(const int8_t* query, const CodeRows& rows, size_t count,
                                    size_t dim, int32_t* out) {
  const uint8_t* group[kRowsPerPass];
  size_t i = 0;
  for (; i + kRowsPerPass <= count; i += kRowsPerPass) {
    for (size_t r = 0; r < kRowsPerPass; ++r) group[r] = RowAt<kGather>(rows, i + r);
    ScoreFour<Width>(query, group, dim, out + i);
  }
  if (i == count) return;
  // The last few: the rest of the group repeats the last row.
  int32_t last[kRowsPerPass];
  for (size_t r = 0; r < kRowsPerPass; ++r) {
    group[r] = RowAt<kGather>(rows, i + r < count ? i + r : count - 1);
  }
  ScoreFour<Width>(query, group, dim, last);
  for (size_t r = 0; i + r < count; ++r) out[i + r] = last[r];
}

template <typename Width>
CAIRN_KERNEL_TARGET void ScoreRows(const int8_t* query, const CodeRows& rows, size_t count,
                                   size_t dim, int32_t* out) {
  if (rows.ids == nullptr) {
    ScoreCodes<Width, false>(query, rows, count, dim, out);
  } else {
    ScoreCodes<Width, true>(query, rows, count, dim, out);
  }
}

constexpr CodeKernel MakeCodeKernel(std::string_view name, const CodeKernelParts& parts) {
  return {name,
          &ScoreRows<Seven>,
          &ScoreRows<Four>,
          parts.project_code,
          parts.promising_edges,
          parts.transform,
          parts.round_query};
}
