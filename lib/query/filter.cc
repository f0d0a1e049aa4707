#include "query/filter.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/json.h"
#include "query/attributes.h"
#include "storage/keys.h"

namespace cairn::query {
namespace {

/// Byte offset of `"key"` in the filter's text, for messages. The DOM does not keep positions, and
/// a key that stands twice is reported where it stands first.
size_t PositionOf(std::string_view filter_json, std::string_view key) {
  size_t at = filter_json.find(json::serialize(json::value(key)));
  return at == std::string_view::npos ? 0 : at;
}

bool IsLabel(std::string_view field) {
  return field == "tags" || field == "type" || field == "status";
}

std::string FieldOf(std::string_view name) {
  if (name == "tag") return "tags";
  if (IsLabel(name)) return std::string(name);
  constexpr std::string_view kPrefix = "metadata.";
  if (name.starts_with(kPrefix)) name.remove_prefix(kPrefix.size());
  return MetadataField(name);
}

/// Parses the conditions of one filter text.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<std::string> Value(std::string_view name, const json::value& value) const {
    std::string field = FieldOf(name);
    if (value.is_object() || value.is_array()) {
      return Fault(name, "needs a string, number, true, false or null");
    }
    if (!IsLabel(field)) return CanonicalValue(value);
    if (!value.is_string()) return Fault(name, "needs a string");
    std::string_view label(value.get_string().data(), value.get_string().size());
    if (field == "tags" && label.starts_with('#')) label.remove_prefix(1);
    return CanonicalLabel(label);
  }

  Result<std::vector<std::string>> Values(std::string_view name, const json::value& list) const {
    if (!list.is_array() || list.get_array().empty()) {
      return Fault(name, "needs a non-empty array after \"in\"");
    }
    std::vector<std::string> values;
    for (const json::value& element : list.get_array()) {
      CAIRN_ASSIGN_OR_RETURN(std::string value, Value(name, element));
      values.push_back(std::move(value));
    }
    return values;
  }

  Status Fault(std::string_view key, std::string_view what) const {
    return Error(Code::kInvalidArgument, "filter: \"", key, "\" at byte ", PositionOf(text_, key),
                 " ", what);
  }

 private:
  std::string_view text_;
};

}  // namespace

Result<Filter> Filter::Parse(std::string_view filter_json) {
  CAIRN_ASSIGN_OR_RETURN(json::object object, json::ParseObject(filter_json, "filter"));
  Parser parser(filter_json);
  Filter filter;
  for (const auto& member : object) {
    std::string name(member.key());
    std::string field = FieldOf(name);
    const json::value& condition = member.value();
    if (name.empty()) return parser.Fault(name, "is not a field");
    if (condition.is_array()) {
      if (field != "tags") return parser.Fault(name, "takes an array only after \"in\"");
      for (const json::value& tag : condition.get_array()) {
        CAIRN_ASSIGN_OR_RETURN(std::string value, parser.Value(name, tag));
        filter.clauses_.push_back({field, {std::move(value)}});
      }
    } else if (const json::object* operators = condition.if_object()) {
      if (operators->empty()) return parser.Fault(name, "has no operator");
      for (const auto& [op, operand] : *operators) {
        if (op == "eq") {
          CAIRN_ASSIGN_OR_RETURN(std::string value, parser.Value(name, operand));
          filter.clauses_.push_back({field, {std::move(value)}});
        } else if (op == "in") {
          CAIRN_ASSIGN_OR_RETURN(std::vector<std::string> values, parser.Values(name, operand));
          filter.clauses_.push_back({field, std::move(values)});
        } else {
          return parser.Fault(std::string_view(op.data(), op.size()),
                              "is not an operator; known are eq and in");
        }
      }
    } else {
      CAIRN_ASSIGN_OR_RETURN(std::string value, parser.Value(name, condition));
      filter.clauses_.push_back({field, {std::move(value)}});
    }
  }
  return filter;
}

bool Filter::mentions_status() const {
  return std::any_of(clauses_.begin(), clauses_.end(),
                     [](const Clause& clause) { return clause.field == "status"; });
}

namespace {

Status AddMatches(const storage::Store& store, CollectionId collection,
                  const storage::SnapshotPtr& at, std::string_view field, std::string_view value,
                  Bitmap* out) {
  std::string prefix = storage::keys::AttributePrefix(collection, field, value);
  auto it = store.Scan(storage::Family::kMetadata, prefix, at);
  for (; it->Valid(); it->Next()) {
    if (it->key().size() == prefix.size() + 8) {
      out->Set(ToInt(storage::keys::TrailingDocNo(it->key())));
    }
  }
  return it->status();
}

}  // namespace

Result<Bitmap> Filter::Evaluate(const storage::Store& store, CollectionId collection,
                                const storage::SnapshotPtr& at) const {
  Bitmap result;
  for (size_t i = 0; i < clauses_.size(); ++i) {
    Bitmap matches;
    for (const std::string& value : clauses_[i].values) {
      CAIRN_RETURN_IF_ERROR(AddMatches(store, collection, at, clauses_[i].field, value, &matches));
    }
    if (i == 0) {
      result = std::move(matches);
    } else {
      result.And(matches);
    }
  }
  return result;
}

Result<Bitmap> InactiveDocuments(const storage::Store& store, CollectionId collection,
                                 const storage::SnapshotPtr& at) {
  Bitmap result;
  for (std::string_view status : {"inactive", "hidden"}) {
    CAIRN_RETURN_IF_ERROR(
        AddMatches(store, collection, at, "status", CanonicalLabel(status), &result));
  }
  return result;
}

Result<Bitmap> AllDocuments(const storage::Store& store, CollectionId collection,
                            const storage::SnapshotPtr& at) {
  Bitmap result;
  std::string prefix = storage::keys::DocumentIdPrefix(collection);
  auto it = store.Scan(storage::Family::kDocuments, prefix, at);
  for (; it->Valid(); it->Next()) result.Set(ByteReader(it->value()).Big64());
  CAIRN_RETURN_IF_ERROR(it->status());
  return result;
}

}  // namespace cairn::query
