/* Indexing a folder: what is refused, progress, cancelling, the report. */
#include <stdio.h>
#include <string.h>

#include "check.h"

/* What a progress callback saw, and when it is to stop the run. */
struct progress {
  int calls;
  int frees;
  int stop_at; /* the call that cancels; 0 = never */
  int last_phase;
  int named_a_file;
};

static int32_t on_progress(int32_t phase, uint64_t done, uint64_t total, const char* path,
                           size_t path_bytes, void* user_data) {
  struct progress* progress = user_data;
  CHECK(phase >= CAIRN_PHASE_SCAN && phase <= CAIRN_PHASE_DONE);
  CHECK(phase >= progress->last_phase);
  CHECK(total == 0 || done <= total);
  CHECK(strlen(path) == path_bytes);
  progress->last_phase = phase;
  if (strstr(path, ".md") != NULL) progress->named_a_file = 1;
  return ++progress->calls == progress->stop_at ? 1 : 0;
}

static void count_free(void* user_data) { ++((struct progress*)user_data)->frees; }

static cairn_index_options default_options(struct progress* progress) {
  cairn_index_options options;
  cairn_index_options_init(&options, sizeof options);
  if (progress != NULL) {
    options.progress_fn = on_progress;
    options.progress_user_data = progress;
    options.progress_free = count_free;
  }
  return options;
}

static struct fixture with_vault(void) {
  struct fixture fixture = open_fixture(NULL);
  write_file(fixture.folder, "vault/lamp.md", "# Lamp\n\nA white lantern #light\n");
  write_file(fixture.folder, "vault/tide.md", "---\ntags: [sea\n---\nThe tide turns.\n");
  write_file(fixture.folder, "vault/plain.txt", "Plain words.\n");
  write_file(fixture.folder, "vault/picture.png", "not text");
  return fixture;
}

static cairn_index_report* index_with(struct fixture* fixture, const cairn_index_options* options) {
  cairn_index_report* report = NULL;
  CHECK_OK(cairn_index_folder(fixture->collection, path_in(fixture->folder, "vault"), NUL, options,
                              &report, ERR));
  return report;
}

static cairn_index_stats stats_of(cairn_index_report* report) {
  cairn_index_stats stats;
  stats.struct_size = sizeof stats;
  CHECK_OK(cairn_index_report_stats(report, &stats, ERR));
  return stats;
}

static void roots_are_checked(void) {
  struct fixture fixture = with_vault();
  struct progress progress = {0};
  cairn_index_options options = default_options(&progress);
  cairn_index_report* report = NULL;
  int frees = 0;
  CHECK_FAILS(CAIRN_NOT_FOUND, "missing",
              cairn_index_folder(fixture.collection, path_in(fixture.folder, "missing"), NUL,
                                 &options, &report, ERR));
  CHECK(progress.frees == ++frees);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "lamp.md",
              cairn_index_folder(fixture.collection, path_in(fixture.folder, "vault/lamp.md"), NUL,
                                 &options, &report, ERR));
  CHECK(progress.frees == ++frees);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "root is empty",
              cairn_index_folder(fixture.collection, "", 0, &options, &report, ERR));
  CHECK(progress.frees == ++frees);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "NUL",
              cairn_index_folder(fixture.collection, "/tmp\0x", 6, &options, &report, ERR));
  CHECK(progress.frees == ++frees);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "collection is NULL",
              cairn_index_folder(NULL, "/tmp", NUL, &options, &report, ERR));
  CHECK(progress.frees == ++frees);
  CHECK(report == NULL && progress.calls == 0);
  close_fixture(&fixture);
}

static void bad_options_are_refused(void) {
  struct fixture fixture = with_vault();
  static const char* const no_pattern[1] = {NULL};
  struct progress progress = {0};
  cairn_index_report* report = NULL;
  for (int i = 0; i < 5; ++i) {
    static const char* const why[5] = {"force_root", "allow_mass_delete", "ignore is NULL",
                                       "ignore[0]", "struct_size"};
    cairn_index_options options = default_options(&progress);
    if (i == 0) options.force_root = 2;
    if (i == 1) options.allow_mass_delete = 2;
    if (i >= 2) options.ignore_count = i < 4 ? 1 : 0;
    if (i == 3) options.ignore = no_pattern;
    if (i == 4) options.struct_size = sizeof options + 5000;
    CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why[i],
                cairn_index_folder(fixture.collection, path_in(fixture.folder, "vault"), NUL,
                                   &options, &report, ERR));
    CHECK(progress.frees == (i < 4 ? i + 1 : 4));
  }
  CHECK(report == NULL && progress.calls == 0);
  close_fixture(&fixture);
}

