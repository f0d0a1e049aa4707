/* SPDX-License-Identifier: Apache-2.0 */
/* Search by text, by vector, or by both. */
#ifndef CAIRN_SEARCH_H_
#define CAIRN_SEARCH_H_

#include <cairn/collection.h>

/* A page of results. Unchanging, so thread-safe. Owned by the caller. */
typedef struct cairn_results cairn_results;

#define CAIRN_MODE_AUTO 0   /* hybrid where there are vectors and a way to embed, else text */
#define CAIRN_MODE_TEXT 1   /* BM25 */
#define CAIRN_MODE_VECTOR 2 /* nearest vectors; see cairn_search */
#define CAIRN_MODE_HYBRID 3 /* both, each list scaled to 0..1, weighted and added */

/* How to search. Zero in every field is the default. */
typedef struct cairn_search_options {
  uint32_t struct_size; /* sizeof(cairn_search_options) */
  int32_t mode;         /* CAIRN_MODE_*; default auto */
  uint32_t limit;       /* results per page, 1 to 1000; 0 = 10 */
  uint32_t offset;      /* results to leave out first, at most 10,000 */
  /*
   * Filter: a JSON object of field: value pairs that must all hold. Fields: "tags" (a string, or an
   * array of which all must be there; "a" also finds "a/b"), "type", "status", or a property of the
   * metadata ("rating", "source.name"). A value may also be {"eq": value} or {"in": [values]}.
   */
  const char* filter_json;
  size_t filter_json_bytes;
  const float* vector;       /* query vector; NULL = embed the query text */
  uint32_t dim;              /* of `vector`; must equal the collection's */
  uint32_t include_inactive; /* 1: also documents with status inactive or hidden */
  float text_weight;         /* hybrid; both 0 = 0.5 and 0.5, with builtin 0.6 and 0.4 */
  float vector_weight;
  float min_score; /* with has_min_score = 1: only results with at least this score */
  uint32_t has_min_score;
  uint32_t snippet_chars; /* 0 = 200 */
  uint32_t snippet_none;  /* 1: no snippets */
  float target_recall; /* vector search: share of the truly nearest to find; 1 = exact; 0 = 0.98 */
  uint32_t ef;         /* beam width of the graph search; 0 = what target_recall asks for */
} cairn_search_options;

/* One result; texts borrowed until the results are released. Set struct_size before the call. */
typedef struct cairn_result {
  uint32_t struct_size;
  uint32_t matched_chunk_count; /* chunks of the document that hold a query term */
  const char* id;
  size_t id_bytes;
  const char* title;
  size_t title_bytes;
  const char* path; /* relative to the indexed root; "" when it is not from a file */
  size_t path_bytes;
  const char* snippet;
  size_t snippet_bytes;
  const char* metadata_json;
  size_t metadata_json_bytes;
  double score;         /* higher is better, in every mode */
  double text_score;    /* BM25; 0 when the text did not match */
  double vector_score;  /* of the nearest chunk; higher is nearer; 0 when not among the nearest */
  uint64_t chunk_begin; /* best chunk: byte span in the document's body */
  uint64_t chunk_end;
  uint32_t chunk_line; /* line of chunk_begin, from 1; 0 when the document has no chunk */
  uint32_t chunk_ordinal;
  const char* heading; /* heading path of the best chunk */
  size_t heading_bytes;
} cairn_result;

/* Facts about a whole answer. Set struct_size before the call. */
typedef struct cairn_search_info {
  uint32_t struct_size;
  int32_t mode;   /* the mode that was used: CAIRN_MODE_TEXT, _VECTOR or _HYBRID */
  uint64_t total; /* results of all pages together */
  int64_t took_ns;
  uint32_t count;       /* results of this page */
  uint32_t has_more;    /* 1: there is a next page */
  const char* degraded; /* why less was done than asked, or ""; borrowed */
  size_t degraded_bytes;
  float target_recall;     /* of the vector search; 1 = exact; 0 = ef was given, or none was done */
  int32_t plan;            /* CAIRN_PLAN_* of cairn/vectors.h */
  uint64_t codes_scored;   /* distances computed on compressed vectors; 0 without vector search */
  uint64_t vectors_scored; /* distances computed on the vectors themselves */
  uint32_t ef;             /* beam width used; 0 = none */
  uint32_t segment_count;  /* parts of the vector index that were looked at */
  uint32_t fell_back;      /* 1: a walk came up short and was done again exactly */
  uint32_t reserved;
} cairn_search_info;

