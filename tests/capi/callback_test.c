/* Callbacks: what they are given, and that their data is freed once whatever happens. */
#include <math.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "check.h"

/* The user data of every callback here. */
struct host {
  atomic_int calls;
  atomic_int frees;
  atomic_int texts;
  atomic_int last_purpose;
  int outcome; /* what the callback returns */
  float value; /* of every element that the embedder gives */
};

static void count_free(void* user_data) { ++((struct host*)user_data)->frees; }

static void on_log(int32_t level, const char* component, const char* message, void* user_data) {
  struct host* host = user_data;
  CHECK(level >= CAIRN_LOG_DEBUG && level <= CAIRN_LOG_ERROR);
  CHECK(component[0] != '\0' && message != NULL);
  ++host->calls;
}

static int32_t on_embed(const char* const* texts, const size_t* text_bytes, size_t count,
                        int32_t purpose, float* vectors_out, void* user_data) {
  struct host* host = user_data;
  CHECK(count >= 1 && count <= 32);
  CHECK(purpose == CAIRN_PURPOSE_DOCUMENT || purpose == CAIRN_PURPOSE_QUERY);
  for (size_t i = 0; i < count; ++i) {
    CHECK(strlen(texts[i]) == text_bytes[i]);
    vectors_out[2 * i] = host->value;
    vectors_out[2 * i + 1] = host->value * (float)text_bytes[i];
  }
  ++host->calls;
  host->texts += (int)count;
  host->last_purpose = purpose;
  return host->outcome;
}

static cairn_collection_options embed_options(struct host* host) {
  cairn_collection_options options = vector_options(2, CAIRN_METRIC_COSINE);
  options.embedder = CAIRN_EMBEDDER_CALLBACK;
  options.embed_fn = on_embed;
  options.embed_user_data = host;
  options.embed_free = count_free;
  options.embedder_name = "lengths";
  options.embedder_name_bytes = NUL;
  return options;
}

static void a_log_callback_is_freed_with_the_database(void) {
  char* folder = make_folder();
  struct host host = {0};
  cairn_database* database = NULL;
  cairn_collection* collection = NULL;
  cairn_database_options options;
  cairn_database_options_init(&options, sizeof options);
  options.log_fn = on_log;
  options.log_user_data = &host;
  options.log_free = count_free;
  CHECK_OK(cairn_database_open(path_in(folder, "db"), NUL, &options, &database, ERR));
  CHECK_OK(cairn_collection_create(database, "a", 1, NULL, &collection, ERR));
  cairn_database_release(database);
  CHECK(host.frees == 0);
  cairn_collection_release(collection);
  CHECK(host.frees == 1);
  remove_folder(folder);
}

static void a_log_callback_is_freed_when_open_fails(void) {
  struct host host = {0};
  int frees = 0;
  cairn_database* database = NULL;
  cairn_database_options options;
  cairn_database_options_init(&options, sizeof options);
  options.log_fn = on_log;
  options.log_user_data = &host;
  options.log_free = count_free;
  options.must_exist = 1;
  CHECK_FAILS(CAIRN_NOT_FOUND, "",
              cairn_database_open("/nonexistent/db", NUL, &options, &database, ERR));
  CHECK(host.frees == ++frees);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "", cairn_database_open("", 0, &options, &database, ERR));
  CHECK(host.frees == ++frees);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "",
              cairn_database_open("/nonexistent/db", NUL, &options, NULL, ERR));
  CHECK(host.frees == ++frees);
  options.durability = 9;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "",
              cairn_database_open("/nonexistent/db", NUL, &options, &database, ERR));
  CHECK(host.frees == ++frees);
  options.log_fn = NULL;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "",
              cairn_database_open("/nonexistent/db", NUL, &options, &database, ERR));
  CHECK(host.frees == ++frees);
  options.struct_size =
      offsetof(cairn_database_options, log_free) + 4; /* cut in two: it cannot be called */
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "struct_size",
              cairn_database_open("/nonexistent/db", NUL, &options, &database, ERR));
  CHECK(host.frees == frees);
}

