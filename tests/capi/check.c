#define _XOPEN_SOURCE 700
#include "check.h"

#include <ftw.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_int failures;
static _Thread_local cairn_error* error; /* callbacks check in threads of the library */

static void report(const char* file, int line, const char* what, const char* why) {
  fprintf(stderr, "%s:%d: %s: %s\n", file, line, what, why);
  ++failures;
}

void check_that(const char* file, int line, const char* what, int holds) {
  if (!holds) report(file, line, what, "does not hold");
}

void check_text(const char* file, int line, const char* what, const char* expected,
                const char* text) {
  if (text == NULL || strcmp(expected, text) != 0) {
    report(file, line, what, text == NULL ? "is NULL" : text);
  }
}

void check_holds(const char* file, int line, const char* what, const char* part, const char* text) {
  if (text == NULL || strstr(text, part) == NULL) {
    fprintf(stderr, "looked for: %s\n", part);
    report(file, line, what, text == NULL ? "is NULL" : text);
  }
}

void check_call(const char* file, int line, const char* what, cairn_status expected,
                const char* text, cairn_status status) {
  const char* message = cairn_error_message(error);
  if (status != expected) {
    fprintf(stderr, "wanted %s, got %s\n", cairn_status_name(expected), cairn_status_name(status));
    report(file, line, what, message);
  } else if (error != NULL && cairn_error_code(error) != status) {
    report(file, line, what, "the error has another code than the call");
  } else if (strstr(message, text) == NULL) {
    fprintf(stderr, "looked for: %s\n", text);
    report(file, line, what, message);
  }
  cairn_error_release(error);
  error = NULL;
}

cairn_error** check_error_slot(void) { return &error; }

void check_run(const char* name, void (*test)(void)) {
  int before = failures;
  test();
  if (failures != before) fprintf(stderr, "FAILED %s\n", name);
}

int check_result(void) {
  if (failures != 0) fprintf(stderr, "%d checks failed\n", failures);
  return failures == 0 ? 0 : 1;
}

char* make_folder(void) {
  const char* base = getenv("TMPDIR");
  char* folder = malloc(4096);
  if (folder == NULL) abort();
  snprintf(folder, 4096, "%s/cairn-capi-XXXXXX", base == NULL ? "/tmp" : base);
  if (mkdtemp(folder) == NULL) abort();
  return folder;
}

static int remove_entry(const char* path, const struct stat* info, int kind, struct FTW* position) {
  (void)info;
  (void)kind;
  (void)position;
  return remove(path);
}

void remove_folder(char* folder) {
  nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
  free(folder);
}

const char* path_in(const char* folder, const char* name) {
  static char buffers[4][4096];
  static int next;
  char* buffer = buffers[next++ % 4];
  snprintf(buffer, sizeof buffers[0], "%s/%s", folder, name);
  return buffer;
}

void write_file(const char* folder, const char* name, const char* text) {
  const char* slash = strrchr(name, '/');
  if (slash != NULL) {
    char parent[256];
    snprintf(parent, sizeof parent, "%.*s", (int)(slash - name), name);
    mkdir(path_in(folder, parent), 0777);
  }
  FILE* file = fopen(path_in(folder, name), "wb");
  if (file == NULL) abort();
  fwrite(text, 1, strlen(text), file);
  fclose(file);
}

struct fixture open_fixture(const cairn_collection_options* options) {
  struct fixture fixture = {make_folder(), NULL, NULL};
  cairn_collection_options plain;
  cairn_database_options fast;
  cairn_database_options_init(&fast, sizeof fast);
  fast.durability = CAIRN_DURABILITY_ASYNC;
  if (options == NULL) {
    cairn_collection_options_init(&plain, sizeof plain);
    plain.embedder = CAIRN_EMBEDDER_NONE;
    options = &plain;
  }
  CHECK_OK(cairn_database_open(path_in(fixture.folder, "db"), NUL, &fast, &fixture.database, ERR));
  CHECK_OK(
      cairn_collection_create(fixture.database, "notes", NUL, options, &fixture.collection, ERR));
  if (fixture.collection == NULL) exit(1);
  return fixture;
}

void close_fixture(struct fixture* fixture) {
  cairn_collection_release(fixture->collection);
  cairn_database_release(fixture->database);
  remove_folder(fixture->folder);
}

cairn_collection_options vector_options(uint32_t dim, int32_t metric) {
  cairn_collection_options options;
  cairn_collection_options_init(&options, sizeof options);
  options.embedder = CAIRN_EMBEDDER_NONE;
  options.dim = dim;
  options.metric = metric;
  return options;
}

void put_text(cairn_collection* collection, const char* id, const char* body) {
  cairn_document_input input;
  cairn_document_input_init(&input, sizeof input);
  input.id = id;
  input.id_bytes = NUL;
  input.body = body;
  input.body_bytes = NUL;
  CHECK_OK(cairn_collection_upsert(collection, &input, 1, ERR));
}

cairn_status put_vector(cairn_collection* collection, const char* id, const float* vector,
                        uint32_t dim, cairn_error** err) {
  cairn_document_input input;
  cairn_document_input_init(&input, sizeof input);
  input.id = id;
  input.id_bytes = NUL;
  input.vectors = vector;
  input.vector_count = 1;
  input.dim = dim;
  return cairn_collection_upsert(collection, &input, 1, err);
}
