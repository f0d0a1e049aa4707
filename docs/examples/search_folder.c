/* Index a folder of notes and print what it has about a question.
 *
 *   cc search_folder.c $(pkg-config --cflags --libs cairn) -o search_folder
 *   ./search_folder notes.cairn ~/notes "sourdough starter"
 */
#include <cairn/cairn.h>
#include <inttypes.h>
#include <stdio.h>

static void print_results(const cairn_results* results) {
  cairn_result result = {.struct_size = sizeof result};
  for (size_t i = 0; cairn_results_get(results, i, &result, NULL) == CAIRN_OK; ++i) {
    printf("%zu. %s (%s:%" PRIu32 ", score %.3f)\n   %s\n", i + 1, result.title, result.path,
           result.chunk_line, result.score, result.snippet);
  }
}

/* Opens the collection, and creates it the first time. */
static cairn_status open_notes(cairn_database* db, cairn_collection** notes, cairn_error** err) {
  cairn_status status = cairn_collection_open(db, "notes", CAIRN_NUL_TERMINATED, NULL, notes, err);
  if (status != CAIRN_NOT_FOUND) return status;
  cairn_error_release(*err);
  *err = NULL;
  return cairn_collection_create(db, "notes", CAIRN_NUL_TERMINATED, NULL, notes, err);
}

int main(int argc, char** argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: %s <database> <folder> <query>\n", argv[0]);
    return 2;
  }
  cairn_database* db = NULL;
  cairn_collection* notes = NULL;
  cairn_index_report* report = NULL;
  cairn_results* results = NULL;
  cairn_error* err = NULL;
  cairn_index_stats stats = {.struct_size = sizeof stats};

  cairn_status status = cairn_database_open(argv[1], CAIRN_NUL_TERMINATED, NULL, &db, &err);
  if (!status) status = open_notes(db, &notes, &err);
  if (!status) {
    status = cairn_index_folder(notes, argv[2], CAIRN_NUL_TERMINATED, NULL, &report, &err);
  }
  if (!status) status = cairn_index_report_stats(report, &stats, &err);
  if (!status) status = cairn_search(notes, argv[3], CAIRN_NUL_TERMINATED, NULL, &results, &err);
  if (!status) {
    printf("%" PRIu64 " new, %" PRIu64 " changed, %" PRIu64 " deleted, %" PRIu64 " unchanged\n",
           stats.added_count, stats.changed_count, stats.deleted_count, stats.unchanged_count);
    print_results(results);
  } else {
    fprintf(stderr, "%s: %s\n", cairn_status_name(status), cairn_error_message(err));
  }
  cairn_error_release(err); /* releasing takes NULL, and any order */
  cairn_results_release(results);
  cairn_index_report_release(report);
  cairn_collection_release(notes);
  cairn_database_release(db);
  return status ? 1 : 0;
}
