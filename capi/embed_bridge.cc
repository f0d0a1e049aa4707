#include "capi/embed_bridge.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cairn::capi {
namespace {

constexpr int32_t kOutOfMemory = -1;

struct Bridge {
  cairn_embed_fn embed_fn;
  HostData data;
};

int32_t Call(const char* const* texts, const size_t* text_bytes, size_t count, int32_t purpose,
             float* vectors_out, void* user_data) {
  const auto* bridge = static_cast<const Bridge*>(user_data);
  std::vector<std::string> copies;
  std::vector<const char*> starts;
  try {
    copies.reserve(count);
    starts.reserve(count);
    for (size_t i = 0; i < count; ++i) copies.emplace_back(texts[i], text_bytes[i]);
    for (const std::string& copy : copies) starts.push_back(copy.c_str());
  } catch (const std::bad_alloc&) {
    return kOutOfMemory;
  }
  return bridge->embed_fn(starts.data(), text_bytes, count, purpose, vectors_out,
                          bridge->data.get());
}

void Free(void* user_data) { delete static_cast<Bridge*>(user_data); }

}  // namespace

embed::HostCallback BridgeEmbedder(cairn_embed_fn embed_fn, HostData data) {
  std::unique_ptr<Bridge> bridge(new Bridge{embed_fn, std::move(data)});
  return {Call, bridge.release(), Free};
}

}  // namespace cairn::capi
