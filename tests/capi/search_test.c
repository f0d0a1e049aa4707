/* Search by text: options, results, pages, filters, JSON. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

static cairn_search_options default_options(void) {
  cairn_search_options options;
  cairn_search_options_init(&options, sizeof options);
  return options;
}

/* Ten documents about lanterns, all of one length, "n0" says it most often; and one about tides. */
static struct fixture lanterns(void) {
  static const char* const sea_tags[2] = {"light", "sea/harbour"};
  static const char* const hill_tags[2] = {"light", "hill/tower"};
  struct fixture fixture = open_fixture(NULL);
  for (int i = 0; i < 10; ++i) {
    cairn_document_input input;
    char id[32];
    char body[256] = "";
    cairn_document_input_init(&input, sizeof input);
    snprintf(id, sizeof id, "n%d", i);
    for (int j = 0; j < 10; ++j) strcat(body, j < 10 - i ? "lantern " : "candle ");
    strcat(body, "hung over the quiet harbour.");
    input.id = id;
    input.id_bytes = NUL;
    input.title = i == 0 ? "Lights" : "Others";
    input.title_bytes = NUL;
    input.body = body;
    input.body_bytes = NUL;
    input.tags = i < 3 ? sea_tags : hill_tags;
    input.tag_count = 2;
    input.status = i == 9 ? "hidden" : "active";
    input.status_bytes = NUL;
    input.metadata_json = i < 2 ? "{\"rating\":5}" : "{\"rating\":1}";
    input.metadata_json_bytes = NUL;
    CHECK_OK(cairn_collection_upsert(fixture.collection, &input, 1, ERR));
  }
  put_text(fixture.collection, "tide", "The moon pulls the tide.");
  return fixture;
}

static cairn_search_info info_of(const cairn_results* results) {
  cairn_search_info info;
  info.struct_size = sizeof info;
  CHECK_OK(cairn_results_info(results, &info, ERR));
  return info;
}

static cairn_result result_at(const cairn_results* results, size_t index) {
  cairn_result result;
  result.struct_size = sizeof result;
  CHECK_OK(cairn_results_get(results, index, &result, ERR));
  return result;
}

/* Number of results in all, or -1 when the search fails. */
static long total_with(const struct fixture* fixture, const cairn_search_options* options) {
  cairn_results* results = NULL;
  CHECK_OK(cairn_search(fixture->collection, "lantern", NUL, options, &results, ERR));
  long total = results == NULL ? -1 : (long)info_of(results).total;
  cairn_results_release(results);
  return total;
}

static long total_with_filter(const struct fixture* fixture, const char* filter) {
  cairn_search_options options = default_options();
  options.filter_json = filter;
  options.filter_json_bytes = NUL;
  return total_with(fixture, &options);
}

static void check_refused(const struct fixture* fixture, const char* query, size_t query_bytes,
                          const cairn_search_options* options, const char* why) {
  cairn_results* results = NULL;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why,
              cairn_search(fixture->collection, query, query_bytes, options, &results, ERR));
  CHECK(results == NULL);
}

static void queries_are_checked(void) {
  struct fixture fixture = lanterns();
  check_refused(&fixture, "", 0, NULL, "empty");
  check_refused(&fixture, NULL, 0, NULL, "empty");
  check_refused(&fixture, " \t\n", NUL, NULL, "empty");
  check_refused(&fixture, NULL, 4, NULL, "query is NULL");
  check_refused(&fixture, "lantern\xff", NUL, NULL, "UTF-8");
  close_fixture(&fixture);
}

static void numbers_are_checked(void) {
  struct fixture fixture = lanterns();
  cairn_search_options options = default_options();
  options.limit = 1001;
  check_refused(&fixture, "a", 1, &options, "limit is 1001");
  options = default_options();
  options.offset = 10001;
  check_refused(&fixture, "a", 1, &options, "offset is 10001");
  options = default_options();
  options.mode = 4;
  check_refused(&fixture, "a", 1, &options, "mode is 4");
  options = default_options();
  options.text_weight = -1;
  check_refused(&fixture, "a", 1, &options, "weight");
  options = default_options();
  options.vector_weight = INFINITY;
  check_refused(&fixture, "a", 1, &options, "weight");
  options = default_options();
  options.has_min_score = 1;
  options.min_score = NAN;
  check_refused(&fixture, "a", 1, &options, "min_score");
  options = default_options();
  options.include_inactive = 2;
  check_refused(&fixture, "a", 1, &options, "include_inactive");
  options = default_options();
  options.has_min_score = 2;
  check_refused(&fixture, "a", 1, &options, "has_min_score");
  options = default_options();
  options.snippet_none = 2;
  check_refused(&fixture, "a", 1, &options, "snippet_none");
  options = default_options();
  options.limit = 1000;
  options.offset = 10000;
  CHECK(total_with(&fixture, &options) == 9);
  close_fixture(&fixture);
}

