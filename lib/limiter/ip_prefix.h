#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace cairn::limiter {

/// The network of a client, as bytes that serve as a key: one byte 4 or 6, then the address with
/// the bits after the prefix cleared. An IPv6 client owns a /64, so single addresses of it are no
/// limit at all. IPv4 in IPv6 (::ffff:a.b.c.d) is IPv4; a zone (%eth0) is left out.
/// prefixes: 0 to 32 and 0 to 128 bits.
Result<std::string> IpPrefix(std::string_view address, uint32_t ipv4_bits = 32,
                             uint32_t ipv6_bits = 64);

}  // namespace cairn::limiter
