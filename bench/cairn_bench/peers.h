#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cairn_bench/ann_engine.h"
#include "cairn_bench/arguments.h"

namespace cairn::bench {

// Each is there only in builds that found the peer.
std::unique_ptr<AnnEngine> MakeHnswlibEngine(const EngineOptions& options);
std::unique_ptr<AnnEngine> MakeFaissEngine(const EngineOptions& options);
/// How filters reach hnswlib: "functor" (its own), or "emulated" (the installed version has none).
std::string HnswlibFilterKind();

/// The engines that --peers names (a list parted by commas, or "none"); without it all that this
/// build has. UsageError for one that it lacks.
std::vector<std::unique_ptr<AnnEngine>> MakePeers(const Arguments& arguments,
                                                  const EngineOptions& options);

}  // namespace cairn::bench
