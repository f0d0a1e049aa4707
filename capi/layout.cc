#include <cairn/cairn.h>

#include <cstddef>

// Checks the public structs, as the library sees them, against the reviewed layout. That no struct
// has hidden padding is checked where the layout itself is tested (tests/abi).

#define CAIRN_FIELD(type, field, offset, bytes)                                    \
  static_assert(offsetof(type, field) == (offset), #type "." #field " has moved"); \
  static_assert(sizeof(type::field) == (bytes), #type "." #field " has another size");
#define CAIRN_STRUCT(type, bytes) static_assert(sizeof(type) == (bytes), #type " has another size");

#include "capi/layout.inc"
