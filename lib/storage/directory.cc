#include "storage/directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>

namespace cairn::storage {
namespace {

namespace fs = std::filesystem;

Status NotFound(const std::string& path) {
  return Error(Code::kNotFound, "no cairn database at ", path);
}

std::string NameOf(const fs::directory_entry& entry) { return entry.path().filename().string(); }

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// True for what RocksDB may leave behind when the process dies while it makes a new store.
bool LeftByCreation(std::string_view name) {
  return name == "LOCK" || name == "IDENTITY" || name == "MANIFEST-000001" ||
         EndsWith(name, ".dbtmp");
}

/// The first name in the folder that `expected` does not know. A missing folder has none.
template <typename Expected>
Result<std::optional<std::string>> FirstStranger(const std::string& folder, Expected expected) {
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  if (error == std::errc::no_such_file_or_directory) return std::optional<std::string>();
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    if (!expected(NameOf(*entries))) return std::optional<std::string>(NameOf(*entries));
  }
  if (error) return FileError("list", folder, error.value());
  return std::optional<std::string>();
}

Status CheckVacant(const StoreOptions& options) {
  std::string store = StoreDirectory(options.path);
  CAIRN_ASSIGN_OR_RETURN(
      std::optional<std::string> remnant,
      FirstStranger(store, [](const auto& name) { return LeftByCreation(name); }));
  if (remnant) {
    return Error(Code::kDataLoss, "the database at ", options.path, " is damaged: ", store,
                 " has no file CURRENT but holds ", *remnant, "; restore it from a backup");
  }
  if (options.read_only || !options.create_if_missing) return NotFound(options.path);
  CAIRN_ASSIGN_OR_RETURN(std::optional<std::string> foreign,
                         FirstStranger(options.path, [](const auto& name) {
                           return name == "lock" || name == "store";
                         }));
  if (foreign) {
    return Error(Code::kFailedPrecondition, options.path,
                 " is not a cairn database and is not empty (it holds ", *foreign,
                 "); choose an empty or a new folder");
  }
  return OkStatus();
}

}  // namespace

std::string StoreDirectory(const std::string& path) { return path + "/store"; }
std::string LockPath(const std::string& path) { return path + "/lock"; }

Status FileError(std::string_view what, const std::string& path, int error) {
  Code code = error == EACCES || error == EPERM || error == EROFS ? Code::kPermissionDenied
              : error == ENOSPC || error == EDQUOT                ? Code::kResourceExhausted
                                                                  : Code::kIoError;
  return Error(code, "cannot ", what, " ", path, ": ", std::generic_category().message(error));
}

Result<bool> FindStore(const StoreOptions& options) {
  const std::string& path = options.path;
  if (path.empty()) return Error(Code::kInvalidArgument, "the database path is empty");
  if (path.find('\0') != std::string::npos) {
    return Error(Code::kInvalidArgument, "the database path holds a NUL byte");
  }
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    if (errno == ENOTDIR) {
      return Error(Code::kInvalidArgument, "a parent of ", path, " is a file, not a folder");
    }
    if (errno != ENOENT) return FileError("open", path, errno);
    if (options.read_only || !options.create_if_missing) return NotFound(path);
    return false;
  }
  if (!S_ISDIR(info.st_mode)) {
    return Error(Code::kInvalidArgument, path, " is a file, not a database folder");
  }
  std::string current = StoreDirectory(path) + "/CURRENT";
  if (stat(current.c_str(), &info) == 0) return true;
  if (errno != ENOENT && errno != ENOTDIR) return FileError("open", current, errno);
  CAIRN_RETURN_IF_ERROR(CheckVacant(options));
  return false;
}

Status SyncDirectory(const std::string& path) {
  int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return FileError("open", path, errno);
  int error = fsync(fd) == 0 || errno == EINVAL ? 0 : errno;  // not every file system can
  close(fd);
  return error == 0 ? OkStatus() : FileError("sync", path, error);
}

Status CreateDirectory(const std::string& path) {
  std::error_code error;
  fs::path absolute = fs::absolute(path, error);
  if (error) return FileError("create", path, error.value());
  std::vector<fs::path> missing;
  for (fs::path at = absolute; !at.empty() && !fs::exists(at, error); at = at.parent_path()) {
    if (!at.filename().empty()) missing.push_back(at);
  }
  for (auto at = missing.rbegin(); at != missing.rend(); ++at) {
    if (mkdir(at->c_str(), 0777) != 0 && errno != EEXIST) {
      return FileError("create", at->string(), errno);
    }
    CAIRN_RETURN_IF_ERROR(SyncDirectory(at->parent_path().string()));
  }
  return OkStatus();
}

uint64_t StoreBytes(const std::string& path) {
  uint64_t bytes = 0;
  std::error_code error;
  fs::directory_iterator entries(StoreDirectory(path), error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    std::error_code gone;
    uint64_t size = entries->file_size(gone);
    if (!gone) bytes += size;
  }
  return bytes;
}

bool HasTables(const std::string& path) {
  std::error_code error;
  fs::directory_iterator entries(StoreDirectory(path), error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    if (EndsWith(NameOf(*entries), ".sst")) return true;
  }
  return false;
}

StoreStamp StampOf(const std::string& path) {
  StoreStamp stamp;
  std::error_code error;
  fs::directory_iterator entries(StoreDirectory(path), error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    std::string name = NameOf(*entries);
    bool is_manifest = name.rfind("MANIFEST-", 0) == 0;
    if (!is_manifest && !EndsWith(name, ".log")) continue;
    std::error_code gone;
    uint64_t size = entries->file_size(gone);
    if (!gone) (is_manifest ? stamp.manifests : stamp.logs).emplace_back(std::move(name), size);
  }
  std::sort(stamp.manifests.begin(), stamp.manifests.end());
  std::sort(stamp.logs.begin(), stamp.logs.end());
  std::ifstream current(StoreDirectory(path) + "/CURRENT");
  std::getline(current, stamp.current);
  return stamp;
}

}  // namespace cairn::storage
