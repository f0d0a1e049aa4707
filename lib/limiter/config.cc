#include "limiter/config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>

#include "base/json.h"

namespace cairn::limiter {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;

struct Unit {
  std::string_view name;
  int64_t ns;
};
constexpr Unit kUnits[] = {{"ns", 1},
                           {"us", 1000},
                           {"ms", 1'000'000},
                           {"s", kSecondNs},
                           {"m", 60 * kSecondNs},
                           {"h", 3600 * kSecondNs},
                           {"d", 24 * 3600 * kSecondNs}};

/// "90s", "s", "1.5h" is not: whole numbers only.
std::optional<int64_t> ParseWindow(std::string_view text) {
  uint64_t count = 1;
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits > 0) {
    const auto read = std::from_chars(text.data(), text.data() + digits, count);
    if (read.ec != std::errc()) return std::nullopt;
  }
  for (const Unit& unit : kUnits) {
    int64_t window = 0;
    if (unit.name == text.substr(digits) && !__builtin_mul_overflow(count, unit.ns, &window)) {
      return window;
    }
  }
  return std::nullopt;
}

/// The largest unit that the window is a whole number of: "60s" is "1m".
std::string WindowText(int64_t window_ns) {
  for (size_t i = std::size(kUnits); i-- > 0;) {
    if (window_ns > 0 && window_ns % kUnits[i].ns == 0) {
      return StrCat(window_ns / kUnits[i].ns, kUnits[i].name);
    }
  }
  return StrCat(window_ns, "ns");
}

std::string DefaultName(const Rule& rule) {
  return StrCat(AlgorithmName(rule.algorithm), "_", WindowText(rule.window_ns));
}

Result<Rule> ParseLimit(std::string_view text) {
  const size_t slash = text.find('/');
  const std::string_view count = text.substr(0, slash);
  Rule rule;
  rule.algorithm = Algorithm::kSlidingWindow;
  const auto read = std::from_chars(count.data(), count.data() + count.size(), rule.limit);
  std::optional<int64_t> window;
  if (slash != std::string_view::npos) window = ParseWindow(text.substr(slash + 1));
  if (read.ec != std::errc() || read.ptr != count.data() + count.size() || !window) {
    return Error(Code::kInvalidArgument, "\"", text, "\" is no limit: it must be like 100/60s");
  }
  rule.window_ns = *window;
  rule.name = DefaultName(rule);
  return rule;
}

/// Reads a configuration, and gathers what is wrong with it.
class Reader {
 public:
  /// may_share: "redis" is somebody else's to read.
  std::vector<Policy> Read(const json::object& root, bool may_share);
  std::vector<std::string>& faults() { return faults_; }

 private:
  template <typename... Parts>
  void Fault(const Parts&... parts) {
    faults_.push_back(StrCat(where_, parts...));
  }
  void CheckMembers(const json::object& object, const std::set<std::string_view>& known) {
    for (const auto& member : object) {
      if (!known.contains(std::string_view(member.key()))) {
        Fault("there is no setting \"", std::string_view(member.key()), "\"");
      }
    }
  }
  void ReadNumber(const json::object& object, std::string_view name, uint64_t* out);
  void ReadOverflow(const json::object& object, Overflow* out);
  void ReadWindow(const json::object& object, int64_t* out);
  void ReadAlgorithm(const json::object& object, Algorithm* out);
  Rule ReadRule(const json::object& object);
  void ReadLimitsText(std::string_view text, Policy* policy);
  void ReadPolicyObject(const json::object& object, Policy* policy);
  void ReadPreset(const json::value& name, Policy* policy);

  std::string where_;
  std::vector<std::string> faults_;
};

void Reader::ReadNumber(const json::object& object, std::string_view name, uint64_t* out) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr) return;
  if (value->is_int64() && value->get_int64() >= 0) {
    *out = static_cast<uint64_t>(value->get_int64());
  } else if (value->is_uint64()) {
    *out = value->get_uint64();
  } else {
    Fault(name, " is ", json::serialize(*value), ", must be a whole number of at least 0");
  }
}

