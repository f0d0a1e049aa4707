/* SPDX-License-Identifier: Apache-2.0 */
/* Search by vectors alone, into arrays of the caller; and what the vector index is made of. */
#ifndef CAIRN_VECTORS_H_
#define CAIRN_VECTORS_H_

#include <cairn/collection.h>

/*
 * A key is the number of one version of a document: it never names another document or another
 * version. Writing the document again gives it a new key; the old one is then unknown. No key is 0.
 */

/* How the nearest vectors were found; CAIRN_PLAN_* of the segment with the most vectors. */
#define CAIRN_PLAN_EXACT 0          /* all vectors that count were looked at */
#define CAIRN_PLAN_GRAPH 1          /* a walk through the graph */
#define CAIRN_PLAN_FILTERED_GRAPH 2 /* a wider walk, past vectors that do not count */

/* What is done to the nearest vectors that are of one document. */
#define CAIRN_GROUP_DOCUMENT 0 /* only the nearest of them is a hit */
#define CAIRN_GROUP_NONE 1     /* each chunk is a hit of its own */

/* How to search by vectors. Zero in every field is the default. */
typedef struct cairn_vector_options {
  uint32_t struct_size; /* sizeof(cairn_vector_options) */
  int32_t group_by;     /* CAIRN_GROUP_*; default: by document */
  float target_recall;  /* share of the truly nearest to find, on average; 1 = exact; 0 = 0.98 */
  uint32_t ef;          /* beam width of the graph search; 0 = what target_recall asks for */
  float min_score;      /* with has_min_score = 1: only hits with at least this score */
  uint32_t has_min_score;
  const char* filter_json; /* as in cairn_search_options */
  size_t filter_json_bytes;
  uint32_t exclude_self; /* cairn_collection_search_similar: 1 = without the document itself */
  uint32_t reserved;     /* 0 */
} cairn_vector_options;

/* How a search by vectors was done, all its queries together. Set struct_size before the call. */
typedef struct cairn_vector_report {
  uint32_t struct_size;
  int32_t plan;            /* CAIRN_PLAN_*; of several queries the one farthest from exact */
  float target_recall;     /* the one asked for; 0 when ef was given instead */
  uint32_t ef;             /* beam width used; 0 = none */
  uint64_t codes_scored;   /* distances computed on compressed vectors */
  uint64_t vectors_scored; /* distances computed on the vectors themselves */
  uint32_t segment_count;  /* parts of the index that were looked at */
  uint32_t fell_back;      /* 1: a walk came up short and was done again exactly */
  int64_t took_ns;
} cairn_vector_report;

/* The parts of a collection's vector index at one moment. Unchanging, so thread-safe. */
typedef struct cairn_segments cairn_segments;

#define CAIRN_SEGMENT_FRESH 0    /* takes what is added; every search looks at all of it */
#define CAIRN_SEGMENT_BUILDING 1 /* the same, while its graph is being built */
#define CAIRN_SEGMENT_SEALED 2   /* has compressed vectors and a graph, in memory */
#define CAIRN_SEGMENT_MAPPED 3   /* has them in a file and reads them from there as needed */

/* One part of a vector index. Set struct_size before the call. */
typedef struct cairn_segment_stats {
  uint32_t struct_size;
  int32_t state;      /* CAIRN_SEGMENT_* */
  uint64_t row_count; /* vectors, deleted ones included */
  uint64_t live_row_count;
  uint64_t memory_bytes;
  uint64_t disk_bytes;           /* of its file; 0 = in no file */
  uint32_t code_bits;            /* of a compressed coordinate; 0 = not compressed */
  uint32_t entry_count;          /* vectors where walks through the graph begin */
  uint32_t calibrated_row_count; /* vectors there were when it was calibrated; 0 = it was not */
  uint32_t ef_90; /* calibrated beam width for the 10 nearest at recall 0.90; 0 = exact */
  uint32_t ef_95;
  uint32_t ef_98;
  uint32_t ef_99;
  uint32_t reserved;
} cairn_segment_stats;

CAIRN_BEGIN_DECLS

/** Fills the options with their defaults. Threads: any. Since 0.1. */
CAIRN_EXPORT void cairn_vector_options_init(cairn_vector_options* options,
                                            uint32_t struct_size) CAIRN_NOEXCEPT;

