/* Search by vectors alone, by stored record, keys, reports, and the statistics of the index. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

enum { DIM = 4, MANY = 2500 };

static const float east[DIM] = {1, 0, 0, 0};

static void make_vector(unsigned number, float* vector) {
  unsigned state = number * 2654435761u + 12345u;
  for (int i = 0; i < DIM; ++i) {
    state = state * 1664525u + 1013904223u;
    vector[i] = (float)(state >> 8) / (float)(1u << 23) - 1;
  }
}

static void put_many(const struct fixture* fixture, unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    char id[16];
    float vector[DIM];
    snprintf(id, sizeof id, "n%u", i);
    make_vector(i, vector);
    CHECK_OK(put_vector(fixture->collection, id, vector, DIM, ERR));
  }
}

static struct fixture vectors(unsigned count) {
  cairn_collection_options options = vector_options(DIM, CAIRN_METRIC_COSINE);
  struct fixture fixture = open_fixture(&options);
  put_many(&fixture, count);
  return fixture;
}

static cairn_vector_options defaults(void) {
  cairn_vector_options options;
  cairn_vector_options_init(&options, sizeof options);
  return options;
}

static cairn_vector_report new_report(void) {
  cairn_vector_report report;
  memset(&report, 0x5a, sizeof report);
  report.struct_size = sizeof report;
  return report;
}

/* The number of hits of a search with these options. */
static uint32_t count_with(const struct fixture* fixture, const cairn_vector_options* options,
                           cairn_vector_report* report) {
  uint64_t keys[10];
  float scores[10];
  uint32_t count = 77;
  CHECK_OK(cairn_collection_search_vectors(fixture->collection, east, 1, DIM, 10, options, keys,
                                           NULL, scores, &count, report, ERR));
  return count;
}

static void options_are_checked(void) {
  struct fixture fixture = vectors(1);
  uint64_t key = 5;
  uint32_t ordinal = 5;
  float score = 5;
  uint32_t count = 5;
#define CHECK_REFUSED(text, field, value)                                                         \
  do {                                                                                            \
    cairn_vector_options options = defaults();                                                    \
    options.field = value;                                                                        \
    key = 5, ordinal = 5, score = 5, count = 5;                                                   \
    CHECK_FAILS(CAIRN_INVALID_ARGUMENT, text,                                                     \
                cairn_collection_search_vectors(fixture.collection, east, 1, DIM, 1, &options,    \
                                                &key, &ordinal, &score, &count, NULL, ERR));      \
    CHECK(key == 0 && ordinal == 0 && score == 0 && count == 0);                                  \
    CHECK_FAILS(CAIRN_INVALID_ARGUMENT, text,                                                     \
                cairn_collection_search_similar(fixture.collection, "n0", NUL, 1, &options, &key, \
                                                &ordinal, &score, &count, NULL, ERR));            \
    CHECK(key == 0 && ordinal == 0 && score == 0 && count == 0);                                  \
  } while (0)
  CHECK_REFUSED("group_by is 2", group_by, 2);
  CHECK_REFUSED("has_min_score is 3", has_min_score, 3);
  CHECK_REFUSED("exclude_self is 2", exclude_self, 2);
  CHECK_REFUSED("reserved", reserved, 1);
  CHECK_REFUSED("target_recall is 1.1", target_recall, 1.1f);
  CHECK_REFUSED("target_recall is -0.5", target_recall, -0.5f);
#undef CHECK_REFUSED
  close_fixture(&fixture);
}

