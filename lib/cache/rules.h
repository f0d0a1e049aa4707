#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace cairn::cache {

/// How the two rings of a cache are used. New entries come into the window; what the hand finds at
/// its end without hits leaves it.
struct Rules {
  enum class Leaving : uint8_t {
    kCompete,  ///< into the main ring if the sketch says it is wanted more than those it displaces
    kPromote,  ///< into the main ring if it had enough hits, else out; back within the ghost's
               ///< memory it comes into the main ring at once (S3-FIFO, Yang et al., SOSP 2023).
               ///< When as many have left as the main ring holds and none was promoted, the main
               ///< ring has to give way: what it holds is of another time.
  };
  Leaving leaving = Leaving::kCompete;
  double window = 0.2;       ///< share of the size
  uint8_t promote_hits = 0;  ///< for kPromote
};

/// The rules that a cache chooses from: W-TinyLFU (Einziger et al., ACM ToS 2017) with clocks in
/// the place of its lists and four windows, S3-FIFO with promotion after two hits and after one,
/// and one clock over everything, which is near to LRU.
inline constexpr std::array<Rules, 7> kRules = {{
    {Rules::Leaving::kCompete, 0.01, 0},
    {Rules::Leaving::kCompete, 0.05, 0},
    {Rules::Leaving::kCompete, 0.20, 0},
    {Rules::Leaving::kCompete, 0.50, 0},
    {Rules::Leaving::kPromote, 0.10, 2},
    {Rules::Leaving::kPromote, 0.10, 1},
    {Rules::Leaving::kCompete, 1.00, 0},
}};
inline constexpr uint8_t kFirstRules = 4;
/// Keys in the ghost for each entry of the cache.
inline constexpr double kGhostShare = 0.9;

}  // namespace cairn::cache
