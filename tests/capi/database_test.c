/* Opening, locking, closing and asking a database. */
#define _XOPEN_SOURCE 700
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

static cairn_database_options default_options(void) {
  cairn_database_options options;
  cairn_database_options_init(&options, sizeof options);
  return options;
}

static void a_path_is_checked(void) {
  cairn_database* database = NULL;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "path is empty",
              cairn_database_open("", 0, NULL, &database, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "path is empty",
              cairn_database_open(NULL, 0, NULL, &database, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "path is NULL",
              cairn_database_open(NULL, NUL, NULL, &database, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "NUL", cairn_database_open("a\0b", 3, NULL, &database, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "length",
              cairn_database_open("a", (size_t)-2, NULL, &database, ERR));
  CHECK(database == NULL);
}

static void a_length_ends_the_path(void) {
  char* folder = make_folder();
  cairn_database* database = NULL;
  char path[4096];
  snprintf(path, sizeof path, "%s/db-and-more", folder);
  CHECK_OK(cairn_database_open(path, strlen(folder) + 3, NULL, &database, ERR));
  cairn_database_release(database);
  CHECK(access(path_in(folder, "db"), F_OK) == 0);
  CHECK(access(path, F_OK) != 0);
  remove_folder(folder);
}

static void bad_options_are_refused(void) {
  char* folder = make_folder();
  const char* path = path_in(folder, "db");
  cairn_database* database = NULL;
  cairn_database_options options = default_options();
  options.read_only = 2;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "read_only",
              cairn_database_open(path, NUL, &options, &database, ERR));
  options = default_options();
  options.must_exist = 7;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "must_exist",
              cairn_database_open(path, NUL, &options, &database, ERR));
  options = default_options();
  options.durability = 2;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "durability",
              cairn_database_open(path, NUL, &options, &database, ERR));
  options = default_options();
  options.log_level = -1;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "log_level",
              cairn_database_open(path, NUL, &options, &database, ERR));
  CHECK(database == NULL);
  CHECK(access(path, F_OK) != 0);
  remove_folder(folder);
}

static void what_must_exist_is_not_made(void) {
  char* folder = make_folder();
  cairn_database* database = NULL;
  cairn_database_options options = default_options();
  options.must_exist = 1;
  CHECK_FAILS(CAIRN_NOT_FOUND, "",
              cairn_database_open(path_in(folder, "db"), NUL, &options, &database, ERR));
  options = default_options();
  options.read_only = 1;
  CHECK_FAILS(CAIRN_NOT_FOUND, "",
              cairn_database_open(path_in(folder, "db"), NUL, &options, &database, ERR));
  CHECK(access(path_in(folder, "db"), F_OK) != 0);
  remove_folder(folder);
}

static void other_files_are_left_alone(void) {
  char* folder = make_folder();
  cairn_database* database = NULL;
  write_file(folder, "occupied/thesis.txt", "years of work");
  CHECK_FAILS(CAIRN_FAILED_PRECONDITION, "",
              cairn_database_open(path_in(folder, "occupied"), NUL, NULL, &database, ERR));
  CHECK(access(path_in(folder, "occupied/thesis.txt"), F_OK) == 0);
  CHECK(cairn_database_open(path_in(folder, "occupied/thesis.txt"), NUL, NULL, &database, NULL) !=
        CAIRN_OK);
  CHECK(database == NULL);
  remove_folder(folder);
}

static void there_is_one_writer(void) {
  struct fixture fixture = open_fixture(NULL);
  cairn_database* second = NULL;
  char pid[32];
  snprintf(pid, sizeof pid, "%ld", (long)getpid());
  CHECK_FAILS(CAIRN_LOCKED, pid,
              cairn_database_open(path_in(fixture.folder, "db"), NUL, NULL, &second, ERR));
  CHECK_OK(cairn_database_close(fixture.database, ERR));
  CHECK_OK(cairn_database_open(path_in(fixture.folder, "db"), NUL, NULL, &second, ERR));
  cairn_database_release(second);
  close_fixture(&fixture);
}

