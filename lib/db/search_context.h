#pragma once

#include <string>

#include "db/collection_state.h"
#include "db/database_impl.h"
#include "query/search.h"

namespace cairn::db {

/// Why a collection has no vectors to search now; "" when it was made without.
std::string WhyNoVectors(const CollectionState& state, const CollectionView& view);

/// What a search of a collection reads. Borrows from all that it is made of.
query::SearchContext MakeContext(const DatabaseImpl& db, const CollectionState& state,
                                 const ReadState& pinned, const CollectionView& view);

}  // namespace cairn::db
