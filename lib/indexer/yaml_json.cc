#include "indexer/yaml_json.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <new>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "indexer/lines.h"

namespace cairn::indexer {
namespace {

constexpr size_t kMaxValues = 10'000;
constexpr size_t kMaxTextBytes = size_t{1} << 20;
constexpr int kMaxDepth = 32;
constexpr size_t kMaxFlowDepth = 64;

bool IsDigits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<json::value> ToInteger(std::string_view text) {
  std::string_view digits = text;
  if (!digits.empty() && (digits[0] == '-' || digits[0] == '+')) digits.remove_prefix(1);
  if (!IsDigits(digits) || (digits.size() > 1 && digits[0] == '0')) return std::nullopt;
  int64_t value = 0;
  if (text[0] == '+') text = digits;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return json::value(value);
}

std::optional<json::value> ToDouble(std::string_view text) {
  std::string_view digits = text;
  if (!digits.empty() && (digits[0] == '-' || digits[0] == '+')) digits.remove_prefix(1);
  if (digits.find_first_of(".eE") == std::string_view::npos) return std::nullopt;
  if (digits.find_first_not_of("0123456789.eE+-") != std::string_view::npos) return std::nullopt;
  if (digits.size() > 1 && digits[0] == '0' && digits[1] != '.') return std::nullopt;
  double value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return json::value(text[0] == '-' ? -value : value);
}

json::value PlainScalar(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") {
    return nullptr;
  }
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  if (std::optional<json::value> number = ToInteger(text)) return *number;
  if (std::optional<json::value> number = ToDouble(text)) return *number;
  return json::value(ToValidUtf8(text));
}

/// Turns nodes into values within its budget. An alias counts each time that it is used.
class Converter {
 public:
  json::value Convert(const YAML::Node& node, int depth) {
    if (++values_ > kMaxValues || depth > kMaxDepth) {
      exceeded_ = true;
      return nullptr;
    }
    if (node.IsScalar()) return Scalar(node);
    if (node.IsSequence()) return Sequence(node, depth);
    if (node.IsMap()) return Mapping(node, depth);
    return nullptr;
  }

  bool exceeded() const { return exceeded_; }

 private:
  json::value Scalar(const YAML::Node& node) {
    text_bytes_ += node.Scalar().size();
    if (text_bytes_ > kMaxTextBytes) exceeded_ = true;
    if (exceeded_) return nullptr;
    bool plain = node.Tag() == "?" || node.Tag().empty();
    return plain ? PlainScalar(node.Scalar()) : json::value(ToValidUtf8(node.Scalar()));
  }

  json::value Sequence(const YAML::Node& node, int depth) {
    json::array out;
    for (const YAML::Node& item : node) {
      if (exceeded_) break;
      out.push_back(Convert(item, depth + 1));
    }
    return out;
  }

  json::value Mapping(const YAML::Node& node, int depth) {
    json::object out;
    for (const auto& member : node) {
      if (exceeded_) break;
      std::string key = member.first.IsScalar() ? ToValidUtf8(member.first.Scalar()) : "";
      text_bytes_ += key.size();
      if (!key.empty()) out.insert_or_assign(key, Convert(member.second, depth + 1));
    }
    return out;
  }

  size_t values_ = 0;
  size_t text_bytes_ = 0;
  bool exceeded_ = false;
};

/// True when brackets are open deeper than any frontmatter has them: the parser's recursion and the
/// time that it takes both grow with that depth. Brackets in text count too; that only errs on the
/// safe side.
bool NestsTooDeep(std::string_view yaml) {
  size_t open = 0;
  for (char c : yaml) {
    if (c == '[' || c == '{') ++open;
    if ((c == ']' || c == '}') && open > 0) --open;
    if (open > kMaxFlowDepth) return true;
  }
  return false;
}

Result<json::object> Load(std::string_view yaml) {
  YAML::Node root = YAML::Load(std::string(yaml));
  if (!root.IsDefined() || root.IsNull()) return json::object();
  if (!root.IsMap()) return Error(Code::kFailedPrecondition, "frontmatter is no mapping");
  Converter converter;
  json::value value = converter.Convert(root, 0);
  if (converter.exceeded()) {
    return Error(Code::kInvalidArgument, "frontmatter has more than ", kMaxValues,
                 " values or is nested deeper than ", kMaxDepth);
  }
  return std::move(value.as_object());
}

}  // namespace

Result<json::object> YamlToJson(std::string_view yaml, size_t first_line) {
  if (NestsTooDeep(yaml)) {
    return Error(Code::kInvalidArgument, "frontmatter is nested deeper than ", kMaxFlowDepth);
  }
  try {
    return Load(yaml);
  } catch (const YAML::Exception& broken) {
    size_t line =
        broken.mark.is_null() ? first_line : first_line + static_cast<size_t>(broken.mark.line);
    return Error(Code::kInvalidArgument, "frontmatter line ", line, ": ", ToValidUtf8(broken.msg));
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& broken) {
    return Error(Code::kInvalidArgument, "frontmatter: ", broken.what());
  }
}

}  // namespace cairn::indexer
