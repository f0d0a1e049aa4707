/* The cache: what is refused, lifetimes, and loading. No database is opened. */
#include <stdlib.h>
#include <string.h>

#include "check.h"

struct cached {
  cairn_cache* cache;
  cairn_cache_space* space;
};

static struct cached open_cache(void) {
  struct cached opened = {NULL, NULL};
  cairn_cache_options options;
  cairn_cache_options_init(&options, sizeof options);
  options.max_entries = 100;
  CHECK_OK(cairn_cache_create(&options, &opened.cache, ERR));
  CHECK_OK(cairn_cache_space_open(opened.cache, "", 0, NULL, &opened.space, ERR));
  return opened;
}

static void close_cache(struct cached* opened) {
  cairn_cache_release(opened->cache);
  cairn_cache_space_release(opened->space);
}

static cairn_status set(cairn_cache_space* space, const char* key, const char* value) {
  return cairn_cache_set(space, key, NUL, value, NUL, NULL, NULL);
}

/* "" for a miss, in one static buffer. */
static const char* get(cairn_cache_space* space, const char* key) {
  static char text[100];
  cairn_cache_value* value = NULL;
  const cairn_status status = cairn_cache_get(space, key, NUL, &value, NULL);
  CHECK(status == CAIRN_OK || (status == CAIRN_NOT_FOUND && value == NULL));
  strncpy(text, cairn_cache_value_data(value, NULL), sizeof text - 1);
  cairn_cache_value_release(value);
  return text;
}

static void faults_are_told_together(void) {
  cairn_cache* cache = NULL;
  cairn_cache_options options;
  cairn_cache_options_init(&options, sizeof options);
  options.ttl_jitter = 3;
  options.shard_count = 99;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "max_bytes", cairn_cache_create(&options, &cache, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "ttl_jitter", cairn_cache_create(&options, &cache, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "shard_count", cairn_cache_create(&options, &cache, ERR));
  CHECK(cache == NULL);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "cache is NULL", cairn_cache_clear(NULL, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "space is NULL",
              cairn_cache_set(NULL, "a", 1, "b", 1, NULL, ERR));
}

static void values_are_set_found_and_removed(void) {
  struct cached opened = open_cache();
  CHECK_TEXT("", get(opened.space, "a"));
  CHECK(set(opened.space, "a", "1") == CAIRN_OK);
  CHECK(set(opened.space, "user:1", "x") == CAIRN_OK);
  CHECK_TEXT("1", get(opened.space, "a"));
  uint64_t count = 0;
  CHECK_OK(cairn_cache_delete_prefix(opened.space, "user:", NUL, &count, ERR));
  CHECK(count == 1);
  CHECK(cairn_cache_delete(opened.space, "a", 1, NULL) == CAIRN_OK);
  CHECK(cairn_cache_delete(opened.space, "a", 1, NULL) == CAIRN_NOT_FOUND);
  CHECK(set(opened.space, "b", "2") == CAIRN_OK);
  CHECK_OK(cairn_cache_bump(opened.space, ERR));
  CHECK_TEXT("", get(opened.space, "b"));
  close_cache(&opened);
}

static void values_outlive_everything(void) {
  struct cached opened = open_cache();
  cairn_cache_value* values[20];
  CHECK(set(opened.space, "a", "first") == CAIRN_OK);
  for (int i = 0; i < 20; ++i) {
    CHECK_OK(cairn_cache_get(opened.space, "a", 1, &values[i], ERR));
  }
  CHECK(set(opened.space, "a", "second") == CAIRN_OK);
  close_cache(&opened);
  for (int i = 0; i < 20; ++i) {
    CHECK_TEXT("first", cairn_cache_value_data(values[i], NULL));
    cairn_cache_value_release(values[i]);
  }
}

static void nothing_is_a_hit(void) {
  struct cached opened = open_cache();
  cairn_cache_set_options options;
  cairn_cache_set_options_init(&options, sizeof options);
  options.negative = 1;
  CHECK_OK(cairn_cache_set(opened.space, "a", 1, NULL, 0, &options, ERR));
  const char* keys[] = {"a", "missing"};
  const size_t key_bytes[] = {1, 7};
  cairn_cache_value* values[2] = {NULL, NULL};
  CHECK_OK(cairn_cache_get_many(opened.space, keys, key_bytes, 2, values, ERR));
  CHECK(cairn_cache_value_is_negative(values[0]) == 1);
  CHECK(values[1] == NULL);
  cairn_cache_value_release(values[0]);
  cairn_cache_stats stats;
  memset(&stats, 0, sizeof stats);
  stats.struct_size = sizeof stats;
  CHECK_OK(cairn_cache_stats_get(opened.cache, &stats, ERR));
  CHECK(stats.hit_count == 1 && stats.negative_hit_count == 1 && stats.miss_count == 1);
  CHECK_OK(cairn_cache_space_stats_get(opened.space, &stats, ERR));
  CHECK(stats.entry_count == 1);
  CHECK_OK(cairn_cache_clear(opened.cache, ERR));
  CHECK_OK(cairn_cache_maintain(opened.cache, 100, NULL, ERR));
  close_cache(&opened);
}

static int loads;
static int freed;

static int32_t load(cairn_cache_loaded* loaded, void* user_data) {
  ++loads;
  if (user_data == NULL) return 7;
  return cairn_cache_loaded_set(loaded, user_data, NUL, 0, 0, NULL) == CAIRN_OK ? 0 : 1;
}

static void count_free(void* user_data) {
  (void)user_data;
  ++freed;
}

static void a_key_is_loaded_once(void) {
  struct cached opened = open_cache();
  cairn_cache_value* value = NULL;
  char text[] = "loaded";
  CHECK_FAILS(CAIRN_ABORTED, "the loader returned 7",
              cairn_cache_load(opened.space, "a", 1, load, NULL, count_free, NULL, &value, ERR));
  CHECK(value == NULL && freed == 1);
  for (int i = 0; i < 3; ++i) {
    CHECK_OK(cairn_cache_load(opened.space, "a", 1, load, text, count_free, NULL, &value, ERR));
    CHECK_TEXT("loaded", cairn_cache_value_data(value, NULL));
    cairn_cache_value_release(value);
  }
  CHECK(loads == 2 && freed == 4);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "load_fn",
              cairn_cache_load(opened.space, "a", 1, NULL, text, count_free, NULL, &value, ERR));
  CHECK(freed == 5);
  close_cache(&opened);
}