static void arrays_are_checked(void) {
  struct fixture fixture = vectors(1);
  const cairn_collection* collection = fixture.collection;
  uint64_t key = 0;
  float score = 0;
  uint32_t count = 0;
  cairn_vector_report report = new_report();
  report.struct_size = 3;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "struct_size",
              cairn_collection_search_vectors(collection, east, 1, DIM, 1, NULL, &key, NULL, &score,
                                              &count, &report, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "output",
              cairn_collection_search_vectors(collection, east, 1, DIM, 1, NULL, NULL, NULL, &score,
                                              &count, NULL, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "k is 0",
              cairn_collection_search_similar(collection, "n0", NUL, 0, NULL, &key, NULL, &score,
                                              &count, NULL, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "collection is NULL",
              cairn_collection_search_vectors(NULL, east, 1, DIM, 1, NULL, &key, NULL, &score,
                                              &count, NULL, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "dimensions",
              cairn_collection_search_vectors(collection, east, 1, DIM - 1, 1, NULL, &key, NULL,
                                              &score, &count, NULL, ERR));
  close_fixture(&fixture);
}

static void reports_tell_the_plan(void) {
  struct fixture fixture = vectors(MANY);
  cairn_vector_options options = defaults();
  cairn_vector_report report = new_report();
  CHECK(count_with(&fixture, NULL, NULL) == 10);
  CHECK_OK(cairn_database_wait_idle(fixture.database, -1, ERR));
  CHECK(count_with(&fixture, NULL, &report) == 10);
  CHECK(report.plan == CAIRN_PLAN_GRAPH);
  CHECK(fabsf(report.target_recall - 0.98f) < 1e-6f);
  CHECK(report.ef >= 10 && report.codes_scored > 0 && report.vectors_scored > 0);
  CHECK(report.segment_count == 1 && report.took_ns > 0);
  options.target_recall = 1;
  CHECK(count_with(&fixture, &options, &report) == 10);
  CHECK(report.plan == CAIRN_PLAN_EXACT && report.target_recall == 1);
  options = defaults();
  options.ef = 20;
  CHECK(count_with(&fixture, &options, &report) == 10);
  CHECK(report.ef == 20 && report.target_recall == 0);
  close_fixture(&fixture);
}

static void searches_report_too(void) {
  struct fixture fixture = vectors(3);
  cairn_search_options options;
  cairn_results* results = NULL;
  cairn_search_info info;
  cairn_search_options_init(&options, sizeof options);
  options.vector = east;
  options.dim = DIM;
  options.target_recall = 0.5f;
  info.struct_size = sizeof info;
  CHECK_OK(cairn_search(fixture.collection, "", 0, &options, &results, ERR));
  CHECK_OK(cairn_results_info(results, &info, ERR));
  CHECK(info.target_recall == 0.5f && info.plan == CAIRN_PLAN_EXACT);
  CHECK(info.vectors_scored == 3 && info.segment_count == 1);
  cairn_results_release(results);
  options.target_recall = 7;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "target_recall is 7",
              cairn_search(fixture.collection, "", 0, &options, &results, ERR));
  close_fixture(&fixture);
}

static void ranges_end_where_asked(void) {
  struct fixture fixture = vectors(200);
  cairn_vector_options options = defaults();
  options.has_min_score = 1;
  options.min_score = 2;
  CHECK(count_with(&fixture, &options, NULL) == 0);
  options.min_score = -1;
  CHECK(count_with(&fixture, &options, NULL) == 10);
  options.min_score = NAN;
  uint64_t keys[10];
  float scores[10];
  uint32_t count = 0;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "min_score",
              cairn_collection_search_vectors(fixture.collection, east, 1, DIM, 10, &options, keys,
                                              NULL, scores, &count, NULL, ERR));
  close_fixture(&fixture);
}

static void records_are_queries(void) {
  struct fixture fixture = vectors(20);
  cairn_vector_options options = defaults();
  uint64_t own = 0;
  uint64_t keys[30];
  uint32_t ordinals[30];
  float scores[30];
  uint32_t count = 0;
  CHECK_OK(cairn_collection_key_of(fixture.collection, "n7", NUL, &own, ERR));
  CHECK(own != 0);
  CHECK_OK(cairn_collection_search_similar(fixture.collection, "n7", NUL, 30, NULL, keys, ordinals,
                                           scores, &count, NULL, ERR));
  CHECK(count == 20 && keys[0] == own && ordinals[0] == 0 && fabsf(scores[0] - 1) < 1e-5f);
  CHECK(keys[20] == 0);
  options.exclude_self = 1;
  CHECK_OK(cairn_collection_search_similar(fixture.collection, "n7", NUL, 30, &options, keys, NULL,
                                           scores, &count, NULL, ERR));
  CHECK(count == 19);
  for (int i = 0; i < 19; ++i) CHECK(keys[i] != own);
  CHECK_FAILS(CAIRN_NOT_FOUND, "",
              cairn_collection_search_similar(fixture.collection, "nobody", NUL, 30, NULL, keys,
                                              NULL, scores, &count, NULL, ERR));
  put_text(fixture.collection, "words", "no vector");
  CHECK_FAILS(CAIRN_FAILED_PRECONDITION, "no vectors",
              cairn_collection_search_similar(fixture.collection, "words", NUL, 30, NULL, keys,
                                              NULL, scores, &count, NULL, ERR));
  close_fixture(&fixture);
}

static void keys_become_ids(void) {
  struct fixture fixture = vectors(3);
  uint64_t keys[4] = {0, 0, 0, 12345};
  cairn_list* ids = NULL;
  uint64_t key = 9;
  CHECK_OK(cairn_collection_key_of(fixture.collection, "n2", NUL, &keys[0], ERR));
  CHECK_OK(cairn_collection_key_of(fixture.collection, "n0", NUL, &keys[1], ERR));
  CHECK_OK(cairn_collection_ids_of(fixture.collection, keys, 4, &ids, ERR));
  CHECK(cairn_list_size(ids) == 4);
  CHECK_TEXT("n2", cairn_list_item(ids, 0, NULL));
  CHECK_TEXT("n0", cairn_list_item(ids, 1, NULL));
  CHECK_TEXT("", cairn_list_item(ids, 2, NULL));
  CHECK_TEXT("", cairn_list_item(ids, 3, NULL));
  cairn_list_release(ids);
  CHECK_OK(cairn_collection_ids_of(fixture.collection, NULL, 0, &ids, ERR));
  CHECK(cairn_list_size(ids) == 0);
  cairn_list_release(ids);
  ids = NULL;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "keys is NULL",
              cairn_collection_ids_of(fixture.collection, NULL, 1, &ids, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "impossible",
              cairn_collection_ids_of(fixture.collection, keys, SIZE_MAX, &ids, ERR));
  CHECK(ids == NULL);
  CHECK_FAILS(CAIRN_NOT_FOUND, "",
              cairn_collection_key_of(fixture.collection, "nobody", NUL, &key, ERR));
  CHECK(key == 0);
  close_fixture(&fixture);
}

static cairn_collection_stats stats_of(const struct fixture* fixture) {
  cairn_collection_stats stats;
  stats.struct_size = sizeof stats;
  CHECK_OK(cairn_collection_stats_get(fixture->collection, &stats, ERR));
  return stats;
}

static void segments_are_listed(void) {
  struct fixture fixture = vectors(MANY);
  cairn_segments* segments = NULL;
  cairn_segment_stats one;
  cairn_collection_stats stats = stats_of(&fixture);
  one.struct_size = sizeof one;
  CHECK(stats.vector_state == CAIRN_VECTORS_NOT_LOADED && stats.segment_count == 0);
  CHECK_OK(cairn_collection_segments(fixture.collection, &segments, ERR));
  CHECK(cairn_segments_count(segments) == 0);
  CHECK_FAILS(CAIRN_OUT_OF_RANGE, "segment 0 of 0", cairn_segments_get(segments, 0, &one, ERR));
  cairn_segments_release(segments);
  CHECK(count_with(&fixture, NULL, NULL) == 10);
  CHECK_OK(cairn_database_wait_idle(fixture.database, -1, ERR));
  stats = stats_of(&fixture);
  CHECK(stats.vector_state == CAIRN_VECTORS_READY && stats.segment_count == 1);
  CHECK(stats.fresh_vector_count == 0 && stats.dead_vector_count == 0);
  CHECK_OK(cairn_collection_segments(fixture.collection, &segments, ERR));
  CHECK(cairn_segments_count(segments) == 1);
  CHECK_OK(cairn_segments_get(segments, 0, &one, ERR));
  CHECK(one.state == CAIRN_SEGMENT_SEALED && one.row_count == MANY && one.live_row_count == MANY);
  CHECK(one.memory_bytes > 0 && one.disk_bytes > 0 && one.disk_bytes == stats.vector_disk_bytes);
  CHECK(one.code_bits == 7 && one.entry_count > 0 && one.calibrated_row_count == MANY);
  one.struct_size = 0;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "struct_size", cairn_segments_get(segments, 0, &one, ERR));
  cairn_segments_release(segments);
  cairn_segments_release(NULL);
  CHECK(cairn_segments_count(NULL) == 0);
  CHECK_OK(put_vector(fixture.collection, "n3", east, DIM, ERR));
  stats = stats_of(&fixture);
  CHECK(stats.fresh_vector_count == 1 && stats.dead_vector_count == 1);
  CHECK(stats.segment_count == 2);
  close_fixture(&fixture);
}

