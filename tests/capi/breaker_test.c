/* The circuit breaker: its life on the caller's clock, its settings, and its listeners. */
#include <string.h>

#include "check.h"

static const int64_t second = 1000000000;

struct changes {
  int count;
  int frees;
  int32_t last_to;
  uint32_t last_generation;
  char reasons[512];
};

static void on_change(int32_t from, int32_t to, uint32_t generation, const char* reason,
                      void* user_data) {
  struct changes* changes = user_data;
  CHECK(from != to);
  ++changes->count;
  changes->last_to = to;
  changes->last_generation = generation;
  strncat(changes->reasons, reason, 100);
  strcat(changes->reasons, ";");
}

static void count_free(void* user_data) { ++((struct changes*)user_data)->frees; }

static cairn_breaker_options named(const char* name) {
  cairn_breaker_options options;
  cairn_breaker_options_init(&options, sizeof options);
  options.name = name;
  options.name_bytes = NUL;
  options.open_jitter = -1;
  return options;
}

static cairn_breaker* make(const cairn_breaker_options* options) {
  cairn_breaker* breaker = NULL;
  CHECK_OK(cairn_breaker_create(options, &breaker, ERR));
  return breaker;
}

/* One call at a time; 0 when it was refused. */
static int call(cairn_breaker* breaker, cairn_status status, int64_t now_ns) {
  cairn_breaker_permit permit;
  if (cairn_breaker_acquire(breaker, now_ns, &permit, NULL, NULL) != CAIRN_OK) return 0;
  cairn_breaker_record(breaker, &permit, status, now_ns);
  return 1;
}

static void faults_are_listed_at_once(void) {
  cairn_breaker* breaker = (cairn_breaker*)1;
  cairn_breaker_options options = named("db");
  options.consecutive_failures = CAIRN_BREAKER_OFF;
  options.failure_rate = 2;
  options.window = 9;
  options.open_ns = -5;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "open_ns is -5",
              cairn_breaker_create(&options, &breaker, ERR));
  CHECK(breaker == NULL);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "circuit breaker 'db': failure_rate is 2",
              cairn_breaker_create(&options, &breaker, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "window is 9", cairn_breaker_create(&options, &breaker, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "breaker_out is NULL", cairn_breaker_create(NULL, NULL, ERR));
}

