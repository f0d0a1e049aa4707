#include <cstring>

#include "kernels/kernel_list.h"

namespace cairn::kernels {
namespace {

#define CAIRN_KERNEL_TARGET

struct CodeLanes {
  struct Codes {
    uint8_t lane[32];
  };
  struct Query {
    int8_t lane[32];
  };
  using Sums = int32_t;

  static Sums Zero() { return 0; }
  static Codes LoadCodes(const uint8_t* p) {
    Codes codes;
    std::memcpy(codes.lane, p, sizeof(codes.lane));
    return codes;
  }
  static Query LoadQuery(const int8_t* p) {
    Query query;
    std::memcpy(query.lane, p, sizeof(query.lane));
    return query;
  }
  static Codes Low(Codes codes) {
    for (uint8_t& lane : codes.lane) lane &= 15;
    return codes;
  }
  static Codes High(Codes codes) {
    for (uint8_t& lane : codes.lane) lane = static_cast<uint8_t>(lane >> 4);
    return codes;
  }
  static Sums Add7(Sums sum, const Codes& codes, const Query& query) {
    for (size_t i = 0; i < 32; ++i) sum += codes.lane[i] * query.lane[i];
    return sum;
  }
  static Sums Add4(Sums sum, const Codes& low, const Query& first, const Codes& high,
                   const Query& second) {
    return Add7(Add7(sum, low, first), high, second);
  }
  static void Sum4(const Sums* sums, int32_t* out) { std::memcpy(out, sums, 4 * sizeof(*out)); }
};

#include "kernels/code_distance_algorithm.h"

}  // namespace

constexpr CodeKernel kScalarCodeKernel = MakeCodeKernel("scalar", kScalarParts);

}  // namespace cairn::kernels
