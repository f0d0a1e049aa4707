/* Writing, reading, listing and deleting documents. */
#include <string.h>

#include "check.h"

static cairn_document_input input_of(const char* id, const char* body) {
  cairn_document_input input;
  cairn_document_input_init(&input, sizeof input);
  input.id = id;
  input.id_bytes = NUL;
  input.body = body;
  input.body_bytes = NUL;
  return input;
}

static void check_refused(cairn_collection* collection, const cairn_document_input* input,
                          const char* why) {
  cairn_error* err = NULL;
  uint64_t index = 7;
  CHECK(cairn_collection_upsert(collection, input, 1, &err) == CAIRN_INVALID_ARGUMENT);
  CHECK_HOLDS(why, cairn_error_message(err));
  CHECK(cairn_error_index(err, &index) == 1);
  CHECK(index == 0);
  cairn_error_release(err);
}

static void ids_are_checked(void) {
  struct fixture fixture = open_fixture(NULL);
  cairn_collection* collection = fixture.collection;
  cairn_document* document = NULL;
  uint64_t count = 7;
  char long_id[513];
  memset(long_id, 'i', sizeof long_id);
  cairn_document_input input = input_of("", "x");
  check_refused(collection, &input, "id");
  input.id = NULL;
  input.id_bytes = 0;
  check_refused(collection, &input, "id");
  input.id_bytes = 5;
  check_refused(collection, &input, "id is NULL");
  input.id = "a\0b";
  input.id_bytes = 3;
  check_refused(collection, &input, "NUL");
  input.id = "a\xed\xa0\x80";
  input.id_bytes = 4;
  check_refused(collection, &input, "UTF-8");
  input.id = long_id;
  input.id_bytes = 513;
  check_refused(collection, &input, "512");
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "NUL",
              cairn_collection_get(collection, "a\0b", 3, &document, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "UTF-8", cairn_collection_delete(collection, "\xff", 1, ERR));
  CHECK_OK(cairn_collection_count(collection, &count, ERR));
  CHECK(count == 0);
  input.id_bytes = 512;
  CHECK_OK(cairn_collection_upsert(collection, &input, 1, ERR));
  close_fixture(&fixture);
}

static void fields_are_checked(void) {
  struct fixture fixture = open_fixture(NULL);
  cairn_collection* collection = fixture.collection;
  static const char* const no_tag[1] = {NULL};
  cairn_document_input input = input_of("a", "x");
  input.format = 2;
  check_refused(collection, &input, "format");
  input = input_of("a", "x");
  input.title = "\xc0\x80";
  input.title_bytes = 2;
  check_refused(collection, &input, "title");
  input = input_of("a", "x");
  input.description_bytes = 1;
  check_refused(collection, &input, "description is NULL");
  input = input_of("a", "x");
  input.metadata_json = "{\"rating\": }";
  input.metadata_json_bytes = NUL;
  check_refused(collection, &input, "metadata");
  input.metadata_json = "[1]";
  check_refused(collection, &input, "metadata");
  input = input_of("a", "x");
  input.tag_count = 1;
  check_refused(collection, &input, "tags is NULL");
  input.tags = no_tag;
  check_refused(collection, &input, "tags[0]");
  input = input_of("a", "x");
  input.reserved = 1;
  check_refused(collection, &input, "reserved");
  close_fixture(&fixture);
}