static void wrong_arguments_are_refused(void) {
  cairn_breaker* breaker = make(NULL);
  cairn_breaker_permit permit = {0};
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "permit_out is NULL",
              cairn_breaker_acquire(breaker, CAIRN_NOW, NULL, NULL, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "breaker is NULL",
              cairn_breaker_acquire(NULL, CAIRN_NOW, &permit, NULL, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "state is 2",
              cairn_breaker_force(breaker, CAIRN_BREAKER_HALF_OPEN, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "listener_fn is NULL",
              cairn_breaker_listen(breaker, NULL, NULL, NULL, ERR));
  cairn_breaker_record(NULL, &permit, CAIRN_OK, CAIRN_NOW);
  cairn_breaker_record(breaker, NULL, CAIRN_OK, CAIRN_NOW);
  cairn_breaker_cancel(breaker, NULL);
  CHECK(cairn_breaker_state(NULL) == CAIRN_BREAKER_CLOSED);
  cairn_breaker_release(breaker);
  cairn_breaker_release(NULL);
}

static void opens_tries_and_closes(void) {
  cairn_breaker_options options = named("db");
  cairn_breaker* breaker = make(&options);
  cairn_breaker_permit permit;
  int64_t retry_after_ns = 0;
  int64_t now = 100 * second;
  for (int i = 0; i < 4; ++i) CHECK(call(breaker, CAIRN_UNAVAILABLE, now));
  CHECK(call(breaker, CAIRN_NOT_FOUND, now)); /* an answer */
  for (int i = 0; i < 5; ++i) CHECK(call(breaker, CAIRN_UNAVAILABLE, now));
  CHECK(cairn_breaker_state(breaker) == CAIRN_BREAKER_OPEN);
  CHECK_FAILS(CAIRN_UNAVAILABLE, "circuit breaker 'db' is not letting calls through",
              cairn_breaker_acquire(breaker, now + second, &permit, &retry_after_ns, ERR));
  CHECK(retry_after_ns == 59 * second);
  now += 60 * second;
  CHECK(call(breaker, CAIRN_OK, now));
  CHECK(cairn_breaker_state(breaker) == CAIRN_BREAKER_HALF_OPEN);
  CHECK(cairn_breaker_acquire(breaker, now, &permit, NULL, NULL) == CAIRN_OK);
  cairn_breaker_cancel(breaker, &permit);
  CHECK(call(breaker, CAIRN_OK, now));
  CHECK(call(breaker, CAIRN_OK, now));
  CHECK(cairn_breaker_state(breaker) == CAIRN_BREAKER_CLOSED);
  cairn_breaker_release(breaker);
}

static void masks_and_rates_are_honoured(void) {
  cairn_breaker_options options = named("db");
  options.consecutive_failures = CAIRN_BREAKER_OFF;
  options.failure_rate = 0.5;
  options.window_calls = 4;
  options.failure_mask = CAIRN_STATUS_BIT(CAIRN_NOT_FOUND) | CAIRN_STATUS_BIT(CAIRN_CANCELLED);
  cairn_breaker* breaker = make(&options);
  for (int i = 0; i < 9; ++i) CHECK(call(breaker, CAIRN_UNAVAILABLE, 0));
  CHECK(call(breaker, CAIRN_NOT_FOUND, 0));
  CHECK(cairn_breaker_state(breaker) == CAIRN_BREAKER_CLOSED);
  CHECK(call(breaker, CAIRN_CANCELLED, 0));
  CHECK(cairn_breaker_state(breaker) == CAIRN_BREAKER_OPEN);
  cairn_breaker_release(breaker);
}

static void states_can_be_forced(void) {
  cairn_breaker* breaker = make(NULL);
  CHECK_OK(cairn_breaker_force(breaker, CAIRN_BREAKER_FORCED_OPEN, ERR));
  CHECK(!call(breaker, CAIRN_OK, CAIRN_NOW));
  CHECK_OK(cairn_breaker_force(breaker, CAIRN_BREAKER_FORCED_CLOSED, ERR));
  for (int i = 0; i < 20; ++i) CHECK(call(breaker, CAIRN_UNAVAILABLE, CAIRN_NOW));
  CHECK_OK(cairn_breaker_force(breaker, CAIRN_BREAKER_DISABLED, ERR));
  CHECK(call(breaker, CAIRN_UNAVAILABLE, CAIRN_NOW));
  CHECK_OK(cairn_breaker_force(breaker, CAIRN_BREAKER_CLOSED, ERR));
  for (int i = 0; i < 5; ++i) CHECK(call(breaker, CAIRN_UNAVAILABLE, CAIRN_NOW));
  CHECK(!call(breaker, CAIRN_OK, CAIRN_NOW));
  cairn_breaker_release(breaker);
}

static void listeners_hear_changes_and_are_freed(void) {
  struct changes changes = {0};
  cairn_breaker* breaker = make(NULL);
  CHECK_OK(cairn_breaker_listen(breaker, on_change, &changes, count_free, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "listener_fn",
              cairn_breaker_listen(breaker, NULL, &changes, count_free, ERR));
  CHECK(changes.frees == 1);
  for (int i = 0; i < 5; ++i) CHECK(call(breaker, CAIRN_TIMED_OUT, CAIRN_NOW));
  CHECK(changes.count == 1 && changes.last_to == CAIRN_BREAKER_OPEN);
  CHECK(changes.last_generation == 2);
  CHECK_TEXT("consecutive failures;", changes.reasons);
  cairn_breaker* second_reference = cairn_breaker_retain(breaker);
  cairn_breaker_release(breaker);
  CHECK(changes.frees == 1);
  cairn_breaker_release(second_reference);
  CHECK(changes.frees == 2);
}

static void statistics_and_metrics_agree(void) {
  cairn_metrics* metrics = NULL;
  CHECK_OK(cairn_metrics_create(&metrics, ERR));
  cairn_breaker_options options = named("db");
  options.metrics = metrics;
  cairn_breaker* breaker = make(&options);
  for (int i = 0; i < 3; ++i) CHECK(call(breaker, CAIRN_OK, CAIRN_NOW));
  for (int i = 0; i < 7; ++i) call(breaker, CAIRN_INTERNAL, CAIRN_NOW);
  cairn_breaker_stats stats = {.struct_size = sizeof stats};
  CHECK_OK(cairn_breaker_stats_get(breaker, &stats, ERR));
  CHECK(stats.success_count == 3 && stats.failure_count == 5 && stats.refused_count == 2);
  CHECK(stats.opened_count == 1 && stats.state == CAIRN_BREAKER_OPEN);
  for (int i = 0; i < 2; ++i) { /* read twice: nothing is told twice */
    cairn_buffer* text = NULL;
    CHECK_OK(cairn_metrics_text(metrics, &text, ERR));
    const char* data = cairn_buffer_data(text, NULL);
    CHECK_HOLDS("cairn_breaker_calls_total{name=\"db\",outcome=\"success\"} 3\n", data);
    CHECK_HOLDS("cairn_breaker_calls_total{name=\"db\",outcome=\"refused\"} 2\n", data);
    CHECK_HOLDS("cairn_breaker_state{name=\"db\",state=\"open\"} 1\n", data);
    CHECK_HOLDS("cairn_breaker_changes_total{name=\"db\",state=\"open\"} 1\n", data);
    cairn_buffer_release(text);
  }
  cairn_metrics* more = cairn_metrics_retain(metrics);
  cairn_metrics_release(metrics);
  cairn_breaker_release(breaker); /* keeps the registry until here */
  cairn_metrics_release(more);
  cairn_metrics_release(NULL);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "metrics is NULL",
              cairn_metrics_text(NULL, &(cairn_buffer*){0}, ERR));
}

int main(void) {
  RUN(faults_are_listed_at_once);
  RUN(wrong_arguments_are_refused);
  RUN(opens_tries_and_closes);
  RUN(masks_and_rates_are_honoured);
  RUN(states_can_be_forced);
  RUN(listeners_hear_changes_and_are_freed);
  RUN(statistics_and_metrics_agree);
  return check_result();
}
