#include "db/segment_names.h"

#include <charconv>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/bytes.h"

namespace cairn::db {
namespace {

namespace fs = std::filesystem;

/// Reads `letter`, a number and "-" from the start of `name`.
template <typename Number>
bool ReadPart(std::string_view* name, char letter, Number* out) {
  if (!name->starts_with(letter)) return false;
  const char* end = name->data() + name->size();
  auto [next, error] = std::from_chars(name->data() + 1, end, *out);
  if (error != std::errc() || next == end || *next != '-') return false;
  name->remove_prefix(static_cast<size_t>(next + 1 - name->data()));
  return true;
}

std::optional<std::pair<CollectionId, uint64_t>> OwnerOf(std::string_view name) {
  uint32_t collection = 0;
  uint64_t generation = 0;
  if (!ReadPart(&name, 'c', &collection) || !ReadPart(&name, 'g', &generation)) return {};
  return std::pair(CollectionId{collection}, generation);
}

}  // namespace

std::string SegmentFolderOf(const std::string& database_path) {
  return StrCat(database_path, "/segments");
}

std::string SegmentPrefix(CollectionId collection, uint64_t generation) {
  return StrCat("c", ToInt(collection), "-g", generation, "-");
}

void RemoveSegmentFiles(const std::string& database_path,
                        const std::function<bool(CollectionId, uint64_t)>& unwanted) {
  std::error_code error;
  fs::directory_iterator entries(SegmentFolderOf(database_path), error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    auto owner = OwnerOf(entries->path().filename().string());
    std::error_code ignored;
    if (owner && unwanted(owner->first, owner->second)) fs::remove(entries->path(), ignored);
  }
}

uint64_t SegmentFileBytes(const std::string& database_path) {
  uint64_t bytes = 0;
  std::error_code error;
  fs::directory_iterator entries(SegmentFolderOf(database_path), error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    std::error_code gone;
    uint64_t size = entries->file_size(gone);
    if (!gone) bytes += size;
  }
  return bytes;
}

}  // namespace cairn::db
