/* Vectors of the host: what is refused, and what the searches find. */
#include <math.h>
#include <string.h>

#include "check.h"

static const float east[2] = {1, 0};
static const float north[2] = {0, 1};
static const float northeast[2] = {3, 3};

static struct fixture compass(int32_t metric) {
  cairn_collection_options options = vector_options(2, metric);
  struct fixture fixture = open_fixture(&options);
  CHECK_OK(put_vector(fixture.collection, "east", east, 2, ERR));
  CHECK_OK(put_vector(fixture.collection, "north", north, 2, ERR));
  CHECK_OK(put_vector(fixture.collection, "northeast", northeast, 2, ERR));
  return fixture;
}

static cairn_search_options query_by(const float* vector, uint32_t dim) {
  cairn_search_options options;
  cairn_search_options_init(&options, sizeof options);
  options.vector = vector;
  options.dim = dim;
  return options;
}

static void bad_vectors_are_not_stored(void) {
  struct fixture fixture = compass(CAIRN_METRIC_COSINE);
  const float nan_vector[2] = {1, NAN};
  const float infinite[2] = {INFINITY, 1};
  const float zero[2] = {0, 0};
  uint64_t count = 0;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "3 dimensions, the collection has 2",
              put_vector(fixture.collection, "bad", east, 3, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "",
              put_vector(fixture.collection, "bad", nan_vector, 2, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "", put_vector(fixture.collection, "bad", infinite, 2, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "zero", put_vector(fixture.collection, "bad", zero, 2, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "dimension 0",
              put_vector(fixture.collection, "bad", east, 0, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "vectors is NULL",
              put_vector(fixture.collection, "bad", NULL, 2, ERR));
  CHECK_OK(cairn_collection_count(fixture.collection, &count, ERR));
  CHECK(count == 3);
  close_fixture(&fixture);
}

static void impossible_counts_are_refused(void) {
  struct fixture fixture = compass(CAIRN_METRIC_COSINE);
  cairn_document_input input;
  cairn_document_input_init(&input, sizeof input);
  input.id = "bad";
  input.id_bytes = NUL;
  input.vectors = east;
  input.vector_count = (size_t)1 << 61;
  input.dim = 8;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "impossible",
              cairn_collection_upsert(fixture.collection, &input, 1, ERR));
  close_fixture(&fixture);
}

static void a_collection_without_vectors_takes_none(void) {
  struct fixture fixture = open_fixture(NULL);
  cairn_results* results = NULL;
  cairn_search_options options = query_by(east, 2);
  CHECK_FAILS(CAIRN_FAILED_PRECONDITION, "", put_vector(fixture.collection, "a", east, 2, ERR));
  CHECK_FAILS(CAIRN_FAILED_PRECONDITION, "",
              cairn_search(fixture.collection, "", 0, &options, &results, ERR));
  close_fixture(&fixture);
}

static void bad_query_vectors_are_refused(void) {
  struct fixture fixture = compass(CAIRN_METRIC_COSINE);
  cairn_results* results = NULL;
  const float nan_vector[2] = {NAN, 0};
  const float zero[2] = {0, 0};
  cairn_search_options options = query_by(east, 3);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "dimensions",
              cairn_search(fixture.collection, "", 0, &options, &results, ERR));
  options = query_by(nan_vector, 2);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "",
              cairn_search(fixture.collection, "", 0, &options, &results, ERR));
  options = query_by(zero, 2);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "",
              cairn_search(fixture.collection, "", 0, &options, &results, ERR));
  options = query_by(NULL, 2);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "vector is NULL",
              cairn_search(fixture.collection, "", 0, &options, &results, ERR));
  options = query_by(east, 0);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "dim is 0",
              cairn_search(fixture.collection, "", 0, &options, &results, ERR));
  CHECK(results == NULL);
  close_fixture(&fixture);
}