static void filters_are_checked(void) {
  struct fixture fixture = lanterns();
  static const char* const bad[] = {
      "{", "[]", "{\"tags\":}", "{\"rating\":{\"near\":3}}", "{\"rating\":{}}", "3", "{} x",
  };
  cairn_search_options options = default_options();
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; ++i) {
    options.filter_json = bad[i];
    options.filter_json_bytes = NUL;
    check_refused(&fixture, "lantern", NUL, &options, "");
  }
  options.filter_json = NULL;
  options.filter_json_bytes = 2;
  check_refused(&fixture, "lantern", NUL, &options, "filter_json is NULL");
  options.filter_json = "{\"tags\": \"light\", \"rating\" 3}";
  options.filter_json_bytes = NUL;
  check_refused(&fixture, "lantern", NUL, &options, "byte");
  close_fixture(&fixture);
}

static void filters_select(void) {
  struct fixture fixture = lanterns();
  CHECK(total_with(&fixture, NULL) == 9);
  CHECK(total_with_filter(&fixture, "{}") == 9);
  CHECK(total_with_filter(&fixture, "{\"rating\":5}") == 2);
  CHECK(total_with_filter(&fixture, "{\"tags\":\"sea\"}") == 3);
  CHECK(total_with_filter(&fixture, "{\"tags\":[\"light\",\"sea/harbour\"],\"rating\":1}") == 1);
  CHECK(total_with_filter(&fixture, "{\"rating\":{\"in\":[5,7]}}") == 2);
  CHECK(total_with_filter(&fixture, "{\"type\":\"note\"}") == 0);
  CHECK(total_with_filter(&fixture, "{\"status\":\"hidden\"}") == 1);
  cairn_search_options options = default_options();
  options.include_inactive = 1;
  CHECK(total_with(&fixture, &options) == 10);
  close_fixture(&fixture);
}

static void results_tell_everything(void) {
  struct fixture fixture = lanterns();
  cairn_results* results = NULL;
  size_t size = 0;
  CHECK_OK(cairn_search(fixture.collection, "lantern", NUL, NULL, &results, ERR));
  cairn_search_info info = info_of(results);
  CHECK(info.mode == CAIRN_MODE_TEXT);
  CHECK(info.total == 9 && info.count == 9 && info.has_more == 0);
  CHECK(info.took_ns > 0);
  CHECK_TEXT("", info.degraded);
  cairn_result best = result_at(results, 0);
  CHECK_TEXT("n0", best.id);
  CHECK(best.id_bytes == 2);
  CHECK_TEXT("Lights", best.title);
  CHECK_TEXT("", best.path);
  CHECK_TEXT("{\"rating\":5}", best.metadata_json);
  CHECK_TEXT("", best.heading);
  CHECK(best.score > result_at(results, 1).score);
  CHECK(best.score == best.text_score && best.vector_score == 0);
  CHECK(best.matched_chunk_count == 1 && best.chunk_ordinal == 0);
  CHECK(best.chunk_begin < best.chunk_end && best.chunk_line == 1);
  CHECK(cairn_results_tag_count(results, 0) == 2);
  CHECK_TEXT("sea/harbour", cairn_results_tag(results, 0, 1, &size));
  CHECK(size == 11);
  CHECK(cairn_results_tag(results, 0, 2, &size) == NULL && size == 0);
  CHECK(cairn_results_tag_count(results, 9) == 0);
  cairn_result none;
  none.struct_size = sizeof none;
  none.id = "x";
  CHECK_FAILS(CAIRN_OUT_OF_RANGE, "result 9 of 9", cairn_results_get(results, 9, &none, ERR));
  CHECK(none.id == NULL);
  cairn_results_release(results);
  close_fixture(&fixture);
}

static void highlights_lie_on_the_words(void) {
  struct fixture fixture = lanterns();
  cairn_results* results = NULL;
  uint32_t begin = 7;
  uint32_t end = 7;
  CHECK_OK(cairn_search(fixture.collection, "quiet", NUL, NULL, &results, ERR));
  cairn_result result = result_at(results, 0);
  CHECK(cairn_results_highlight_count(results, 0) == 1);
  CHECK_OK(cairn_results_highlight(results, 0, 0, &begin, &end, ERR));
  CHECK(end <= result.snippet_bytes && end - begin == 5);
  CHECK(end - begin == 5 && strncmp(result.snippet + begin, "quiet", 5) == 0);
  CHECK_FAILS(CAIRN_OUT_OF_RANGE, "highlight 1 of 1",
              cairn_results_highlight(results, 0, 1, &begin, &end, ERR));
  CHECK(begin == 0 && end == 0);
  CHECK_FAILS(CAIRN_OUT_OF_RANGE, "result",
              cairn_results_highlight(results, 99, 0, &begin, &end, ERR));
  CHECK(cairn_results_highlight_count(results, 99) == 0);
  cairn_results_release(results);
  close_fixture(&fixture);
}

