#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace cairn::storage {

/// The version of the on-disk format that this library writes.
inline constexpr uint32_t kFormatVersion = 1;

/// The format record, kept in the manifest family under keys::Format(). Whatever a later version
/// adds to it follows the version, so that any version can tell the version.
std::string EncodeFormat(uint32_t version);
/// kDataLoss when `record` is not one.
Result<uint32_t> DecodeFormat(std::string_view record);

/// kFailedPrecondition, naming both versions and the cure, for a database newer than this library.
Status CheckNotNewer(uint32_t version, const std::string& path);

}  // namespace cairn::storage