static void the_nearest_comes_first(void) {
  static const int32_t metrics[3] = {CAIRN_METRIC_COSINE, CAIRN_METRIC_INNER_PRODUCT,
                                     CAIRN_METRIC_L2};
  static const char* const firsts[3] = {"east", "northeast", "east"};
  static const double scores[3] = {0.9950372, 3.3, -0.01};
  const float query[2] = {1, 0.1f};
  for (int i = 0; i < 3; ++i) {
    struct fixture fixture = compass(metrics[i]);
    cairn_results* results = NULL;
    cairn_search_info info;
    cairn_result result;
    cairn_search_options options = query_by(query, 2);
    info.struct_size = sizeof info;
    result.struct_size = sizeof result;
    CHECK_OK(cairn_search(fixture.collection, "", 0, &options, &results, ERR));
    CHECK_OK(cairn_results_info(results, &info, ERR));
    CHECK(info.mode == CAIRN_MODE_VECTOR && info.count == 3);
    CHECK_OK(cairn_results_get(results, 0, &result, ERR));
    CHECK_TEXT(firsts[i], result.id);
    CHECK(fabs(result.score - scores[i]) < 1e-4);
    CHECK(result.score == result.vector_score && result.text_score == 0);
    cairn_results_release(results);
    close_fixture(&fixture);
  }
}

static void hybrid_weighs_both_lists(void) {
  struct fixture fixture = compass(CAIRN_METRIC_COSINE);
  cairn_search_options options = query_by(east, 2);
  cairn_results* results = NULL;
  cairn_result result;
  cairn_search_info info;
  cairn_document_input input;
  cairn_document_input_init(&input, sizeof input);
  input.id = "words";
  input.id_bytes = NUL;
  input.body = "a lantern in the north";
  input.body_bytes = NUL;
  input.vectors = north;
  input.vector_count = 1;
  input.dim = 2;
  CHECK_OK(cairn_collection_upsert(fixture.collection, &input, 1, ERR));
  result.struct_size = sizeof result;
  info.struct_size = sizeof info;
  for (int by_text = 0; by_text < 2; ++by_text) {
    options.text_weight = by_text ? 0.9f : 0.1f;
    options.vector_weight = by_text ? 0.1f : 0.9f;
    CHECK_OK(cairn_search(fixture.collection, "lantern", NUL, &options, &results, ERR));
    CHECK_OK(cairn_results_info(results, &info, ERR));
    CHECK(info.mode == CAIRN_MODE_HYBRID);
    CHECK_OK(cairn_results_get(results, 0, &result, ERR));
    CHECK_TEXT(by_text ? "words" : "east", result.id);
    cairn_results_release(results);
  }
  close_fixture(&fixture);
}

static void many_queries_fill_rows(void) {
  struct fixture fixture = compass(CAIRN_METRIC_COSINE);
  const float queries[4] = {1, 0.1f, 0.1f, 1};
  uint64_t keys[10];
  float scores[10];
  uint32_t counts[2];
  static const char* const expected[2] = {"east", "north"};
  memset(keys, 0x5a, sizeof keys);
  memset(scores, 0x5a, sizeof scores);
  CHECK_OK(cairn_search_vectors(fixture.collection, queries, 2, 2, 5, NULL, 0, keys, scores, counts,
                                ERR));
  for (int row = 0; row < 2; ++row) {
    cairn_buffer* id = NULL;
    CHECK(counts[row] == 3);
    CHECK(scores[row * 5] > scores[row * 5 + 1] && scores[row * 5 + 1] > scores[row * 5 + 2]);
    CHECK(keys[row * 5 + 3] == 0 && scores[row * 5 + 4] == 0);
    CHECK_OK(cairn_collection_id_of(fixture.collection, keys[row * 5], &id, ERR));
    CHECK_TEXT(expected[row], cairn_buffer_data(id, NULL));
    cairn_buffer_release(id);
  }
  CHECK_OK(cairn_search_vectors(fixture.collection, queries, 1, 2, 1, "{\"type\":\"none\"}", NUL,
                                keys, scores, counts, ERR));
  CHECK(counts[0] == 0 && keys[0] == 0);
  CHECK_OK(cairn_search_vectors(fixture.collection, NULL, 0, 2, 1, NULL, 0, NULL, NULL, NULL, ERR));
  close_fixture(&fixture);
}

