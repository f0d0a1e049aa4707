#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace cairn {
class LogSink;
}

namespace cairn::storage {

/// One RocksDB column family each. Key layouts: storage/keys.h and ARCHITECTURE.md.
enum class Family : uint8_t {
  kManifest,
  kDocuments,
  kChunks,
  kVectors,
  kPostings,
  kTerms,
  kMetadata,
  kChangeLog,
};
inline constexpr size_t kFamilyCount = 8;

enum class Durability : uint8_t {
  kSync,   ///< survives power loss once the commit returned
  kAsync,  ///< survives the death of the process; power loss may take the last moments
};

struct StoreOptions {
  std::string path;  ///< the database directory
  bool create_if_missing = true;
  bool read_only = false;
  uint64_t memory_bytes = 64u << 20;  ///< block cache and write buffers together
  uint32_t thread_count = 2;          ///< background flushes and compactions
  LogSink* log = nullptr;             ///< borrowed; null is silent
};

/// A set of changes that commits as one. Thread safety: thread-compatible.
class Batch {
 public:
  Batch();
  ~Batch();
  Batch(Batch&&) noexcept;
  Batch& operator=(Batch&&) noexcept;

  void Put(Family family, std::string_view key, std::string_view value);
  void Delete(Family family, std::string_view key);
  /// Deletes every key that starts with `prefix`.
  void DeletePrefix(Family family, std::string_view prefix);
  size_t byte_size() const;
  bool empty() const;
  void Clear();

 private:
  friend class Store;
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

/// A consistent view of the whole store at one moment. Keeps the store alive.
class Snapshot;
using SnapshotPtr = std::shared_ptr<const Snapshot>;

/// Walks the keys of one prefix in byte order. Must not outlive its Store.
///
///   for (auto it = store.Scan(...); it->Valid(); it->Next()) use(it->key(), it->value());
///   check it->status() afterwards.
class Iterator {
 public:
  virtual ~Iterator() = default;
  virtual bool Valid() const = 0;
  virtual void Next() = 0;
  /// Moves to the first key >= `key` (a full key, prefix included).
  virtual void Seek(std::string_view key) = 0;
  virtual std::string_view key() const = 0;
  virtual std::string_view value() const = 0;
  virtual Status status() const = 0;
};

/// Durable, ordered, transactional key-value storage in one directory: the only user of RocksDB.
///
/// Layout of the directory: `lock` (held by the one writer, holds its pid), `store/` (RocksDB).
/// The manifest family holds the format version; opening runs the migrations that bring an older
/// one forward and refuses a newer one.
///
/// Thread safety: thread-safe. Ownership: snapshots and iterators must be released before the
/// Store is destroyed, except that SnapshotPtr keeps what it needs alive by itself.
class Store {
 public:
  static Result<std::unique_ptr<Store>> Open(const StoreOptions& options);
  virtual ~Store() = default;

  /// kNotFound when the key is absent.
  virtual Result<std::string> Get(Family family, std::string_view key,
                                  const SnapshotPtr& at = nullptr) const = 0;
  virtual Result<std::vector<std::optional<std::string>>> MultiGet(
      Family family, std::span<const std::string> keys, const SnapshotPtr& at = nullptr) const = 0;
  /// Never null. Keys come back in full, prefix included.
  virtual std::unique_ptr<Iterator> Scan(Family family, std::string_view prefix,
                                         const SnapshotPtr& at = nullptr) const = 0;

  /// Applies the batch atomically. May block on I/O.
  virtual Status Commit(const Batch& batch, Durability durability) = 0;
  /// Makes every earlier kAsync commit as durable as kSync. May block on I/O.
  virtual Status Sync() = 0;

  virtual SnapshotPtr TakeSnapshot() const = 0;
  /// Read-only stores: moves on to what the writer has committed since. A no-op for the writer.
  virtual Status Refresh() = 0;

  virtual uint64_t disk_bytes() const = 0;
  virtual bool read_only() const = 0;
  virtual const std::string& path() const = 0;

  /// Flushes and releases the directory. Later calls fail with kFailedPrecondition. Idempotent.
  virtual Status Close() = 0;

 protected:
  /// Lets a Store implementation apply a Batch.
  static const Batch::Rep& RepOf(const Batch& batch) { return *batch.rep_; }
};

}  // namespace cairn::storage
