/* SPDX-License-Identifier: Apache-2.0 */
/* Linkage, calling and attribute macros, and the version of the library. */
#ifndef CAIRN_BASE_H_
#define CAIRN_BASE_H_

#include <stddef.h>
#include <stdint.h>

#if defined(CAIRN_BUILDING_LIBRARY)
#define CAIRN_EXPORT __attribute__((visibility("default")))
#else
#define CAIRN_EXPORT
#endif

#if defined(__cplusplus)
#define CAIRN_NOEXCEPT noexcept
#define CAIRN_BEGIN_DECLS extern "C" {
#define CAIRN_END_DECLS }
#else
#define CAIRN_NOEXCEPT
#define CAIRN_BEGIN_DECLS
#define CAIRN_END_DECLS
#endif

#if defined(__GNUC__) || defined(__clang__)
#define CAIRN_MUST_USE __attribute__((warn_unused_result))
#else
#define CAIRN_MUST_USE
#endif

/* Version of the headers a program was compiled with. */
#define CAIRN_VERSION_MAJOR 0
#define CAIRN_VERSION_MINOR 1
#define CAIRN_VERSION_PATCH 0

/* Changes only when a program compiled earlier could break: never within a soname. */
#define CAIRN_ABI_VERSION 0

/* As a length: the text ends at its first NUL. Accepted wherever a text length is. */
#define CAIRN_NUL_TERMINATED ((size_t)-1)

/** Releases what a callback's user_data points to. Called exactly once. */
typedef void (*cairn_free_fn)(void* user_data);

CAIRN_BEGIN_DECLS

/**
 * Version of the ABI that the loaded library implements; equals CAIRN_ABI_VERSION of the headers it
 * was built with.
 * Threads: any. Since 0.1.
 */
CAIRN_EXPORT uint32_t cairn_abi_version(void) CAIRN_NOEXCEPT;

/**
 * Version of the loaded library, "major.minor.patch".
 * Returns: static text, never NULL. Threads: any. Since 0.1.
 */
CAIRN_EXPORT const char* cairn_version(void) CAIRN_NOEXCEPT;

/**
 * Compiler, build type and versions of the main dependencies, in one line for bug reports.
 * Returns: static text, never NULL. Threads: any. Since 0.1.
 */
CAIRN_EXPORT const char* cairn_build_info(void) CAIRN_NOEXCEPT;

/**
 * Name of the vector kernel in use: "avx512", "avx2" or "scalar". The environment variable
 * CAIRN_KERNEL, read once, can ask for another one that the processor supports.
 * Returns: static text, never NULL. Threads: any. Since 0.1.
 */
CAIRN_EXPORT const char* cairn_kernel_name(void) CAIRN_NOEXCEPT;

CAIRN_END_DECLS

#endif /* CAIRN_BASE_H_ */
