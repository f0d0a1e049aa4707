#include "vector/segment_folder.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>

#include "base/bytes.h"

namespace cairn::vector {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".seg";
constexpr std::string_view kUnfinished = ".tmp";

}  // namespace

Result<std::vector<std::string>> SegmentFolder::List() const {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator entries(directory_, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    std::string name = entries->path().filename().string();
    if (NumberOf(name) > 0) names.push_back(std::move(name));
  }
  if (error) return Error(Code::kIoError, "cannot list ", directory_, ": ", error.message());
  return names;
}

uint64_t SegmentFolder::NumberOf(std::string_view name) const {
  if (!name.starts_with(prefix_)) return 0;
  name.remove_prefix(prefix_.size());
  if (name.ends_with(kUnfinished)) name.remove_suffix(kUnfinished.size());
  if (!name.ends_with(kSuffix)) return 0;
  name.remove_suffix(kSuffix.size());
  uint64_t number = 0;
  auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() ? number : 0;
}

Status SegmentFolder::Open() {
  CAIRN_ASSIGN_OR_RETURN(std::vector<std::string> names, List());
  for (const std::string& name : names) last_ = std::max(last_, NumberOf(name));
  return OkStatus();
}

std::string SegmentFolder::NewName() { return StrCat(prefix_, ++last_, kSuffix); }

std::string SegmentFolder::PathOf(std::string_view name) const {
  return StrCat(directory_, "/", name);
}

void SegmentFolder::RemoveAllBut(const std::vector<std::string>& names) const {
  auto there = List();
  if (!there.ok()) return;
  for (const std::string& name : *there) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    std::error_code error;
    fs::remove(PathOf(name), error);  // tried again when the index is opened
  }
}

}  // namespace cairn::vector
