/* Structs led by struct_size: too small, longer with and without something in the tail. */
#include <string.h>

#include "check.h"

/* Room for any public struct and a tail that this library does not know. */
union sized {
  uint32_t struct_size;
  cairn_database_options database_options;
  cairn_database_stats database_stats;
  cairn_collection_options collection_options;
  cairn_collection_stats collection_stats;
  cairn_document_input input;
  cairn_chunk chunk;
  cairn_index_options index_options;
  cairn_index_stats index_stats;
  cairn_search_options search_options;
  cairn_search_info info;
  cairn_result result;
  cairn_breaker_options breaker_options;
  cairn_retry_options retry_options;
  cairn_bulkhead_options bulkhead_options;
  cairn_pipeline_options pipeline_options;
  cairn_batcher_options batcher_options;
  cairn_vector_options vector_options;
  cairn_vector_report vector_report;
  char bytes[1024];
};

static const uint32_t tail_bytes = 24;

static void init_clears_and_sets_the_size(void) {
  union sized sized;
#define CHECK_INIT(init, member)                                                 \
  do {                                                                           \
    memset(&sized, 0x5a, sizeof sized);                                          \
    init(&sized.member, (uint32_t)sizeof sized.member);                          \
    CHECK(sized.struct_size == sizeof sized.member);                             \
    for (size_t i = 4; i < sizeof sized.member; ++i) CHECK(sized.bytes[i] == 0); \
    CHECK(sized.bytes[sizeof sized.member] == 0x5a);                             \
    init(NULL, (uint32_t)sizeof sized.member);                                   \
    memset(&sized, 0x5a, sizeof sized);                                          \
    init(&sized.member, 3);                                                      \
    CHECK(sized.bytes[0] == 0x5a);                                               \
  } while (0)
  CHECK_INIT(cairn_database_options_init, database_options);
  CHECK_INIT(cairn_collection_options_init, collection_options);
  CHECK_INIT(cairn_document_input_init, input);
  CHECK_INIT(cairn_index_options_init, index_options);
  CHECK_INIT(cairn_search_options_init, search_options);
  CHECK_INIT(cairn_breaker_options_init, breaker_options);
  CHECK_INIT(cairn_retry_options_init, retry_options);
  CHECK_INIT(cairn_bulkhead_options_init, bulkhead_options);
  CHECK_INIT(cairn_pipeline_options_init, pipeline_options);
  CHECK_INIT(cairn_batcher_options_init, batcher_options);
  CHECK_INIT(cairn_vector_options_init, vector_options);
#undef CHECK_INIT
}

/* One call that takes an input struct, with everything else in order. */
typedef cairn_status (*input_call)(struct fixture* fixture, const union sized* sized,
                                   cairn_error** err);

/* first_bytes: the size that the struct had at first. */
static void check_input(input_call call, union sized good, size_t first_bytes, size_t known_bytes) {
  struct fixture fixture = open_fixture(NULL);
  union sized sized = good;
  sized.struct_size = 0;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "struct_size is 0", call(&fixture, &sized, ERR));
  sized.struct_size = (uint32_t)first_bytes - 1;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "struct_size", call(&fixture, &sized, ERR));
  sized.struct_size = (uint32_t)first_bytes;
  CHECK_OK(call(&fixture, &sized, ERR));
  sized.struct_size = 0xa5a5a5a5;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "struct_size", call(&fixture, &sized, ERR));
  sized.struct_size = (uint32_t)known_bytes + tail_bytes;
  sized.bytes[known_bytes + tail_bytes - 1] = 1;
  CHECK_FAILS(CAIRN_UNSUPPORTED, "does not know", call(&fixture, &sized, ERR));
  sized.bytes[known_bytes + tail_bytes - 1] = 0;
  CHECK_OK(call(&fixture, &sized, ERR));
  CHECK_OK(call(&fixture, &good, ERR));
  close_fixture(&fixture);
}

static cairn_status call_open(struct fixture* fixture, const union sized* sized,
                              cairn_error** err) {
  cairn_database* database = NULL;
  cairn_status status = cairn_database_open(path_in(fixture->folder, "second"), NUL,
                                            &sized->database_options, &database, err);
  CHECK((status == CAIRN_OK) == (database != NULL));
  cairn_database_release(database);
  return status;
}

static cairn_status call_create(struct fixture* fixture, const union sized* sized,
                                cairn_error** err) {
  static char name[2] = "a";
  cairn_collection* collection = NULL;
  ++name[0];
  cairn_status status = cairn_collection_create(fixture->database, name, NUL,
                                                &sized->collection_options, &collection, err);
  CHECK((status == CAIRN_OK) == (collection != NULL));
  cairn_collection_release(collection);
  return status;
}

