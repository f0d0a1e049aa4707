/* Retry, bulkhead and pipeline. No test waits: the first wait is none, or the retry only decides.
 */
#include <string.h>

#include "check.h"

struct host {
  int attempts;
  int failures; /* how many attempts fail */
  int frees;
  int64_t left_ns;
  cairn_status code;
  uint32_t is_final;
  cairn_status admit;
};

static cairn_status attempt(cairn_attempt* attempt, void* user_data) {
  struct host* host = user_data;
  CHECK(attempt->number == (uint32_t)++host->attempts);
  host->left_ns = attempt->left_ns;
  attempt->is_final = host->is_final;
  return host->attempts <= host->failures ? host->code : CAIRN_OK;
}

static cairn_status admit(void* user_data) { return ((struct host*)user_data)->admit; }

static void count_free(void* user_data) { ++((struct host*)user_data)->frees; }

static cairn_retry_options at_once(void) {
  cairn_retry_options options;
  cairn_retry_options_init(&options, sizeof options);
  options.base_ns = -1;
  options.name = "db";
  options.name_bytes = NUL;
  return options;
}

static cairn_retry* make(const cairn_retry_options* options) {
  cairn_retry* retry = NULL;
  CHECK_OK(cairn_retry_create(options, &retry, ERR));
  return retry;
}

static void faults_are_listed_at_once(void) {
  cairn_retry* retry = NULL;
  cairn_retry_budget* budget = NULL;
  cairn_retry_options options = at_once();
  options.cap_ns = -1;
  options.jitter = 5;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "cap_ns (-1)", cairn_retry_create(&options, &retry, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "jitter is 5", cairn_retry_create(&options, &retry, ERR));
  CHECK(retry == NULL);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "max_retries is 0",
              cairn_retry_budget_create(-1, 0, 0, &budget, ERR));
  CHECK(budget == NULL);
}

static void repeats_what_may_pass(void) {
  cairn_retry_options options = at_once();
  cairn_retry* retry = make(&options);
  struct host host = {.failures = 2, .code = CAIRN_UNAVAILABLE};
  CHECK_OK(cairn_retry_run(retry, -1, attempt, &host, count_free, ERR));
  CHECK(host.attempts == 3 && host.frees == 1 && host.left_ns == INT64_MAX);
  host = (struct host){.failures = 9, .code = CAIRN_UNAVAILABLE};
  CHECK_FAILS(CAIRN_UNAVAILABLE, "after 3 attempts: the call failed: unavailable",
              cairn_retry_run(retry, 60000000000, attempt, &host, NULL, ERR));
  CHECK(host.left_ns > 0 && host.left_ns <= 60000000000);
  host = (struct host){.failures = 9, .code = CAIRN_NOT_FOUND};
  CHECK_FAILS(CAIRN_NOT_FOUND, "the call failed",
              cairn_retry_run(retry, -1, attempt, &host, NULL, ERR));
  CHECK(host.attempts == 1);
  host = (struct host){.failures = 9, .code = CAIRN_UNAVAILABLE, .is_final = 1};
  CHECK_FAILS(CAIRN_UNAVAILABLE, "", cairn_retry_run(retry, -1, attempt, &host, NULL, ERR));
  CHECK(host.attempts == 1);
  host = (struct host){.failures = 0};
  CHECK_FAILS(CAIRN_TIMED_OUT, "deadline", cairn_retry_run(retry, 0, attempt, &host, NULL, ERR));
  CHECK(host.attempts == 0);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "attempt_fn is NULL",
              cairn_retry_run(retry, -1, NULL, &host, count_free, ERR));
  CHECK(host.frees == 1);
  cairn_retry_release(cairn_retry_retain(retry));
  cairn_retry_release(retry);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "retry is NULL",
              cairn_retry_run(NULL, -1, attempt, &host, NULL, ERR));
}

static void decides_for_those_who_wait_themselves(void) {
  cairn_retry_options options = at_once();
  options.jitter = CAIRN_JITTER_NONE;
  options.base_ns = 1000;
  options.cap_ns = 1500;
  options.max_attempts = 4;
  cairn_retry* retry = make(&options);
  cairn_retry_state state = {0};
  int64_t wait_ns = 0;
  CHECK(cairn_retry_next(retry, &state, CAIRN_RATE_LIMITED, 0, -1, &wait_ns) == 1);
  CHECK(wait_ns == 1000);
  CHECK(cairn_retry_next(retry, &state, CAIRN_RATE_LIMITED, 500, -1, &wait_ns) == 1);
  CHECK(wait_ns == 2000 && state.attempts == 2);
  CHECK(cairn_retry_next(retry, &state, CAIRN_RATE_LIMITED, 0, 1200, &wait_ns) == 0);
  CHECK(cairn_retry_next(retry, &state, CAIRN_RATE_LIMITED, 0, -1, NULL) == 0);
  CHECK(cairn_retry_next(retry, NULL, CAIRN_RATE_LIMITED, 0, -1, NULL) == 0);
  cairn_retry_succeeded(retry);
  cairn_retry_succeeded(NULL);
  cairn_retry_release(retry);
}

