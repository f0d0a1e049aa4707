#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace cairn::embed {

/// What a trained generation says about itself; stored under the empty term.
struct ModelHeader {
  uint32_t block_dim = 0;      ///< dimensions of each block
  uint32_t lsa_rank = 0;       ///< leading dimensions that are in use, at most block_dim
  uint32_t ppmi_rank = 0;      ///< the same for the other block
  uint64_t chunk_count = 0;    ///< chunks in the collection at training
  uint64_t trained_count = 0;  ///< chunks that were sampled
  uint64_t term_count = 0;
  std::string analyzer;  ///< identity of the analyzer that made the terms

  uint32_t dim() const { return 2 * block_dim; }
};

/// One term's share of the model, each block as bytes times a scale.
struct ModelRow {
  float lsa_weight = 0;   ///< squared entropy
  float ppmi_weight = 0;  ///< inverse document frequency
  float lsa_scale = 0;
  float ppmi_scale = 0;
  std::vector<int8_t> values;  ///< lsa_rank values, then ppmi_rank values
};

std::string EncodeHeader(const ModelHeader& header);
/// kDataLoss when the bytes are damaged, kUnsupported when a newer library wrote them.
Result<ModelHeader> DecodeHeader(std::string_view bytes);

/// Both arrays hold as many values as the header's ranks say.
ModelRow QuantizeRow(const ModelHeader& header, float lsa_weight, const float* lsa,
                     float ppmi_weight, const float* ppmi);
std::string EncodeRow(const ModelRow& row);
/// kDataLoss when the bytes do not fit the header.
Result<ModelRow> DecodeRow(const ModelHeader& header, std::string_view bytes);

}  // namespace cairn::embed
