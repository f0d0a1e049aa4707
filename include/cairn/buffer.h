/* SPDX-License-Identifier: Apache-2.0 */
/* Results of variable size: one piece of text, or a list of them. */
#ifndef CAIRN_BUFFER_H_
#define CAIRN_BUFFER_H_

#include <cairn/status.h>

/* A piece of text or bytes owned by the caller. Unchanging, so thread-safe. */
typedef struct cairn_buffer cairn_buffer;

/* A list of texts owned by the caller. Unchanging, so thread-safe. */
typedef struct cairn_list cairn_list;

CAIRN_BEGIN_DECLS

/**
 * The bytes of a buffer.
 * size_out: their number; may be NULL, as one NUL always follows the bytes.
 * Returns: borrowed until the buffer is released; "" for a NULL buffer.
 * Threads: any. Since 0.1.
 */
CAIRN_EXPORT const char* cairn_buffer_data(const cairn_buffer* buffer,
                                           size_t* size_out) CAIRN_NOEXCEPT;

/** Releases a buffer. NULL is a no-op. Threads: any. Since 0.1. */
CAIRN_EXPORT void cairn_buffer_release(cairn_buffer* buffer) CAIRN_NOEXCEPT;

/** Number of texts in a list; 0 for NULL. Threads: any. Since 0.1. */
CAIRN_EXPORT size_t cairn_list_size(const cairn_list* list) CAIRN_NOEXCEPT;

/**
 * One text of a list.
 * size_out: its bytes; may be NULL, as one NUL always follows.
 * Returns: borrowed until the list is released; NULL and 0 when index is out of range.
 * Threads: any. Since 0.1.
 */
CAIRN_EXPORT const char* cairn_list_item(const cairn_list* list, size_t index,
                                         size_t* size_out) CAIRN_NOEXCEPT;

/** Releases a list. NULL is a no-op. Threads: any. Since 0.1. */
CAIRN_EXPORT void cairn_list_release(cairn_list* list) CAIRN_NOEXCEPT;

CAIRN_END_DECLS

#endif /* CAIRN_BUFFER_H_ */