static cairn_status call_reopen(struct fixture* fixture, const union sized* sized,
                                cairn_error** err) {
  cairn_collection* collection = NULL;
  cairn_status status = cairn_collection_open(fixture->database, "notes", NUL,
                                              &sized->collection_options, &collection, err);
  CHECK((status == CAIRN_OK) == (collection != NULL));
  cairn_collection_release(collection);
  return status;
}

static cairn_status call_upsert(struct fixture* fixture, const union sized* sized,
                                cairn_error** err) {
  return cairn_collection_upsert(fixture->collection, &sized->input, 1, err);
}

static cairn_status call_index(struct fixture* fixture, const union sized* sized,
                               cairn_error** err) {
  cairn_index_report* report = NULL;
  write_file(fixture->folder, "vault/a.md", "# A note\n");
  cairn_status status = cairn_index_folder(fixture->collection, path_in(fixture->folder, "vault"),
                                           NUL, &sized->index_options, &report, err);
  CHECK((status == CAIRN_OK) == (report != NULL));
  cairn_index_report_release(report);
  return status;
}

static cairn_status call_search(struct fixture* fixture, const union sized* sized,
                                cairn_error** err) {
  cairn_results* results = NULL;
  cairn_status status =
      cairn_search(fixture->collection, "note", NUL, &sized->search_options, &results, err);
  CHECK((status == CAIRN_OK) == (results != NULL));
  cairn_results_release(results);
  return status;
}

static cairn_status call_similar(struct fixture* fixture, const union sized* sized,
                                 cairn_error** err) {
  static const float vector[2] = {1, 2};
  cairn_collection* collection = NULL;
  cairn_collection_options options = vector_options(2, CAIRN_METRIC_COSINE);
  uint64_t key = 0;
  float score = 0;
  uint32_t count = 0;
  if (cairn_collection_open(fixture->database, "vectors", NUL, NULL, &collection, NULL) !=
      CAIRN_OK) {
    CHECK_OK(
        cairn_collection_create(fixture->database, "vectors", NUL, &options, &collection, ERR));
    CHECK_OK(put_vector(collection, "a", vector, 2, ERR));
  }
  cairn_status status = cairn_collection_search_similar(
      collection, "a", NUL, 1, &sized->vector_options, &key, NULL, &score, &count, NULL, err);
  CHECK((status == CAIRN_OK) == (count == 1));
  cairn_collection_release(collection);
  return status;
}

static union sized cleared(size_t struct_bytes) {
  union sized sized;
  memset(&sized, 0, sizeof sized);
  sized.struct_size = (uint32_t)struct_bytes;
  return sized;
}

static void inputs_follow_the_rules(void) {
  union sized collection = cleared(sizeof(cairn_collection_options));
  collection.collection_options.embedder = CAIRN_EMBEDDER_NONE;
  union sized input = cleared(sizeof(cairn_document_input));
  input.input.id = "a";
  input.input.id_bytes = 1;
  check_input(call_open, cleared(sizeof(cairn_database_options)), 56,
              sizeof(cairn_database_options));
  check_input(call_create, collection, 112, sizeof(cairn_collection_options));
  check_input(call_reopen, collection, 112, sizeof(cairn_collection_options));
  check_input(call_upsert, input, 184, sizeof(cairn_document_input));
  check_input(call_index, cleared(sizeof(cairn_index_options)), 64, sizeof(cairn_index_options));
  check_input(call_search, cleared(sizeof(cairn_search_options)), 72, sizeof(cairn_search_options));
  check_input(call_similar, cleared(sizeof(cairn_vector_options)), 48,
              sizeof(cairn_vector_options));
}

/* What the outputs are read from. */
struct answers {
  struct fixture fixture;
  cairn_document* document;
  cairn_results* results;
  cairn_index_report* report;
};

typedef cairn_status (*output_call)(struct answers* answers, union sized* sized, cairn_error** err);

static cairn_status get_database_stats(struct answers* answers, union sized* sized,
                                       cairn_error** err) {
  return cairn_database_stats_get(answers->fixture.database, &sized->database_stats, err);
}
static cairn_status get_collection_stats(struct answers* answers, union sized* sized,
                                         cairn_error** err) {
  return cairn_collection_stats_get(answers->fixture.collection, &sized->collection_stats, err);
}
static cairn_status get_chunk(struct answers* answers, union sized* sized, cairn_error** err) {
  return cairn_document_chunk(answers->document, 0, &sized->chunk, err);
}
static cairn_status get_index_stats(struct answers* answers, union sized* sized,
                                    cairn_error** err) {
  return cairn_index_report_stats(answers->report, &sized->index_stats, err);
}
static cairn_status get_info(struct answers* answers, union sized* sized, cairn_error** err) {
  return cairn_results_info(answers->results, &sized->info, err);
}
static cairn_status get_result(struct answers* answers, union sized* sized, cairn_error** err) {
  return cairn_results_get(answers->results, 0, &sized->result, err);
}

