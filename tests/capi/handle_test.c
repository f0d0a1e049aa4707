/* Handles: NULL, of another type, released in any order, used after close and after drop. */
#include <string.h>

#include "check.h"

/* Every function that takes a database refuses NULL and a handle of another type. */
static void check_bad_database(cairn_database* bad, const char* why) {
  cairn_collection* collection = (cairn_collection*)bad;
  cairn_list* list = (cairn_list*)bad;
  cairn_buffer* buffer = (cairn_buffer*)bad;
  cairn_database_stats stats;
  memset(&stats, 1, sizeof stats);
  stats.struct_size = sizeof stats;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_database_close(bad, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_database_sync(bad, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_database_refresh(bad, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_database_wait_idle(bad, 0, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_database_stats_get(bad, &stats, ERR));
  CHECK(stats.struct_size == sizeof stats && stats.sequence == 0 && stats.read_only == 0);
  buffer = (cairn_buffer*)&stats;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_database_metrics(bad, &buffer, ERR));
  CHECK(buffer == NULL);
  collection = (cairn_collection*)&stats;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why,
              cairn_collection_create(bad, "x", 1, NULL, &collection, ERR));
  CHECK(collection == NULL);
  collection = (cairn_collection*)&stats;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why,
              cairn_collection_open(bad, "x", 1, NULL, &collection, ERR));
  CHECK(collection == NULL);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_collection_drop(bad, "x", 1, ERR));
  list = (cairn_list*)&stats;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_collection_names(bad, &list, ERR));
  CHECK(list == NULL);
  CHECK(cairn_database_retain(bad) == bad);
  cairn_database_release(bad);
}

static void check_bad_reading(cairn_collection* bad, const char* why) {
  char somewhere = 0;
  cairn_document* document = (cairn_document*)&somewhere;
  cairn_list* ids = (cairn_list*)&somewhere;
  cairn_results* results = (cairn_results*)&somewhere;
  cairn_buffer* buffer = (cairn_buffer*)&somewhere;
  uint64_t count = 7;
  float query = 1;
  uint64_t key = 7;
  float score = 7;
  uint32_t row_count = 7;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_collection_get(bad, "x", 1, &document, ERR));
  CHECK(document == NULL);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_collection_count(bad, &count, ERR));
  CHECK(count == 0);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_collection_ids(bad, NULL, 0, 1, &ids, ERR));
  CHECK(ids == NULL);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_search(bad, "x", 1, NULL, &results, ERR));
  CHECK(results == NULL);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why,
              cairn_search_vectors(bad, &query, 1, 1, 1, NULL, 0, &key, &score, &row_count, ERR));
  CHECK(key == 0 && score == 0 && row_count == 0);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_collection_id_of(bad, 1, &buffer, ERR));
  CHECK(buffer == NULL);
}

static void check_bad_collection(cairn_collection* bad, const char* why) {
  char somewhere = 0;
  cairn_collection_stats stats;
  memset(&stats, 1, sizeof stats);
  stats.struct_size = sizeof stats;
  cairn_index_report* report = (cairn_index_report*)&somewhere;
  cairn_document_input input;
  cairn_document_input_init(&input, sizeof input);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_collection_stats_get(bad, &stats, ERR));
  CHECK(stats.struct_size == sizeof stats && stats.dim == 0 && stats.training_min_chunks == 0);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_collection_train(bad, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_collection_upsert(bad, &input, 1, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_collection_delete(bad, "x", 1, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_index_folder(bad, "/", 1, NULL, &report, ERR));
  CHECK(report == NULL);
  CHECK(cairn_collection_retain(bad) == bad);
  cairn_collection_release(bad);
  check_bad_reading(bad, why);
}

static void check_bad_document(const cairn_document* bad, const char* why) {
  size_t size = 7;
  uint32_t dim = 7;
  cairn_chunk chunk = {sizeof chunk, 1, 1, 1, "", 1, "", 1};
  cairn_buffer* json = (cairn_buffer*)&size;
  CHECK(cairn_document_text(bad, CAIRN_FIELD_ID, &size) == NULL && size == 0);
  CHECK(cairn_document_tag_count(bad) == 0);
  size = 7;
  CHECK(cairn_document_tag(bad, 0, &size) == NULL && size == 0);
  CHECK(cairn_document_created_ns(bad) == 0);
  CHECK(cairn_document_modified_ns(bad) == 0);
  CHECK(cairn_document_chunk_count(bad) == 0);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_document_chunk(bad, 0, &chunk, ERR));
  CHECK(chunk.line == 0 && chunk.heading == NULL && chunk.text_bytes == 0);
  size = 7;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_document_vectors(bad, NULL, 0, &size, &dim, ERR));
  CHECK(size == 0 && dim == 0);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_document_json(bad, &json, ERR));
  CHECK(json == NULL);
}