#if defined(CAIRN_WITH_LZ4)
static void large_values_may_be_compressed(void) {
  struct cached opened = {NULL, NULL};
  cairn_cache_options options;
  cairn_cache_options_init(&options, sizeof options);
  options.max_bytes = 1 << 20;
  options.compress_from_bytes = 1000;
  CHECK_OK(cairn_cache_create(&options, &opened.cache, ERR));
  CHECK_OK(cairn_cache_space_open(opened.cache, "", 0, NULL, &opened.space, ERR));
  /* Larger than the whole cache. */
  const size_t size = 4 << 20;
  char* bytes = malloc(size);
  CHECK(bytes != NULL);
  memset(bytes, 'x', size);
  CHECK_OK(cairn_cache_set(opened.space, "a", 1, bytes, size, NULL, ERR));
  cairn_cache_value* value = NULL;
  CHECK_OK(cairn_cache_get(opened.space, "a", 1, &value, ERR));
  cairn_cache_stats stats;
  memset(&stats, 0, sizeof stats);
  stats.struct_size = sizeof stats;
  CHECK_OK(cairn_cache_stats_get(opened.cache, &stats, ERR));
  CHECK(stats.compressed_count == 1 && stats.saved_bytes > size / 2);
  CHECK(stats.bytes <= options.max_bytes);
  close_cache(&opened);
  size_t got = 0;
  const char* data = cairn_cache_value_data(value, &got);
  CHECK(got == size && memcmp(data, bytes, size) == 0);
  cairn_cache_value_release(value);
  free(bytes);
}
#endif

int main(void) {
  RUN(faults_are_told_together);
  RUN(values_are_set_found_and_removed);
  RUN(values_outlive_everything);
  RUN(nothing_is_a_hit);
  RUN(a_key_is_loaded_once);
#if defined(CAIRN_WITH_LZ4)
  RUN(large_values_may_be_compressed);
#endif
  return check_result();
}
