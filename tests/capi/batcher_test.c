/* The batcher: slices, failures, shutdown, and releases from its own threads. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

struct host {
  atomic_int runs;
  atomic_int frees;
  atomic_int done;
  cairn_status fail_all;
  cairn_batcher* to_release;
  char outcome[200];
};

/* Answers in capitals; an item "bad" fails. */
static cairn_status run(cairn_batch* batch, void* user_data) {
  struct host* host = user_data;
  ++host->runs;
  for (size_t i = 0; i < cairn_batch_size(batch); ++i) {
    size_t size = 0;
    const char* input = cairn_batch_input(batch, i, &size);
    char output[64];
    CHECK(size < sizeof output);
    for (size_t c = 0; c < size; ++c) output[c] = (char)(input[c] - 'a' + 'A');
    if (size == 3 && memcmp(input, "bad", 3) == 0) {
      CHECK_OK(cairn_batch_fail(batch, i, CAIRN_NOT_FOUND, "no such thing", NUL, ERR));
      CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "status is CAIRN_OK",
                  cairn_batch_fail(batch, i, CAIRN_OK, "x", NUL, ERR));
    } else {
      CHECK_OK(cairn_batch_set_output(batch, i, output, size, ERR));
    }
  }
  CHECK(cairn_batch_input(batch, 1000, NULL) == NULL);
  CHECK_FAILS(CAIRN_OUT_OF_RANGE, "index is 1000",
              cairn_batch_set_output(batch, 1000, "x", 1, ERR));
  return host->fail_all;
}

static void on_done(cairn_status status, const char* data, size_t data_bytes, void* user_data) {
  struct host* host = user_data;
  snprintf(host->outcome, sizeof host->outcome, "%d %.*s", (int)status, (int)data_bytes, data);
  ++host->done;
  cairn_batcher_release(host->to_release);
}

static void count_free(void* user_data) { ++((struct host*)user_data)->frees; }

static cairn_batcher_options for_host(struct host* host) {
  cairn_batcher_options options;
  cairn_batcher_options_init(&options, sizeof options);
  options.run_fn = run;
  options.run_user_data = host;
  options.run_free = count_free;
  options.name = "caps";
  options.name_bytes = NUL;
  return options;
}

static cairn_batcher* make(struct host* host) {
  cairn_batcher_options options = for_host(host);
  cairn_batcher* batcher = NULL;
  CHECK_OK(cairn_batcher_create(&options, &batcher, ERR));
  return batcher;
}

static void faults_are_listed_at_once(void) {
  struct host host = {0};
  cairn_batcher* batcher = NULL;
  cairn_batcher_options options = for_host(&host);
  options.enough_items = 100;
  options.workers = 10000;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "more than max_items",
              cairn_batcher_create(&options, &batcher, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "workers is 10000",
              cairn_batcher_create(&options, &batcher, ERR));
  CHECK(batcher == NULL && host.frees == 2);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "no runner", cairn_batcher_create(NULL, &batcher, ERR));
}

static void each_caller_gets_its_own_slice(void) {
  struct host host = {0};
  cairn_metrics* metrics = NULL;
  CHECK_OK(cairn_metrics_create(&metrics, ERR));
  cairn_batcher_options options = for_host(&host);
  options.metrics = metrics;
  options.max_cost = 5;
  cairn_batcher* batcher = NULL;
  CHECK_OK(cairn_batcher_create(&options, &batcher, ERR));
  cairn_buffer* output = NULL;
  CHECK_OK(cairn_batcher_submit(batcher, "abc", NUL, 1, -1, &output, ERR));
  CHECK_TEXT("ABC", cairn_buffer_data(output, NULL));
  cairn_buffer_release(output);
  CHECK_FAILS(CAIRN_NOT_FOUND, "no such thing",
              cairn_batcher_submit(batcher, "bad", NUL, 1, -1, &output, ERR));
  CHECK(output == NULL);
  CHECK_FAILS(CAIRN_OUT_OF_RANGE, "costs 6",
              cairn_batcher_submit(batcher, "abc", NUL, 6, -1, &output, ERR));
  CHECK_FAILS(CAIRN_TIMED_OUT, "deadline",
              cairn_batcher_submit(batcher, "abc", NUL, 1, 0, &output, ERR));
  cairn_batcher_stats stats = {.struct_size = sizeof stats};
  CHECK_OK(cairn_batcher_stats_get(batcher, &stats, ERR));
  CHECK(stats.submitted_count == 2 && stats.failed_count == 1 && stats.timed_out_count == 1);
  cairn_buffer* text = NULL;
  CHECK_OK(cairn_metrics_text(metrics, &text, ERR));
  CHECK_HOLDS("cairn_batcher_submitted_total{name=\"caps\"} 2\n", cairn_buffer_data(text, NULL));
  cairn_buffer_release(text);
  cairn_metrics_release(metrics);
  cairn_batcher_release(batcher);
  CHECK(host.frees == 1);
}

static void a_failed_batch_fails_its_members(void) {
  struct host host = {.fail_all = CAIRN_INTERNAL};
  cairn_batcher* batcher = make(&host);
  cairn_buffer* output = NULL;
  CHECK_FAILS(CAIRN_INTERNAL, "the batch of 1 failed: internal",
              cairn_batcher_submit(batcher, "abc", NUL, 1, -1, &output, ERR));
  cairn_batcher_release(batcher);
}

static void closing_works_off_the_queue(void) {
  struct host host = {0};
  struct host caller = {0};
  cairn_batcher* batcher = make(&host);
  for (int i = 0; i < 20; ++i) {
    CHECK_OK(
        cairn_batcher_submit_async(batcher, "xyz", 3, 1, -1, on_done, &caller, count_free, ERR));
  }
  CHECK_OK(cairn_batcher_close(batcher, 0, ERR));
  CHECK(caller.done == 20 && caller.frees == 20);
  CHECK_TEXT("0 XYZ", caller.outcome);
  CHECK_FAILS(
      CAIRN_FAILED_PRECONDITION, "closed",
      cairn_batcher_submit_async(batcher, "a", 1, 1, -1, on_done, &caller, count_free, ERR));
  CHECK(caller.frees == 21);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "done_fn is NULL",
              cairn_batcher_submit_async(batcher, "a", 1, 1, -1, NULL, NULL, NULL, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "cancel is 7", cairn_batcher_close(batcher, 7, ERR));
  CHECK_OK(cairn_batcher_close(batcher, 1, ERR));
  cairn_batcher_release(batcher);
}

/* The last reference may go in a thread of the batcher, which then cannot join itself. */
static void a_worker_may_drop_the_last_reference(void) {
  struct host host = {0};
  cairn_batcher* batcher = make(&host);
  struct host caller = {.to_release = cairn_batcher_retain(batcher)};
  CHECK_OK(cairn_batcher_submit_async(batcher, "bad", 3, 1, -1, on_done, &caller, NULL, ERR));
  cairn_batcher_release(batcher);
  while (host.frees == 0) {
  }
  CHECK_TEXT("5 no such thing", caller.outcome);
}

int main(void) {
  RUN(faults_are_listed_at_once);
  RUN(each_caller_gets_its_own_slice);
  RUN(a_failed_batch_fails_its_members);
  RUN(closing_works_off_the_queue);
  RUN(a_worker_may_drop_the_last_reference);
  return check_result();
}