static void the_memory_limit_holds(void) {
  char* folder = make_folder();
  cairn_database_options options;
  cairn_collection_options vectors_only = vector_options(DIM, CAIRN_METRIC_COSINE);
  struct fixture fixture = {folder, NULL, NULL};
  cairn_database_stats stats;
  cairn_status status = CAIRN_OK;
  cairn_error* err = NULL;
  uint64_t count = 0;
  unsigned written = 0;
  cairn_database_options_init(&options, sizeof options);
  options.durability = CAIRN_DURABILITY_ASYNC;
  options.vector_memory_bytes = 700 << 10;
  stats.struct_size = sizeof stats;
  CHECK_OK(cairn_database_open(path_in(folder, "db"), NUL, &options, &fixture.database, ERR));
  CHECK_OK(
      cairn_collection_create(fixture.database, "v", NUL, &vectors_only, &fixture.collection, ERR));
  CHECK(count_with(&fixture, NULL, NULL) == 0);
  for (; status == CAIRN_OK && written < 100000; ++written) {
    char id[16];
    float vector[DIM];
    snprintf(id, sizeof id, "n%u", written);
    make_vector(written, vector);
    status = put_vector(fixture.collection, id, vector, DIM, &err);
  }
  CHECK(status == CAIRN_RESOURCE_EXHAUSTED);
  CHECK_HOLDS("716800", cairn_error_message(err));
  cairn_error_release(err);
  CHECK_OK(cairn_collection_count(fixture.collection, &count, ERR));
  CHECK(count == written - 1);
  CHECK_OK(cairn_database_stats_get(fixture.database, &stats, ERR));
  CHECK(stats.vector_memory_limit_bytes == 700 << 10);
  CHECK(stats.vector_memory_used_bytes > 0 && stats.vector_memory_used_bytes <= 700 << 10);
  close_fixture(&fixture);
}

int main(void) {
  RUN(options_are_checked);
  RUN(arrays_are_checked);
  RUN(reports_tell_the_plan);
  RUN(searches_report_too);
  RUN(ranges_end_where_asked);
  RUN(records_are_queries);
  RUN(keys_become_ids);
  RUN(segments_are_listed);
  RUN(the_memory_limit_holds);
  return check_result();
}
