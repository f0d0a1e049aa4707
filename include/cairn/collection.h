/* SPDX-License-Identifier: Apache-2.0 */
/* Collections: named sets of documents with one analyzer, one embedder and one vector space. */
#ifndef CAIRN_COLLECTION_H_
#define CAIRN_COLLECTION_H_

#include <cairn/database.h>

/* An open collection. Thread-safe. Reference-counted; keeps its database alive. */
typedef struct cairn_collection cairn_collection;

#define CAIRN_METRIC_COSINE 0
#define CAIRN_METRIC_INNER_PRODUCT 1
#define CAIRN_METRIC_L2 2

#define CAIRN_EMBEDDER_BUILTIN 0  /* learned from the collection itself, 512 dimensions, cosine */
#define CAIRN_EMBEDDER_NONE 1     /* the host supplies vectors with the documents, or none at all */
#define CAIRN_EMBEDDER_CALLBACK 2 /* the host's own function */

#define CAIRN_PURPOSE_DOCUMENT 0
#define CAIRN_PURPOSE_QUERY 1

/**
 * Embeds texts. texts[i] has text_bytes[i] bytes of UTF-8 and is NUL-terminated. Fill
 * vectors_out[i * dim .. i * dim + dim - 1] for every i < count (at most 32). Returns 0 for
 * success; any other value fails the call that needed the vectors. Called from any thread, also
 * concurrently; must not call back into the collection.
 */
typedef int32_t (*cairn_embed_fn)(const char* const* texts, const size_t* text_bytes, size_t count,
                                  int32_t purpose, float* vectors_out, void* user_data);

/* How to create or open a collection. Zero in every field is the default. */
typedef struct cairn_collection_options {
  uint32_t struct_size; /* sizeof(cairn_collection_options) */
  int32_t embedder;     /* CAIRN_EMBEDDER_*; default builtin */
  uint32_t dim;         /* 1 to 65,535; must be 0 for builtin; 0 with none = no vectors */
  int32_t metric;       /* CAIRN_METRIC_*; default cosine; builtin needs cosine */
  const char* language; /* Snowball stemmer of Latin-script words; NULL = "english"; "none" */
  size_t language_bytes;
  float bm25_k1;            /* 0 = 1.2 */
  float bm25_b;             /* 0 = 0.75; negative = no length normalisation */
  float title_weight;       /* 0 = 2; negative = do not search the field. Likewise below */
  float tags_weight;        /* 0 = 2 */
  float description_weight; /* 0 = 2 */
  float body_weight;        /* 0 = 1 */
  cairn_embed_fn embed_fn;  /* with CAIRN_EMBEDDER_CALLBACK only; needed to embed anything */
  void* embed_user_data;
  cairn_free_fn embed_free;  /* may be NULL; runs exactly once, also when the call fails */
  const char* embedder_name; /* callback: names the vector space, e.g. the model; required */
  size_t embedder_name_bytes;
  const char* embedder_version; /* part of the identity; may be NULL */
  size_t embedder_version_bytes;
} cairn_collection_options;

/* How a collection's vector index is. It answers right in each of these states. */
#define CAIRN_VECTORS_NONE 0            /* the collection has no vectors, or none yet */
#define CAIRN_VECTORS_NOT_LOADED 1      /* no search needed it so far */
#define CAIRN_VECTORS_LOADING 2         /* it is being opened or built; searches wait for it */
#define CAIRN_VECTORS_READY 3           /* nothing is to be done */
#define CAIRN_VECTORS_WORKING 4         /* being sealed, merged, saved or checked */
#define CAIRN_VECTORS_DAMAGED 5         /* its files are; it is being built anew */
#define CAIRN_VECTORS_SHORT_OF_MEMORY 6 /* vector_memory_bytes keeps it from getting faster */