static void a_run_is_reported(void) {
  struct fixture fixture = with_vault();
  struct progress progress = {0};
  cairn_index_options options = default_options(&progress);
  cairn_index_report* report = index_with(&fixture, &options);
  cairn_index_stats stats = stats_of(report);
  const char* path = NULL;
  const char* reason = NULL;
  CHECK(stats.scanned_count == 3 && stats.added_count == 3 && stats.failed_count == 0);
  CHECK(stats.cancelled == 0 && stats.chunk_count >= 3 && stats.bytes > 50 && stats.took_ns > 0);
  CHECK(progress.calls >= 3 && progress.frees == 1 && progress.named_a_file);
  CHECK(progress.last_phase == CAIRN_PHASE_DONE);
  CHECK(cairn_index_report_problem_count(report, CAIRN_PROBLEM_FAILED) == 0);
  CHECK(cairn_index_report_problem_count(report, CAIRN_PROBLEM_WARNING) == stats.warning_count);
  CHECK(cairn_index_report_problem_count(report, CAIRN_PROBLEM_SKIPPED) == stats.skipped_count);
  CHECK(cairn_index_report_problem_count(report, 3) == 0);
  CHECK(stats.warning_count == 1);
  CHECK_OK(cairn_index_report_problem(report, CAIRN_PROBLEM_WARNING, 0, &path, &reason, ERR));
  CHECK_TEXT("tide.md", path);
  CHECK(reason != NULL && reason[0] != '\0');
  CHECK_FAILS(CAIRN_OUT_OF_RANGE, "problem 1",
              cairn_index_report_problem(report, CAIRN_PROBLEM_WARNING, 1, &path, &reason, ERR));
  CHECK(path == NULL && reason == NULL);
  CHECK_FAILS(CAIRN_OUT_OF_RANGE, "kind -1",
              cairn_index_report_problem(report, -1, 0, &path, &reason, ERR));
  cairn_index_report_release(report);
  close_fixture(&fixture);
}

static void a_report_is_rendered_as_json(void) {
  struct fixture fixture = with_vault();
  cairn_index_report* report = index_with(&fixture, NULL);
  cairn_buffer* json = NULL;
  CHECK_OK(cairn_index_report_json(report, &json, ERR));
  const char* text = cairn_buffer_data(json, NULL);
  CHECK_HOLDS(
      "{\"scanned\":3,\"added\":3,\"changed\":0,\"renamed\":0,\"deleted\":0,\"unchanged\":0,"
      "\"chunks\":",
      text);
  CHECK_HOLDS(",\"embedded\":0,\"seconds\":", text);
  CHECK_HOLDS(",\"cancelled\":false,\"failed\":[],\"skipped\":", text);
  CHECK_HOLDS(",\"warnings\":[{\"path\":\"tide.md\",\"reason\":\"", text);
  cairn_buffer_release(json);
  cairn_index_report_release(report);
  close_fixture(&fixture);
}

static void a_second_run_finds_what_changed(void) {
  struct fixture fixture = with_vault();
  cairn_document* document = NULL;
  cairn_index_report_release(index_with(&fixture, NULL));
  write_file(fixture.folder, "vault/lamp.md", "# Lamp\n\nNow a green lantern\n");
  cairn_index_report* report = index_with(&fixture, NULL);
  cairn_index_stats stats = stats_of(report);
  CHECK(stats.added_count == 0 && stats.changed_count == 1 && stats.unchanged_count == 2);
  CHECK_OK(cairn_collection_get(fixture.collection, "lamp.md", NUL, &document, ERR));
  CHECK_TEXT("lamp.md", cairn_document_text(document, CAIRN_FIELD_PATH, NULL));
  CHECK_TEXT("Lamp", cairn_document_text(document, CAIRN_FIELD_TITLE, NULL));
  CHECK_HOLDS("green", cairn_document_text(document, CAIRN_FIELD_BODY, NULL));
  cairn_document_release(document);
  cairn_index_report_release(report);
  close_fixture(&fixture);
}

