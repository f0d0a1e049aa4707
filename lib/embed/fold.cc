#include "embed/fold.h"

#include <algorithm>

#include "kernels/distance.h"

namespace cairn::embed {
namespace {

using AddScaledFn = void (*)(const int8_t* values, size_t count, float factor, float* out);

/// out[i] += factor * values[i]. Product and sum are rounded apart in every build of it, so all
/// instruction sets give the same bits.
[[gnu::always_inline]] inline void AddScaledBody(const int8_t* values, size_t count, float factor,
                                                 float* out) {
  for (size_t i = 0; i < count; ++i) out[i] += factor * static_cast<float>(values[i]);
}

void AddScaledBaseline(const int8_t* values, size_t count, float factor, float* out) {
  AddScaledBody(values, count, factor, out);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void AddScaledAvx2(const int8_t* values, size_t count, float factor,
                                           float* out) {
  AddScaledBody(values, count, factor, out);
}
#endif

AddScaledFn ChooseAddScaled() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return &AddScaledAvx2;
#endif
  return &AddScaledBaseline;
}

void FoldLsa(const ModelHeader& header, std::span<const TermUse> terms, float* out) {
  const AddScaledFn add_scaled = ChooseAddScaled();
  for (const TermUse& term : terms) {
    const float weight = LsaFrequencyWeight(static_cast<float>(term.frequency));
    add_scaled(term.row->values.data(), header.lsa_rank,
               weight * term.row->lsa_weight * term.row->lsa_scale, out);
  }
  kernels::Normalize(out, header.lsa_rank);
}

void FoldPpmi(const ModelHeader& header, std::span<const TermUse> terms, float* out) {
  const AddScaledFn add_scaled = ChooseAddScaled();
  for (const TermUse& term : terms) {
    const float weight = PpmiFrequencyWeight(static_cast<float>(term.frequency));
    add_scaled(term.row->values.data() + header.lsa_rank, header.ppmi_rank,
               weight * term.row->ppmi_weight * term.row->ppmi_scale, out);
  }
  kernels::Normalize(out, header.ppmi_rank);
}

}  // namespace

void FoldText(const ModelHeader& header, std::span<const TermUse> terms, float* out) {
  std::fill_n(out, header.dim(), 0.0F);
  FoldLsa(header, terms, out);
  FoldPpmi(header, terms, out + header.block_dim);
  kernels::Normalize(out, header.dim());
}

}  // namespace cairn::embed