static void snippets_have_the_length_asked_for(void) {
  struct fixture fixture = open_fixture(NULL);
  cairn_search_options options = default_options();
  size_t sizes[3];
  char body[4096] = "lantern";
  for (int i = 0; i < 400; ++i) strcat(body, " and then");
  put_text(fixture.collection, "a", body);
  for (int i = 0; i < 3; ++i) {
    cairn_results* results = NULL;
    options.snippet_chars = i == 1 ? 80 : 0;
    options.snippet_none = i == 2 ? 1 : 0;
    CHECK_OK(cairn_search(fixture.collection, "lantern", NUL, &options, &results, ERR));
    sizes[i] = result_at(results, 0).snippet_bytes;
    cairn_results_release(results);
  }
  CHECK(sizes[0] > 150 && sizes[0] < 260);
  CHECK(sizes[1] > 40 && sizes[1] < 130);
  CHECK(sizes[2] == 0);
  close_fixture(&fixture);
}

static void pages_join_to_the_list(void) {
  struct fixture fixture = lanterns();
  cairn_search_options options = default_options();
  options.limit = 4;
  for (uint32_t offset = 0; offset < 12; offset += 4) {
    cairn_results* results = NULL;
    options.offset = offset;
    CHECK_OK(cairn_search(fixture.collection, "lantern", NUL, &options, &results, ERR));
    cairn_search_info info = info_of(results);
    CHECK(info.total == 9);
    CHECK(info.count == (offset == 8 ? 1u : 4u));
    CHECK(info.has_more == (offset == 8 ? 0u : 1u));
    for (uint32_t i = 0; i < info.count; ++i) {
      char id[32];
      snprintf(id, sizeof id, "n%d", (int)(offset + i));
      CHECK_TEXT(id, result_at(results, i).id);
    }
    cairn_results_release(results);
  }
  close_fixture(&fixture);
}

static void a_least_score_cuts_the_list(void) {
  struct fixture fixture = lanterns();
  cairn_search_options options = default_options();
  cairn_results* results = NULL;
  CHECK_OK(cairn_search(fixture.collection, "lantern", NUL, NULL, &results, ERR));
  options.has_min_score = 1;
  options.min_score = (float)((result_at(results, 2).score + result_at(results, 3).score) / 2);
  cairn_results_release(results);
  CHECK(total_with(&fixture, &options) == 3);
  options.has_min_score = 0;
  CHECK(total_with(&fixture, &options) == 9);
  close_fixture(&fixture);
}

static void results_are_rendered_as_json(void) {
  struct fixture fixture = lanterns();
  cairn_search_options options = default_options();
  cairn_results* results = NULL;
  cairn_buffer* json = NULL;
  options.limit = 1;
  CHECK_OK(cairn_search(fixture.collection, "\"lantern\"", NUL, &options, &results, ERR));
  CHECK_OK(cairn_results_json(results, &json, ERR));
  const char* text = cairn_buffer_data(json, NULL);
  CHECK_HOLDS(
      "{\"query\":\"\\\"lantern\\\"\",\"mode\":\"text\",\"total\":9,\"has_more\":true,"
      "\"took_ms\":",
      text);
  CHECK_HOLDS(
      ",\"degraded\":\"\",\"results\":[{\"id\":\"n0\",\"title\":\"Lights\",\"path\":\"\","
      "\"score\":",
      text);
  CHECK_HOLDS(",\"scores\":{\"text\":", text);
  CHECK_HOLDS("\"vector\":0},\"snippet\":\"lantern", text);
  CHECK_HOLDS(",\"highlights\":[{\"start\":0,\"end\":7},", text);
  CHECK_HOLDS("\"tags\":[\"light\",\"sea/harbour\"],\"chunk\":{\"start\":0,\"end\":", text);
  CHECK_HOLDS(",\"line\":1,\"heading\":\"\"},\"metadata\":{\"rating\":5}}]}", text);
  cairn_buffer_release(json);
  cairn_results_release(results);
  close_fixture(&fixture);
}

static void text_needs_no_vectors_but_vectors_do(void) {
  struct fixture fixture = lanterns();
  cairn_search_options options = default_options();
  cairn_results* results = NULL;
  options.mode = CAIRN_MODE_VECTOR;
  CHECK_FAILS(CAIRN_FAILED_PRECONDITION, "vectors",
              cairn_search(fixture.collection, "lantern", NUL, &options, &results, ERR));
  CHECK(results == NULL);
  options.mode = CAIRN_MODE_TEXT;
  CHECK(total_with(&fixture, &options) == 9);
  close_fixture(&fixture);
}

int main(void) {
  RUN(queries_are_checked);
  RUN(numbers_are_checked);
  RUN(filters_are_checked);
  RUN(filters_select);
  RUN(results_tell_everything);
  RUN(highlights_lie_on_the_words);
  RUN(snippets_have_the_length_asked_for);
  RUN(pages_join_to_the_list);
  RUN(a_least_score_cuts_the_list);
  RUN(results_are_rendered_as_json);
  RUN(text_needs_no_vectors_but_vectors_do);
  return check_result();
}