static void a_run_can_be_cancelled(void) {
  struct fixture fixture = with_vault();
  struct progress progress = {.stop_at = 1};
  cairn_index_options options = default_options(&progress);
  cairn_index_report* report = NULL;
  uint64_t count = 7;
  CHECK_FAILS(CAIRN_CANCELLED, "",
              cairn_index_folder(fixture.collection, path_in(fixture.folder, "vault"), NUL,
                                 &options, &report, ERR));
  CHECK(report != NULL);
  CHECK(stats_of(report).cancelled == 1);
  CHECK(progress.calls == 1 && progress.frees == 1);
  cairn_index_report_release(report);
  CHECK_OK(cairn_collection_count(fixture.collection, &count, ERR));
  CHECK(count < 3);
  cairn_index_report_release(index_with(&fixture, NULL));
  CHECK_OK(cairn_collection_count(fixture.collection, &count, ERR));
  CHECK(count == 3);
  close_fixture(&fixture);
}

static void another_root_needs_force(void) {
  struct fixture fixture = with_vault();
  cairn_index_options options = default_options(NULL);
  cairn_index_report* report = index_with(&fixture, NULL);
  const char* other = path_in(fixture.folder, "other");
  cairn_index_report_release(report);
  write_file(fixture.folder, "other/a.md", "# Other\n");
  CHECK_FAILS(CAIRN_FAILED_PRECONDITION, "other",
              cairn_index_folder(fixture.collection, other, NUL, NULL, &report, ERR));
  CHECK(report == NULL);
  options.force_root = 1;
  options.allow_mass_delete = 1;
  CHECK_OK(cairn_index_folder(fixture.collection, other, NUL, &options, &report, ERR));
  CHECK(stats_of(report).added_count == 1);
  cairn_index_report_release(report);
  close_fixture(&fixture);
}

static void limits_and_patterns_leave_files_out(void) {
  struct fixture fixture = with_vault();
  static const char* const ignore[2] = {"*.txt", "tide*"};
  cairn_index_options options = default_options(NULL);
  options.ignore = ignore;
  options.ignore_count = 2;
  cairn_index_report* report = index_with(&fixture, &options);
  CHECK(stats_of(report).added_count == 1);
  cairn_index_report_release(report);
  options = default_options(NULL);
  options.max_file_bytes = 20;
  report = index_with(&fixture, &options);
  CHECK(stats_of(report).skipped_count == 2);
  CHECK(cairn_index_report_problem_count(report, CAIRN_PROBLEM_SKIPPED) == 2);
  cairn_index_report_release(report);
  close_fixture(&fixture);
}

static void chunks_have_the_size_asked_for(void) {
  size_t counts[2];
  for (int i = 0; i < 2; ++i) {
    struct fixture fixture = open_fixture(NULL);
    cairn_index_options options = default_options(NULL);
    cairn_document* document = NULL;
    char body[8192] = "";
    for (int j = 0; j < 20; ++j) {
      strcat(body, "One two three four five six seven eight nine ten eleven twelve thirteen.\n\n");
    }
    write_file(fixture.folder, "vault/long.md", body);
    options.chunk_max_tokens = i == 0 ? 0 : 40;
    cairn_index_report_release(index_with(&fixture, &options));
    CHECK_OK(cairn_collection_get(fixture.collection, "long.md", NUL, &document, ERR));
    counts[i] = cairn_document_chunk_count(document);
    cairn_document_release(document);
    close_fixture(&fixture);
  }
  CHECK(counts[0] >= 1 && counts[1] > counts[0]);
}

int main(void) {
  RUN(roots_are_checked);
  RUN(bad_options_are_refused);
  RUN(a_run_is_reported);
  RUN(a_report_is_rendered_as_json);
  RUN(a_second_run_finds_what_changed);
  RUN(a_run_can_be_cancelled);
  RUN(another_root_needs_force);
  RUN(limits_and_patterns_leave_files_out);
  RUN(chunks_have_the_size_asked_for);
  return check_result();
}
