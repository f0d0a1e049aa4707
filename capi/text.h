#pragma once

#include <cairn/base.h>

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/status.h"

namespace cairn::capi {

/// The bytes of a pointer and length as the conventions of cairn.h allow them. The result is never
/// a null pointer, and is borrowed from the caller.
inline Result<std::string_view> ReadBytes(const char* data, size_t size, std::string_view name) {
  if (data == nullptr) {
    if (size == 0) return std::string_view("");
    return Error(Code::kInvalidArgument, name, " is NULL, but its length is not 0");
  }
  if (size == CAIRN_NUL_TERMINATED) return std::string_view(data);
  if (size > static_cast<size_t>(PTRDIFF_MAX)) {
    return Error(Code::kInvalidArgument, name, " has an impossible length of ", size, " bytes");
  }
  return std::string_view(data, size);
}

/// As ReadBytes, for what must be UTF-8.
inline Result<std::string_view> ReadText(const char* data, size_t size, std::string_view name) {
  CAIRN_ASSIGN_OR_RETURN(std::string_view text, ReadBytes(data, size, name));
  if (!IsValidUtf8(text)) return Error(Code::kInvalidArgument, name, " is not UTF-8");
  return text;
}

/// As ReadBytes, for a path of the file system: not empty and without NUL.
inline Result<std::string_view> ReadPath(const char* data, size_t size, std::string_view name) {
  CAIRN_ASSIGN_OR_RETURN(std::string_view path, ReadBytes(data, size, name));
  if (path.empty()) return Error(Code::kInvalidArgument, name, " is empty");
  if (path.find('\0') != std::string_view::npos) {
    return Error(Code::kInvalidArgument, name, " holds a NUL byte");
  }
  return path;
}

}  // namespace cairn::capi
