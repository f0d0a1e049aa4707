/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics of the parts that work without a database, in the Prometheus text format. */
#ifndef CAIRN_METRICS_H_
#define CAIRN_METRICS_H_

#include <cairn/buffer.h>

/* A registry that any number of parts report to. Thread-safe. Reference-counted; parts keep it. */
typedef struct cairn_metrics cairn_metrics;

CAIRN_BEGIN_DECLS

/**
 * Makes an empty registry.
 * metrics_out: a new reference; release it with cairn_metrics_release.
 * Threads: any. Since 0.2.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_metrics_create(cairn_metrics** metrics_out,
                                                              cairn_error** err) CAIRN_NOEXCEPT;

/** Adds a reference and returns its argument. Threads: any. Since 0.2. */
CAIRN_EXPORT cairn_metrics* cairn_metrics_retain(cairn_metrics* metrics) CAIRN_NOEXCEPT;

/** Drops a reference. NULL is a no-op. Threads: any. Since 0.2. */
CAIRN_EXPORT void cairn_metrics_release(cairn_metrics* metrics) CAIRN_NOEXCEPT;

/**
 * Everything that the parts report now, in the Prometheus text format.
 * text_out: release it with cairn_buffer_release.
 * Threads: any. Since 0.2.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_metrics_text(const cairn_metrics* metrics,
                                                            cairn_buffer** text_out,
                                                            cairn_error** err) CAIRN_NOEXCEPT;

CAIRN_END_DECLS

#endif /* CAIRN_METRICS_H_ */
