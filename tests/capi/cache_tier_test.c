/* Caches with stores behind them, removal listeners, batches and metrics. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

static cairn_cache_options options_of(const cairn_cache_tier_options* tiers) {
  cairn_cache_options options;
  cairn_cache_options_init(&options, sizeof options);
  options.max_entries = 100;
  options.tiers = tiers;
  return options;
}

static cairn_cache_tier_options no_tiers(void) {
  cairn_cache_tier_options tiers;
  cairn_cache_tier_options_init(&tiers, sizeof tiers);
  tiers.disk_max_bytes = 16 << 20;
  return tiers;
}

static cairn_cache* make(const cairn_cache_tier_options* tiers, cairn_cache_space** space) {
  const cairn_cache_options options = options_of(tiers);
  cairn_cache* cache = NULL;
  CHECK_OK(cairn_cache_create(&options, &cache, ERR));
  CHECK_OK(cairn_cache_space_open(cache, "", 0, NULL, space, ERR));
  return cache;
}

static void drop(cairn_cache* cache, cairn_cache_space* space) {
  cairn_cache_space_release(space);
  cairn_cache_release(cache);
}

/* "" for a miss, in one static buffer. */
static const char* get(cairn_cache_space* space, const char* key) {
  static char text[100];
  cairn_cache_value* value = NULL;
  const cairn_status status = cairn_cache_get(space, key, NUL, &value, NULL);
  CHECK(status == CAIRN_OK || status == CAIRN_NOT_FOUND);
  strncpy(text, cairn_cache_value_data(value, NULL), sizeof text - 1);
  cairn_cache_value_release(value);
  return text;
}

static void set(cairn_cache_space* space, const char* key, const char* value) {
  CHECK_OK(cairn_cache_set(space, key, NUL, value, NUL, NULL, ERR));
}

static cairn_cache_tier_stats tier_stats(const cairn_cache* cache, size_t tier) {
  cairn_cache_tier_stats stats;
  memset(&stats, 0, sizeof stats);
  stats.struct_size = sizeof stats;
  CHECK_OK(cairn_cache_tier_stats_get(cache, tier, &stats, ERR));
  return stats;
}

static void faults_of_tiers_are_told(void) {
  cairn_cache* cache = NULL;
  char* folder = make_folder();
  write_file(folder, "precious", "text");
  cairn_cache_tier_options tiers = no_tiers();
  cairn_cache_options options = options_of(&tiers);
  tiers.disk_path = folder;
  tiers.disk_path_bytes = NUL;
  CHECK_FAILS(CAIRN_FAILED_PRECONDITION, "not empty", cairn_cache_create(&options, &cache, ERR));
  tiers.disk_max_bytes = 1;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "less than", cairn_cache_create(&options, &cache, ERR));
  tiers.skip_ns = -1;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "negative time", cairn_cache_create(&options, &cache, ERR));
  tiers = no_tiers();
  tiers.redis_url = "http://example.org";
  tiers.redis_url_bytes = NUL;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "redis", cairn_cache_create(&options, &cache, ERR));
  CHECK(cache == NULL);
  CHECK(cairn_cache_tier_count(NULL) == 0);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "cache is NULL", cairn_cache_flush(NULL, ERR));
  remove_folder(folder);
}