static void those_before_the_fault_are_written(void) {
  struct fixture fixture = open_fixture(NULL);
  cairn_document_input inputs[4];
  cairn_error* err = NULL;
  uint64_t number = 0;
  inputs[0] = input_of("a", "x");
  inputs[1] = input_of("b", "x");
  inputs[2] = input_of("c", "x");
  inputs[2].metadata_json = "no";
  inputs[2].metadata_json_bytes = 2;
  inputs[3] = input_of("d", "x");
  inputs[3].format = 9;
  CHECK(cairn_collection_upsert(fixture.collection, inputs, 4, &err) == CAIRN_INVALID_ARGUMENT);
  CHECK(cairn_error_index(err, &number) == 1);
  CHECK(number == 2);
  cairn_error_release(err);
  CHECK_OK(cairn_collection_count(fixture.collection, &number, ERR));
  CHECK(number == 2);
  CHECK_OK(cairn_collection_upsert(fixture.collection, NULL, 0, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "documents is NULL",
              cairn_collection_upsert(fixture.collection, NULL, 1, ERR));
  close_fixture(&fixture);
}

/* A document with something in every field. */
static cairn_document_input full_input(void) {
  static const char* const tags[2] = {"sea", "night, dark"};
  static const size_t tag_bytes[2] = {3, 5};
  cairn_document_input input = input_of("harbour/light", "# Harbour\n\nA white lantern.\n");
  input.format = CAIRN_FORMAT_MARKDOWN;
  input.title = "The light and more";
  input.title_bytes = 9;
  input.type = "note";
  input.type_bytes = NUL;
  input.status = "active";
  input.status_bytes = NUL;
  input.description = "What shines";
  input.description_bytes = NUL;
  input.metadata_json = "{ \"rating\": 4, \"source\": { \"name\": \"a \\\" b\" } }";
  input.metadata_json_bytes = NUL;
  input.tags = tags;
  input.tag_bytes = tag_bytes;
  input.tag_count = 2;
  input.created_ns = 1700000000123000000;
  input.modified_ns = 1700000001000000000;
  return input;
}

static cairn_document* get_full(struct fixture* fixture) {
  cairn_document_input input = full_input();
  cairn_document* document = NULL;
  CHECK_OK(cairn_collection_upsert(fixture->collection, &input, 1, ERR));
  CHECK_OK(cairn_collection_get(fixture->collection, "harbour/light", NUL, &document, ERR));
  return document;
}

static void what_was_written_is_read(void) {
  struct fixture fixture = open_fixture(NULL);
  cairn_document* document = get_full(&fixture);
  size_t size = 0;
  CHECK_TEXT("harbour/light", cairn_document_text(document, CAIRN_FIELD_ID, &size));
  CHECK(size == 13);
  CHECK_TEXT("The light", cairn_document_text(document, CAIRN_FIELD_TITLE, NULL));
  CHECK_TEXT("# Harbour\n\nA white lantern.\n",
             cairn_document_text(document, CAIRN_FIELD_BODY, NULL));
  CHECK_TEXT("note", cairn_document_text(document, CAIRN_FIELD_TYPE, NULL));
  CHECK_TEXT("active", cairn_document_text(document, CAIRN_FIELD_STATUS, NULL));
  CHECK_TEXT("What shines", cairn_document_text(document, CAIRN_FIELD_DESCRIPTION, NULL));
  CHECK_HOLDS("\"rating\"", cairn_document_text(document, CAIRN_FIELD_METADATA_JSON, NULL));
  CHECK_TEXT("", cairn_document_text(document, CAIRN_FIELD_PATH, &size));
  CHECK(size == 0);
  CHECK(cairn_document_text(document, 8, &size) == NULL);
  CHECK(cairn_document_text(document, -1, NULL) == NULL);
  CHECK(cairn_document_tag_count(document) == 2);
  CHECK_TEXT("sea", cairn_document_tag(document, 0, NULL));
  CHECK_TEXT("night", cairn_document_tag(document, 1, &size));
  CHECK(size == 5);
  CHECK(cairn_document_tag(document, 2, &size) == NULL && size == 0);
  CHECK(cairn_document_created_ns(document) == 1700000000123000000);
  CHECK(cairn_document_modified_ns(document) == 1700000001000000000);
  cairn_document_release(document);
  close_fixture(&fixture);
}

static void chunks_point_into_the_body(void) {
  struct fixture fixture = open_fixture(NULL);
  cairn_document* document = get_full(&fixture);
  const char* body = cairn_document_text(document, CAIRN_FIELD_BODY, NULL);
  cairn_chunk chunk;
  chunk.struct_size = sizeof chunk;
  CHECK(cairn_document_chunk_count(document) == 1);
  CHECK_OK(cairn_document_chunk(document, 0, &chunk, ERR));
  CHECK(chunk.end <= strlen(body) && chunk.begin < chunk.end && chunk.line >= 1);
  CHECK_TEXT("Harbour", chunk.heading);
  CHECK(chunk.heading_bytes == 7);
  CHECK_HOLDS("white lantern", chunk.text);
  CHECK(chunk.text_bytes == strlen(chunk.text));
  CHECK_FAILS(CAIRN_OUT_OF_RANGE, "chunk 1 of 1", cairn_document_chunk(document, 1, &chunk, ERR));
  CHECK(chunk.text == NULL && chunk.end == 0);
  cairn_document_release(document);
  close_fixture(&fixture);
}

static void a_document_is_rendered_as_json(void) {
  struct fixture fixture = open_fixture(NULL);
  cairn_document* document = get_full(&fixture);
  cairn_buffer* json = NULL;
  CHECK_OK(cairn_document_json(document, &json, ERR));
  CHECK_HOLDS(
      "{\"id\":\"harbour/light\",\"title\":\"The "
      "light\",\"path\":\"\",\"tags\":[\"sea\",\"night\"],"
      "\"type\":\"note\",\"status\":\"active\",\"description\":\"What shines\","
      "\"created\":\"2023-11-14T22:13:20.123Z\",\"modified\":\"2023-11-14T22:13:21Z\","
      "\"metadata\":{\"rating\":4,\"source\":{\"name\":\"a \\\" b\"}},"
      "\"body\":\"# Harbour\\n\\nA white lantern.\\n\",\"chunks\":[{\"start\":",
      cairn_buffer_data(json, NULL));
  cairn_buffer_release(json);
  cairn_document_release(document);
  put_text(fixture.collection, "bare", "x");
  CHECK_OK(cairn_collection_get(fixture.collection, "bare", NUL, &document, ERR));
  CHECK_OK(cairn_document_json(document, &json, ERR));
  CHECK_HOLDS("\"created\":null,\"modified\":null,\"metadata\":{},", cairn_buffer_data(json, NULL));
  cairn_buffer_release(json);
  cairn_document_release(document);
  close_fixture(&fixture);
}

static void vectors_are_copied(void) {
  cairn_collection_options options = vector_options(2, CAIRN_METRIC_L2);
  struct fixture fixture = open_fixture(&options);
  const float given[2] = {1.5f, -2};
  float got[3] = {7, 7, 7};
  size_t count = 0;
  uint32_t dim = 0;
  cairn_document* document = NULL;
  cairn_document_input input = input_of("a", "some words");
  input.vectors = given;
  input.vector_count = 1;
  input.dim = 2;
  CHECK_OK(cairn_collection_upsert(fixture.collection, &input, 1, ERR));
  CHECK_OK(cairn_collection_get(fixture.collection, "a", 1, &document, ERR));
  CHECK_OK(cairn_document_vectors(document, NULL, 0, &count, &dim, ERR));
  CHECK(count == 2 && dim == 2);
  CHECK_FAILS(CAIRN_OUT_OF_RANGE, "room for 1 of 2",
              cairn_document_vectors(document, got, 1, &count, &dim, ERR));
  CHECK(got[0] == 7 && count == 0 && dim == 0);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "vectors_out",
              cairn_document_vectors(document, NULL, 2, NULL, NULL, ERR));
  CHECK_OK(cairn_document_vectors(document, got, 3, NULL, NULL, ERR));
  CHECK(got[0] == 1.5f && got[1] == -2 && got[2] == 7);
  cairn_document_release(document);
  close_fixture(&fixture);
}