static void check_bad_results(const cairn_results* bad, const char* why) {
  size_t size = 7;
  uint32_t begin = 7;
  uint32_t end = 7;
  cairn_search_info info;
  memset(&info, 1, sizeof info);
  info.struct_size = sizeof info;
  cairn_result result;
  result.struct_size = sizeof result;
  result.score = 7;
  cairn_buffer* json = (cairn_buffer*)&size;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_results_info(bad, &info, ERR));
  CHECK(info.mode == 0 && info.degraded == NULL);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_results_get(bad, 0, &result, ERR));
  CHECK(result.score == 0 && result.id == NULL);
  CHECK(cairn_results_tag_count(bad, 0) == 0);
  CHECK(cairn_results_tag(bad, 0, 0, &size) == NULL && size == 0);
  CHECK(cairn_results_highlight_count(bad, 0) == 0);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_results_highlight(bad, 0, 0, &begin, &end, ERR));
  CHECK(begin == 0 && end == 0);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_results_json(bad, &json, ERR));
  CHECK(json == NULL);
}

static void check_bad_report(const cairn_index_report* bad, const char* why) {
  const char* path = why;
  const char* reason = why;
  cairn_index_stats stats = {sizeof stats, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  cairn_buffer* json = (cairn_buffer*)&stats;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_index_report_stats(bad, &stats, ERR));
  CHECK(stats.cancelled == 0 && stats.took_ns == 0);
  CHECK(cairn_index_report_problem_count(bad, CAIRN_PROBLEM_FAILED) == 0);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why,
              cairn_index_report_problem(bad, CAIRN_PROBLEM_FAILED, 0, &path, &reason, ERR));
  CHECK(path == NULL && reason == NULL);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_index_report_json(bad, &json, ERR));
  CHECK(json == NULL);
}

static void null_handles_are_refused(void) {
  check_bad_database(NULL, "database is NULL");
  check_bad_collection(NULL, "collection is NULL");
  check_bad_document(NULL, "document is NULL");
  check_bad_results(NULL, "results is NULL");
  check_bad_report(NULL, "report is NULL");
}

static void releasing_null_does_nothing(void) {
  cairn_database_release(NULL);
  cairn_collection_release(NULL);
  cairn_document_release(NULL);
  cairn_results_release(NULL);
  cairn_index_report_release(NULL);
  cairn_buffer_release(NULL);
  cairn_list_release(NULL);
  CHECK(cairn_database_retain(NULL) == NULL);
  CHECK(cairn_collection_retain(NULL) == NULL);
}

static void handles_of_another_type_are_refused(void) {
  struct fixture fixture = open_fixture(NULL);
  cairn_list* names = NULL;
  CHECK_OK(cairn_collection_names(fixture.database, &names, ERR));
  check_bad_database((cairn_database*)fixture.collection, "another type");
  check_bad_collection((cairn_collection*)fixture.database, "another type");
  check_bad_document((const cairn_document*)names, "another type");
  check_bad_results((const cairn_results*)names, "another type");
  check_bad_report((const cairn_index_report*)names, "another type");
  CHECK(cairn_list_size((const cairn_list*)fixture.database) == 0);
  CHECK_TEXT("", cairn_buffer_data((const cairn_buffer*)names, NULL));
  cairn_buffer_release((cairn_buffer*)names);
  cairn_document_release((cairn_document*)names);
  CHECK(cairn_list_size(names) == 1);
  cairn_list_release(names);
  close_fixture(&fixture);
}

