#include "embed/embedder.h"

namespace cairn::embed {

std::string EmbedderIdentity::ToString() const {
  return StrCat(name, "/", version, "@", generation);
}

}  // namespace cairn::embed
