#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "db/options.h"

namespace cairn::db {

/// Settings to and from the JSON in a collection's record.
std::string ConfigToJson(const CollectionConfig& config);
Result<CollectionConfig> ConfigFromJson(std::string_view text);

/// failed_precondition that names the first set field of `asked` that differs from `stored`. A
/// field that has its default value in `asked` counts as not set.
Status CheckAgrees(const CollectionConfig& asked, const CollectionConfig& stored);

/// Dimension of the collection's vectors; 0 = it has none.
uint32_t EffectiveDim(const CollectionConfig& config);

}  // namespace cairn::db
