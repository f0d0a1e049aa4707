#pragma once

#include <compare>
#include <cstdint>

namespace cairn {

/// Number of a collection inside one database; never reused.
enum class CollectionId : uint32_t {};

/// Internal number of one version of a document. Every upsert takes a fresh one, so a number names
/// the same content for ever and a stale entry can never be mistaken for a live one.
enum class DocNo : uint64_t {};

constexpr uint32_t ToInt(CollectionId id) { return static_cast<uint32_t>(id); }
constexpr uint64_t ToInt(DocNo doc) { return static_cast<uint64_t>(doc); }

/// Names one chunk: the document's number and the chunk's ordinal in it, from 0.
struct ChunkRef {
  DocNo doc{};
  uint32_t ordinal = 0;
  friend auto operator<=>(const ChunkRef&, const ChunkRef&) = default;
};

}  // namespace cairn
