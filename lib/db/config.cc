#include "db/config.h"

#include <cmath>
#include <vector>

#include "base/bytes.h"
#include "base/json.h"

namespace cairn::db {
namespace {

constexpr uint32_t kMaxDim = 65535;
constexpr size_t kMaxNameBytes = 128;
constexpr size_t kMaxIdBytes = 512;

void CheckNumbers(const text::Bm25Options& bm25, std::vector<std::string>* faults) {
  if (!(bm25.k1 >= 0 && bm25.k1 <= 100)) faults->push_back("bm25 k1 must be 0 to 100");
  if (!(bm25.b >= 0 && bm25.b <= 1)) faults->push_back("bm25 b must be 0 to 1");
  for (float weight :
       {bm25.title_weight, bm25.tags_weight, bm25.description_weight, bm25.body_weight}) {
    if (!(weight >= 0 && weight <= 1000)) {
      faults->push_back("a field weight must be 0 to 1000");
      break;
    }
  }
}

void CheckEmbedder(const CollectionConfig& config, std::vector<std::string>* faults) {
  switch (config.embedder) {
    case EmbedderKind::kBuiltin:
      if (config.dim != 0) faults->push_back("the builtin embedder sets the dimension itself");
      if (config.metric != vector::Metric::kCosine) {
        faults->push_back("the builtin embedder needs the cosine metric");
      }
      break;
    case EmbedderKind::kNone:
      if (config.dim > kMaxDim) faults->push_back("the dimension must be at most 65535");
      break;
    case EmbedderKind::kCallback:
      if (config.dim == 0 || config.dim > kMaxDim) {
        faults->push_back("the dimension must be 1 to 65535");
      }
      if (config.embedder_name.empty()) faults->push_back("a callback embedder needs a name");
      break;
    default:
      faults->push_back(StrCat("embedder ", static_cast<int>(config.embedder), " is unknown"));
  }
}

std::string_view Text(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

double Number(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_number() ? value->to_number<double>() : 0;
}

}  // namespace

Status ValidateConfig(const CollectionConfig& config) {
  std::vector<std::string> faults;
  CheckEmbedder(config, &faults);
  CheckNumbers(config.bm25, &faults);
  int metric = static_cast<int>(config.metric);
  if (metric < 0 || metric > 2) faults.push_back(StrCat("metric ", metric, " is unknown"));
  auto analyzer = analysis::Analyzer::Create({config.language});
  if (!analyzer.ok()) faults.push_back(std::string(analyzer.status().message()));
  if (faults.empty()) return OkStatus();
  std::string message = "collection settings: ";
  for (size_t i = 0; i < faults.size(); ++i) message += (i > 0 ? "; " : "") + faults[i];
  return Status(Code::kInvalidArgument, std::move(message));
}

Status ValidateCollectionName(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes) {
    return Error(Code::kInvalidArgument, "a collection name has 1 to ", kMaxNameBytes,
                 " bytes, this one has ", name.size());
  }
  if (!IsValidUtf8(name)) return Error(Code::kInvalidArgument, "collection name is not UTF-8");
  for (char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '/') {
      return Error(Code::kInvalidArgument,
                   "a collection name holds no control characters and no '/'");
    }
  }
  return OkStatus();
}

Status ValidateDocumentId(std::string_view id) {
  if (id.empty()) return Error(Code::kInvalidArgument, "the document id is empty");
  if (id.size() > kMaxIdBytes) {
    return Error(Code::kInvalidArgument, "a document id has at most ", kMaxIdBytes,
                 " bytes, this one has ", id.size());
  }
  if (id.find('\0') != std::string_view::npos) {
    return Error(Code::kInvalidArgument, "the document id holds a NUL byte at offset ",
                 id.find('\0'));
  }
  if (!IsValidUtf8(id)) return Error(Code::kInvalidArgument, "the document id is not UTF-8");
  return OkStatus();
}

std::string ConfigToJson(const CollectionConfig& config) {
  json::object object;
  object["embedder"] = static_cast<int>(config.embedder);
  object["dim"] = config.dim;
  object["metric"] = static_cast<int>(config.metric);
  object["language"] = config.language;
  object["embedder_name"] = config.embedder_name;
  object["embedder_version"] = config.embedder_version;
  object["k1"] = config.bm25.k1;
  object["b"] = config.bm25.b;
  object["title_weight"] = config.bm25.title_weight;
  object["tags_weight"] = config.bm25.tags_weight;
  object["description_weight"] = config.bm25.description_weight;
  object["body_weight"] = config.bm25.body_weight;
  return json::serialize(object);
}

Result<CollectionConfig> ConfigFromJson(std::string_view text) {
  auto parsed = json::ParseObject(text, "stored collection settings");
  if (!parsed.ok()) return Status(Code::kDataLoss, std::string(parsed.status().message()));
  const json::object& object = *parsed;
  CollectionConfig config;
  config.embedder = static_cast<EmbedderKind>(static_cast<int>(Number(object, "embedder")));
  config.dim = static_cast<uint32_t>(Number(object, "dim"));
  config.metric = static_cast<vector::Metric>(static_cast<int>(Number(object, "metric")));
  config.language = std::string(Text(object, "language"));
  config.embedder_name = std::string(Text(object, "embedder_name"));
  config.embedder_version = std::string(Text(object, "embedder_version"));
  config.bm25.k1 = static_cast<float>(Number(object, "k1"));
  config.bm25.b = static_cast<float>(Number(object, "b"));
  config.bm25.title_weight = static_cast<float>(Number(object, "title_weight"));
  config.bm25.tags_weight = static_cast<float>(Number(object, "tags_weight"));
  config.bm25.description_weight = static_cast<float>(Number(object, "description_weight"));
  config.bm25.body_weight = static_cast<float>(Number(object, "body_weight"));
  return config;
}

Status CheckAgrees(const CollectionConfig& asked, const CollectionConfig& stored) {
  const CollectionConfig defaults;
  std::string_view differs;
  auto check = [&](std::string_view what, const auto& a, const auto& s, const auto& d) {
    if (differs.empty() && a != d && a != s) differs = what;
  };
  check("embedder", asked.embedder, stored.embedder, defaults.embedder);
  check("dimension", asked.dim, stored.dim, defaults.dim);
  check("metric", asked.metric, stored.metric, defaults.metric);
  check("language", asked.language, stored.language, defaults.language);
  check("embedder name", asked.embedder_name, stored.embedder_name, defaults.embedder_name);
  check("embedder version", asked.embedder_version, stored.embedder_version,
        defaults.embedder_version);
  check("bm25 k1", asked.bm25.k1, stored.bm25.k1, defaults.bm25.k1);
  check("bm25 b", asked.bm25.b, stored.bm25.b, defaults.bm25.b);
  check("title weight", asked.bm25.title_weight, stored.bm25.title_weight,
        defaults.bm25.title_weight);
  check("tags weight", asked.bm25.tags_weight, stored.bm25.tags_weight, defaults.bm25.tags_weight);
  check("description weight", asked.bm25.description_weight, stored.bm25.description_weight,
        defaults.bm25.description_weight);
  check("body weight", asked.bm25.body_weight, stored.bm25.body_weight, defaults.bm25.body_weight);
  if (differs.empty()) return OkStatus();
  return Error(Code::kFailedPrecondition, "the collection was created with another ", differs);
}

uint32_t EffectiveDim(const CollectionConfig& config) {
  return config.embedder == EmbedderKind::kBuiltin ? embed::BuiltinDim({}) : config.dim;
}

}  // namespace cairn::db