void Reader::ReadOverflow(const json::object& object, Overflow* out) {
  const json::value* value = object.if_contains("overflow");
  if (value == nullptr) return;
  constexpr std::string_view kNames[] = {"shared", "deny", "allow"};
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (value->is_string() && std::string_view(value->get_string()) == kNames[i]) {
      *out = static_cast<Overflow>(i);
      return;
    }
  }
  Fault("overflow is ", json::serialize(*value), ", must be \"shared\", \"deny\" or \"allow\"");
}

void Reader::ReadWindow(const json::object& object, int64_t* out) {
  const json::value* value = object.if_contains("window");
  if (value == nullptr) {
    Fault("window is missing");
    *out = kSecondNs;
    return;
  }
  std::optional<int64_t> window;
  if (value->is_string()) {
    window = ParseWindow(std::string_view(value->get_string()));
  } else if (value->is_number()) {
    const double ns = value->to_number<double>() * 1e9;
    if (ns >= 1 && ns < 9e18) window = std::llround(ns);
  }
  if (!window) {
    Fault("window is ", json::serialize(*value), ", must be seconds, or like \"90s\" or \"1h\"");
  }
  *out = window.value_or(kSecondNs);
}

void Reader::ReadAlgorithm(const json::object& object, Algorithm* out) {
  const json::value* value = object.if_contains("algorithm");
  *out = Algorithm::kSlidingWindow;
  if (value == nullptr) return;
  for (uint8_t i = 0; i <= static_cast<uint8_t>(Algorithm::kConcurrency); ++i) {
    *out = static_cast<Algorithm>(i);
    if (value->is_string() && std::string_view(value->get_string()) == AlgorithmName(*out)) return;
  }
  Fault("algorithm is ", json::serialize(*value), ", must be gcra, fixed, sliding or concurrency");
}

Rule Reader::ReadRule(const json::object& object) {
  Rule rule;
  uint64_t slices = 0;
  if (!object.contains("limit")) Fault("limit is missing");
  rule.limit = object.contains("limit") ? 0 : 1;
  ReadNumber(object, "limit", &rule.limit);
  ReadNumber(object, "burst", &rule.burst);
  ReadNumber(object, "slices", &slices);
  rule.slices = static_cast<uint32_t>(std::min<uint64_t>(slices, UINT32_MAX));
  ReadWindow(object, &rule.window_ns);
  ReadAlgorithm(object, &rule.algorithm);
  rule.name = DefaultName(rule);
  if (const json::value* name = object.if_contains("name")) {
    if (name->is_string()) {
      rule.name = std::string_view(name->get_string());
    } else {
      Fault("name is ", json::serialize(*name), ", must be text");
    }
  }
  return rule;
}

void Reader::ReadLimitsText(std::string_view text, Policy* policy) {
  auto rules = ParseLimits(text);
  if (rules.ok()) {
    policy->rules = std::move(*rules);
  } else {
    Fault(rules.status().message());
  }
}

void Reader::ReadPreset(const json::value& name, Policy* policy) {
  std::string known;
  for (const Policy& preset : Presets()) {
    if (name.is_string() && std::string_view(name.get_string()) == preset.name) {
      policy->rules = preset.rules;
      return;
    }
    known += (known.empty() ? "" : ", ") + preset.name;
  }
  Fault("there is no preset ", json::serialize(name), "; there are ", known);
}

void Reader::ReadPolicyObject(const json::object& object, Policy* policy) {
  static const std::set<std::string_view> kOfLimit = {"limit", "window", "algorithm",
                                                      "burst", "slices", "name"};
  std::set<std::string_view> known = {"memory_bytes", "overflow", "limits", "preset"};
  const json::value* limits = object.if_contains("limits");
  const json::value* preset = object.if_contains("preset");
  if (limits == nullptr && preset == nullptr) known.insert(kOfLimit.begin(), kOfLimit.end());
  CheckMembers(object, known);
  ReadNumber(object, "memory_bytes", &policy->memory_bytes);
  ReadOverflow(object, &policy->overflow);
  if (limits != nullptr && preset != nullptr) Fault("limits and preset exclude each other");
  if (preset != nullptr) {
    ReadPreset(*preset, policy);
  } else if (limits == nullptr) {
    policy->rules.push_back(ReadRule(object));
  } else if (limits->is_string()) {
    ReadLimitsText(std::string_view(limits->get_string()), policy);
  } else if (limits->is_array()) {
    const std::string where = where_;
    size_t number = 0;
    for (const json::value& limit : limits->get_array()) {
      where_ = StrCat(where, "limit ", number++, ": ");
      if (limit.is_object()) {
        CheckMembers(limit.get_object(), kOfLimit);
        policy->rules.push_back(ReadRule(limit.get_object()));
      } else {
        Fault("it is not an object");
      }
    }
    where_ = where;
  } else {
    Fault("limits must be an array or text");
  }
}