/**
 * The nearest of many query vectors. With one query and no filter the call allocates no memory once
 * its buffers have grown; a batch is shared out to the database's threads.
 * queries: query_count x dim, row-major, borrowed. k: 1 to 100,000 hits per query.
 * options: NULL = defaults.
 * keys_out, scores_out: room for query_count x k; row i holds counts_out[i] hits, best first, ties
 * in the order of the keys; the rest of the row is zero. counts_out: room for query_count.
 * ordinals_out: room for query_count x k: which chunk of its document each hit is; may be NULL.
 * report_inout: how it was done; may be NULL.
 * With has_min_score this is a range search: all in range, the k best of them where they are more.
 * Errors: CAIRN_INVALID_ARGUMENT with the index of a bad query vector, CAIRN_FAILED_PRECONDITION
 * (a collection without vectors), CAIRN_RESOURCE_EXHAUSTED (the index does not fit into
 * vector_memory_bytes). All arrays are then zero.
 * Threads: any. The first call after opening loads the index. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_collection_search_vectors(
    const cairn_collection* collection, const float* queries, size_t query_count, uint32_t dim,
    uint32_t k, const cairn_vector_options* options, uint64_t* keys_out, uint32_t* ordinals_out,
    float* scores_out, uint32_t* counts_out, cairn_vector_report* report_inout,
    cairn_error** err) CAIRN_NOEXCEPT;

/**
 * The nearest to a stored document, by its own vectors: where it has several, a hit's score is that
 * of the nearest pair. Everything else as in cairn_collection_search_vectors, with one row.
 * count_out: how many hits there are.
 * Errors: CAIRN_NOT_FOUND (no such document), CAIRN_FAILED_PRECONDITION (it has no vectors).
 * Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_collection_search_similar(
    const cairn_collection* collection, const char* id, size_t id_bytes, uint32_t k,
    const cairn_vector_options* options, uint64_t* keys_out, uint32_t* ordinals_out,
    float* scores_out, uint32_t* count_out, cairn_vector_report* report_inout,
    cairn_error** err) CAIRN_NOEXCEPT;

/**
 * cairn_collection_search_vectors with default options, but for the filter.
 * queries: query_count x dim, row-major. k: 1 to 100,000 documents per query.
 * filter_json: as in cairn_search_options; NULL and 0 = none.
 * Errors: CAIRN_INVALID_ARGUMENT with the index of a bad query vector.
 * Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_search_vectors(
    const cairn_collection* collection, const float* queries, size_t query_count, uint32_t dim,
    uint32_t k, const char* filter_json, size_t filter_json_bytes, uint64_t* keys_out,
    float* scores_out, uint32_t* counts_out, cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Id of the document with this key.
 * id_out: release it with cairn_buffer_release.
 * Errors: CAIRN_NOT_FOUND when it was written again or deleted since. Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_collection_id_of(const cairn_collection* collection,
                                                                uint64_t key, cairn_buffer** id_out,
                                                                cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Key of the document with this id.
 * Errors: CAIRN_NOT_FOUND. Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_collection_key_of(const cairn_collection* collection,
                                                                 const char* id, size_t id_bytes,
                                                                 uint64_t* key_out,
                                                                 cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Ids of the documents with these keys, in one read; cairn_collection_id_of names a single one.
 * ids_out: as many texts as keys, "" for a key whose document was written again or deleted since;
 * release it with cairn_list_release. Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_collection_ids_of(const cairn_collection* collection,
                                                                 const uint64_t* keys,
                                                                 size_t key_count,
                                                                 cairn_list** ids_out,
                                                                 cairn_error** err) CAIRN_NOEXCEPT;

/**
 * The parts of the vector index as they are now, the largest first. None until a search has loaded
 * it. cairn_collection_stats has their sums, and says how the index is.
 * segments_out: release it with cairn_segments_release. Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status
cairn_collection_segments(const cairn_collection* collection, cairn_segments** segments_out,
                          cairn_error** err) CAIRN_NOEXCEPT;

/** Number of parts. Threads: any. Since 0.1. */
CAIRN_EXPORT size_t cairn_segments_count(const cairn_segments* segments) CAIRN_NOEXCEPT;

/**
 * One part. Fills at most stats_inout->struct_size bytes.
 * Errors: CAIRN_OUT_OF_RANGE. Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_segments_get(const cairn_segments* segments,
                                                            size_t index,
                                                            cairn_segment_stats* stats_inout,
                                                            cairn_error** err) CAIRN_NOEXCEPT;

/** Releases them. NULL is a no-op. Threads: any. Since 0.1. */
CAIRN_EXPORT void cairn_segments_release(cairn_segments* segments) CAIRN_NOEXCEPT;

CAIRN_END_DECLS

#endif /* CAIRN_VECTORS_H_ */
