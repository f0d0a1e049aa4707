/* SPDX-License-Identifier: Apache-2.0 */
/* Documents: write, read, delete, count and list them. */
#ifndef CAIRN_DOCUMENT_H_
#define CAIRN_DOCUMENT_H_

#include <cairn/collection.h>

/* A stored document. Unchanging, so thread-safe. Owned by the caller. */
typedef struct cairn_document cairn_document;

#define CAIRN_FORMAT_PLAIN_TEXT 0
#define CAIRN_FORMAT_MARKDOWN 1

/* Texts of a stored document, for cairn_document_text. */
#define CAIRN_FIELD_ID 0
#define CAIRN_FIELD_TITLE 1
#define CAIRN_FIELD_BODY 2 /* the original bytes, made valid UTF-8 */
#define CAIRN_FIELD_TYPE 3
#define CAIRN_FIELD_STATUS 4
#define CAIRN_FIELD_DESCRIPTION 5
#define CAIRN_FIELD_METADATA_JSON 6
#define CAIRN_FIELD_PATH 7 /* of the file it was indexed from, relative to the root; else "" */

/*
 * A document to be written. Everything is borrowed for the call; only the id is required. Texts are
 * UTF-8; NULL with 0 bytes is "none"; a length may be CAIRN_NUL_TERMINATED.
 */
typedef struct cairn_document_input {
  uint32_t struct_size; /* sizeof(cairn_document_input); in an array also the stride */
  int32_t format;       /* CAIRN_FORMAT_* of the body: shapes the chunks */
  const char* id;       /* 1 to 512 bytes, no NUL */
  size_t id_bytes;
  const char* title;
  size_t title_bytes;
  const char* body;
  size_t body_bytes;
  const char* type;
  size_t type_bytes;
  const char* status; /* "inactive" and "hidden" are left out of searches unless asked for */
  size_t status_bytes;
  const char* description;
  size_t description_bytes;
  const char* metadata_json; /* a JSON object */
  size_t metadata_json_bytes;
  const char* const* tags;
  const size_t* tag_bytes; /* NULL: every tag is NUL-terminated */
  size_t tag_count;
  int64_t created_ns; /* since the Unix epoch; 0 = unknown */
  int64_t modified_ns;
  const float* vectors; /* vector_count x dim, row-major: one per chunk; NULL = embed the text */
  size_t vector_count;
  uint32_t dim; /* of the vectors given; must equal the collection's */
  uint32_t reserved;
} cairn_document_input;

/* Where a chunk of a stored document lies in its body. Set struct_size before the call. */
typedef struct cairn_chunk {
  uint32_t struct_size;
  uint32_t line;  /* line of `begin`, from 1 */
  uint64_t begin; /* byte span in the body */
  uint64_t end;
  const char* heading; /* open headings, outermost first, " > " between; borrowed */
  size_t heading_bytes;
  const char* text; /* what a reader sees of the span; borrowed */
  size_t text_bytes;
} cairn_chunk;

CAIRN_BEGIN_DECLS

/** Fills the input with nothing. Threads: any. Since 0.1. */
CAIRN_EXPORT void cairn_document_input_init(cairn_document_input* input,
                                            uint32_t struct_size) CAIRN_NOEXCEPT;