std::vector<Policy> Reader::Read(const json::object& root, bool may_share) {
  std::set<std::string_view> known = {"memory_bytes", "overflow", "policies"};
  if (may_share) known.insert("redis");
  CheckMembers(root, known);
  Policy usual;
  ReadNumber(root, "memory_bytes", &usual.memory_bytes);
  ReadOverflow(root, &usual.overflow);
  std::vector<Policy> policies;
  const json::value* listed = root.if_contains("policies");
  if (listed == nullptr || !listed->is_object()) {
    Fault("policies must be an object of name: policy");
    return policies;
  }
  for (const auto& member : listed->get_object()) {
    Policy policy = usual;
    policy.name = std::string_view(member.key());
    where_ = StrCat("policy \"", policy.name, "\": ");
    const size_t faults = faults_.size();
    if (member.value().is_object()) {
      ReadPolicyObject(member.value().get_object(), &policy);
    } else if (member.value().is_string()) {
      ReadLimitsText(std::string_view(member.value().get_string()), &policy);
    } else {
      Fault("it must be an object or text");
    }
    // What could not be read would only be reported twice.
    if (faults_.size() == faults) {
      for (std::string& fault : FaultsOf(policy)) faults_.push_back(std::move(fault));
    }
    policies.push_back(std::move(policy));
  }
  return policies;
}

Policy Preset(std::string name, std::string_view limits) {
  Policy policy;
  policy.name = std::move(name);
  policy.rules = *ParseLimits(limits);
  return policy;
}

}  // namespace

Result<std::vector<Rule>> ParseLimits(std::string_view text) {
  std::vector<Rule> rules;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t comma = std::min(text.find(',', begin), text.size());
    std::string_view part = text.substr(begin, comma - begin);
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    CAIRN_ASSIGN_OR_RETURN(Rule rule, ParseLimit(part));
    rules.push_back(std::move(rule));
    begin = comma + 1;
  }
  return rules;
}

std::vector<Policy> Presets() {
  return {Preset("per_client", "100/60s"), Preset("search", "1000/h"),
          Preset("heavy_report", "20/h"), Preset("reindex", "5/h"), Preset("api", "60/m, 1000/h")};
}

namespace {

Result<Configuration> ReadAll(const json::object& root, bool may_share) {
  Reader reader;
  Configuration configuration;
  configuration.policies = reader.Read(root, may_share);
  if (may_share) configuration.shared = ReadShared(root, &reader.faults());
  std::string all;
  for (const std::string& fault : reader.faults()) all += (all.empty() ? "" : "; ") + fault;
  if (!all.empty()) return Error(Code::kInvalidArgument, all);
  return configuration;
}

}  // namespace

Result<Configuration> ParseConfiguration(std::string_view text) {
  CAIRN_ASSIGN_OR_RETURN(json::object root, json::ParseObject(text, "the limiter configuration"));
  return ReadAll(root, true);
}

Result<std::vector<Policy>> ParsePolicies(std::string_view text) {
  CAIRN_ASSIGN_OR_RETURN(json::object root, json::ParseObject(text, "the limiter configuration"));
  CAIRN_ASSIGN_OR_RETURN(Configuration read, ReadAll(root, false));
  return std::move(read.policies);
}

Result<Policy> ParsePolicy(std::string_view name, std::string_view text) {
  CAIRN_ASSIGN_OR_RETURN(json::value policy, json::Parse(text, "the policy"));
  json::object policies;
  policies[name] = std::move(policy);
  json::object root;
  root["policies"] = std::move(policies);
  CAIRN_ASSIGN_OR_RETURN(Configuration read, ReadAll(root, false));
  return std::move(read.policies.front());
}

}  // namespace cairn::limiter
