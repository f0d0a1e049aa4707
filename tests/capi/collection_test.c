/* Creating, opening, listing and dropping collections, and their settings. */
#include <math.h>
#include <string.h>

#include "check.h"

static cairn_collection_options plain_options(void) {
  return vector_options(0, CAIRN_METRIC_COSINE);
}

static void names_are_checked(void) {
  struct fixture fixture = open_fixture(NULL);
  cairn_database* database = fixture.database;
  cairn_collection* made = NULL;
  char long_name[130];
  memset(long_name, 'n', sizeof long_name);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "",
              cairn_collection_create(database, "", 0, NULL, &made, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "name is NULL",
              cairn_collection_create(database, NULL, 1, NULL, &made, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "",
              cairn_collection_create(database, "a/b", NUL, NULL, &made, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "",
              cairn_collection_create(database, "a\0b", 3, NULL, &made, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "UTF-8",
              cairn_collection_create(database, "\xff", 1, NULL, &made, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "128",
              cairn_collection_create(database, long_name, 129, NULL, &made, ERR));
  CHECK(made == NULL);
  CHECK_OK(cairn_collection_create(database, long_name, 128, NULL, &made, ERR));
  cairn_collection_release(made);
  close_fixture(&fixture);
}

static void a_name_is_taken_once(void) {
  struct fixture fixture = open_fixture(NULL);
  cairn_collection* again = NULL;
  CHECK_FAILS(CAIRN_ALREADY_EXISTS, "notes",
              cairn_collection_create(fixture.database, "notes", NUL, NULL, &again, ERR));
  CHECK_FAILS(CAIRN_NOT_FOUND, "other",
              cairn_collection_open(fixture.database, "other", NUL, NULL, &again, ERR));
  CHECK_FAILS(CAIRN_NOT_FOUND, "other", cairn_collection_drop(fixture.database, "other", NUL, ERR));
  CHECK(again == NULL);
  CHECK_OK(cairn_collection_drop(fixture.database, "notes", NUL, ERR));
  CHECK_OK(cairn_collection_create(fixture.database, "notes", NUL, NULL, &again, ERR));
  cairn_collection_release(again);
  close_fixture(&fixture);
}

static void names_come_in_byte_order(void) {
  struct fixture fixture = open_fixture(NULL);
  static const char* const expected[4] = {"Zebra", "ant", "notes", "\xc3\xa9tude"};
  static const char* const made[3] = {"\xc3\xa9tude", "ant", "Zebra"};
  cairn_list* names = NULL;
  for (int i = 0; i < 3; ++i) {
    cairn_collection* collection = NULL;
    CHECK_OK(cairn_collection_create(fixture.database, made[i], NUL, NULL, &collection, ERR));
    cairn_collection_release(collection);
  }
  CHECK_OK(cairn_collection_names(fixture.database, &names, ERR));
  CHECK(cairn_list_size(names) == 4);
  for (size_t i = 0; i < 4; ++i) CHECK_TEXT(expected[i], cairn_list_item(names, i, NULL));
  cairn_list_release(names);
  close_fixture(&fixture);
}

static void check_refused(cairn_database* database, const cairn_collection_options* options,
                          const char* why) {
  cairn_collection* made = NULL;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why,
              cairn_collection_create(database, "other", NUL, options, &made, ERR));
  CHECK(made == NULL);
}

static void bad_options_are_refused(void) {
  struct fixture fixture = open_fixture(NULL);
  cairn_database* database = fixture.database;
  cairn_collection_options options = plain_options();
  options.embedder = 3;
  check_refused(database, &options, "embedder");
  options = vector_options(3, 3);
  check_refused(database, &options, "metric");
  options = vector_options(65536, CAIRN_METRIC_L2);
  check_refused(database, &options, "dimension");
  options = plain_options();
  options.language = "klingon";
  options.language_bytes = NUL;
  check_refused(database, &options, "klingon");
  options = plain_options();
  options.language = NULL;
  options.language_bytes = 3;
  check_refused(database, &options, "language");
  options = plain_options();
  options.bm25_k1 = -1;
  check_refused(database, &options, "k1");
  options = plain_options();
  options.bm25_b = 1.5f;
  check_refused(database, &options, "b must");
  options = plain_options();
  options.title_weight = nanf("");
  check_refused(database, &options, "weight");
  close_fixture(&fixture);
}

static void an_embedder_fits_its_options(void) {
  struct fixture fixture = open_fixture(NULL);
  cairn_collection_options options = plain_options();
  options.embedder = CAIRN_EMBEDDER_BUILTIN;
  options.dim = 3;
  check_refused(fixture.database, &options, "dimension");
  options.dim = 0;
  options.metric = CAIRN_METRIC_L2;
  check_refused(fixture.database, &options, "cosine");
  options = plain_options();
  options.embedder = CAIRN_EMBEDDER_CALLBACK;
  check_refused(fixture.database, &options, "name");
  options.embedder_name = "\xff";
  options.embedder_name_bytes = 1;
  check_refused(fixture.database, &options, "embedder_name");
  close_fixture(&fixture);
}

static void all_faults_are_listed_at_once(void) {
  struct fixture fixture = open_fixture(NULL);
  cairn_collection_options options = vector_options(70000, 9);
  cairn_collection* made = NULL;
  cairn_error* err = NULL;
  options.bm25_k1 = -1;
  CHECK(cairn_collection_create(fixture.database, "b", 1, &options, &made, &err) ==
        CAIRN_INVALID_ARGUMENT);
  CHECK_HOLDS("dimension", cairn_error_message(err));
  CHECK_HOLDS("metric", cairn_error_message(err));
  CHECK_HOLDS("k1", cairn_error_message(err));
  cairn_error_release(err);
  close_fixture(&fixture);
}

static void opening_compares_the_options(void) {
  cairn_collection_options options = vector_options(3, CAIRN_METRIC_L2);
  struct fixture fixture = open_fixture(&options);
  cairn_collection* opened = NULL;
  CHECK_OK(cairn_collection_open(fixture.database, "notes", NUL, &options, &opened, ERR));
  cairn_collection_release(opened);
  options.dim = 4;
  CHECK_FAILS(CAIRN_FAILED_PRECONDITION, "dim",
              cairn_collection_open(fixture.database, "notes", NUL, &options, &opened, ERR));
  options = vector_options(3, CAIRN_METRIC_INNER_PRODUCT);
  CHECK_FAILS(CAIRN_FAILED_PRECONDITION, "metric",
              cairn_collection_open(fixture.database, "notes", NUL, &options, &opened, ERR));
  CHECK(opened == NULL);
  cairn_collection_options_init(&options, sizeof options);
  CHECK_OK(cairn_collection_open(fixture.database, "notes", NUL, &options, &opened, ERR));
  cairn_collection_release(opened);
  close_fixture(&fixture);
}

static void statistics_tell_the_settings(void) {
  cairn_collection_options options = vector_options(2, CAIRN_METRIC_L2);
  struct fixture fixture = open_fixture(&options);
  cairn_collection_stats stats;
  const float vector[2] = {1, 2};
  CHECK_OK(put_vector(fixture.collection, "a", vector, 2, ERR));
  stats.struct_size = sizeof stats;
  CHECK_OK(cairn_collection_stats_get(fixture.collection, &stats, ERR));
  CHECK(stats.dim == 2);
  CHECK(stats.metric == CAIRN_METRIC_L2);
  CHECK(stats.embedder == CAIRN_EMBEDDER_NONE);
  CHECK(stats.document_count == 1);
  CHECK(stats.vector_count == 1);
  CHECK(stats.embedder_generation == 0 && stats.training_min_chunks == 0);
  close_fixture(&fixture);
}

static void the_default_is_builtin(void) {
  struct fixture fixture = open_fixture(NULL);
  cairn_collection* made = NULL;
  cairn_collection_stats stats;
  stats.struct_size = sizeof stats;
  CHECK_OK(cairn_collection_create(fixture.database, "plain", NUL, NULL, &made, ERR));
  CHECK_OK(cairn_collection_stats_get(made, &stats, ERR));
  CHECK(stats.embedder == CAIRN_EMBEDDER_BUILTIN);
  CHECK(stats.dim == 512 && stats.metric == CAIRN_METRIC_COSINE);
  CHECK(stats.training_min_chunks > 0);
  CHECK_FAILS(CAIRN_FAILED_PRECONDITION, "", cairn_collection_train(made, ERR));
  CHECK_FAILS(CAIRN_FAILED_PRECONDITION, "", cairn_collection_train(fixture.collection, ERR));
  cairn_collection_release(made);
  close_fixture(&fixture);
}

/* Scores of the two documents that hold the word, under these settings. */
static double score_of_title_match(const cairn_collection_options* options) {
  struct fixture fixture = open_fixture(options);
  cairn_document_input input;
  cairn_results* results = NULL;
  cairn_result result;
  cairn_document_input_init(&input, sizeof input);
  input.id = "a";
  input.id_bytes = 1;
  input.title = "lantern";
  input.title_bytes = NUL;
  input.body = "something else";
  input.body_bytes = NUL;
  CHECK_OK(cairn_collection_upsert(fixture.collection, &input, 1, ERR));
  put_text(fixture.collection, "b", "nothing of that kind at all");
  CHECK_OK(cairn_search(fixture.collection, "lantern", NUL, NULL, &results, ERR));
  result.struct_size = sizeof result;
  double score = cairn_results_get(results, 0, &result, NULL) == CAIRN_OK ? result.score : 0;
  cairn_results_release(results);
  close_fixture(&fixture);
  return score;
}

static void every_ranking_setting_counts(void) {
  cairn_collection_options options = plain_options();
  double standard = score_of_title_match(&options);
  CHECK(standard > 0);
  options.title_weight = -1;
  CHECK(score_of_title_match(&options) == 0);
  options.title_weight = 5;
  CHECK(score_of_title_match(&options) > standard);
  options = plain_options();
  options.bm25_k1 = 3;
  CHECK(score_of_title_match(&options) < standard);
  options = plain_options();
  options.bm25_b = -1;
  CHECK(score_of_title_match(&options) != standard);
}

static void the_language_stems(void) {
  cairn_collection_options options = plain_options();
  for (int stems = 0; stems < 2; ++stems) {
    options.language = stems ? "german" : "none";
    options.language_bytes = NUL;
    struct fixture fixture = open_fixture(&options);
    cairn_results* results = NULL;
    cairn_search_info info;
    put_text(fixture.collection, "a", "viele Laternen");
    CHECK_OK(cairn_search(fixture.collection, "Laterne", NUL, NULL, &results, ERR));
    info.struct_size = sizeof info;
    CHECK_OK(cairn_results_info(results, &info, ERR));
    CHECK(info.count == (uint32_t)stems);
    cairn_results_release(results);
    close_fixture(&fixture);
  }
}

int main(void) {
  RUN(names_are_checked);
  RUN(a_name_is_taken_once);
  RUN(names_come_in_byte_order);
  RUN(bad_options_are_refused);
  RUN(an_embedder_fits_its_options);
  RUN(all_faults_are_listed_at_once);
  RUN(opening_compares_the_options);
  RUN(statistics_tell_the_settings);
  RUN(the_default_is_builtin);
  RUN(every_ranking_setting_counts);
  RUN(the_language_stems);
  return check_result();
}
