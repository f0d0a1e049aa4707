#pragma once

#include <cairn/buffer.h>
#include <cairn/collection.h>
#include <cairn/database.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "capi/handle.h"
#include "db/database.h"

// The handles that more than one file of the C interface looks into.

struct cairn_database final : cairn::capi::Handle {
  static constexpr auto kKind = cairn::capi::HandleKind::kDatabase;
  explicit cairn_database(std::unique_ptr<cairn::db::Database> opened)
      : Handle(kKind), impl(std::move(opened)) {}

  const std::unique_ptr<cairn::db::Database> impl;
};

struct cairn_collection final : cairn::capi::Handle {
  static constexpr auto kKind = cairn::capi::HandleKind::kCollection;
  explicit cairn_collection(std::unique_ptr<cairn::db::Collection> opened)
      : Handle(kKind), impl(std::move(opened)) {}

  const std::unique_ptr<cairn::db::Collection> impl;
};

struct cairn_buffer final : cairn::capi::Handle {
  static constexpr auto kKind = cairn::capi::HandleKind::kBuffer;
  explicit cairn_buffer(std::string content) : Handle(kKind), text(std::move(content)) {}

  const std::string text;
};

struct cairn_list final : cairn::capi::Handle {
  static constexpr auto kKind = cairn::capi::HandleKind::kList;
  explicit cairn_list(std::vector<std::string> content)
      : Handle(kKind), items(std::move(content)) {}

  const std::vector<std::string> items;
};

namespace cairn::capi {

/// Hands a text to the caller, followed by a NUL. size_out may be NULL.
inline const char* Lend(const std::string& text, size_t* size_out) {
  if (size_out != nullptr) *size_out = text.size();
  return text.c_str();
}

/// What the caller gets where there is no such text.
inline const char* LendNothing(size_t* size_out) {
  if (size_out != nullptr) *size_out = 0;
  return nullptr;
}

}  // namespace cairn::capi
