/* What a C test needs: checks that go on after a failure, and temporary folders. */
#ifndef CAIRN_TESTS_CAPI_CHECK_H_
#define CAIRN_TESTS_CAPI_CHECK_H_

#include <cairn/cairn.h>

#define CHECK(condition) check_that(__FILE__, __LINE__, #condition, (condition) ? 1 : 0)
#define CHECK_TEXT(expected, text) check_text(__FILE__, __LINE__, #text, expected, text)
#define CHECK_HOLDS(part, text) check_holds(__FILE__, __LINE__, #text, part, text)

/* The call, which passes ERR as its last argument, succeeds. */
#define CHECK_OK(call) check_call(__FILE__, __LINE__, #call, CAIRN_OK, "", (call))
/* It fails with this code and a message that holds this text. */
#define CHECK_FAILS(code, text, call) check_call(__FILE__, __LINE__, #call, code, text, (call))

/* A slot for the error of the call, looked at and emptied by the check around it. */
#define ERR check_error_slot()

#define RUN(test) check_run(#test, test)

/* As a length: the text ends at its first NUL. */
#define NUL CAIRN_NUL_TERMINATED

void check_that(const char* file, int line, const char* what, int holds);
void check_text(const char* file, int line, const char* what, const char* expected,
                const char* text);
void check_holds(const char* file, int line, const char* what, const char* part, const char* text);
void check_call(const char* file, int line, const char* what, cairn_status expected,
                const char* text, cairn_status status);
cairn_error** check_error_slot(void);
void check_run(const char* name, void (*test)(void));
/* The exit status of the test program. */
int check_result(void);

/* A fresh folder; remove_folder deletes it with everything in it and frees the name. */
char* make_folder(void);
void remove_folder(char* folder);
/* "folder/name" in one of a few static buffers that are used in turn. */
const char* path_in(const char* folder, const char* name);
/* Writes a file below the folder; `name` may name one folder more. */
void write_file(const char* folder, const char* name, const char* text);

/* An open database in a folder of its own, and a collection in it. */
struct fixture {
  char* folder;
  cairn_database* database;
  cairn_collection* collection;
};
/* options: of the collection; NULL = without embedder and vectors. */
struct fixture open_fixture(const cairn_collection_options* options);
void close_fixture(struct fixture* fixture);
/* Options of a collection with host vectors. */
cairn_collection_options vector_options(uint32_t dim, int32_t metric);
/* Writes a document with an id and a body. */
void put_text(cairn_collection* collection, const char* id, const char* body);
/* Writes a document with an id and one vector, and returns the status for CHECK_OK. */
cairn_status put_vector(cairn_collection* collection, const char* id, const float* vector,
                        uint32_t dim, cairn_error** err);

#endif /* CAIRN_TESTS_CAPI_CHECK_H_ */