/* What a collection holds. Set struct_size before the call. */
typedef struct cairn_collection_stats {
  uint32_t struct_size;
  uint32_t dim; /* 0: without vectors */
  int32_t metric;
  int32_t embedder;
  uint64_t document_count;
  uint64_t chunk_count;
  uint64_t vector_count;
  uint64_t vector_memory_bytes; /* 0 until a search has loaded them */
  uint64_t embedder_generation; /* builtin: 0 = not trained yet */
  uint64_t trained_chunk_count; /* builtin: chunks it was trained on */
  uint64_t training_min_chunks; /* builtin: chunks it needs to be trained */
  int32_t vector_state;         /* CAIRN_VECTORS_* */
  uint32_t segment_count;       /* of the vector index; 0 until a search has loaded it */
  uint64_t fresh_vector_count;  /* not in a graph yet: looked at by every search */
  uint64_t dead_vector_count;   /* deleted, their space not given back yet */
  uint64_t vector_disk_bytes;   /* files of the vector index */
} cairn_collection_stats;

CAIRN_BEGIN_DECLS

/** Fills the options with their defaults. Threads: any. Since 0.1. */
CAIRN_EXPORT void cairn_collection_options_init(cairn_collection_options* options,
                                                uint32_t struct_size) CAIRN_NOEXCEPT;

/**
 * Creates a collection.
 * name: 1 to 128 bytes of UTF-8 without control characters and '/'. options: NULL = defaults.
 * collection_out: a new reference.
 * Errors: CAIRN_ALREADY_EXISTS; CAIRN_INVALID_ARGUMENT lists all that is wrong with the options.
 * Threads: any. Blocks on I/O. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status
cairn_collection_create(cairn_database* database, const char* name, size_t name_bytes,
                        const cairn_collection_options* options, cairn_collection** collection_out,
                        cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Opens a collection that exists.
 * options: NULL, or options whose non-zero fields must agree with those it was created with; a
 * callback embedder needs its function here to embed anything, and the same name and version.
 * Errors: CAIRN_NOT_FOUND; CAIRN_FAILED_PRECONDITION says which option differs.
 * Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status
cairn_collection_open(cairn_database* database, const char* name, size_t name_bytes,
                      const cairn_collection_options* options, cairn_collection** collection_out,
                      cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Deletes a collection and everything in it. Open handles to it fail with CAIRN_NOT_FOUND after.
 * Errors: CAIRN_NOT_FOUND. Threads: any. Blocks on I/O. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_collection_drop(cairn_database* database,
                                                               const char* name, size_t name_bytes,
                                                               cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Names of all collections, in byte order.
 * names_out: release it with cairn_list_release. Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_collection_names(const cairn_database* database,
                                                                cairn_list** names_out,
                                                                cairn_error** err) CAIRN_NOEXCEPT;

/** Adds a reference and returns its argument. Threads: any. Since 0.1. */
CAIRN_EXPORT cairn_collection* cairn_collection_retain(cairn_collection* collection) CAIRN_NOEXCEPT;

/** Drops a reference. NULL is a no-op; never fails. Threads: any. Since 0.1. */
CAIRN_EXPORT void cairn_collection_release(cairn_collection* collection) CAIRN_NOEXCEPT;

/** Counts and settings. Fills at most stats_inout->struct_size bytes. Threads: any. Since 0.1. */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status
cairn_collection_stats_get(const cairn_collection* collection, cairn_collection_stats* stats_inout,
                           cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Trains the builtin embedder on what the collection holds now and embeds every chunk anew. Not
 * needed in normal use: it happens after a folder was indexed and in the background on growth.
 * Searches use the old generation until the new one is complete.
 * Errors: CAIRN_FAILED_PRECONDITION (another embedder, or too few chunks).
 * Threads: any. Blocks for seconds. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_collection_train(cairn_collection* collection,
                                                                cairn_error** err) CAIRN_NOEXCEPT;

CAIRN_END_DECLS

#endif /* CAIRN_COLLECTION_H_ */
