#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "indexer/indexer.h"
#include "indexer/walk.h"

namespace cairn::indexer {

/// One run over a folder whose root is open and checked: compares what the walk found with what the
/// sink knows, stores what differs, then deletes what is gone.
///
/// Deletions come last, so that a run that ends early loses nothing: neither the old documents nor
/// the old place of a renamed one.
///
/// Thread safety: single-threaded. Ownership: `sink` and `options` must outlive it.
class IndexRun {
 public:
  IndexRun(int root, Sink* sink, const IndexOptions& options, IndexReport* report)
      : root_(root), sink_(sink), options_(options), report_(report) {}

  /// `canonical_root` is recorded before the first change when `record_root`.
  Status Execute(const std::string& canonical_root, bool record_root);

 private:
  Status LoadSources();
  Status Walk();
  void FindVanished();
  Status StoreFiles();
  Status StoreFile(const FoundFile& file);
  Status StoreContent(const FoundFile& file, std::string bytes, const SourceState& state);
  Status Put(const FoundFile& file, std::string bytes, const SourceState& state);
  void NoteReadFailure(const FoundFile& file, const Status& status);
  void KeepOldPlace(const FoundFile& file, const Hash128& hash);
  bool TakeRenamed(const Hash128& hash);
  Status DeleteGone();
  Status CheckMassDelete() const;
  Status Finish();
  bool Report(Phase phase, uint64_t done, uint64_t total, std::string_view path);

  int root_;
  Sink* sink_;
  const IndexOptions& options_;
  IndexReport* report_;

  std::map<std::string, SourceState> sources_;
  WalkResult walk_;
  /// Indexed files that the walk did not find, by content: candidates for a rename.
  std::multimap<Hash128, std::string> vanished_;
  std::vector<std::string> moved_;  ///< old names of renamed files
  std::vector<std::string> unfit_;  ///< still there, but no longer fit to be indexed
};

}  // namespace cairn::indexer