static void check_output(struct answers* answers, output_call call, size_t first_bytes,
                         size_t known_bytes) {
  union sized sized;
  memset(&sized, 0x5a, sizeof sized);
  sized.struct_size = (uint32_t)first_bytes - 4;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "struct_size", call(answers, &sized, ERR));
  CHECK(sized.bytes[4] == 0x5a);
  sized.struct_size = (uint32_t)first_bytes;
  CHECK_OK(call(answers, &sized, ERR));
  CHECK(sized.bytes[first_bytes] == 0x5a);
  sized.struct_size = 0x5a5a5a5a;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "struct_size", call(answers, &sized, ERR));
  sized.struct_size = (uint32_t)known_bytes + tail_bytes;
  CHECK_OK(call(answers, &sized, ERR));
  CHECK(sized.struct_size == known_bytes + tail_bytes);
  for (size_t i = known_bytes; i < known_bytes + tail_bytes; ++i) CHECK(sized.bytes[i] == 0);
  CHECK(sized.bytes[known_bytes + tail_bytes] == 0x5a);
}

static void outputs_follow_the_rules(void) {
  struct answers answers = {open_fixture(NULL), NULL, NULL, NULL};
  cairn_collection* collection = answers.fixture.collection;
  write_file(answers.fixture.folder, "vault/a.md", "# A note\n");
  CHECK_OK(cairn_index_folder(collection, path_in(answers.fixture.folder, "vault"), NUL, NULL,
                              &answers.report, ERR));
  CHECK_OK(cairn_collection_get(collection, "a.md", NUL, &answers.document, ERR));
  CHECK_OK(cairn_search(collection, "note", NUL, NULL, &answers.results, ERR));
  check_output(&answers, get_database_stats, 56, sizeof(cairn_database_stats));
  check_output(&answers, get_collection_stats, 72, sizeof(cairn_collection_stats));
  check_output(&answers, get_chunk, 56, sizeof(cairn_chunk));
  check_output(&answers, get_index_stats, 112, sizeof(cairn_index_stats));
  check_output(&answers, get_info, 48, sizeof(cairn_search_info));
  check_output(&answers, get_result, 152, sizeof(cairn_result));
  cairn_document_release(answers.document);
  cairn_results_release(answers.results);
  cairn_index_report_release(answers.report);
  close_fixture(&answers.fixture);
}

/* An array of structs from a program with later headers: the stride is its struct_size. */
static void the_stride_is_the_size_of_the_caller(void) {
  struct later_input {
    cairn_document_input input;
    uint64_t unknown[2];
  } documents[3];
  static const char* const ids[3] = {"a", "b", "c"};
  struct fixture fixture = open_fixture(NULL);
  uint64_t count = 0;
  for (int i = 0; i < 3; ++i) {
    cairn_document_input_init(&documents[i].input, sizeof documents[i]);
    documents[i].input.id = ids[i];
    documents[i].input.id_bytes = 1;
  }
  CHECK_OK(cairn_collection_upsert(fixture.collection, &documents[0].input, 3, ERR));
  CHECK_OK(cairn_collection_count(fixture.collection, &count, ERR));
  CHECK(count == 3);
  close_fixture(&fixture);
}

static void every_struct_of_an_array_is_checked(void) {
  cairn_document_input documents[3];
  struct fixture fixture = open_fixture(NULL);
  cairn_error* err = NULL;
  uint64_t index = 0;
  for (int i = 0; i < 3; ++i) {
    cairn_document_input_init(&documents[i], sizeof documents[i]);
    documents[i].id = i == 0 ? "a" : i == 1 ? "b" : "c";
    documents[i].id_bytes = 1;
  }
  documents[2].struct_size = 0;
  CHECK(cairn_collection_upsert(fixture.collection, documents, 3, &err) == CAIRN_INVALID_ARGUMENT);
  CHECK(cairn_error_index(err, &index) == 1);
  CHECK(index == 2);
  cairn_error_release(err);
  CHECK_OK(cairn_collection_count(fixture.collection, &index, ERR));
  CHECK(index == 2);
  close_fixture(&fixture);
}

int main(void) {
  RUN(init_clears_and_sets_the_size);
  RUN(inputs_follow_the_rules);
  RUN(outputs_follow_the_rules);
  RUN(the_stride_is_the_size_of_the_caller);
  RUN(every_struct_of_an_array_is_checked);
  return check_result();
}
