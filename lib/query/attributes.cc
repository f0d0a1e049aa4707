#include "query/attributes.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "analysis/fold_case.h"
#include "base/hash.h"

namespace cairn::query {
namespace {

constexpr size_t kMaxValueBytes = 200;

/// Values that are long, or would break the key layout, are kept as their hash.
std::string KeySafe(char kind, std::string_view text) {
  if (text.size() > kMaxValueBytes || text.find('\0') != std::string_view::npos) {
    return StrCat('h', kind, HashContent(text).ToHex());
  }
  return StrCat(kind, text);
}

std::string CanonicalNumber(double number) {
  if (number == 0) number = 0;  // minus zero
  char digits[32];
  auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  return StrCat('n', std::string_view(digits, static_cast<size_t>(end - digits)));
}

void CollectMetadata(const std::string& path, const json::value& value,
                     std::vector<Attribute>* out) {
  if (const json::object* object = value.if_object()) {
    for (const auto& member : *object) {
      std::string name(member.key());
      CollectMetadata(path.empty() ? name : StrCat(path, '.', name), member.value(), out);
    }
  } else if (const json::array* array = value.if_array()) {
    for (const json::value& element : *array) CollectMetadata(path, element, out);
  } else {
    out->push_back({MetadataField(path), CanonicalValue(value)});
  }
}

void CollectTag(std::string_view tag, std::vector<Attribute>* out) {
  for (size_t slash = tag.find('/'); slash != std::string_view::npos;
       slash = tag.find('/', slash + 1)) {
    if (slash > 0) out->push_back({"tags", CanonicalLabel(tag.substr(0, slash))});
  }
  out->push_back({"tags", CanonicalLabel(tag)});
}

}  // namespace

std::string CanonicalValue(const json::value& scalar) {
  if (const auto* text = scalar.if_string()) {
    return KeySafe('s', std::string_view(text->data(), text->size()));
  }
  if (scalar.is_number()) return CanonicalNumber(scalar.to_number<double>());
  if (scalar.is_bool()) return scalar.get_bool() ? "b1" : "b0";
  return "z";
}

std::string CanonicalLabel(std::string_view label) {
  return KeySafe('s', analysis::FoldCase(label));
}

std::string MetadataField(std::string_view dotted_path) {
  std::string field = KeySafe(':', dotted_path);
  return "m" + field;
}

Result<std::vector<Attribute>> AttributesOf(const storage::DocumentRecord& record) {
  std::vector<Attribute> attributes;
  for (const std::string& tag : record.tags) CollectTag(tag, &attributes);
  if (!record.type.empty()) attributes.push_back({"type", CanonicalLabel(record.type)});
  if (!record.status.empty()) attributes.push_back({"status", CanonicalLabel(record.status)});
  if (record.metadata_json != "{}") {
    CAIRN_ASSIGN_OR_RETURN(json::object metadata,
                           json::ParseObject(record.metadata_json, "metadata"));
    CollectMetadata("", metadata, &attributes);
  }
  std::sort(attributes.begin(), attributes.end());
  attributes.erase(std::unique(attributes.begin(), attributes.end()), attributes.end());
  return attributes;
}

}  // namespace cairn::query