static void values_on_disk_survive_a_restart(void) {
  char* folder = make_folder();
  for (uint32_t behind = 0; behind < 2; ++behind) {
    cairn_cache_tier_options tiers = no_tiers();
    tiers.write_behind = behind;
    tiers.disk_path = path_in(folder, behind ? "behind" : "through");
    tiers.disk_path_bytes = NUL;
    cairn_cache_space* space = NULL;
    cairn_cache* cache = make(&tiers, &space);
    set(space, "a", "1");
    CHECK_OK(cairn_cache_flush(cache, ERR));
    CHECK(cairn_cache_tier_count(cache) == 1);
    drop(cache, space);
    cache = make(&tiers, &space);
    CHECK_TEXT("1", get(space, "a"));
    CHECK_TEXT("", get(space, "absent"));
    const cairn_cache_tier_stats stats = tier_stats(cache, 0);
    CHECK_TEXT("rocksdb", stats.name);
    CHECK(stats.hit_count == 1 && stats.miss_count == 1 && stats.failure_count == 0);
    CHECK(stats.bytes > 0 && stats.max_bytes == 16 << 20 && stats.is_skipped == 0);
    cairn_cache_stats all;
    memset(&all, 0, sizeof all);
    all.struct_size = sizeof all;
    CHECK_OK(cairn_cache_stats_get(cache, &all, ERR));
    CHECK(all.tier_hit_count == 1);
    cairn_cache_tier_stats none;
    memset(&none, 0, sizeof none);
    none.struct_size = sizeof none;
    CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "tier is 1",
                cairn_cache_tier_stats_get(cache, 1, &none, ERR));
    drop(cache, space);
  }
  remove_folder(folder);
}

static void a_database_keeps_values_until_it_is_closed(void) {
  struct fixture fixture = open_fixture(NULL);
  cairn_cache_tier_options tiers = no_tiers();
  tiers.database = fixture.database;
  cairn_cache_space* space = NULL;
  cairn_cache* cache = make(&tiers, &space);
  set(space, "a", "1");
  drop(cache, space);
  cache = make(&tiers, &space);
  CHECK_TEXT("1", get(space, "a"));
  CHECK_OK(cairn_database_close(fixture.database, ERR));
  CHECK_TEXT("", get(space, "b"));
  set(space, "b", "2");
  CHECK_TEXT("2", get(space, "b"));
  CHECK(tier_stats(cache, 0).failure_count > 0);
  cairn_buffer* failure = NULL;
  CHECK_OK(cairn_cache_tier_failure(cache, 0, &failure, ERR));
  CHECK_HOLDS("is closed", cairn_buffer_data(failure, NULL));
  cairn_buffer_release(failure);
  const cairn_cache_options options = options_of(&tiers);
  cairn_cache* none = NULL;
  CHECK_FAILS(CAIRN_FAILED_PRECONDITION, "closed", cairn_cache_create(&options, &none, ERR));
  drop(cache, space);
  close_fixture(&fixture);
}

/* Nobody listens on port 1. */
static void a_redis_that_is_away_is_a_miss(void) {
  cairn_cache_tier_options tiers = no_tiers();
  tiers.redis_url = "redis://127.0.0.1:1";
  tiers.redis_url_bytes = NUL;
  tiers.redis_prefix = "test:";
  tiers.redis_prefix_bytes = NUL;
  tiers.failures_to_skip = 2;
  const cairn_cache_options options = options_of(&tiers);
  cairn_cache* cache = NULL;
  const cairn_status status = cairn_cache_create(&options, &cache, NULL);
  if (status == CAIRN_UNSUPPORTED) {
    CHECK_FAILS(CAIRN_UNSUPPORTED, "no Redis client", cairn_cache_create(&options, &cache, ERR));
    return;
  }
  CHECK(status == CAIRN_OK);
  cairn_cache_space* space = NULL;
  CHECK_OK(cairn_cache_space_open(cache, "", 0, NULL, &space, ERR));
  for (int i = 0; i < 5; ++i) {
    CHECK_TEXT("", get(space, "absent"));
    set(space, "a", "1");
    CHECK_TEXT("1", get(space, "a"));
  }
  const cairn_cache_tier_stats stats = tier_stats(cache, 0);
  CHECK_TEXT("redis", stats.name);
  CHECK(stats.failure_count == 2 && stats.skipped_count > 0 && stats.is_skipped == 1);
  drop(cache, space);
}

