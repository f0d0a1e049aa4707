#include "cache/packing.h"

#if defined(CAIRN_WITH_LZ4)
#include <lz4.h>
#endif

#include <new>

#include "cache/entry.h"

namespace cairn::cache {

size_t Packing::SizeOf(std::string_view packed) {
  if (packed.size() < kSizeBytes) return 0;
  uint32_t size = 0;
  for (size_t i = 0; i < kSizeBytes; ++i) {
    size |= static_cast<uint32_t>(static_cast<unsigned char>(packed[i])) << (8 * i);
  }
  return size <= Entry::kMaxValueBytes ? size : 0;
}

#if defined(CAIRN_WITH_LZ4)

bool Packing::available() { return true; }

bool Packing::Pack(std::string_view value, std::string* out) {
  const size_t most = value.size() - value.size() / 8;
  if (value.size() > Entry::kMaxValueBytes || most <= kSizeBytes) return false;
  try {
    out->resize(most);
  } catch (const std::bad_alloc&) {
    return false;
  }
  // It stops where the output is full.
  const int packed =
      LZ4_compress_default(value.data(), out->data() + kSizeBytes, static_cast<int>(value.size()),
                           static_cast<int>(most - kSizeBytes));
  if (packed <= 0) return false;
  for (size_t i = 0; i < kSizeBytes; ++i) {
    (*out)[i] = static_cast<char>(value.size() >> (8 * i));
  }
  out->resize(kSizeBytes + static_cast<size_t>(packed));
  return true;
}

bool Packing::Unpack(std::string_view packed, char* out) {
  const size_t size = SizeOf(packed);
  if (size == 0) return false;
  const int written =
      LZ4_decompress_safe(packed.data() + kSizeBytes, out,
                          static_cast<int>(packed.size() - kSizeBytes), static_cast<int>(size));
  return written >= 0 && static_cast<size_t>(written) == size;
}

#else

bool Packing::available() { return false; }
bool Packing::Pack(std::string_view, std::string*) { return false; }
bool Packing::Unpack(std::string_view, char*) { return false; }

#endif

}  // namespace cairn::cache
