#include "limiter/ip_prefix.h"

#include <arpa/inet.h>

#include <array>
#include <cstring>

namespace cairn::limiter {
namespace {

constexpr unsigned char kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::string Cut(char kind, const unsigned char* bytes, uint32_t count, uint32_t bits) {
  std::string key(1, kind);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t kept = bits > i * 8 ? std::min(bits - i * 8, 8u) : 0;
    key.push_back(static_cast<char>(bytes[i] & (0xff00u >> kept)));
  }
  return key;
}

}  // namespace

Result<std::string> IpPrefix(std::string_view address, uint32_t ipv4_bits, uint32_t ipv6_bits) {
  if (ipv4_bits > 32 || ipv6_bits > 128) {
    return Error(Code::kInvalidArgument, "prefixes of ", ipv4_bits, " and ", ipv6_bits,
                 " bits, must be at most 32 and 128");
  }
  const std::string text(address.substr(0, address.find('%')));
  std::array<unsigned char, 16> bytes{};
  if (text.find('\0') == std::string::npos) {
    if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) {
      return Cut(4, bytes.data(), 4, ipv4_bits);
    }
    if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) {
      if (std::memcmp(bytes.data(), kMapped, sizeof kMapped) == 0) {
        return Cut(4, bytes.data() + sizeof kMapped, 4, ipv4_bits);
      }
      return Cut(6, bytes.data(), 16, ipv6_bits);
    }
  }
  return Error(Code::kInvalidArgument, "\"", address, "\" is no IP address");
}

}  // namespace cairn::limiter
