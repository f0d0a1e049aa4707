// Takes the place of hiredis_reader.cc in a build without Redis.
#include "net/redis_reader.h"

namespace cairn::net {

bool RedisReader::IsSupported() { return false; }

Result<std::unique_ptr<RedisReader>> RedisReader::Create(size_t /*max_reply_bytes*/) {
  return Status(Code::kUnsupported, "this build of Cairn has no Redis client");
}

}  // namespace cairn::net
