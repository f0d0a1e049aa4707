#include "net/redis_endpoint.h"

#include <sys/un.h>

#include <charconv>

namespace cairn::net {
namespace {

constexpr size_t kMaxSocketPath = sizeof(sockaddr_un::sun_path) - 1;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> PercentDecode(std::string_view text, std::string_view what) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return Error(Code::kInvalidArgument, "Redis URL: in the ", what,
                   " a '%' is not followed by two hexadecimal digits");
    }
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

Result<uint32_t> ParseNumber(std::string_view text, uint32_t max, std::string_view what) {
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || number > max) {
    return Error(Code::kInvalidArgument, "Redis URL: the ", what, " '", text,
                 "' is not a number from 0 to ", max);
  }
  return number;
}

/// Takes "[user]:password@" off the front of `rest`.
Status TakeCredentials(std::string_view* rest, size_t authority_size, RedisEndpoint* endpoint) {
  const size_t at = rest->substr(0, authority_size).rfind('@');
  if (at == std::string_view::npos) return OkStatus();
  const std::string_view credentials = rest->substr(0, at);
  rest->remove_prefix(at + 1);
  const size_t colon = credentials.find(':');
  if (colon == std::string_view::npos) {
    return Status(Code::kInvalidArgument,
                  "Redis URL: before the '@' there must be user:password or :password");
  }
  CAIRN_ASSIGN_OR_RETURN(endpoint->username, PercentDecode(credentials.substr(0, colon), "user"));
  CAIRN_ASSIGN_OR_RETURN(endpoint->password,
                         PercentDecode(credentials.substr(colon + 1), "password"));
  if (!endpoint->username.empty() && endpoint->password.empty()) {
    return Error(Code::kInvalidArgument, "Redis URL: user '", endpoint->username,
                 "' has no password");
  }
  return OkStatus();
}

Status ParseDatabase(std::string_view text, RedisEndpoint* endpoint) {
  CAIRN_ASSIGN_OR_RETURN(endpoint->database, ParseNumber(text, 65'535, "database"));
  return OkStatus();
}

/// "host", "host:port", "[v6]" or "[v6]:port".
Status ParseHost(std::string_view text, RedisEndpoint* endpoint) {
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == std::string_view::npos) {
      return Error(Code::kInvalidArgument, "Redis URL: '", text, "' lacks its closing bracket");
    }
    const std::string_view rest = text.substr(close + 1);
    if (!rest.empty() && rest[0] != ':') {
      return Error(Code::kInvalidArgument, "Redis URL: unexpected '", rest, "' after the address");
    }
    has_port = !rest.empty();
    port = has_port ? rest.substr(1) : rest;
    text = text.substr(1, close - 1);
  } else if (const size_t colon = text.find(':'); colon != std::string_view::npos) {
    has_port = true;
    port = text.substr(colon + 1);
    text = text.substr(0, colon);
  }
  if (text.empty() || text.find('\0') != std::string_view::npos) {
    return Status(Code::kInvalidArgument, "Redis URL: the host is empty or not a name");
  }
  endpoint->host = text;
  if (!has_port) return OkStatus();
  CAIRN_ASSIGN_OR_RETURN(const uint32_t number, ParseNumber(port, 65'535, "port"));
  if (number == 0) return Status(Code::kInvalidArgument, "Redis URL: the port is 0");
  endpoint->port = static_cast<uint16_t>(number);
  return OkStatus();
}

Result<RedisEndpoint> ParseTcp(std::string_view rest) {
  RedisEndpoint endpoint;
  if (rest.find_first_of("?#") != std::string_view::npos) {
    return Status(Code::kInvalidArgument, "Redis URL: parameters after '?' or '#' are not known");
  }
  // A password may hold a '/': what separates the host is the first one after the last '@'.
  const size_t at = rest.rfind('@');
  const size_t slash = rest.find('/', at == std::string_view::npos ? 0 : at);
  CAIRN_RETURN_IF_ERROR(TakeCredentials(&rest, slash, &endpoint));
  const size_t path = rest.find('/');
  CAIRN_RETURN_IF_ERROR(ParseHost(rest.substr(0, path), &endpoint));
  if (path == std::string_view::npos || path + 1 == rest.size()) return endpoint;
  CAIRN_RETURN_IF_ERROR(ParseDatabase(rest.substr(path + 1), &endpoint));
  return endpoint;
}

Result<RedisEndpoint> ParseUnix(std::string_view rest) {
  RedisEndpoint endpoint;
  const size_t question = rest.rfind('?');
  if (question != std::string_view::npos) {
    const std::string_view query = rest.substr(question + 1);
    if (!query.starts_with("db=")) {
      return Error(Code::kInvalidArgument, "Redis URL: the only parameter known is db, not '",
                   query, "'");
    }
    CAIRN_RETURN_IF_ERROR(ParseDatabase(query.substr(3), &endpoint));
    rest = rest.substr(0, question);
  }
  if (!rest.starts_with('/')) {
    CAIRN_RETURN_IF_ERROR(TakeCredentials(&rest, rest.find("@/") + 1, &endpoint));
  }
  CAIRN_ASSIGN_OR_RETURN(endpoint.socket_path, PercentDecode(rest, "path"));
  if (!endpoint.socket_path.starts_with('/') ||
      endpoint.socket_path.find('\0') != std::string::npos) {
    return Status(Code::kInvalidArgument, "Redis URL: the path of a Unix socket begins with '/'");
  }
  if (endpoint.socket_path.size() > kMaxSocketPath) {
    return Error(Code::kInvalidArgument, "Redis URL: the path of a Unix socket has at most ",
                 kMaxSocketPath, " bytes, this one has ", endpoint.socket_path.size());
  }
  return endpoint;
}

}  // namespace

std::string RedisEndpoint::Where() const {
  if (!socket_path.empty()) return StrCat("unix://", socket_path);
  const bool is_v6 = host.find(':') != std::string::npos;
  return is_v6 ? StrCat("[", host, "]:", port) : StrCat(host, ":", port);
}

Result<RedisEndpoint> ParseRedisUrl(std::string_view url) {
  constexpr std::string_view kTcp = "redis://";
  constexpr std::string_view kUnix = "unix://";
  if (url.starts_with(kTcp)) return ParseTcp(url.substr(kTcp.size()));
  if (url.starts_with(kUnix)) return ParseUnix(url.substr(kUnix.size()));
  if (url.starts_with("rediss://")) {
    return Status(Code::kUnsupported, "Redis URL: TLS (rediss://) is not supported");
  }
  return Status(Code::kInvalidArgument, "Redis URL: it must begin with redis:// or unix://");
}

}  // namespace cairn::net
