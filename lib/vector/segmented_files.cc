// The part of SegmentedIndex that has to do with files.

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "base/sync_point.h"
#include "vector/document_count.h"
#include "vector/segment_file.h"
#include "vector/segmented_index.h"

namespace cairn::vector {
namespace {

constexpr uint64_t kUnsavedRows = 16'384;
constexpr uint64_t kUnsavedMemoryShare = 8;   // of a memory limit
constexpr uint64_t kQuietUnsavedRows = 1024;  // as many are quickly added again
constexpr uint64_t kQuietUnsavedShare = 128;
constexpr uint64_t kPositionLag = 32'768;        // changes that an opening index may have to repeat
constexpr uint64_t kWorstPositionLag = 262'144;  // before the host's log may end

/// The graph of a mapped segment, copied into memory.
struct GraphCopy {
  explicit GraphCopy(const Graph& graph)
      : slab(size_t{graph.row_count} * graph.stride),
        bias(graph.bias, graph.bias + graph.row_count) {
    std::memcpy(slab.data(), graph.blocks, slab.bytes());
  }
  Slab slab;
  std::vector<float> bias;
};

/// The same segment with its codes and links in memory, in huge pages.
SegmentPtr WithGraphInMemory(const Segment& mapped) {
  auto copy = std::make_shared<GraphCopy>(mapped.graph);
  auto segment = std::make_shared<Segment>(mapped);
  segment->graph.blocks = copy->slab.data();
  segment->graph.bias = copy->bias.data();
  segment->graph.entries = segment->entries;
  segment->heap_bytes = copy->slab.bytes() + copy->bias.capacity() * sizeof(float);
  segment->graph_owner = std::move(copy);
  return segment;
}

/// The rows of `mapped` with the graph that is in memory already.
SegmentPtr WithGraphOf(const std::shared_ptr<Segment>& mapped, const Segment& built) {
  mapped->graph = built.graph;
  mapped->graph_owner = built.graph_owner;
  mapped->entries = built.entries;
  mapped->graph.entries = mapped->entries;
  mapped->entry_table = built.entry_table;
  mapped->heap_bytes = built.heap_bytes;
  return mapped;
}

IndexManifest::File Describe(const SealedPart& part) {
  IndexManifest::File file{part.file, part.segment->size(), {}};
  file.dead_rows.reserve(part.dead.count());
  for (uint32_t row = 0; row < file.rows && file.dead_rows.size() < part.dead.count(); ++row) {
    if (part.dead.Test(row)) file.dead_rows.push_back(row);
  }
  return file;
}

}  // namespace

Status SegmentedIndex::Open(const IndexManifest* manifest) {
  MutexLock lock(write_mutex_);
  if (!folder_.none()) CAIRN_RETURN_IF_ERROR(folder_.Open());
  if (manifest != nullptr) {
    for (const IndexManifest::File& file : manifest->files) CAIRN_RETURN_IF_ERROR(MapFile(file));
    position_ = sealed_position_ = published_position_ = manifest->position;
    published_files_ = FileNamesLocked();
  }
  if (WritesFiles()) folder_.RemoveAllBut(published_files_);
  std::stable_sort(sealed_.begin(), sealed_.end(), [](const SealedPart& a, const SealedPart& b) {
    return a.segment->size() > b.segment->size();
  });
  PublishLocked();
  if (threads_ > 0 && NextWorkLocked(false) != Work::kNone) StartJobLocked();
  return OkStatus();
}

Status SegmentedIndex::MapFile(const IndexManifest::File& file) {
  std::string path = folder_.PathOf(file.name);
  if (folder_.none()) return Error(Code::kNotFound, "no folder for the segment file ", file.name);
  CAIRN_ASSIGN_OR_RETURN(std::shared_ptr<Segment> segment,
                         MapSegment(path, options_.dim, options_.metric));
  if (segment->size() != file.rows) {
    return Error(Code::kDataLoss, "the segment file ", path, " has ", segment->size(),
                 " rows instead of ", file.rows);
  }
  SealedPart part;
  part.file = file.name;
  part.file_rows = segment->size();
  part.verified = false;
  for (uint32_t row : file.dead_rows) part.dead.Set(row);
  documents_ += CountDocuments(*segment, part.dead, nullptr);
  part.segment = std::move(segment);
  sealed_.push_back(std::move(part));
  return OkStatus();
}

bool SegmentedIndex::AllSavedLocked() const {
  return std::all_of(sealed_.begin(), sealed_.end(), [](const SealedPart& p) { return p.saved(); });
}

/// The position that the sealed rows are of.
uint64_t SegmentedIndex::CutLocked() const {
  bool all = frozen_ == nullptr && active_->snapshot()->live == 0;
  return all ? position_ : sealed_position_;
}

std::vector<std::string> SegmentedIndex::FileNamesLocked() const {
  std::vector<std::string> names;
  for (const SealedPart& part : sealed_) names.push_back(part.file);
  return names;
}

bool SegmentedIndex::SaveDueLocked(bool quiet) const {
  if (!WritesFiles()) return false;
  uint64_t saved = 0;
  uint64_t unsaved = 0;
  for (const SealedPart& part : sealed_) {
    saved += part.file_rows;
    unsaved += part.segment->size() - part.file_rows;
  }
  if (unsaved > std::max(kUnsavedRows, saved / 2)) return true;
  // Vectors in files take no memory.
  uint64_t limit = options_.memory == nullptr ? 0 : options_.memory->limit_bytes();
  if (limit > 0 && unsaved * options_.dim * sizeof(float) > limit / kUnsavedMemoryShare)
    return true;
  if (!quiet || unsaved == 0) return false;
  return saved == 0 || unsaved > std::max(kQuietUnsavedRows, saved / kQuietUnsavedShare) ||
         position_ - published_position_ > kWorstPositionLag;
}

bool SegmentedIndex::PublishDueLocked(bool quiet) const {
  if (!WritesFiles() || !AllSavedLocked()) return false;
  if (options_.publish && CutLocked() == 0) return false;
  bool same =
      std::equal(sealed_.begin(), sealed_.end(), published_files_.begin(), published_files_.end(),
                 [](const SealedPart& part, const std::string& name) { return part.file == name; });
  if (!same) return true;
  if (published_files_.empty()) return false;  // nothing to say, and nobody was told anything
  uint64_t behind = CutLocked() - published_position_;
  return behind > (quiet ? 0 : kPositionLag);
}

void SegmentedIndex::SwapLocked(const SegmentPtr& from, const SealedPart& to) {
  for (SealedPart& part : sealed_) {
    if (part.segment != from) continue;
    part.segment = to.segment;
    part.file = to.file;
    part.file_rows = to.file_rows;
    part.verified = to.verified;
    part.graph_memory = to.graph_memory;
    part.page_memory = to.page_memory;
  }
  PublishLocked();
}

/// Checks the first file that is not, and takes its graph into memory.
Status SegmentedIndex::CheckFile() {
  SealedPart part;
  {
    MutexLock lock(write_mutex_);
    auto it = std::find_if(sealed_.begin(), sealed_.end(),
                           [](const SealedPart& p) { return !p.verified; });
    if (it == sealed_.end()) return OkStatus();
    part = *it;
  }
  CAIRN_SYNC_POINT("segmented_index:check");
  Status sound = VerifySegment(folder_.PathOf(part.file), [this] { return stopping_.load(); });
  if (sound.code() == Code::kCancelled) return sound;
  // The writer of a database may have replaced a file that one of its readers has mapped.
  bool replaced = options_.read_only && sound.code() == Code::kNotFound;
  if (!sound.ok() && !replaced) {
    {
      MutexLock lock(write_mutex_);
      damaged_ = true;
    }
    if (options_.damaged) options_.damaged(sound);
    return sound;
  }
  SegmentPtr mapped = part.segment;
  uint64_t bytes = SealedBytes(options_.dim, mapped->size(), 0);
  auto memory = MemoryCharge::Reserve(options_.memory, bytes, 0, "taking a graph into memory");
  // Without room for it the graph is read from the file as needed.
  if (memory.ok()) {
    part.segment = WithGraphInMemory(*mapped);
    part.graph_memory = std::make_shared<const MemoryCharge>(std::move(memory).value());
  }
  part.verified = true;
  MutexLock lock(write_mutex_);
  SwapLocked(mapped, part);
  return OkStatus();
}

/// Writes every segment that is in no file to a new one, and reads its vectors from there from now
/// on. A failure leaves them in memory: files are copies of what the host keeps.
Status SegmentedIndex::Save() {
  std::vector<SealedPart> parts;
  {
    MutexLock lock(write_mutex_);
    parts = sealed_;
  }
  for (const SealedPart& part : parts) {
    if (part.saved()) continue;
    if (stopping_) return Error(Code::kCancelled, "the index is being closed");
    if (Status saved = SavePart(part); !saved.ok()) {
      unsaveable_ = true;
      return saved;
    }
  }
  return OkStatus();
}

Status SegmentedIndex::SavePart(const SealedPart& part) {
  SealedPart saved = part;
  saved.file = folder_.NewName();
  std::string path = folder_.PathOf(saved.file);
  CAIRN_SYNC_POINT("segmented_index:save");
  CAIRN_RETURN_IF_ERROR(WriteSegment(*part.segment, path));
  CAIRN_ASSIGN_OR_RETURN(std::shared_ptr<Segment> mapped,
                         MapSegment(path, options_.dim, options_.metric));
  saved.segment = WithGraphOf(mapped, *part.segment);
  saved.file_rows = saved.segment->size();
  saved.page_memory.clear();
  MutexLock lock(write_mutex_);
  SwapLocked(part.segment, saved);
  return OkStatus();
}

Status SegmentedIndex::PublishManifest() {
  std::vector<SealedPart> parts;
  IndexManifest manifest;
  std::vector<std::string> names;
  {
    MutexLock lock(write_mutex_);
    parts = sealed_;
    manifest.position = CutLocked();
    names = FileNamesLocked();
  }
  for (const SealedPart& part : parts) manifest.files.push_back(Describe(part));
  CAIRN_SYNC_POINT("segmented_index:publish");
  if (Status published = options_.publish ? options_.publish(manifest) : OkStatus();
      !published.ok()) {
    unsaveable_ = true;  // whether it was kept nobody knows, so no file may be deleted
    return published;
  }
  CAIRN_SYNC_POINT("segmented_index:published");
  folder_.RemoveAllBut(names);
  MutexLock lock(write_mutex_);
  published_files_ = std::move(names);
  published_position_ = manifest.position;
  return OkStatus();
}

}  // namespace cairn::vector
