// Any bytes decode to a record that encodes to itself, or are data loss.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "storage/records.h"

namespace {

template <typename Record>
void Check(std::string_view bytes) {
  auto record = Record::Decode(bytes);
  if (!record.ok()) {
    if (record.status().code() != cairn::Code::kDataLoss) std::abort();
    return;
  }
  auto again = Record::Decode(record->Encode());
  if (!again.ok() || again->Encode() != record->Encode()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Check<cairn::storage::DocumentRecord>(bytes);
  Check<cairn::storage::ChunkRecord>(bytes);
  Check<cairn::storage::VectorsRecord>(bytes);
  Check<cairn::storage::CollectionCounters>(bytes);
  Check<cairn::storage::EmbedderState>(bytes);
  Check<cairn::storage::ChangeRecord>(bytes);
  return 0;
}
