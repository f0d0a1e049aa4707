#include "cairn_bench/peers.h"

#include <algorithm>
#include <map>

#include "cairn_bench/text_list.h"

namespace cairn::bench {
namespace {

using Maker = std::unique_ptr<AnnEngine> (*)(const EngineOptions&);

const std::map<std::string, Maker>& Makers() {
  static const std::map<std::string, Maker> kMakers = {
#ifdef CAIRN_BENCH_HNSWLIB
      {"hnswlib", MakeHnswlibEngine},
#endif
#ifdef CAIRN_BENCH_FAISS
      {"faiss", MakeFaissEngine},
#endif
  };
  return kMakers;
}

std::vector<std::string> Names(const Arguments& arguments) {
  std::vector<std::string> names;
  if (arguments.Has("peers")) {
    names = SplitList(arguments.Get("peers", ""));
    std::erase(names, "none");
  } else {
    for (const auto& [name, maker] : Makers()) names.push_back(name);
  }
  return names;
}

}  // namespace

#ifndef CAIRN_BENCH_HNSWLIB
std::string HnswlibFilterKind() { return "absent"; }
#endif

std::vector<std::unique_ptr<AnnEngine>> MakePeers(const Arguments& arguments,
                                                  const EngineOptions& options) {
  std::vector<std::unique_ptr<AnnEngine>> peers;
  for (const std::string& name : Names(arguments)) {
    const auto maker = Makers().find(name);
    if (maker == Makers().end()) throw UsageError("this build has no peer " + name);
    peers.push_back(maker->second(options));
  }
  return peers;
}

}  // namespace cairn::bench
