#include "limiter/shared_config.h"

#include <array>
#include <utility>

namespace cairn::limiter {
namespace {

constexpr int64_t kMsNs = 1'000'000;
constexpr std::array<std::string_view, 8> kMembers = {
    "url", "host", "port", "prefix", "deadline_ms", "connections", "outage", "spread"};

/// Reads the members of "redis", and gathers what is wrong with them.
class SharedReader {
 public:
  SharedReader(const json::object& object, std::vector<std::string>* faults)
      : object_(object), faults_(*faults) {}

  SharedSettings Read() {
    for (const auto& member : object_) {
      const std::string_view name = member.key();
      if (!IsKnown(name)) Fault("there is no setting \"", name, "\"");
    }
    SharedSettings settings;
    ReadEndpoint(&settings.redis.endpoint);
    ReadText("prefix", &settings.redis.key_prefix);
    settings.redis.max_connections =
        static_cast<uint32_t>(ReadNumber("connections", settings.redis.max_connections, 1024));
    const int64_t deadline = settings.options.timeout_ns / kMsNs;
    settings.options.timeout_ns =
        kMsNs *
        static_cast<int64_t>(ReadNumber("deadline_ms", static_cast<uint64_t>(deadline), 60'000));
    settings.redis.command_timeout_ns = settings.options.timeout_ns;
    ReadOutage(&settings.options.on_trouble);
    ReadFlag("spread", &settings.spread);
    return settings;
  }

 private:
  template <typename... Parts>
  void Fault(const Parts&... parts) {
    faults_.push_back(StrCat("redis: ", parts...));
  }
  static bool IsKnown(std::string_view name) {
    for (std::string_view known : kMembers) {
      if (known == name) return true;
    }
    return false;
  }

  bool ReadText(std::string_view name, std::string* out) {
    const json::value* value = object_.if_contains(name);
    if (value == nullptr) return false;
    if (value->is_string()) {
      *out = std::string_view(value->get_string());
    } else {
      Fault(name, " must be text");
    }
    return true;
  }

  void ReadFlag(std::string_view name, bool* out) {
    const json::value* value = object_.if_contains(name);
    if (value == nullptr) return;
    if (value->is_bool()) {
      *out = value->get_bool();
    } else {
      Fault(name, " must be true or false");
    }
  }

  uint64_t ReadNumber(std::string_view name, uint64_t usual, uint64_t most) {
    const json::value* value = object_.if_contains(name);
    if (value == nullptr) return usual;
    if (value->is_int64() && value->get_int64() >= 1 &&
        static_cast<uint64_t>(value->get_int64()) <= most) {
      return static_cast<uint64_t>(value->get_int64());
    }
    Fault(name, " is ", json::serialize(*value), ", must be 1 to ", most);
    return usual;
  }

  void ReadEndpoint(net::RedisEndpoint* endpoint) {
    std::string url;
    if (ReadText("url", &url)) {
      if (object_.contains("host") || object_.contains("port")) {
        Fault("url excludes host and port");
      }
      Result<net::RedisEndpoint> parsed = net::ParseRedisUrl(url);
      if (parsed.ok()) {
        *endpoint = std::move(*parsed);
      } else {
        Fault(parsed.status().message());
      }
      return;
    }
    ReadText("host", &endpoint->host);
    endpoint->port = static_cast<uint16_t>(ReadNumber("port", endpoint->port, 65'535));
  }

  void ReadOutage(OnTrouble* out) {
    constexpr std::string_view kNames[] = {"local", "fail_open", "fail_closed"};
    std::string name(kNames[0]);
    ReadText("outage", &name);
    for (size_t i = 0; i < std::size(kNames); ++i) {
      if (name != kNames[i]) continue;
      *out = static_cast<OnTrouble>(i);
      return;
    }
    Fault("outage is \"", name, "\", must be \"local\", \"fail_open\" or \"fail_closed\"");
  }

  const json::object& object_;
  std::vector<std::string>& faults_;
};

}  // namespace

std::optional<SharedSettings> ReadShared(const json::object& root,
                                         std::vector<std::string>* faults) {
  const json::value* value = root.if_contains("redis");
  if (value == nullptr || value->is_null()) return std::nullopt;
  if (!value->is_object()) {
    faults->push_back("redis must be an object");
    return std::nullopt;
  }
  SharedSettings settings = SharedReader(value->get_object(), faults).Read();
  for (const std::string& fault : net::FaultsOf(settings.redis)) {
    faults->push_back(StrCat("redis: ", fault));
  }
  return settings;
}

}  // namespace cairn::limiter