static void a_limiter_is_no_cache(void) {
  cairn_limiter* limiter = NULL;
  CHECK_OK(cairn_limiter_create("{\"policies\": {\"browse\": \"100/60s\"}}", NUL, &limiter, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "another type",
              cairn_cache_clear((cairn_cache*)limiter, ERR));
  cairn_limiter_release(limiter);
}

static char removed[200];
static int freed;

static void note_removal(const char* space, size_t space_bytes, const char* key, size_t key_bytes,
                         const char* value, size_t value_bytes, int32_t cause, void* user_data) {
  CHECK(space_bytes == 0 && space != NULL);
  char line[100];
  snprintf(line, sizeof line, "%s%.*s=%.*s:%d ", (const char*)user_data, (int)key_bytes, key,
           (int)value_bytes, value, (int)cause);
  strncat(removed, line, sizeof removed - strlen(removed) - 1);
}

static void count_free(void* user_data) {
  (void)user_data;
  ++freed;
}

static void removals_are_told_with_their_cause(void) {
  cairn_cache_options options = options_of(NULL);
  char mark[] = ">";
  options.removal_fn = note_removal;
  options.removal_user_data = mark;
  options.removal_free = count_free;
  options.ttl_jitter = 7;
  cairn_cache* cache = NULL;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "ttl_jitter", cairn_cache_create(&options, &cache, ERR));
  CHECK(freed == 1);
  options.ttl_jitter = 0;
  CHECK_OK(cairn_cache_create(&options, &cache, ERR));
  cairn_cache_space* space = NULL;
  CHECK_OK(cairn_cache_space_open(cache, "", 0, NULL, &space, ERR));
  set(space, "a", "1");
  set(space, "a", "2");
  CHECK_OK(cairn_cache_delete(space, "a", 1, ERR));
  CHECK_TEXT(">a=1:1 >a=2:0 ", removed);
  drop(cache, space);
  CHECK(freed == 2);
}

static void many_are_set_at_once_and_metrics_tell(void) {
  cairn_metrics* metrics = NULL;
  CHECK_OK(cairn_metrics_create(&metrics, ERR));
  cairn_cache_options options = options_of(NULL);
  options.metrics = metrics;
  options.name = "pages";
  options.name_bytes = NUL;
  cairn_cache* cache = NULL;
  CHECK_OK(cairn_cache_create(&options, &cache, ERR));
  cairn_cache_space* space = NULL;
  CHECK_OK(cairn_cache_space_open(cache, "", 0, NULL, &space, ERR));
  const char* keys[] = {"a", "b", NULL};
  const size_t sizes[] = {1, 1, 3};
  const char* values[] = {"1", "2", "3"};
  const size_t value_sizes[] = {1, 1, 1};
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "key",
              cairn_cache_set_many(space, keys, sizes, values, value_sizes, 3, NULL, ERR));
  CHECK_TEXT("", get(space, "a"));
  CHECK_OK(cairn_cache_set_many(space, keys, sizes, values, value_sizes, 2, NULL, ERR));
  CHECK_OK(cairn_cache_set_many(space, NULL, NULL, NULL, NULL, 0, NULL, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "is NULL",
              cairn_cache_set_many(space, NULL, NULL, NULL, NULL, 1, NULL, ERR));
  CHECK_TEXT("1", get(space, "a"));
  CHECK_TEXT("2", get(space, "b"));
  cairn_buffer* text = NULL;
  CHECK_OK(cairn_metrics_text(metrics, &text, ERR));
  CHECK_HOLDS("cairn_cache_hits_total{cache=\"pages\",namespace=\"\"} 2",
              cairn_buffer_data(text, NULL));
  cairn_buffer_release(text);
  drop(cache, space);
  CHECK_OK(cairn_metrics_text(metrics, &text, ERR));
  cairn_buffer_release(text);
  cairn_metrics_release(metrics);
}

int main(void) {
  RUN(faults_of_tiers_are_told);
  RUN(values_on_disk_survive_a_restart);
  RUN(a_database_keeps_values_until_it_is_closed);
  RUN(a_redis_that_is_away_is_a_miss);
  RUN(a_limiter_is_no_cache);
  RUN(removals_are_told_with_their_cause);
  RUN(many_are_set_at_once_and_metrics_tell);
  return check_result();
}
