/* SPDX-License-Identifier: Apache-2.0 */
/* Index a folder of notes into a collection, and keep it up to date. */
#ifndef CAIRN_INDEXER_H_
#define CAIRN_INDEXER_H_

#include <cairn/collection.h>

/* What a run did. Unchanging, so thread-safe. Owned by the caller. */
typedef struct cairn_index_report cairn_index_report;

#define CAIRN_PHASE_SCAN 0  /* looking for files */
#define CAIRN_PHASE_INDEX 1 /* reading and storing them */
#define CAIRN_PHASE_EMBED 2 /* training and embedding */
#define CAIRN_PHASE_DONE 3

#define CAIRN_PROBLEM_FAILED 0  /* not indexed although it should be */
#define CAIRN_PROBLEM_SKIPPED 1 /* left out on purpose: too large, symbolic link, ... */
#define CAIRN_PROBLEM_WARNING 2 /* indexed, with something to tell */

/**
 * Tells how far a run is. `total` is 0 while unknown; `path` (path_bytes, NUL-terminated) is the
 * file at hand. Returns 0 to go on, anything else to cancel. Called from the thread that indexes.
 */
typedef int32_t (*cairn_progress_fn)(int32_t phase, uint64_t done, uint64_t total, const char* path,
                                     size_t path_bytes, void* user_data);

/* How to index. Zero in every field is the default. */
typedef struct cairn_index_options {
  uint32_t struct_size;       /* sizeof(cairn_index_options) */
  uint32_t force_root;        /* 1: index another folder than the recorded one */
  uint32_t allow_mass_delete; /* 1: allow that more than half of the files are gone */
  uint32_t chunk_max_tokens;  /* 0 = 256 */
  uint64_t max_file_bytes;    /* 0 = 1 MiB; larger files are skipped */
  const char* const* ignore;  /* further patterns to leave out, as in .gitignore; NUL-terminated */
  size_t ignore_count;
  cairn_progress_fn progress_fn; /* may be NULL */
  void* progress_user_data;
  cairn_free_fn progress_free; /* may be NULL; runs exactly once, before the call returns */
} cairn_index_options;

/* Counts of a run. Set struct_size before the call. */
typedef struct cairn_index_stats {
  uint32_t struct_size;
  uint32_t cancelled; /* 1: the progress callback asked to stop */
  uint64_t scanned_count;
  uint64_t added_count;
  uint64_t changed_count;
  uint64_t renamed_count;
  uint64_t deleted_count;
  uint64_t unchanged_count;
  uint64_t failed_count;
  uint64_t skipped_count;
  uint64_t warning_count;
  uint64_t chunk_count;    /* of added and changed files */
  uint64_t bytes;          /* of added and changed files */
  uint64_t embedded_count; /* chunks that were embedded */
  int64_t took_ns;
} cairn_index_stats;

CAIRN_BEGIN_DECLS

/** Fills the options with their defaults. Threads: any. Since 0.1. */
CAIRN_EXPORT void cairn_index_options_init(cairn_index_options* options,
                                           uint32_t struct_size) CAIRN_NOEXCEPT;

/**
 * Brings the collection up to date with a folder of Markdown (.md, .markdown) and text (.txt,
 * .text) files. Reads only what changed; files that are gone are deleted. Dot folders, node_modules
 * and what a .cairnignore file names are left out; symbolic links are not followed. The collection
 * serves searches meanwhile. Files that fail are reported and do not stop the run.
 * report_out: release it with cairn_index_report_release; also filled when cancelled.
 * Errors: CAIRN_NOT_FOUND (no such folder), CAIRN_INVALID_ARGUMENT (not a folder),
 * CAIRN_PERMISSION_DENIED, CAIRN_FAILED_PRECONDITION (another root was recorded; too many files are
 * gone). A cancelled run is CAIRN_CANCELLED: what was stored until then stays.
 * Threads: any; one run per collection at a time, a second one waits. Blocks. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_index_folder(cairn_collection* collection,
                                                            const char* root, size_t root_bytes,
                                                            const cairn_index_options* options,
                                                            cairn_index_report** report_out,
                                                            cairn_error** err) CAIRN_NOEXCEPT;

/** Counts of a run. Fills at most stats_inout->struct_size bytes. Threads: any. Since 0.1. */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_index_report_stats(const cairn_index_report* report,
                                                                  cairn_index_stats* stats_inout,
                                                                  cairn_error** err) CAIRN_NOEXCEPT;

/** Number of problems of a kind (CAIRN_PROBLEM_*). Threads: any. Since 0.1. */
CAIRN_EXPORT size_t cairn_index_report_problem_count(const cairn_index_report* report,
                                                     int32_t kind) CAIRN_NOEXCEPT;

/**
 * One problem.
 * path_out, reason_out: NUL-terminated, borrowed until the report is released; NULL when out of
 * range.
 * Errors: CAIRN_OUT_OF_RANGE. Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_index_report_problem(
    const cairn_index_report* report, int32_t kind, size_t index, const char** path_out,
    const char** reason_out, cairn_error** err) CAIRN_NOEXCEPT;

/**
 * The report as one JSON object: scanned added changed renamed deleted unchanged chunks bytes
 * embedded seconds cancelled failed[] skipped[] warnings[].
 * json_out: release it with cairn_buffer_release. Threads: any. Since 0.1.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_index_report_json(const cairn_index_report* report,
                                                                 cairn_buffer** json_out,
                                                                 cairn_error** err) CAIRN_NOEXCEPT;

/** Releases a report. NULL is a no-op. Threads: any. Since 0.1. */
CAIRN_EXPORT void cairn_index_report_release(cairn_index_report* report) CAIRN_NOEXCEPT;

CAIRN_END_DECLS

#endif /* CAIRN_INDEXER_H_ */
