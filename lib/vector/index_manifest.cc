#include "vector/index_manifest.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "vector/graph.h"

namespace cairn::vector {
namespace {

constexpr uint64_t kFormat = 1;

Status Nonsense(std::string_view what) {
  return Error(Code::kDataLoss, "the manifest of a vector index is damaged: ", what);
}

Status ReadDeadRows(ByteReader* in, IndexManifest::File* file) {
  uint64_t count = in->Varint();
  if (count > file->rows || count > in->remaining()) return Nonsense("too many deleted rows");
  file->dead_rows.reserve(count);
  uint64_t next = 0;
  for (; count > 0 && !in->failed(); --count) {
    uint64_t skipped = in->Varint();
    if (skipped >= file->rows - next) return Nonsense("a deleted row is beyond its file");
    file->dead_rows.push_back(static_cast<uint32_t>(next + skipped));
    next += skipped + 1;
  }
  return OkStatus();
}

Status ReadFile(ByteReader* in, IndexManifest::File* file) {
  file->name = std::string(in->Text());
  file->rows = in->Varint();
  bool plain = !file->name.empty() && file->name != "." && file->name != ".." &&
               file->name.find_first_of(std::string_view("/\0", 2)) == std::string::npos;
  if (!plain) return Nonsense("a file has no proper name");
  if (file->rows >= kMaxGraphRows) return Nonsense("a file has too many rows");
  return ReadDeadRows(in, file);
}

}  // namespace

std::string IndexManifest::Encode() const {
  std::string bytes;
  ByteWriter out(&bytes);
  out.Varint(kFormat);
  out.Varint(position);
  out.Varint(files.size());
  for (const File& file : files) {
    out.Text(file.name);
    out.Varint(file.rows);
    out.Varint(file.dead_rows.size());
    uint64_t next = 0;
    for (uint32_t row : file.dead_rows) {
      out.Varint(row - next);
      next = uint64_t{row} + 1;
    }
  }
  return bytes;
}

Result<IndexManifest> IndexManifest::Decode(std::string_view bytes) {
  ByteReader in(bytes);
  uint64_t format = in.Varint();
  if (format == 0) return Nonsense("it has no format");
  if (format > kFormat) {
    return Error(Code::kFailedPrecondition, "the manifest of a vector index has format ", format,
                 ", this release reads up to ", kFormat);
  }
  IndexManifest manifest;
  manifest.position = in.Varint();
  uint64_t count = in.Varint();
  if (count > in.remaining()) return Nonsense("too many files");
  for (; count > 0 && !in.failed(); --count) {
    File file;
    CAIRN_RETURN_IF_ERROR(ReadFile(&in, &file));
    bool twice = std::any_of(manifest.files.begin(), manifest.files.end(),
                             [&file](const File& other) { return other.name == file.name; });
    if (twice) return Nonsense("a file is named twice");
    manifest.files.push_back(std::move(file));
  }
  CAIRN_RETURN_IF_ERROR(in.Finish("manifest of a vector index"));
  return manifest;
}

}  // namespace cairn::vector
