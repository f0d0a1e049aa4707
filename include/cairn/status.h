/* SPDX-License-Identifier: Apache-2.0 */
/* Status codes and the optional error object. */
#ifndef CAIRN_STATUS_H_
#define CAIRN_STATUS_H_

#include <cairn/base.h>

/* Outcome of a call. 0 is success. An open set: treat a code you do not know as CAIRN_UNKNOWN. */
typedef int32_t cairn_status;

#define CAIRN_OK ((cairn_status)0)
#define CAIRN_CANCELLED ((cairn_status)1)           /* a callback asked to stop */
#define CAIRN_UNKNOWN ((cairn_status)2)             /* an error that fits no other code */
#define CAIRN_INVALID_ARGUMENT ((cairn_status)3)    /* wrong whatever the state; fix the call */
#define CAIRN_TIMED_OUT ((cairn_status)4)           /* the time given ran out */
#define CAIRN_NOT_FOUND ((cairn_status)5)           /* no such database, collection, document */
#define CAIRN_ALREADY_EXISTS ((cairn_status)6)      /* the name is taken */
#define CAIRN_PERMISSION_DENIED ((cairn_status)7)   /* the system refused access */
#define CAIRN_RESOURCE_EXHAUSTED ((cairn_status)8)  /* memory, disk or a limit is used up */
#define CAIRN_FAILED_PRECONDITION ((cairn_status)9) /* not in the state this call needs */
#define CAIRN_ABORTED ((cairn_status)10)            /* gave way to something else; retry */
#define CAIRN_OUT_OF_RANGE ((cairn_status)11)       /* a number beyond its bounds */
#define CAIRN_UNSUPPORTED ((cairn_status)12)        /* this build or version cannot do it */
#define CAIRN_INTERNAL ((cairn_status)13)           /* a fault of the library; please report */
#define CAIRN_UNAVAILABLE ((cairn_status)14)        /* not at the moment; retry later */
#define CAIRN_DATA_LOSS ((cairn_status)15)          /* stored data is damaged */
#define CAIRN_RATE_LIMITED ((cairn_status)17)       /* a limit says: not yet */
#define CAIRN_LOCKED ((cairn_status)18)             /* another process writes this database */
#define CAIRN_IO_ERROR ((cairn_status)19)           /* the system failed to read or write */

/* Why a call failed. Owned by whoever received it. Thread-compatible. */
typedef struct cairn_error cairn_error;

CAIRN_BEGIN_DECLS

/**
 * Stable lower-case name of a code, e.g. "not_found"; "unknown" for codes of later versions.
 * Returns: static text, never NULL. Threads: any. Since 0.1.
 */
CAIRN_EXPORT const char* cairn_status_name(cairn_status status) CAIRN_NOEXCEPT;

/**
 * Code of an error; CAIRN_OK for NULL.
 * Threads: any. Since 0.1.
 */
CAIRN_EXPORT cairn_status cairn_error_code(const cairn_error* error) CAIRN_NOEXCEPT;

/**
 * One sentence that says what failed, on what, with which values.
 * Returns: NUL-terminated UTF-8, borrowed until the error is released; "" for NULL.
 * Threads: any. Since 0.1.
 */
CAIRN_EXPORT const char* cairn_error_message(const cairn_error* error) CAIRN_NOEXCEPT;

/**
 * Index of the offending input of a batch call.
 * Returns: 1 and fills *index_out when there is one; else 0 and *index_out = 0.
 * Threads: any. Since 0.1.
 */
CAIRN_EXPORT int32_t cairn_error_index(const cairn_error* error,
                                       uint64_t* index_out) CAIRN_NOEXCEPT;

/**
 * Releases an error. NULL is a no-op.
 * Threads: any. Since 0.1.
 */
CAIRN_EXPORT void cairn_error_release(cairn_error* error) CAIRN_NOEXCEPT;

CAIRN_END_DECLS

#endif /* CAIRN_STATUS_H_ */
