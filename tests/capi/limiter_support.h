/* What the tests of the rate limiter share. */
#ifndef CAIRN_TESTS_CAPI_LIMITER_SUPPORT_H_
#define CAIRN_TESTS_CAPI_LIMITER_SUPPORT_H_

#include <cairn/cairn.h>
#include <string.h>

/* Ready to be filled in. */
static inline cairn_decision fresh_decision(void) {
  cairn_decision decision;
  memset(&decision, 0, sizeof decision);
  decision.struct_size = sizeof decision;
  return decision;
}

#endif /* CAIRN_TESTS_CAPI_LIMITER_SUPPORT_H_ */