static void an_embedder_is_freed_with_its_collection(void) {
  struct host host = {.value = 1};
  cairn_collection_options options = embed_options(&host);
  struct fixture fixture = open_fixture(&options);
  put_text(fixture.collection, "a", "some words");
  CHECK(host.calls == 1 && host.last_purpose == CAIRN_PURPOSE_DOCUMENT);
  CHECK(host.frees == 0);
  close_fixture(&fixture);
  CHECK(host.frees == 1);
}

static void an_embedder_is_freed_when_the_call_fails(void) {
  struct fixture fixture = open_fixture(NULL);
  struct host host = {.value = 1};
  int frees = 0;
  cairn_collection* made = NULL;
  cairn_collection_options options = embed_options(&host);
  CHECK_FAILS(CAIRN_ALREADY_EXISTS, "",
              cairn_collection_create(fixture.database, "notes", NUL, &options, &made, ERR));
  CHECK(host.frees == ++frees);
  CHECK_FAILS(CAIRN_NOT_FOUND, "",
              cairn_collection_open(fixture.database, "b", 1, &options, &made, ERR));
  CHECK(host.frees == ++frees);
  CHECK_FAILS(CAIRN_FAILED_PRECONDITION, "",
              cairn_collection_open(fixture.database, "notes", NUL, &options, &made, ERR));
  CHECK(host.frees == ++frees);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "",
              cairn_collection_create(NULL, "b", 1, &options, &made, ERR));
  CHECK(host.frees == ++frees);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "",
              cairn_collection_create(fixture.database, "b/c", 3, &options, &made, ERR));
  CHECK(host.frees == ++frees);
  options.dim = 0;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "dimension",
              cairn_collection_create(fixture.database, "b", 1, &options, &made, ERR));
  CHECK(host.frees == ++frees);
  options = embed_options(&host);
  options.embedder = CAIRN_EMBEDDER_NONE;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "embed_fn",
              cairn_collection_create(fixture.database, "b", 1, &options, &made, ERR));
  CHECK(host.frees == ++frees);
  options = embed_options(&host);
  options.struct_size = sizeof options - 8; /* malformed, but embed_free can be read */
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "struct_size",
              cairn_collection_create(fixture.database, "b", 1, &options, &made, ERR));
  CHECK(host.frees == ++frees);
  options = embed_options(&host);
  options.embed_fn = NULL;
  CHECK(cairn_collection_create(fixture.database, "b", 1, &options, &made, NULL) ==
        CAIRN_INVALID_ARGUMENT);
  CHECK(host.frees == ++frees);
  CHECK(made == NULL && host.calls == 0);
  close_fixture(&fixture);
}

static void a_second_opening_frees_its_own_data(void) {
  struct host first = {.value = 1};
  struct host second = {.value = 1};
  cairn_collection_options options = embed_options(&first);
  struct fixture fixture = open_fixture(&options);
  cairn_collection* again = NULL;
  options.embed_user_data = &second;
  CHECK_OK(cairn_collection_open(fixture.database, "notes", NUL, &options, &again, ERR));
  put_text(again, "a", "some words");
  CHECK(first.calls + second.calls == 1);
  cairn_collection_release(again);
  put_text(fixture.collection, "b", "more words");
  close_fixture(&fixture);
  CHECK(first.frees == 1 && second.frees == 1);
}

