/* Facts about the library, status codes, errors, buffers and lists. */
#include <string.h>

#include "check.h"

static void versions_agree(void) {
  CHECK(cairn_abi_version() == CAIRN_ABI_VERSION);
  CHECK_TEXT("0.1.0", cairn_version());
  CHECK_HOLDS(cairn_version(), cairn_build_info());
  CHECK_HOLDS("rocksdb 7", cairn_build_info());
  const char* kernel = cairn_kernel_name();
  CHECK(strcmp(kernel, "scalar") == 0 || strcmp(kernel, "avx2") == 0 ||
        strcmp(kernel, "avx512") == 0);
}

static void codes_have_names(void) {
  CHECK_TEXT("ok", cairn_status_name(CAIRN_OK));
  CHECK_TEXT("cancelled", cairn_status_name(CAIRN_CANCELLED));
  CHECK_TEXT("unknown", cairn_status_name(CAIRN_UNKNOWN));
  CHECK_TEXT("invalid_argument", cairn_status_name(CAIRN_INVALID_ARGUMENT));
  CHECK_TEXT("timed_out", cairn_status_name(CAIRN_TIMED_OUT));
  CHECK_TEXT("not_found", cairn_status_name(CAIRN_NOT_FOUND));
  CHECK_TEXT("already_exists", cairn_status_name(CAIRN_ALREADY_EXISTS));
  CHECK_TEXT("permission_denied", cairn_status_name(CAIRN_PERMISSION_DENIED));
  CHECK_TEXT("resource_exhausted", cairn_status_name(CAIRN_RESOURCE_EXHAUSTED));
  CHECK_TEXT("failed_precondition", cairn_status_name(CAIRN_FAILED_PRECONDITION));
  CHECK_TEXT("aborted", cairn_status_name(CAIRN_ABORTED));
  CHECK_TEXT("out_of_range", cairn_status_name(CAIRN_OUT_OF_RANGE));
  CHECK_TEXT("unsupported", cairn_status_name(CAIRN_UNSUPPORTED));
  CHECK_TEXT("internal", cairn_status_name(CAIRN_INTERNAL));
  CHECK_TEXT("unavailable", cairn_status_name(CAIRN_UNAVAILABLE));
  CHECK_TEXT("data_loss", cairn_status_name(CAIRN_DATA_LOSS));
  CHECK_TEXT("rate_limited", cairn_status_name(CAIRN_RATE_LIMITED));
  CHECK_TEXT("locked", cairn_status_name(CAIRN_LOCKED));
  CHECK_TEXT("io_error", cairn_status_name(CAIRN_IO_ERROR));
}

static void later_codes_are_unknown(void) {
  CHECK_TEXT("unknown", cairn_status_name(16));
  CHECK_TEXT("unknown", cairn_status_name(4711));
  CHECK_TEXT("unknown", cairn_status_name(-1));
}

static void no_error_is_harmless(void) {
  uint64_t index = 7;
  CHECK(cairn_error_code(NULL) == CAIRN_OK);
  CHECK_TEXT("", cairn_error_message(NULL));
  CHECK(cairn_error_index(NULL, &index) == 0);
  CHECK(index == 0);
  CHECK(cairn_error_index(NULL, NULL) == 0);
  cairn_error_release(NULL);
}

static void an_error_tells_what_happened(void) {
  cairn_error* err = NULL;
  cairn_database* database = NULL;
  uint64_t index = 7;
  CHECK(cairn_database_open(NULL, 3, NULL, &database, &err) == CAIRN_INVALID_ARGUMENT);
  CHECK(cairn_error_code(err) == CAIRN_INVALID_ARGUMENT);
  CHECK_HOLDS("path is NULL", cairn_error_message(err));
  CHECK(cairn_error_index(err, &index) == 0);
  CHECK(index == 0);
  cairn_error_release(err);
}

static void an_earlier_error_is_kept(void) {
  cairn_error* err = NULL;
  CHECK(cairn_database_sync(NULL, &err) == CAIRN_INVALID_ARGUMENT);
  cairn_error* first = err;
  CHECK(cairn_database_open("", 0, NULL, NULL, &err) == CAIRN_INVALID_ARGUMENT);
  CHECK(err == first);
  CHECK_TEXT("database is NULL", cairn_error_message(err));
  cairn_error_release(err);
}

static void an_error_is_optional(void) {
  CHECK(cairn_database_sync(NULL, NULL) == CAIRN_INVALID_ARGUMENT);
}

static void no_buffer_is_empty(void) {
  size_t size = 7;
  CHECK_TEXT("", cairn_buffer_data(NULL, &size));
  CHECK(size == 0);
  CHECK_TEXT("", cairn_buffer_data(NULL, NULL));
  cairn_buffer_release(NULL);
}

static void no_list_is_empty(void) {
  size_t size = 7;
  CHECK(cairn_list_size(NULL) == 0);
  CHECK(cairn_list_item(NULL, 0, &size) == NULL);
  CHECK(size == 0);
  cairn_list_release(NULL);
}

static void lists_and_buffers_end_in_nul(void) {
  struct fixture fixture = open_fixture(NULL);
  cairn_list* names = NULL;
  cairn_buffer* metrics = NULL;
  size_t size = 0;
  CHECK_OK(cairn_collection_names(fixture.database, &names, ERR));
  CHECK(cairn_list_size(names) == 1);
  CHECK_TEXT("notes", cairn_list_item(names, 0, &size));
  CHECK(size == 5);
  CHECK_TEXT("notes", cairn_list_item(names, 0, NULL));
  CHECK(cairn_list_item(names, 1, &size) == NULL);
  CHECK(size == 0);
  CHECK(cairn_list_item(names, (size_t)-1, NULL) == NULL);
  put_text(fixture.collection, "a", "counted");
  CHECK_OK(cairn_database_metrics(fixture.database, &metrics, ERR));
  const char* text = cairn_buffer_data(metrics, &size);
  CHECK(size == strlen(text));
  CHECK_HOLDS("# TYPE", text);
  cairn_list_release(names);
  cairn_buffer_release(metrics);
  close_fixture(&fixture);
}

int main(void) {
  RUN(versions_agree);
  RUN(codes_have_names);
  RUN(later_codes_are_unknown);
  RUN(no_error_is_harmless);
  RUN(an_error_tells_what_happened);
  RUN(an_earlier_error_is_kept);
  RUN(an_error_is_optional);
  RUN(no_buffer_is_empty);
  RUN(no_list_is_empty);
  RUN(lists_and_buffers_end_in_nul);
  return check_result();
}