static void a_budget_is_shared(void) {
  cairn_retry_budget* budget = NULL;
  CHECK_OK(cairn_retry_budget_create(0, 0, 1, &budget, ERR));
  cairn_retry_options options = at_once();
  options.budget = budget;
  cairn_retry* one = make(&options);
  cairn_retry* other = make(&options);
  cairn_retry_budget_release(budget);
  struct host host = {.failures = 1, .code = CAIRN_UNAVAILABLE};
  CHECK_OK(cairn_retry_run(one, -1, attempt, &host, NULL, ERR));
  host = (struct host){.failures = 1, .code = CAIRN_UNAVAILABLE};
  CHECK_FAILS(CAIRN_UNAVAILABLE, "no retries left in the budget",
              cairn_retry_run(other, -1, attempt, &host, NULL, ERR));
  cairn_retry_release(one);
  cairn_retry_release(other);
}

static void a_bulkhead_bounds_calls(void) {
  cairn_bulkhead_options options;
  cairn_bulkhead* bulkhead = NULL;
  cairn_bulkhead_options_init(&options, sizeof options);
  options.max_running = 1;
  CHECK_OK(cairn_bulkhead_create(&options, &bulkhead, ERR));
  CHECK_OK(cairn_bulkhead_enter(bulkhead, -1, ERR));
  CHECK_FAILS(CAIRN_RESOURCE_EXHAUSTED, "1 calls are running",
              cairn_bulkhead_enter(bulkhead, -1, ERR));
  cairn_bulkhead_leave(bulkhead);
  CHECK_OK(cairn_bulkhead_enter(bulkhead, -1, ERR));
  cairn_bulkhead_release(bulkhead);
  options.max_wait_ns = -1;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "max_wait_ns is -1",
              cairn_bulkhead_create(&options, &bulkhead, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "bulkhead is NULL", cairn_bulkhead_enter(NULL, 0, ERR));
  cairn_bulkhead_leave(NULL);
}

static void a_pipeline_goes_through_its_parts(void) {
  cairn_metrics* metrics = NULL;
  CHECK_OK(cairn_metrics_create(&metrics, ERR));
  cairn_retry_options retry_options = at_once();
  retry_options.metrics = metrics;
  cairn_retry* retry = make(&retry_options);
  cairn_breaker* breaker = NULL;
  CHECK_OK(cairn_breaker_create(NULL, &breaker, ERR));
  cairn_bulkhead* bulkhead = NULL;
  CHECK_OK(cairn_bulkhead_create(NULL, &bulkhead, ERR));
  struct host host = {.failures = 2, .code = CAIRN_UNAVAILABLE};
  cairn_pipeline_options options;
  cairn_pipeline* pipeline = NULL;
  cairn_pipeline_options_init(&options, sizeof options);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "no part is set",
              cairn_pipeline_create(&options, &pipeline, ERR));
  options.retry = retry;
  options.breaker = breaker;
  options.bulkhead = bulkhead;
  options.timeout_ns = 60000000000;
  options.admit_fn = admit;
  options.admit_user_data = &host;
  options.admit_free = count_free;
  CHECK_OK(cairn_pipeline_create(&options, &pipeline, ERR));
  cairn_retry_release(retry);
  cairn_bulkhead_release(bulkhead);
  CHECK_OK(cairn_pipeline_run(pipeline, -1, attempt, &host, NULL, ERR));
  CHECK(host.attempts == 3 && host.left_ns <= 60000000000);
  host.admit = CAIRN_RATE_LIMITED;
  CHECK_FAILS(CAIRN_RATE_LIMITED, "the limiter refused",
              cairn_pipeline_run(pipeline, -1, attempt, &host, NULL, ERR));
  host = (struct host){.failures = 9, .code = CAIRN_TIMED_OUT};
  CHECK_FAILS(CAIRN_TIMED_OUT, "after 3 attempts",
              cairn_pipeline_run(pipeline, -1, attempt, &host, NULL, ERR));
  host.attempts = 0;
  CHECK_FAILS(CAIRN_UNAVAILABLE, "circuit breaker",
              cairn_pipeline_run(pipeline, -1, attempt, &host, NULL, ERR));
  CHECK(host.attempts == 2); /* the fifth failure in a row opened it */
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "attempt_fn is NULL",
              cairn_pipeline_run(pipeline, -1, NULL, NULL, NULL, ERR));
  cairn_buffer* text = NULL;
  CHECK_OK(cairn_metrics_text(metrics, &text, ERR));
  CHECK_HOLDS("cairn_retry_calls_total{name=\"db\",outcome=\"success\"} 1\n",
              cairn_buffer_data(text, NULL));
  cairn_buffer_release(text);
  cairn_metrics_release(metrics);
  cairn_breaker_release(breaker);
  CHECK(host.frees == 0);
  cairn_pipeline_release(pipeline);
  CHECK(host.frees == 1);
}

int main(void) {
  RUN(faults_are_listed_at_once);
  RUN(repeats_what_may_pass);
  RUN(decides_for_those_who_wait_themselves);
  RUN(a_budget_is_shared);
  RUN(a_bulkhead_bounds_calls);
  RUN(a_pipeline_goes_through_its_parts);
  return check_result();
}
