#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace cairn::embed {

/// Names a space of vectors. Vectors of two identities are never compared.
struct EmbedderIdentity {
  std::string name;
  std::string version;
  uint64_t generation = 0;  ///< of training; 0 for embedders that are not trained here
  friend bool operator==(const EmbedderIdentity&, const EmbedderIdentity&) = default;
  std::string ToString() const;  ///< "name/version@generation"
};

enum class Purpose : uint8_t { kDocument, kQuery };

/// Turns texts into vectors. Thread safety: thread-safe unless the class says otherwise.
class Embedder {
 public:
  virtual ~Embedder() = default;
  virtual const EmbedderIdentity& identity() const = 0;
  virtual uint32_t dim() const = 0;

  /// Fills out[i * dim .. ] with the vector of texts[i]. An error carries the index of the text at
  /// fault when it is known. A text with nothing to embed gives a zero vector: the caller decides.
  virtual Status Embed(std::span<const std::string_view> texts, Purpose purpose, float* out) = 0;
};

struct EmbedLimits {
  uint32_t max_texts = 32;
  uint32_t max_chars = 10000;  ///< characters (code points) of one text
};

/// Checks the limits and the answer around another embedder: too many texts in one call are split,
/// a too long text is kInvalidArgument with its index, NaN and infinity in the answer are
/// kInternal with the index, so that a bad vector is never stored.
std::unique_ptr<Embedder> MakeCheckedEmbedder(std::unique_ptr<Embedder> inner,
                                              const EmbedLimits& limits);

/// Calls the host. `fn` gets the texts and fills count x dim floats; returns 0 for success.
struct HostCallback {
  int32_t (*fn)(const char* const* texts, const size_t* text_bytes, size_t count, int32_t purpose,
                float* vectors_out, void* user_data) = nullptr;
  void* user_data = nullptr;
  void (*free)(void* user_data) = nullptr;
};
/// Owns the callback: `free` runs once, when the embedder goes, also when this call fails.
Result<std::unique_ptr<Embedder>> MakeCallbackEmbedder(EmbedderIdentity identity, uint32_t dim,
                                                       const HostCallback& callback);

}  // namespace cairn::embed