static void bad_batches_are_refused(void) {
  struct fixture fixture = compass(CAIRN_METRIC_COSINE);
  cairn_collection* collection = fixture.collection;
  const float queries[4] = {1, 0, 0, 0};
  uint64_t keys[4];
  float scores[4];
  uint32_t counts[2] = {7, 7};
  cairn_error* err = NULL;
  uint64_t index = 0;
  memset(keys, 0x5a, sizeof keys);
  CHECK(cairn_search_vectors(collection, queries, 2, 2, 2, NULL, 0, keys, scores, counts, &err) ==
        CAIRN_INVALID_ARGUMENT);
  CHECK(cairn_error_index(err, &index) == 1);
  CHECK(index == 1);
  CHECK(keys[0] == 0 && scores[3] == 0 && counts[0] == 0 && counts[1] == 0);
  cairn_error_release(err);
  CHECK_FAILS(
      CAIRN_INVALID_ARGUMENT, "dimensions",
      cairn_search_vectors(collection, queries, 1, 4, 1, NULL, 0, keys, scores, counts, ERR));
  CHECK_FAILS(
      CAIRN_INVALID_ARGUMENT, "dim is 0",
      cairn_search_vectors(collection, queries, 1, 0, 1, NULL, 0, keys, scores, counts, ERR));
  CHECK_FAILS(
      CAIRN_INVALID_ARGUMENT, "k is 0",
      cairn_search_vectors(collection, queries, 1, 2, 0, NULL, 0, keys, scores, counts, ERR));
  CHECK_FAILS(
      CAIRN_INVALID_ARGUMENT, "k is 100001",
      cairn_search_vectors(collection, queries, 1, 2, 100001, NULL, 0, keys, scores, counts, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "queries is NULL",
              cairn_search_vectors(collection, NULL, 1, 2, 1, NULL, 0, keys, scores, counts, ERR));
  CHECK_FAILS(
      CAIRN_INVALID_ARGUMENT, "output",
      cairn_search_vectors(collection, queries, 1, 2, 1, NULL, 0, NULL, scores, counts, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "impossible",
              cairn_search_vectors(collection, queries, (size_t)1 << 62, 2, 4, NULL, 0, keys,
                                   scores, counts, ERR));
  CHECK_FAILS(
      CAIRN_INVALID_ARGUMENT, "",
      cairn_search_vectors(collection, queries, 1, 2, 1, "{", 1, keys, scores, counts, ERR));
  close_fixture(&fixture);
}

static void a_key_names_one_version(void) {
  struct fixture fixture = compass(CAIRN_METRIC_COSINE);
  uint64_t key = 0;
  float score = 0;
  uint32_t count = 0;
  cairn_buffer* id = NULL;
  CHECK_OK(
      cairn_search_vectors(fixture.collection, east, 1, 2, 1, NULL, 0, &key, &score, &count, ERR));
  CHECK(count == 1);
  CHECK_OK(put_vector(fixture.collection, "east", northeast, 2, ERR));
  CHECK_FAILS(CAIRN_NOT_FOUND, "", cairn_collection_id_of(fixture.collection, key, &id, ERR));
  CHECK(id == NULL);
  CHECK_FAILS(CAIRN_NOT_FOUND, "",
              cairn_collection_id_of(fixture.collection, UINT64_MAX, &id, ERR));
  close_fixture(&fixture);
}

int main(void) {
  RUN(bad_vectors_are_not_stored);
  RUN(impossible_counts_are_refused);
  RUN(a_collection_without_vectors_takes_none);
  RUN(bad_query_vectors_are_refused);
  RUN(the_nearest_comes_first);
  RUN(hybrid_weighs_both_lists);
  RUN(many_queries_fill_rows);
  RUN(bad_batches_are_refused);
  RUN(a_key_names_one_version);
  return check_result();
}
