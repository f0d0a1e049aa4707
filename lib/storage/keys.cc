#include "storage/keys.h"

#include "base/bytes.h"

namespace cairn::storage::keys {
namespace {

/// Builds a key from typed parts.
class Key {
 public:
  Key& Kind(char kind) { return Raw(std::string_view(&kind, 1)); }
  Key& Raw(std::string_view bytes) {
    out_.append(bytes);
    return *this;
  }
  Key& Zero() { return Kind('\0'); }
  Key& Add(CollectionId c) {
    ByteWriter(&out_).Big32(ToInt(c));
    return *this;
  }
  Key& Add(DocNo d) { return Big64(ToInt(d)); }
  Key& Big64(uint64_t value) {
    ByteWriter(&out_).Big64(value);
    return *this;
  }
  Key& Big32(uint32_t value) {
    ByteWriter(&out_).Big32(value);
    return *this;
  }
  operator std::string() const { return out_; }  // NOLINT(google-explicit-constructor)

 private:
  std::string out_;
};

}  // namespace

std::string Format() { return Key().Kind('f'); }
std::string CollectionPrefix() { return Key().Kind('n'); }
std::string Collection(std::string_view name) { return Key().Kind('n').Raw(name); }
std::string Counters() { return Key().Kind('q'); }
std::string CollectionCounters(CollectionId c) { return Key().Kind('k').Add(c); }
std::string ModelCollectionPrefix(CollectionId c) { return Key().Kind('m').Add(c); }
std::string EmbedderState(CollectionId c) { return Key().Kind('g').Add(c); }
std::string ModelPrefix(CollectionId c, uint64_t generation) {
  return Key().Kind('m').Add(c).Big64(generation);
}
std::string ModelRow(CollectionId c, uint64_t generation, std::string_view term) {
  return Key().Kind('m').Add(c).Big64(generation).Raw(term);
}
std::string Root(CollectionId c) { return Key().Kind('r').Add(c); }

std::string IndexManifestPrefix(CollectionId c) { return Key().Kind('v').Add(c); }
std::string IndexManifest(CollectionId c, uint64_t generation) {
  return Key().Kind('v').Add(c).Big64(generation);
}

std::string DocumentPrefix(CollectionId c) { return Key().Kind('d').Add(c); }
std::string Document(CollectionId c, DocNo d) { return Key().Kind('d').Add(c).Add(d); }
std::string BodyPrefix(CollectionId c) { return Key().Kind('b').Add(c); }
std::string Body(CollectionId c, DocNo d) { return Key().Kind('b').Add(c).Add(d); }
std::string DocumentIdPrefix(CollectionId c) { return Key().Kind('i').Add(c); }
std::string DocumentId(CollectionId c, std::string_view id) {
  return Key().Kind('i').Add(c).Raw(id);
}
std::string SourcePrefix(CollectionId c) { return Key().Kind('s').Add(c); }
std::string Source(CollectionId c, std::string_view id) { return Key().Kind('s').Add(c).Raw(id); }

std::string ChunkPrefix(CollectionId c) { return Key().Add(c); }
std::string ChunksOf(CollectionId c, DocNo d) { return Key().Add(c).Add(d); }
std::string Chunk(CollectionId c, DocNo d, uint32_t ordinal) {
  return Key().Add(c).Add(d).Big32(ordinal);
}

std::string VectorCollectionPrefix(CollectionId c) { return Key().Add(c); }
std::string VectorPrefix(CollectionId c, uint64_t generation) {
  return Key().Add(c).Big64(generation);
}
std::string Vectors(CollectionId c, uint64_t generation, DocNo d) {
  return Key().Add(c).Big64(generation).Add(d);
}

std::string PostingCollectionPrefix(CollectionId c) { return Key().Add(c); }
std::string PostingPrefix(CollectionId c, std::string_view term) {
  return Key().Add(c).Raw(term).Zero();
}
std::string Posting(CollectionId c, std::string_view term, DocNo d) {
  return Key().Add(c).Raw(term).Zero().Add(d);
}

std::string TermsCollectionPrefix(CollectionId c) { return Key().Add(c); }
std::string TextStatistics(CollectionId c) { return Key().Add(c); }
std::string TermsOf(CollectionId c, DocNo d) { return Key().Add(c).Add(d); }

std::string AttributeCollectionPrefix(CollectionId c) { return Key().Add(c); }
std::string AttributePrefix(CollectionId c, std::string_view field, std::string_view value) {
  return Key().Add(c).Raw(field).Zero().Raw(value).Zero();
}
std::string Attribute(CollectionId c, std::string_view field, std::string_view value, DocNo d) {
  return Key().Add(c).Raw(field).Zero().Raw(value).Zero().Add(d);
}

std::string Change(uint64_t sequence) { return Key().Big64(sequence); }

DocNo TrailingDocNo(std::string_view key) {
  if (key.size() < 8) return DocNo{};
  return DocNo{ByteReader(key.substr(key.size() - 8)).Big64()};
}

}  // namespace cairn::storage::keys
