#include "indexer/walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

#include "base/bytes.h"
#include "indexer/ignore.h"
#include "indexer/lines.h"
#include "indexer/safe_file.h"

namespace cairn::indexer {
namespace {

constexpr size_t kMaxIdBytes = 512;
constexpr uint64_t kMaxIgnoreFileBytes = uint64_t{1} << 20;
constexpr std::string_view kIgnoreFile = ".cairnignore";

struct CloseDir {
  void operator()(DIR* dir) const { closedir(dir); }
};

Result<std::vector<std::string>> ListNames(FileHandle folder) {
  std::unique_ptr<DIR, CloseDir> dir(fdopendir(folder.get()));
  if (dir == nullptr) return Error(Code::kIoError, std::generic_category().message(errno));
  folder.Release();
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    const dirent* entry = readdir(dir.get());
    if (entry == nullptr) break;
    std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return Error(Code::kIoError, std::generic_category().message(errno));
  std::sort(names.begin(), names.end());
  return names;
}

/// Goes through the folders with a list of its own, not by recursion.
class Walker {
 public:
  Walker(int root, const IgnoreRules& rules, const WalkOptions& options)
      : root_(root), rules_(rules), options_(options) {}

  Result<WalkResult> Run() {
    folders_.emplace_back();
    while (!folders_.empty() && !out_.cancelled) {
      std::string folder = std::move(folders_.back());
      folders_.pop_back();
      CAIRN_RETURN_IF_ERROR(Visit(folder));
    }
    std::sort(out_.files.begin(), out_.files.end(),
              [](const FoundFile& a, const FoundFile& b) { return a.id < b.id; });
    auto by_path = [](const FileProblem& a, const FileProblem& b) { return a.path < b.path; };
    std::sort(out_.failed.begin(), out_.failed.end(), by_path);
    std::sort(out_.skipped.begin(), out_.skipped.end(), by_path);
    return std::move(out_);
  }

 private:
  /// Fails only for the root itself.
  Status Visit(const std::string& folder) {
    if (options_.progress && !options_.progress(out_.files.size(), folder)) {
      out_.cancelled = true;
      return OkStatus();
    }
    Status listed = List(folder);
    if (listed.ok()) return OkStatus();
    if (folder.empty()) return std::move(listed).WithContext("cannot list the root folder");
    out_.failed.push_back({folder, std::string(listed.message())});
    out_.unseen.push_back(folder);
    return OkStatus();
  }

  Status List(const std::string& folder) {
    CAIRN_ASSIGN_OR_RETURN(FileHandle handle, OpenBeneath(root_, folder, true));
    FileHandle reader(fcntl(handle.get(), F_DUPFD_CLOEXEC, 0));
    if (reader.get() < 0) return Error(Code::kIoError, std::generic_category().message(errno));
    CAIRN_ASSIGN_OR_RETURN(std::vector<std::string> names, ListNames(std::move(reader)));
    for (const std::string& name : names) {
      Entry(handle.get(), name, folder.empty() ? name : folder + "/" + name);
    }
    return OkStatus();
  }

  void Entry(int folder, const std::string& name, std::string path) {
    struct stat info = {};
    if (fstatat(folder, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT || rules_.Ignores(path, false) || !FormatOf(name)) return;
      out_.failed.push_back({ToValidUtf8(path), std::generic_category().message(errno)});
      out_.unseen.push_back(std::move(path));
      return;
    }
    if (S_ISLNK(info.st_mode)) return Link(folder, name, path);
    bool is_folder = S_ISDIR(info.st_mode);
    if (rules_.Ignores(path, is_folder) || (!is_folder && !FormatOf(name))) return;
    std::string reason = Unfit(path, info);
    if (!reason.empty()) {
      out_.skipped.push_back({ToValidUtf8(path), std::move(reason)});
    } else if (is_folder) {
      folders_.push_back(std::move(path));
    } else {
      out_.files.push_back(
          {std::move(path), static_cast<uint64_t>(info.st_size), MtimeNs(info), *FormatOf(name)});
    }
  }

  /// Why the entry is left out, or nothing.
  std::string Unfit(const std::string& path, const struct stat& info) const {
    if (!IsValidUtf8(path)) return "the name is not valid UTF-8";
    if (path.size() > kMaxIdBytes) return StrCat("the path is longer than ", kMaxIdBytes, " bytes");
    if (S_ISDIR(info.st_mode)) return {};
    if (!S_ISREG(info.st_mode)) return "not a regular file";
    if (static_cast<uint64_t>(info.st_size) > options_.max_file_bytes) {
      return StrCat("larger than ", options_.max_file_bytes, " bytes");
    }
    return {};
  }

  /// A link is never followed; it is told of when it stands where something would be indexed.
  void Link(int folder, const std::string& name, const std::string& path) {
    struct stat target = {};
    bool is_folder = fstatat(folder, name.c_str(), &target, 0) == 0 && S_ISDIR(target.st_mode);
    if (rules_.Ignores(path, is_folder) || (!is_folder && !FormatOf(name))) return;
    out_.skipped.push_back({ToValidUtf8(path), "symbolic link: not followed"});
  }

  int root_;
  const IgnoreRules& rules_;
  const WalkOptions& options_;
  std::vector<std::string> folders_;  ///< still to visit
  WalkResult out_;
};

Status ReadIgnoreFile(int root, IgnoreRules* rules) {
  Result<FileContent> file = ReadStable(root, kIgnoreFile, kMaxIgnoreFileBytes);
  if (file.ok()) {
    rules->AddLines(file->bytes);
    return OkStatus();
  }
  if (file.status().code() == Code::kNotFound) return OkStatus();
  return std::move(file).status().WithContext(
      "nothing is indexed because '.cairnignore' cannot be read");
}

}  // namespace

bool WalkResult::Unseen(std::string_view id) const {
  return std::any_of(unseen.begin(), unseen.end(), [&](const std::string& path) {
    return id.substr(0, path.size()) == path &&
           (id.size() == path.size() || id[path.size()] == '/');
  });
}

std::optional<Format> FormatOf(std::string_view name) {
  size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return std::nullopt;
  std::string extension(name.substr(dot + 1));
  std::transform(extension.begin(), extension.end(), extension.begin(), LowerAscii);
  if (extension == "md" || extension == "markdown") return Format::kMarkdown;
  if (extension == "txt" || extension == "text") return Format::kPlainText;
  return std::nullopt;
}

Result<WalkResult> WalkFolder(int root, const WalkOptions& options) {
  IgnoreRules rules;
  CAIRN_RETURN_IF_ERROR(ReadIgnoreFile(root, &rules));
  for (const std::string& pattern : options.extra_patterns) rules.Add(pattern);
  return Walker(root, rules, options).Run();
}

}  // namespace cairn::indexer
