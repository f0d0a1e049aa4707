#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bitmap.h"
#include "base/ids.h"
#include "base/status.h"
#include "storage/store.h"

namespace cairn::query {

/// A conjunction of equality clauses over a document's attributes.
///
/// Written as a JSON object of field: condition. Fields: "tags", "type", "status", or a property of
/// the metadata by its dotted path ("metadata.type" names a property that is called like a field).
/// A condition is a scalar, {"eq": scalar}, {"in": [scalars]}, or for "tags" an array of which all
/// must be there.
class Filter {
 public:
  /// kInvalidArgument that names the fault and its byte offset.
  static Result<Filter> Parse(std::string_view filter_json);

  bool empty() const { return clauses_.empty(); }
  /// True when a clause looks at the status, so that inactive documents are not left out.
  bool mentions_status() const;

  /// Numbers of the documents for which every clause holds. Not for an empty filter.
  Result<Bitmap> Evaluate(const storage::Store& store, CollectionId collection,
                          const storage::SnapshotPtr& at) const;

 private:
  /// Holds when the document has any of the values in the field.
  struct Clause {
    std::string field;
    std::vector<std::string> values;
  };
  std::vector<Clause> clauses_;
};

/// Documents with status inactive or hidden.
Result<Bitmap> InactiveDocuments(const storage::Store& store, CollectionId collection,
                                 const storage::SnapshotPtr& at);

/// All live documents.
Result<Bitmap> AllDocuments(const storage::Store& store, CollectionId collection,
                            const storage::SnapshotPtr& at);

}  // namespace cairn::query