static void a_newer_version_replaces_the_older(void) {
  struct fixture fixture = open_fixture(NULL);
  cairn_document* old = NULL;
  cairn_document* new = NULL;
  uint64_t count = 0;
  put_text(fixture.collection, "a", "first");
  CHECK_OK(cairn_collection_get(fixture.collection, "a", 1, &old, ERR));
  put_text(fixture.collection, "a", "second");
  CHECK_OK(cairn_collection_get(fixture.collection, "a", 1, &new, ERR));
  CHECK_TEXT("first", cairn_document_text(old, CAIRN_FIELD_BODY, NULL));
  CHECK_TEXT("second", cairn_document_text(new, CAIRN_FIELD_BODY, NULL));
  CHECK_OK(cairn_collection_count(fixture.collection, &count, ERR));
  CHECK(count == 1);
  cairn_document_release(old);
  cairn_document_release(new);
  close_fixture(&fixture);
}

static void the_body_keeps_nul_and_loses_bad_bytes(void) {
  struct fixture fixture = open_fixture(NULL);
  cairn_document* document = NULL;
  cairn_document_input input = input_of("a", "");
  size_t size = 0;
  input.body = "x\0y\xff";
  input.body_bytes = 4;
  CHECK_OK(cairn_collection_upsert(fixture.collection, &input, 1, ERR));
  CHECK_OK(cairn_collection_get(fixture.collection, "a", 1, &document, ERR));
  const char* body = cairn_document_text(document, CAIRN_FIELD_BODY, &size);
  CHECK(size == 6 && memcmp(body, "x\0y\xef\xbf\xbd", 7) == 0);
  cairn_document_release(document);
  close_fixture(&fixture);
}

