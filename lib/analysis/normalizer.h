#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::analysis {

/// NFKC with case folding, default-ignorable characters removed, apostrophes made plain.
/// Keeps its buffers between calls. Thread safety: single-threaded.
class Normalizer {
 public:
  /// Replaces `out`. `in` must be well-formed UTF-8.
  void Fold(std::string_view in, std::string* out);

  /// Puts `folded` without its nonspacing marks, and with plain letters for those like 'ø' that do
  /// not decompose, into `out`.
  void StripMarks(std::string_view folded, std::string* out);

 private:
  /// Fills `codes_`; returns how many there are.
  size_t Decompose(std::string_view in, int options);

  std::vector<int32_t> codes_;
};

}  // namespace cairn::analysis