static void a_collection_without_its_function_reads_only(void) {
  struct host host = {.value = 1};
  cairn_collection_options options = embed_options(&host);
  struct fixture fixture = open_fixture(&options);
  cairn_document_input input;
  cairn_results* results = NULL;
  put_text(fixture.collection, "a", "some words");
  cairn_collection_release(fixture.collection);
  cairn_database_release(fixture.database);
  CHECK(host.frees == 1);
  CHECK_OK(cairn_database_open(path_in(fixture.folder, "db"), NUL, NULL, &fixture.database, ERR));
  CHECK_OK(cairn_collection_open(fixture.database, "notes", NUL, NULL, &fixture.collection, ERR));
  CHECK_OK(cairn_search(fixture.collection, "words", NUL, NULL, &results, ERR));
  cairn_results_release(results);
  cairn_document_input_init(&input, sizeof input);
  input.id = "b";
  input.id_bytes = 1;
  input.body = "more";
  input.body_bytes = 4;
  CHECK_FAILS(CAIRN_FAILED_PRECONDITION, "",
              cairn_collection_upsert(fixture.collection, &input, 1, ERR));
  close_fixture(&fixture);
}

static void a_failing_embedder_fails_the_write(void) {
  struct host host = {.value = 1, .outcome = 42};
  cairn_collection_options options = embed_options(&host);
  struct fixture fixture = open_fixture(&options);
  cairn_document_input input;
  uint64_t count = 7;
  cairn_document_input_init(&input, sizeof input);
  input.id = "a";
  input.id_bytes = 1;
  input.body = "words";
  input.body_bytes = 5;
  CHECK_FAILS(CAIRN_UNAVAILABLE, "42", cairn_collection_upsert(fixture.collection, &input, 1, ERR));
  host.outcome = 0;
  host.value = NAN;
  CHECK_FAILS(CAIRN_INTERNAL, "", cairn_collection_upsert(fixture.collection, &input, 1, ERR));
  host.value = 0;
  CHECK(cairn_collection_upsert(fixture.collection, &input, 1, NULL) != CAIRN_OK);
  CHECK_OK(cairn_collection_count(fixture.collection, &count, ERR));
  CHECK(count == 0);
  host.value = 1;
  CHECK_OK(cairn_collection_upsert(fixture.collection, &input, 1, ERR));
  close_fixture(&fixture);
}

static void a_failing_embedder_degrades_the_search(void) {
  struct host host = {.value = 1};
  cairn_collection_options options = embed_options(&host);
  struct fixture fixture = open_fixture(&options);
  cairn_results* results = NULL;
  cairn_search_info info;
  cairn_search_options search;
  cairn_search_options_init(&search, sizeof search);
  info.struct_size = sizeof info;
  put_text(fixture.collection, "a", "some words");
  CHECK_OK(cairn_search(fixture.collection, "words", NUL, NULL, &results, ERR));
  CHECK_OK(cairn_results_info(results, &info, ERR));
  CHECK(info.mode == CAIRN_MODE_HYBRID && info.degraded_bytes == 0);
  CHECK(host.last_purpose == CAIRN_PURPOSE_QUERY);
  cairn_results_release(results);
  host.outcome = 1; /* "words" is remembered, "some" was never embedded */
  for (int hybrid = 0; hybrid < 2; ++hybrid) {
    search.mode = hybrid ? CAIRN_MODE_HYBRID : CAIRN_MODE_AUTO;
    CHECK_OK(cairn_search(fixture.collection, "some", NUL, &search, &results, ERR));
    CHECK_OK(cairn_results_info(results, &info, ERR));
    CHECK(info.mode == CAIRN_MODE_TEXT && info.count == 1);
    CHECK_HOLDS("lengths", info.degraded);
    cairn_results_release(results);
  }
  search.mode = CAIRN_MODE_VECTOR;
  CHECK_FAILS(CAIRN_UNAVAILABLE, "",
              cairn_search(fixture.collection, "some", NUL, &search, &results, ERR));
  close_fixture(&fixture);
}

int main(void) {
  RUN(a_log_callback_is_freed_with_the_database);
  RUN(a_log_callback_is_freed_when_open_fails);
  RUN(an_embedder_is_freed_with_its_collection);
  RUN(an_embedder_is_freed_when_the_call_fails);
  RUN(a_second_opening_frees_its_own_data);
  RUN(a_collection_without_its_function_reads_only);
  RUN(a_failing_embedder_fails_the_write);
  RUN(a_failing_embedder_degrades_the_search);
  return check_result();
}
