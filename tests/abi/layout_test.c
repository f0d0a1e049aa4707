/* The public structs, as a C program sees them, have the reviewed layout and no hidden padding. */
#include <cairn/cairn.h>
#include <stddef.h>
#include <stdio.h>

#define CAIRN_FIELD(type, field, offset, bytes)                                     \
  _Static_assert(offsetof(type, field) == (offset), #type "." #field " has moved"); \
  _Static_assert(sizeof(((type*)0)->field) == (bytes), #type "." #field " has another size");
#define CAIRN_STRUCT(type, bytes) \
  _Static_assert(sizeof(type) == (bytes), #type " has another size");
#include "capi/layout.inc"
#undef CAIRN_FIELD
#undef CAIRN_STRUCT

struct step {
  const char* name;
  size_t offset;
  size_t bytes;
  int closes; /* 1: not a field, but the end of a struct */
};

static const struct step steps[] = {
#define CAIRN_FIELD(type, field, offset, bytes) {#type "." #field, offset, bytes, 0},
#define CAIRN_STRUCT(type, bytes) {#type, bytes, 0, 1},
#include "capi/layout.inc"
};

int main(void) {
  int failures = 0;
  size_t expected = 0;
  for (size_t i = 0; i < sizeof steps / sizeof steps[0]; ++i) {
    if (steps[i].offset != expected) {
      fprintf(stderr, "%zu bytes of padding before the %s of %s\n", steps[i].offset - expected,
              steps[i].closes ? "end" : "place", steps[i].name);
      ++failures;
    }
    expected = steps[i].closes ? 0 : steps[i].offset + steps[i].bytes;
  }
  return failures == 0 ? 0 : 1;
}
