#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "storage/records.h"

namespace cairn::query {

/// One searchable fact about a document: a field and a value in canonical form, as they stand in
/// the keys of the metadata family.
struct Attribute {
  std::string field;
  std::string value;
  friend bool operator==(const Attribute&, const Attribute&) = default;
  friend auto operator<=>(const Attribute&, const Attribute&) = default;
};

/// The canonical form of a scalar; numbers are equal when their values are. Nothing for arrays and
/// objects.
std::string CanonicalValue(const json::value& scalar);

/// The canonical form of a tag, type or status: these compare without regard to case.
std::string CanonicalLabel(std::string_view label);

/// Name of the field that holds a property of the metadata.
std::string MetadataField(std::string_view dotted_path);

/// Everything that filters can find of a document, sorted, without duplicates: "tags" (with every
/// ancestor of a nested tag: a/b counts as a too), "type", "status", and the scalars of the
/// metadata under their dotted paths, arrays element by element.
Result<std::vector<Attribute>> AttributesOf(const storage::DocumentRecord& record);

}  // namespace cairn::query