static void a_reader_follows_the_writer(void) {
  struct fixture fixture = open_fixture(NULL);
  cairn_database* reader = NULL;
  cairn_collection* notes = NULL;
  cairn_database_stats stats;
  cairn_database_options options = default_options();
  uint64_t count = 7;
  options.read_only = 1;
  put_text(fixture.collection, "a", "first");
  CHECK_OK(cairn_database_sync(fixture.database, ERR));
  CHECK_OK(cairn_database_open(path_in(fixture.folder, "db"), NUL, &options, &reader, ERR));
  CHECK_OK(cairn_collection_open(reader, "notes", NUL, NULL, &notes, ERR));
  CHECK_OK(cairn_collection_count(notes, &count, ERR));
  CHECK(count == 1);
  CHECK_FAILS(CAIRN_FAILED_PRECONDITION, "", cairn_collection_delete(notes, "a", 1, ERR));
  put_text(fixture.collection, "b", "second");
  CHECK_OK(cairn_database_sync(fixture.database, ERR));
  CHECK_OK(cairn_database_refresh(reader, ERR));
  CHECK_OK(cairn_collection_count(notes, &count, ERR));
  CHECK(count == 2);
  stats.struct_size = sizeof stats;
  CHECK_OK(cairn_database_stats_get(reader, &stats, ERR));
  CHECK(stats.read_only == 1 && stats.document_count == 2);
  cairn_collection_release(notes);
  cairn_database_release(reader);
  close_fixture(&fixture);
}

static void what_was_written_is_there_again(void) {
  struct fixture fixture = open_fixture(NULL);
  cairn_database_options options = default_options();
  uint64_t count = 0;
  put_text(fixture.collection, "a", "first");
  cairn_collection_release(fixture.collection);
  cairn_database_release(fixture.database);
  options.must_exist = 1;
  options.durability = CAIRN_DURABILITY_ASYNC;
  options.thread_count = 1;
  options.storage_memory_bytes = 8 << 20;
  CHECK_OK(
      cairn_database_open(path_in(fixture.folder, "db"), NUL, &options, &fixture.database, ERR));
  CHECK_OK(cairn_collection_open(fixture.database, "notes", NUL, NULL, &fixture.collection, ERR));
  CHECK_OK(cairn_collection_count(fixture.collection, &count, ERR));
  CHECK(count == 1);
  put_text(fixture.collection, "b", "second");
  CHECK_OK(cairn_database_sync(fixture.database, ERR));
  close_fixture(&fixture);
}

static void statistics_count(void) {
  struct fixture fixture = open_fixture(NULL);
  cairn_database_stats stats;
  stats.struct_size = sizeof stats;
  CHECK_OK(cairn_database_stats_get(fixture.database, &stats, ERR));
  CHECK(stats.collection_count == 1 && stats.document_count == 0 && stats.read_only == 0);
  CHECK(stats.format_version >= 1);
  uint64_t sequence = stats.sequence;
  put_text(fixture.collection, "a", "first");
  CHECK_OK(cairn_database_stats_get(fixture.database, &stats, ERR));
  CHECK(stats.document_count == 1 && stats.chunk_count == 1);
  CHECK(stats.sequence > sequence);
  CHECK(stats.disk_bytes > 0);
  close_fixture(&fixture);
}

static size_t hits_of(const struct fixture* fixture, const char* query) {
  cairn_results* results = NULL;
  cairn_search_info info;
  info.struct_size = sizeof info;
  CHECK_OK(cairn_search(fixture->collection, query, NUL, NULL, &results, ERR));
  CHECK_OK(cairn_results_info(results, &info, ERR));
  cairn_results_release(results);
  return info.count;
}