static void deleted_is_gone(void) {
  struct fixture fixture = open_fixture(NULL);
  cairn_document* document = NULL;
  put_text(fixture.collection, "a", "first");
  CHECK_OK(cairn_collection_delete(fixture.collection, "a", NUL, ERR));
  CHECK_FAILS(CAIRN_NOT_FOUND, "\"a\"", cairn_collection_delete(fixture.collection, "a", 1, ERR));
  CHECK_FAILS(CAIRN_NOT_FOUND, "\"a\"",
              cairn_collection_get(fixture.collection, "a", 1, &document, ERR));
  CHECK(document == NULL);
  close_fixture(&fixture);
}

static void ids_come_in_pages(void) {
  struct fixture fixture = open_fixture(NULL);
  cairn_list* page = NULL;
  put_text(fixture.collection, "b", "x");
  put_text(fixture.collection, "a", "x");
  put_text(fixture.collection, "ab", "x");
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "limit is 0",
              cairn_collection_ids(fixture.collection, NULL, 0, 0, &page, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "10000",
              cairn_collection_ids(fixture.collection, NULL, 0, 10001, &page, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "after is NULL",
              cairn_collection_ids(fixture.collection, NULL, 1, 1, &page, ERR));
  CHECK(page == NULL);
  CHECK_OK(cairn_collection_ids(fixture.collection, NULL, 0, 2, &page, ERR));
  CHECK(cairn_list_size(page) == 2);
  CHECK_TEXT("a", cairn_list_item(page, 0, NULL));
  CHECK_TEXT("ab", cairn_list_item(page, 1, NULL));
  cairn_list_release(page);
  CHECK_OK(cairn_collection_ids(fixture.collection, "ab", NUL, 2, &page, ERR));
  CHECK(cairn_list_size(page) == 1);
  CHECK_TEXT("b", cairn_list_item(page, 0, NULL));
  cairn_list_release(page);
  CHECK_OK(cairn_collection_ids(fixture.collection, "aa", 1, 10000, &page, ERR));
  CHECK(cairn_list_size(page) == 2);
  cairn_list_release(page);
  close_fixture(&fixture);
}

int main(void) {
  RUN(ids_are_checked);
  RUN(fields_are_checked);
  RUN(those_before_the_fault_are_written);
  RUN(what_was_written_is_read);
  RUN(chunks_point_into_the_body);
  RUN(a_document_is_rendered_as_json);
  RUN(vectors_are_copied);
  RUN(a_newer_version_replaces_the_older);
  RUN(the_body_keeps_nul_and_loses_bad_bytes);
  RUN(deleted_is_gone);
  RUN(ids_come_in_pages);
  return check_result();
}