CAIRN_BEGIN_DECLS

/** Fills the options with their defaults. Threads: any. Since 0.1. */
CAIRN_EXPORT void cairn_search_options_init(cairn_search_options* options,
                                            uint32_t struct_size) CAIRN_NOEXCEPT;

/**
 * Searches a collection. One result per document, best first, ties by id: the same query on the
 * same data gives the same order, and pages join to the full list.
 * Vectors: exact in collections of less than 2,000 of them and with min_score; else the search is
 * calibrated to find the share target_recall of the truly nearest on average. Scores are exact in
 * any case.
 * query: UTF-8; may be empty only when a vector is given. options: NULL = defaults.
 * results_out: release it with cairn_results_release.
 * Errors: CAIRN_INVALID_ARGUMENT (empty query, limit, offset, vector, filter with its position),
 * CAIRN_FAILED_PRECONDITION (a mode that this collection cannot do). A failing embedder is no error
 * in auto and hybrid mode: the answer is the text result, and info.degraded says why.
 * Threads: any. Opens no source file. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_search(const cairn_collection* collection,
                                                      const char* query, size_t query_bytes,
                                                      const cairn_search_options* options,
                                                      cairn_results** results_out,
                                                      cairn_error** err) CAIRN_NOEXCEPT;

/** Facts about the answer. Fills at most info_inout->struct_size bytes. Threads: any. Since 0.1. */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_results_info(const cairn_results* results,
                                                            cairn_search_info* info_inout,
                                                            cairn_error** err) CAIRN_NOEXCEPT;

/** One result. Errors: CAIRN_OUT_OF_RANGE. Threads: any. Since 0.1. */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_results_get(const cairn_results* results,
                                                           size_t index, cairn_result* result_inout,
                                                           cairn_error** err) CAIRN_NOEXCEPT;

/** Number of tags of a result's document. Threads: any. Since 0.1. */
CAIRN_EXPORT size_t cairn_results_tag_count(const cairn_results* results,
                                            size_t index) CAIRN_NOEXCEPT;

/** One tag; NULL and 0 when out of range. Borrowed. Threads: any. Since 0.1. */
CAIRN_EXPORT const char* cairn_results_tag(const cairn_results* results, size_t index, size_t tag,
                                           size_t* size_out) CAIRN_NOEXCEPT;

/** Number of highlights in a result's snippet. Threads: any. Since 0.1. */
CAIRN_EXPORT size_t cairn_results_highlight_count(const cairn_results* results,
                                                  size_t index) CAIRN_NOEXCEPT;

/**
 * Byte span of one highlight in the snippet.
 * Errors: CAIRN_OUT_OF_RANGE. Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_results_highlight(const cairn_results* results,
                                                                 size_t index, size_t highlight,
                                                                 uint32_t* begin_out,
                                                                 uint32_t* end_out,
                                                                 cairn_error** err) CAIRN_NOEXCEPT;

/**
 * The answer as one JSON object: query mode total has_more took_ms degraded results[], each with
 * id title path score scores{} snippet highlights[] tags chunk{start,end,line,heading} metadata.
 * json_out: release it with cairn_buffer_release. Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_results_json(const cairn_results* results,
                                                            cairn_buffer** json_out,
                                                            cairn_error** err) CAIRN_NOEXCEPT;

/** Releases results. NULL is a no-op. Threads: any. Since 0.1. */
CAIRN_EXPORT void cairn_results_release(cairn_results* results) CAIRN_NOEXCEPT;

CAIRN_END_DECLS

#endif /* CAIRN_SEARCH_H_ */
