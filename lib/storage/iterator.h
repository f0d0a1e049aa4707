#pragma once

#include <memory>
#include <string_view>

#include "storage/instance.h"
#include "storage/snapshot.h"

namespace cairn::storage {

/// Walks the keys that start with `prefix`, as of `moment` (null: now). Keeps `pinned` alive.
std::unique_ptr<Iterator> NewPrefixIterator(std::shared_ptr<Instance> instance,
                                            std::shared_ptr<const Pinned> pinned, Family family,
                                            std::string_view prefix);

/// An iterator that is at its end because of `status`.
std::unique_ptr<Iterator> NewFailedIterator(Status status);

}  // namespace cairn::storage