static void null_outputs_are_refused(void) {
  struct fixture fixture = open_fixture(NULL);
  cairn_collection* collection = fixture.collection;
  uint32_t offset = 7;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "database_out",
              cairn_database_open(fixture.folder, NUL, NULL, NULL, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "stats_inout",
              cairn_database_stats_get(fixture.database, NULL, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "metrics_out",
              cairn_database_metrics(fixture.database, NULL, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "collection_out",
              cairn_collection_create(fixture.database, "b", 1, NULL, NULL, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "collection_out",
              cairn_collection_open(fixture.database, "notes", NUL, NULL, NULL, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "names_out",
              cairn_collection_names(fixture.database, NULL, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "stats_inout",
              cairn_collection_stats_get(collection, NULL, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "document_out",
              cairn_collection_get(collection, "x", 1, NULL, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "count_out", cairn_collection_count(collection, NULL, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "ids_out",
              cairn_collection_ids(collection, NULL, 0, 1, NULL, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "results_out",
              cairn_search(collection, "x", 1, NULL, NULL, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "id_out", cairn_collection_id_of(collection, 1, NULL, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "report_out",
              cairn_index_folder(collection, fixture.folder, NUL, NULL, NULL, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "end_out",
              cairn_results_highlight(NULL, 0, 0, &offset, NULL, ERR));
  CHECK(offset == 0);
  close_fixture(&fixture);
}

/* A database, a collection and results, released in every order; a document first or last. */
static void any_release_order_is_safe(void) {
  static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                   {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  for (int order = 0; order < 6; ++order) {
    struct fixture fixture = open_fixture(NULL);
    cairn_document* document = NULL;
    cairn_results* results = NULL;
    put_text(fixture.collection, "a", "white lanterns");
    CHECK_OK(cairn_collection_get(fixture.collection, "a", 1, &document, ERR));
    CHECK_OK(cairn_search(fixture.collection, "lanterns", NUL, NULL, &results, ERR));
    if (order % 2 == 0) cairn_document_release(document);
    for (int i = 0; i < 3; ++i) {
      if (orders[order][i] == 0) cairn_database_release(fixture.database);
      if (orders[order][i] == 1) cairn_collection_release(fixture.collection);
      if (orders[order][i] == 2) cairn_results_release(results);
    }
    if (order % 2 == 1) {
      CHECK_TEXT("white lanterns", cairn_document_text(document, CAIRN_FIELD_BODY, NULL));
      cairn_document_release(document);
    }
    remove_folder(fixture.folder);
  }
}

static void children_outlive_their_parents(void) {
  struct fixture fixture = open_fixture(NULL);
  cairn_results* results = NULL;
  cairn_result result;
  uint64_t count = 0;
  cairn_database_release(fixture.database);
  put_text(fixture.collection, "a", "white lanterns");
  CHECK_OK(cairn_collection_count(fixture.collection, &count, ERR));
  CHECK(count == 1);
  CHECK_OK(cairn_search(fixture.collection, "lanterns", NUL, NULL, &results, ERR));
  cairn_collection_release(fixture.collection);
  result.struct_size = sizeof result;
  CHECK_OK(cairn_results_get(results, 0, &result, ERR));
  CHECK_TEXT("a", result.id);
  cairn_results_release(results);
  remove_folder(fixture.folder);
}

static void a_retained_handle_lives_on(void) {
  struct fixture fixture = open_fixture(NULL);
  CHECK(cairn_database_retain(fixture.database) == fixture.database);
  CHECK(cairn_collection_retain(fixture.collection) == fixture.collection);
  cairn_database_release(fixture.database);
  cairn_collection_release(fixture.collection);
  put_text(fixture.collection, "a", "still there");
  CHECK_OK(cairn_database_sync(fixture.database, ERR));
  close_fixture(&fixture);
}

/* Every call that touches the collection says the same thing. */
static void check_gone(cairn_collection* collection, cairn_status code) {
  cairn_document_input input;
  cairn_document* document = NULL;
  cairn_list* ids = NULL;
  cairn_results* results = NULL;
  cairn_buffer* id = NULL;
  cairn_index_report* report = NULL;
  uint64_t count = 0;
  cairn_collection_stats stats;
  cairn_document_input_init(&input, sizeof input);
  input.id = "b";
  input.id_bytes = 1;
  stats.struct_size = sizeof stats;
  CHECK_FAILS(code, "", cairn_collection_upsert(collection, &input, 1, ERR));
  CHECK_FAILS(code, "", cairn_collection_delete(collection, "a", 1, ERR));
  CHECK_FAILS(code, "", cairn_collection_get(collection, "a", 1, &document, ERR));
  CHECK_FAILS(code, "", cairn_collection_count(collection, &count, ERR));
  CHECK_FAILS(code, "", cairn_collection_ids(collection, NULL, 0, 10, &ids, ERR));
  CHECK_FAILS(code, "", cairn_collection_stats_get(collection, &stats, ERR));
  CHECK_FAILS(code, "", cairn_collection_train(collection, ERR));
  CHECK_FAILS(code, "", cairn_search(collection, "lanterns", NUL, NULL, &results, ERR));
  CHECK_FAILS(code, "", cairn_collection_id_of(collection, 1, &id, ERR));
  CHECK_FAILS(code, "", cairn_index_folder(collection, "/tmp", NUL, NULL, &report, ERR));
}

static void calls_after_close_fail(void) {
  struct fixture fixture = open_fixture(NULL);
  cairn_collection* again = NULL;
  cairn_list* names = NULL;
  cairn_database_stats stats;
  stats.struct_size = sizeof stats;
  put_text(fixture.collection, "a", "white lanterns");
  CHECK_OK(cairn_database_close(fixture.database, ERR));
  CHECK_OK(cairn_database_close(fixture.database, ERR));
  check_gone(fixture.collection, CAIRN_FAILED_PRECONDITION);
  CHECK_FAILS(CAIRN_FAILED_PRECONDITION, "",
              cairn_collection_create(fixture.database, "b", 1, NULL, &again, ERR));
  CHECK_FAILS(CAIRN_FAILED_PRECONDITION, "",
              cairn_collection_open(fixture.database, "notes", NUL, NULL, &again, ERR));
  CHECK_FAILS(CAIRN_FAILED_PRECONDITION, "",
              cairn_collection_drop(fixture.database, "notes", NUL, ERR));
  CHECK_FAILS(CAIRN_FAILED_PRECONDITION, "", cairn_collection_names(fixture.database, &names, ERR));
  CHECK_FAILS(CAIRN_FAILED_PRECONDITION, "", cairn_database_sync(fixture.database, ERR));
  CHECK_FAILS(CAIRN_FAILED_PRECONDITION, "",
              cairn_database_stats_get(fixture.database, &stats, ERR));
  close_fixture(&fixture);
}

static void calls_after_drop_fail(void) {
  struct fixture fixture = open_fixture(NULL);
  put_text(fixture.collection, "a", "white lanterns");
  CHECK_OK(cairn_collection_drop(fixture.database, "notes", NUL, ERR));
  check_gone(fixture.collection, CAIRN_NOT_FOUND);
  close_fixture(&fixture);
}

int main(void) {
  RUN(null_handles_are_refused);
  RUN(releasing_null_does_nothing);
  RUN(handles_of_another_type_are_refused);
  RUN(null_outputs_are_refused);
  RUN(any_release_order_is_safe);
  RUN(children_outlive_their_parents);
  RUN(a_retained_handle_lives_on);
  RUN(calls_after_close_fail);
  RUN(calls_after_drop_fail);
  return check_result();
}
