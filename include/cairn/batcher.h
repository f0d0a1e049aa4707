/* SPDX-License-Identifier: Apache-2.0 */
/* A dynamic batcher: puts items of many callers together and has them worked off in batches. */
#ifndef CAIRN_BATCHER_H_
#define CAIRN_BATCHER_H_

#include <cairn/metrics.h>

/* A batcher with threads of its own. Thread-safe. Reference-counted. */
typedef struct cairn_batcher cairn_batcher;

/* The batch that a function runs; borrowed for its call, and used in that thread only. */
typedef struct cairn_batch cairn_batch;

/**
 * Runs one batch, in a thread of the batcher or in that of a caller without a time limit who found
 * it idle; with several workers also concurrently. Gives each item its output with
 * cairn_batch_set_output or its failure with cairn_batch_fail. Must not submit to the batcher and
 * wait, nor close it. Returns: CAIRN_OK, or the code of a failure of the whole batch, which every
 * member then gets.
 */
typedef cairn_status (*cairn_batch_fn)(cairn_batch* batch, void* user_data);

/**
 * Told the outcome of one item, in a thread of the batcher and under no lock. data: its output, or
 * for a failure the sentence about it; borrowed for the call.
 */
typedef void (*cairn_batch_done_fn)(cairn_status status, const char* data, size_t data_bytes,
                                    void* user_data);

/* How to batch. Zero in every field but run_fn is the default. */
typedef struct cairn_batcher_options {
  uint32_t struct_size;  /* sizeof(cairn_batcher_options) */
  uint32_t max_items;    /* most items of one batch; 0 = 64 */
  uint64_t max_cost;     /* most cost of one batch, in any unit; 0: no bound */
  uint32_t enough_items; /* so many do not wait for company any longer; 0 = 1: nothing waits while a
                            worker is idle */
  uint32_t max_queue;    /* items that wait; more are refused; 0 = 1024 */
  int64_t max_delay_ns;  /* longest that the oldest waits for company; 0 = 25 ms; < 0: not at all */
  uint32_t workers;      /* batches at the same time, a thread for each; 0 = 1 */
  uint32_t isolate; /* 1: when a batch fails, each member is run once more by itself, unless the
                       code says that the target is away */
  cairn_batch_fn run_fn; /* needed */
  void* run_user_data;
  cairn_free_fn run_free; /* may be NULL; runs when the batcher goes, also when create fails */
  const char* name;       /* told in messages and metrics; borrowed for the call */
  size_t name_bytes;
  cairn_metrics* metrics; /* where it reports; NULL: nowhere */
} cairn_batcher_options;

/* What a batcher has done. Set struct_size before the call. */
typedef struct cairn_batcher_stats {
  uint32_t struct_size;
  uint32_t queued_count;
  uint32_t running_count; /* batches under way */
  uint32_t reserved;
  uint64_t submitted_count;
  uint64_t overloaded_count;
  uint64_t timed_out_count;
  uint64_t failed_count;
  uint64_t batch_count;
  uint64_t item_count; /* in these batches */
  uint64_t isolated_count;
  uint64_t busy_ns; /* in run_fn, summed over the workers */
  uint64_t wait_ns; /* in the queue, summed over the items */
} cairn_batcher_stats;

CAIRN_BEGIN_DECLS

/** Fills the options with their defaults. Threads: any. Since 0.2. */
CAIRN_EXPORT void cairn_batcher_options_init(cairn_batcher_options* options,
                                             uint32_t struct_size) CAIRN_NOEXCEPT;

/**
 * Makes a batcher and starts its threads. batcher_out: a new reference.
 * Errors: CAIRN_INVALID_ARGUMENT, with everything that is wrong in one message;
 * CAIRN_RESOURCE_EXHAUSTED when the system starts no thread.
 * Threads: any. Since 0.2.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_batcher_create(const cairn_batcher_options* options,
                                                              cairn_batcher** batcher_out,
                                                              cairn_error** err) CAIRN_NOEXCEPT;

/** Adds a reference and returns its argument. Threads: any. Since 0.2. */
CAIRN_EXPORT cairn_batcher* cairn_batcher_retain(cairn_batcher* batcher) CAIRN_NOEXCEPT;

