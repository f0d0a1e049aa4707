#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"

/// The key layout of every family. All numbers are big-endian, so byte order is numeric order.
/// `c` is the collection (4 bytes), `d` a document number (8 bytes). The first byte of a manifest
/// or document key tells its kind.
///
///   manifest    'f'                     format version
///               'n'                     name -> collection record:  'n' name
///               'q'                     counters (next collection id, last sequence)
///               'k' c                   counters of a collection
///               'g' c                   builtin embedder state of a collection (active generation)
///               'm' c gen(8) term       builtin embedder rows, one per term; term "" is the header
///               'r' c                   recorded index root
///               'v' c gen(8)            which files hold the vector index of that generation
///   documents   'd' c d                 document record
///               'b' c d                 document body
///               'i' c id                document number of a live id
///               's' c id                source state (size, mtime, hash) of an indexed file
///   chunks      c d ordinal(4)          chunk record
///   vectors     c gen(8) d              the document's vectors in that embedder generation
///   postings    c term 0x00 d           posting of one term in one document
///   terms       c d                     terms of a document (to remove its postings)
///               c                       text statistics of the collection
///   metadata    c field 0x00 value 0x00 d   attribute postings
///   change log  sequence(8)             what changed
namespace cairn::storage::keys {

std::string Format();
std::string CollectionPrefix();
std::string Collection(std::string_view name);
std::string Counters();
std::string CollectionCounters(CollectionId c);
std::string EmbedderState(CollectionId c);
std::string ModelCollectionPrefix(CollectionId c);
std::string ModelPrefix(CollectionId c, uint64_t generation);
std::string ModelRow(CollectionId c, uint64_t generation, std::string_view term);
std::string Root(CollectionId c);
std::string IndexManifestPrefix(CollectionId c);
std::string IndexManifest(CollectionId c, uint64_t generation);

std::string DocumentPrefix(CollectionId c);
std::string Document(CollectionId c, DocNo d);
std::string BodyPrefix(CollectionId c);
std::string Body(CollectionId c, DocNo d);
std::string DocumentIdPrefix(CollectionId c);
std::string DocumentId(CollectionId c, std::string_view id);
std::string SourcePrefix(CollectionId c);
std::string Source(CollectionId c, std::string_view id);

std::string ChunkPrefix(CollectionId c);
std::string ChunksOf(CollectionId c, DocNo d);
std::string Chunk(CollectionId c, DocNo d, uint32_t ordinal);

std::string VectorCollectionPrefix(CollectionId c);
std::string VectorPrefix(CollectionId c, uint64_t generation);
std::string Vectors(CollectionId c, uint64_t generation, DocNo d);

std::string PostingCollectionPrefix(CollectionId c);
std::string PostingPrefix(CollectionId c, std::string_view term);
std::string Posting(CollectionId c, std::string_view term, DocNo d);

std::string TermsCollectionPrefix(CollectionId c);
std::string TextStatistics(CollectionId c);
std::string TermsOf(CollectionId c, DocNo d);

std::string AttributeCollectionPrefix(CollectionId c);
std::string AttributePrefix(CollectionId c, std::string_view field, std::string_view value);
std::string Attribute(CollectionId c, std::string_view field, std::string_view value, DocNo d);

std::string Change(uint64_t sequence);

/// The document number that ends a posting, attribute, document or vector key.
DocNo TrailingDocNo(std::string_view key);

}  // namespace cairn::storage::keys
