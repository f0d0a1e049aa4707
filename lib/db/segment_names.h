#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/ids.h"

namespace cairn::db {

/// Where a database keeps the files of its vector indexes, one folder for all.
std::string SegmentFolderOf(const std::string& database_path);

/// What the files of one index are called: "c3-g2-17.seg" has collection, generation and a number.
std::string SegmentPrefix(CollectionId collection, uint64_t generation);

/// Deletes the files of the indexes for which `unwanted` is true, as far as the system lets us:
/// what stays is tried again when the database is opened.
void RemoveSegmentFiles(const std::string& database_path,
                        const std::function<bool(CollectionId, uint64_t)>& unwanted);

/// Of all files of all indexes.
uint64_t SegmentFileBytes(const std::string& database_path);

}  // namespace cairn::db