/**
 * Drops a reference; the last one closes the batcher. NULL is a no-op.
 * Threads: any. May block until the queue is worked off. Since 0.2.
 */
CAIRN_EXPORT void cairn_batcher_release(cairn_batcher* batcher) CAIRN_NOEXCEPT;

/**
 * Hands in one item and waits for its output.
 * input: any bytes, copied. cost: in the unit of max_cost. timeout_ns: longest wait, negative for
 * ever; who leaves does not harm the batch. output_out: release it with cairn_buffer_release.
 * Errors: CAIRN_RESOURCE_EXHAUSTED (queue full), CAIRN_TIMED_OUT, CAIRN_OUT_OF_RANGE (costs more
 * than a batch may), CAIRN_FAILED_PRECONDITION (closed), CAIRN_CANCELLED, and what run_fn said.
 * Threads: any. Blocks. Since 0.2.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_batcher_submit(cairn_batcher* batcher,
                                                              const char* input, size_t input_bytes,
                                                              uint64_t cost, int64_t timeout_ns,
                                                              cairn_buffer** output_out,
                                                              cairn_error** err) CAIRN_NOEXCEPT;

/**
 * The same without waiting. done_fn is called once unless this call fails; an item whose time ends
 * in the queue is told so when a batch is next formed. free_fn may be NULL; it runs after done_fn,
 * or when this call fails.
 * Threads: any. Since 0.2.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_batcher_submit_async(
    cairn_batcher* batcher, const char* input, size_t input_bytes, uint64_t cost,
    int64_t timeout_ns, cairn_batch_done_fn done_fn, void* user_data, cairn_free_fn free_fn,
    cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Refuses new items, works off those in the queue, and ends the threads. Idempotent.
 * cancel: 1: items in the queue are not run but told CAIRN_CANCELLED.
 * Errors: CAIRN_FAILED_PRECONDITION when called by run_fn or done_fn.
 * Threads: any. Blocks. Since 0.2.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_batcher_close(cairn_batcher* batcher,
                                                             uint32_t cancel,
                                                             cairn_error** err) CAIRN_NOEXCEPT;

/** Counts. Fills at most stats_inout->struct_size bytes. Threads: any. Since 0.2. */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_batcher_stats_get(const cairn_batcher* batcher,
                                                                 cairn_batcher_stats* stats_inout,
                                                                 cairn_error** err) CAIRN_NOEXCEPT;

/** Number of items in a batch. Threads: that of run_fn. Since 0.2. */
CAIRN_EXPORT size_t cairn_batch_size(const cairn_batch* batch) CAIRN_NOEXCEPT;

/**
 * One item. size_out: its bytes. Returns: borrowed until run_fn returns, not NUL-terminated; NULL
 * and 0 when index is out of range. Threads: that of run_fn. Since 0.2.
 */
CAIRN_EXPORT const char* cairn_batch_input(const cairn_batch* batch, size_t index,
                                           size_t* size_out) CAIRN_NOEXCEPT;

/** Gives an item its output, any bytes, copied. Threads: that of run_fn. Since 0.2. */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_batch_set_output(cairn_batch* batch, size_t index,
                                                                const char* output,
                                                                size_t output_bytes,
                                                                cairn_error** err) CAIRN_NOEXCEPT;

/**
 * Makes one item fail. status: not CAIRN_OK. message: UTF-8, what its caller gets to read.
 * Threads: that of run_fn. Since 0.2.
 */
CAIRN_EXPORT CAIRN_MUST_USE cairn_status cairn_batch_fail(cairn_batch* batch, size_t index,
                                                          cairn_status status, const char* message,
                                                          size_t message_bytes,
                                                          cairn_error** err) CAIRN_NOEXCEPT;

CAIRN_END_DECLS

#endif /* CAIRN_BATCHER_H_ */
