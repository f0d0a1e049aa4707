#include <cairn/cairn.h>
#include <stdio.h>
#include <string.h>

static int fail(const char* what, cairn_error* error) {
  fprintf(stderr, "%s: %s\n", what, cairn_error_message(error));
  cairn_error_release(error);
  return 1;
}

/* Stores a document and finds it again. */
static int find_one(cairn_collection* notes) {
  cairn_document_input input;
  cairn_results* results = NULL;
  cairn_error* error = NULL;
  cairn_result result;
  int found;

  cairn_document_input_init(&input, sizeof input);
  input.id = "bread";
  input.id_bytes = CAIRN_NUL_TERMINATED;
  input.body = "Feed the starter every morning.";
  input.body_bytes = CAIRN_NUL_TERMINATED;
  if (cairn_collection_upsert(notes, &input, 1, &error) != CAIRN_OK) return fail("upsert", error);
  if (cairn_search(notes, "starter", CAIRN_NUL_TERMINATED, NULL, &results, &error) != CAIRN_OK) {
    return fail("search", error);
  }
  memset(&result, 0, sizeof result);
  result.struct_size = sizeof result;
  found =
      cairn_results_get(results, 0, &result, &error) == CAIRN_OK && strcmp(result.id, "bread") == 0;
  cairn_results_release(results);
  return found ? 0 : fail("the document was not found", error);
}

int main(int argc, char** argv) {
  cairn_database* database = NULL;
  cairn_collection* notes = NULL;
  cairn_error* error = NULL;
  int result;

  if (argc != 2) return 2;
  if (cairn_abi_version() != CAIRN_ABI_VERSION) return 3;
  if (cairn_database_open(argv[1], CAIRN_NUL_TERMINATED, NULL, &database, &error) != CAIRN_OK) {
    return fail("open", error);
  }
  if (cairn_collection_create(database, "notes", CAIRN_NUL_TERMINATED, NULL, &notes, &error) !=
      CAIRN_OK) {
    cairn_database_release(database);
    return fail("create", error);
  }
  result = find_one(notes);
  cairn_collection_release(notes);
  cairn_database_release(database);
  if (result == 0) printf("cairn %s from C\n", cairn_version());
  return result;
}