static void searches_are_remembered_until_the_next_write(void) {
  struct fixture fixture = open_fixture(NULL);
  cairn_database_stats stats;
  stats.struct_size = sizeof stats;
  put_text(fixture.collection, "a", "dough");
  CHECK(hits_of(&fixture, "dough") == 1);
  CHECK(hits_of(&fixture, "dough") == 1);
  CHECK_OK(cairn_database_stats_get(fixture.database, &stats, ERR));
  CHECK(stats.search_cache_hits == 1 && stats.search_cache_misses == 1);
  CHECK(stats.search_cache_entries == 1);
  CHECK(stats.search_cache_limit_bytes == 16 << 20);
  CHECK(stats.embedding_cache_limit_bytes == 16 << 20);
  CHECK(stats.search_cache_bytes > 0 && stats.search_cache_bytes <= 16 << 20);
  put_text(fixture.collection, "b", "dough");
  CHECK(hits_of(&fixture, "dough") == 2);
  CHECK_OK(cairn_collection_delete(fixture.collection, "a", 1, ERR));
  CHECK(hits_of(&fixture, "dough") == 1);
  close_fixture(&fixture);
}

static void what_is_not_to_be_remembered_is_not(void) {
  char* folder = make_folder();
  struct fixture fixture = {0};
  cairn_database_options options = default_options();
  cairn_database_stats stats;
  const char* path = path_in(folder, "db");
  stats.struct_size = sizeof stats;
  options.search_cache_none = 2;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "search_cache_none",
              cairn_database_open(path, NUL, &options, &fixture.database, ERR));
  options.search_cache_none = 0;
  options.search_cache_bytes = options.embedding_cache_bytes = 1;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "search_cache_bytes",
              cairn_database_open(path, NUL, &options, &fixture.database, ERR));
  options.search_cache_none = 1;
  options.embedding_cache_bytes = 1 << 20;
  CHECK_OK(cairn_database_open(path, NUL, &options, &fixture.database, ERR));
  CHECK_OK(cairn_collection_create(fixture.database, "notes", NUL, NULL, &fixture.collection, ERR));
  put_text(fixture.collection, "a", "dough");
  CHECK(hits_of(&fixture, "dough") == 1);
  CHECK(hits_of(&fixture, "dough") == 1);
  CHECK_OK(cairn_database_stats_get(fixture.database, &stats, ERR));
  CHECK(stats.search_cache_hits == 0 && stats.search_cache_misses == 0);
  CHECK(stats.search_cache_limit_bytes == 0);
  CHECK(stats.embedding_cache_limit_bytes == 1 << 20);
  cairn_collection_release(fixture.collection);
  cairn_database_release(fixture.database);
  remove_folder(folder);
}

static void waiting_ends(void) {
  struct fixture fixture = open_fixture(NULL);
  cairn_buffer* metrics = NULL;
  CHECK_OK(cairn_database_wait_idle(fixture.database, -1, ERR));
  CHECK_OK(cairn_database_wait_idle(fixture.database, 0, ERR));
  CHECK_OK(cairn_database_refresh(fixture.database, ERR));
  put_text(fixture.collection, "a", "counted");
  CHECK_OK(cairn_database_metrics(fixture.database, &metrics, ERR));
  CHECK_HOLDS("cairn_", cairn_buffer_data(metrics, NULL));
  cairn_buffer_release(metrics);
  close_fixture(&fixture);
}

int main(void) {
  RUN(a_path_is_checked);
  RUN(a_length_ends_the_path);
  RUN(bad_options_are_refused);
  RUN(what_must_exist_is_not_made);
  RUN(other_files_are_left_alone);
  RUN(there_is_one_writer);
  RUN(a_reader_follows_the_writer);
  RUN(what_was_written_is_there_again);
  RUN(statistics_count);
  RUN(searches_are_remembered_until_the_next_write);
  RUN(what_is_not_to_be_remembered_is_not);
  RUN(waiting_ends);
  return check_result();
}
