#include "indexer/frontmatter.h"

#include <algorithm>
#include <string>
#include <vector>

#include "indexer/dates.h"
#include "indexer/lines.h"
#include "indexer/tags.h"
#include "indexer/yaml_json.h"

namespace cairn::indexer {
namespace {

constexpr std::string_view kBom = "\xEF\xBB\xBF";
constexpr size_t kMaxYamlBytes = size_t{64} << 10;

bool IsFence(std::string_view line, std::string_view fence) {
  return line.substr(0, fence.size()) == fence &&
         line.find_first_not_of(" \t", fence.size()) == std::string_view::npos;
}

std::string Lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), LowerAscii);
  return out;
}

/// The text of a scalar; nothing for null, lists and maps.
std::string ScalarText(const json::value& value) {
  if (value.is_string()) return std::string(Trim(std::string_view(value.as_string())));
  if (value.is_null() || value.is_array() || value.is_object()) return {};
  return json::serialize(value);
}

/// Sorts properties into the document's fields and the rest.
class PropertyReader {
 public:
  PropertyReader(Document* document, json::object* rest) : document_(document), rest_(rest) {}

  void Read(const json::object& properties) {
    for (const auto& member : properties) {
      std::string_view name(member.key().data(), member.key().size());
      if (!Take(Lower(name), member.value())) rest_->insert_or_assign(name, member.value());
    }
    document_->created_ns = created_ != 0 ? created_ : date_;
    document_->modified_ns = modified_ != 0 ? modified_ : updated_;
  }

 private:
  /// True when the property found its place in the document.
  bool Take(const std::string& name, const json::value& value) {
    if (name == "title") return TakeText(value, &document_->title);
    if (name == "type") return TakeText(value, &document_->type);
    if (name == "status") return TakeText(value, &document_->status);
    if (name == "description") return TakeText(value, &document_->description);
    if (name == "tags" || name == "tag") return TakeTags(value);
    if (name == "aliases" || name == "alias") return TakeAliases(value);
    if (name == "created") return TakeDate(name, value, &created_);
    if (name == "date") return TakeDate(name, value, &date_);
    if (name == "modified") return TakeDate(name, value, &modified_);
    if (name == "updated") return TakeDate(name, value, &updated_);
    return false;
  }

  static bool TakeText(const json::value& value, std::string* field) {
    if (value.is_null()) return true;
    std::string text = ScalarText(value);
    if (text.empty()) return value.is_string();
    *field = std::move(text);
    return true;
  }

  bool TakeTags(const json::value& value) {
    if (!value.is_array()) {
      AddTagList(ScalarText(value), &document_->tags);
      return !value.is_object();
    }
    for (const json::value& tag : value.as_array()) AddTag(ScalarText(tag), &document_->tags);
    return true;
  }

  bool TakeAliases(const json::value& value) {
    if (value.is_object()) return false;
    json::array aliases;
    auto add = [&](std::string_view alias) {
      if (alias = Trim(alias); !alias.empty()) aliases.emplace_back(alias);
    };
    if (value.is_array()) {
      for (const json::value& alias : value.as_array()) add(ScalarText(alias));
    } else {
      std::string list = ScalarText(value);
      for (std::string_view left = list; !left.empty();) {
        size_t comma = std::min(left.find(','), left.size());
        add(left.substr(0, comma));
        left.remove_prefix(std::min(comma + 1, left.size()));
      }
    }
    if (!aliases.empty()) rest_->insert_or_assign("aliases", std::move(aliases));
    return true;
  }

  /// A value that is no date stays in the metadata.
  bool TakeDate(const std::string& name, const json::value& value, int64_t* field) {
    std::string text = ScalarText(value);
    if (value.is_null()) return true;
    std::optional<int64_t> date = ParseDate(text);
    if (!date) {
      document_->warnings.push_back("frontmatter: '" + name + "' is not an ISO date");
      return false;
    }
    *field = *date;
    return true;
  }

  Document* document_;
  json::object* rest_;
  int64_t created_ = 0;
  int64_t date_ = 0;
  int64_t modified_ = 0;
  int64_t updated_ = 0;
};

}  // namespace

FrontmatterSpan FindFrontmatter(std::string_view text) {
  std::string_view rest = text;
  if (rest.substr(0, kBom.size()) == kBom) rest.remove_prefix(kBom.size());
  if (!IsFence(TakeLine(&rest), "---")) return {};
  FrontmatterSpan span;
  span.yaml_begin = text.size() - rest.size();
  while (!rest.empty()) {
    span.yaml_end = text.size() - rest.size();
    std::string_view line = TakeLine(&rest);
    if (IsFence(line, "---") || IsFence(line, "...")) {
      span.end = text.size() - rest.size();
      return span;
    }
  }
  return {};
}

uint64_t ReadFrontmatter(std::string_view text, Document* document, json::object* metadata) {
  FrontmatterSpan span = FindFrontmatter(text);
  std::string_view yaml = text.substr(span.yaml_begin, span.yaml_end - span.yaml_begin);
  if (Trim(yaml).empty()) return span.end;
  if (yaml.size() > kMaxYamlBytes) {
    document->warnings.push_back("frontmatter of " + std::to_string(yaml.size()) +
                                 " bytes is larger than " + std::to_string(kMaxYamlBytes) +
                                 ": not read");
    return span.end;
  }
  Result<json::object> properties = YamlToJson(yaml, 2);
  if (properties.ok()) {
    PropertyReader(document, metadata).Read(*properties);
    return span.end;
  }
  document->warnings.emplace_back(properties.status().message());
  return properties.status().code() == Code::kFailedPrecondition ? 0 : span.end;
}

}  // namespace cairn::indexer
