#pragma once

#include <cairn/collection.h>

#include "capi/callback.h"
#include "embed/embedder.h"

namespace cairn::capi {

/// The host's embedding function in the shape that the core wants, with every text NUL-terminated
/// as cairn_embed_fn promises. Whoever gets the result must call its `free` once.
embed::HostCallback BridgeEmbedder(cairn_embed_fn embed_fn, HostData data);

}  // namespace cairn::capi
