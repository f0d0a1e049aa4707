/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cairn: an embeddable indexer and search engine. Conventions of the whole C interface:
 *
 * 1. Every fallible call returns a cairn_status; 0 is success. The optional last argument
 *    `cairn_error** err` (NULL = not wanted) receives an owned object with a sentence about what
 *    went wrong. *err must be NULL on entry: an error that is already there is kept. On failure
 *    every other output is zero or NULL, unless the call says what it fills.
 * 2. Arguments come in the order: self, inputs, options, outputs (`_out`, `_inout`), err.
 * 3. Handles are opaque. What a call hands out through `_out` belongs to the caller, who releases
 *    it with the type's `_release`, in any order: a child keeps its parent alive. Releasing NULL
 *    does nothing and releasing never fails.
 * 4. Texts go in as pointer and length, UTF-8, borrowed for the call. A NULL pointer is allowed
 *    only with length 0. CAIRN_NUL_TERMINATED as the length means "up to the first NUL". Texts that
 *    come out are followed by a NUL and are borrowed from the handle that gave them.
 * 5. Option and statistics structs begin with struct_size; zero in a field means its default; later
 *    versions only append fields. A struct longer than the library knows is accepted when the rest
 *    is zero, else the call is CAIRN_UNSUPPORTED. A NULL options pointer means all defaults. A
 *    field that says yes or no is 1 or 0, nothing else.
 * 6. A callback is a function, a `void* user_data` and a free function for it, which runs exactly
 *    once, also when the call that got the callback fails. Callbacks must not throw or longjmp.
 * 7. The library prints nothing, starts no thread beyond the thread_count it was given plus
 *    RocksDB's few, and changes no process-wide state.
 */
#ifndef CAIRN_CAIRN_H_
#define CAIRN_CAIRN_H_

#include <cairn/base.h>
#include <cairn/batcher.h>
#include <cairn/breaker.h>
#include <cairn/buffer.h>
#include <cairn/cache.h>
#include <cairn/collection.h>
#include <cairn/database.h>
#include <cairn/document.h>
#include <cairn/indexer.h>
#include <cairn/limiter.h>
#include <cairn/metrics.h>
#include <cairn/pipeline.h>
#include <cairn/retry.h>
#include <cairn/search.h>
#include <cairn/status.h>
#include <cairn/vectors.h>

#endif /* CAIRN_CAIRN_H_ */