/**
 * Writes documents, replacing those with the same id. Each document is atomic: its text, chunks,
 * vectors and index entries appear together or not at all, and are searchable on return.
 * documents: `count` structs, documents[0].struct_size bytes apart.
 * Errors: the error names the index of the first document that was not written; those before it
 * were. CAIRN_INVALID_ARGUMENT for a bad id, metadata, vector or dimension.
 * Threads: any. Blocks on I/O and on the embedder. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status
cairn_collection_upsert(cairn_collection* collection, const cairn_document_input* documents,
                        size_t count, cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Deletes a document with everything derived from it.
 * Errors: CAIRN_NOT_FOUND. Threads: any. Blocks on I/O. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_collection_delete(cairn_collection* collection,
                                                                 const char* id, size_t id_bytes,
                                                                 cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Reads a document.
 * document_out: release it with cairn_document_release.
 * Errors: CAIRN_NOT_FOUND. Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_collection_get(const cairn_collection* collection,
                                                              const char* id, size_t id_bytes,
                                                              cairn_document** document_out,
                                                              cairn_error** err) CAIRN_NOEXCEPT;

/** Number of documents. Threads: any. Since 0.1. */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_collection_count(const cairn_collection* collection,
                                                                uint64_t* count_out,
                                                                cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Ids in byte order, one page of them.
 * after: the last id of the page before; NULL and 0 for the first page. limit: 1 to 10,000.
 * ids_out: fewer than `limit` ids when it is the last page; release it with cairn_list_release.
 * Errors: CAIRN_INVALID_ARGUMENT for the limit. Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_collection_ids(const cairn_collection* collection,
                                                              const char* after, size_t after_bytes,
                                                              uint32_t limit, cairn_list** ids_out,
                                                              cairn_error** err) CAIRN_NOEXCEPT;

/**
 * One text of a document.
 * field: CAIRN_FIELD_*. size_out: its bytes; may be NULL, as one NUL always follows.
 * Returns: borrowed until the document is released; NULL and 0 for an unknown field.
 * Threads: any. Since 0.1.
 */
CAIRN_EXPORT const char* cairn_document_text(const cairn_document* document, int32_t field,
                                             size_t* size_out) CAIRN_NOEXCEPT;

/** Number of tags. Threads: any. Since 0.1. */
CAIRN_EXPORT size_t cairn_document_tag_count(const cairn_document* document) CAIRN_NOEXCEPT;

/** One tag; NULL and 0 when out of range. Borrowed. Threads: any. Since 0.1. */
CAIRN_EXPORT const char* cairn_document_tag(const cairn_document* document, size_t index,
                                            size_t* size_out) CAIRN_NOEXCEPT;

/** Creation time in nanoseconds since the Unix epoch; 0 = unknown. Threads: any. Since 0.1. */
CAIRN_EXPORT int64_t cairn_document_created_ns(const cairn_document* document) CAIRN_NOEXCEPT;

/** Modification time in nanoseconds since the Unix epoch; 0 = unknown. Threads: any. Since 0.1. */
CAIRN_EXPORT int64_t cairn_document_modified_ns(const cairn_document* document) CAIRN_NOEXCEPT;

/** Number of chunks. Threads: any. Since 0.1. */
CAIRN_EXPORT size_t cairn_document_chunk_count(const cairn_document* document) CAIRN_NOEXCEPT;

/**
 * One chunk; its texts are borrowed until the document is released.
 * Errors: CAIRN_OUT_OF_RANGE. Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_document_chunk(const cairn_document* document,
                                                              size_t index,
                                                              cairn_chunk* chunk_inout,
                                                              cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Copies the document's vectors, chunk after chunk.
 * vectors_out: room for capacity_count floats; NULL with 0 to ask for the size only.
 * count_out: floats that there are (rows x dim); may be NULL. dim_out: may be NULL.
 * Errors: CAIRN_OUT_OF_RANGE when the room is too small (nothing is copied).
 * Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status
cairn_document_vectors(const cairn_document* document, float* vectors_out, size_t capacity_count,
                       size_t* count_out, uint32_t* dim_out, cairn_error** err) CAIRN_NOEXCEPT;

/**
 * The document as one JSON object: id title path tags type status description created modified
 * metadata body chunks[].
 * json_out: release it with cairn_buffer_release. Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_document_json(const cairn_document* document,
                                                             cairn_buffer** json_out,
                                                             cairn_error** err) CAIRN_NOEXCEPT;

/** Releases a document. NULL is a no-op. Threads: any. Since 0.1. */
CAIRN_EXPORT void cairn_document_release(cairn_document* document) CAIRN_NOEXCEPT;

CAIRN_END_DECLS

#endif /* CAIRN_DOCUMENT_H_ */
