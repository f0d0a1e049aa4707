/* The rate limiter through the C interface. */
#include <string.h>

#include "check.h"
#include "limiter_support.h"

#define SECOND ((int64_t)1000000000)

static const char* const config =
    "{\"policies\": {\"api\": {\"limits\": [{\"algorithm\": \"gcra\", \"limit\": 3, \"window\": 1},"
    " {\"algorithm\": \"fixed\", \"limit\": 5, \"window\": \"1h\"}]},"
    " \"jobs\": {\"algorithm\": \"concurrency\", \"limit\": 2, \"window\": \"1m\"},"
    " \"browse\": \"100/60s\"}}";

static cairn_limiter* open_limiter(void) {
  cairn_limiter* limiter = NULL;
  CHECK_OK(cairn_limiter_create(config, NUL, &limiter, ERR));
  return limiter;
}

static uint32_t policy_of(cairn_limiter* limiter, const char* name) {
  uint32_t policy = 99;
  CHECK_OK(cairn_limiter_policy(limiter, name, NUL, &policy, ERR));
  return policy;
}

static void all_faults_are_listed(void) {
  char somewhere = 0;
  cairn_limiter* limiter = (cairn_limiter*)&somewhere;
  const char* bad =
      "{\"polices\": 1, \"policies\": {\"a\": {\"limit\": -1, \"window\": \"1 week\"},"
      " \"b\": \"many\", \"c\": {\"preset\": \"none\"}, \"d\": {\"limit\": 0, \"window\": 1}}}";
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "limit is -1", cairn_limiter_create(bad, NUL, &limiter, ERR));
  CHECK(limiter == NULL);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "polices", cairn_limiter_create(bad, NUL, &limiter, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "1 week", cairn_limiter_create(bad, NUL, &limiter, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "\"many\"", cairn_limiter_create(bad, NUL, &limiter, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "there are per_client",
              cairn_limiter_create(bad, NUL, &limiter, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "limit is 0, must",
              cairn_limiter_create(bad, NUL, &limiter, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "not valid JSON",
              cairn_limiter_create("{", NUL, &limiter, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "limiter_out", cairn_limiter_create(config, NUL, NULL, ERR));
}

static void null_and_wrong_arguments_are_refused(void) {
  cairn_limiter* limiter = open_limiter();
  cairn_decision decision = fresh_decision();
  cairn_limiter_stats stats = {sizeof stats, 1, 1, 1, 1, 1, 1, 1, 1};
  cairn_buffer* buffer = (cairn_buffer*)&stats;
  cairn_list* list = (cairn_list*)&stats;
  uint32_t policy = 7;
  uint64_t live = 7;
  const char* why = "limiter is NULL";
  decision.limit = 7;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_limiter_policy(NULL, "a", 1, &policy, ERR));
  CHECK(policy == 0);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_limiter_policy_names(NULL, &list, ERR));
  CHECK(list == NULL);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why,
              cairn_limiter_set_policy(NULL, "a", 1, "\"1/s\"", NUL, &policy, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why,
              cairn_limiter_check(NULL, 0, "k", 1, 1, 0, &decision, ERR));
  CHECK(decision.limit == 0 && decision.struct_size == sizeof decision);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why,
              cairn_limiter_peek(NULL, 0, "k", 1, 1, 0, &decision, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why,
              cairn_limiter_acquire(NULL, 0, "k", 1, 1, 0, &decision, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why,
              cairn_limiter_check_many(NULL, 0, NULL, NULL, NULL, 0, 0, NULL, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_limiter_refund(NULL, 0, "k", 1, 1, 0, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why,
              cairn_limiter_release_permit(NULL, 0, "k", 1, 1, 0, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_limiter_reset(NULL, 0, "k", 1, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_limiter_reset_all(NULL, 0, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_limiter_cleanup(NULL, 0, 0, &live, ERR));
  CHECK(live == 0);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_limiter_stats_get(NULL, 0, &stats, ERR));
  CHECK(stats.allowed_count == 0);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_limiter_metrics(NULL, &buffer, ERR));
  CHECK(buffer == NULL);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, why, cairn_limiter_http_policy(NULL, 0, &buffer, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "decision is NULL",
              cairn_decision_http(NULL, CAIRN_HTTP_RATELIMIT, &buffer, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "policy is 9, but there are 3",
              cairn_limiter_check(limiter, 9, "k", 1, 1, 0, &decision, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "key is NULL",
              cairn_limiter_check(limiter, 0, NULL, 1, 1, 0, &decision, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "now_ns is -1",
              cairn_limiter_check(limiter, 0, "k", 1, 1, -1, &decision, ERR));
  CHECK_FAILS(CAIRN_NOT_FOUND, "api, jobs, browse",
              cairn_limiter_policy(limiter, "ap", NUL, &policy, ERR));
  decision.struct_size = 1;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "struct_size",
              cairn_limiter_check(limiter, 0, "k", 1, 1, 0, &decision, ERR));
  cairn_limiter_release(NULL);
  CHECK(cairn_limiter_retain(NULL) == NULL);
  CHECK(cairn_limiter_retain(limiter) == limiter);
  cairn_limiter_release(limiter);
  cairn_limiter_release(limiter);
}

static void decisions_tell_what_is_left(void) {
  cairn_limiter* limiter = open_limiter();
  const uint32_t api = policy_of(limiter, "api");
  cairn_decision decision = fresh_decision();
  cairn_error* err = NULL;
  CHECK_OK(cairn_limiter_check(limiter, api, "me", NUL, 2, SECOND, &decision, ERR));
  CHECK(decision.outcome == CAIRN_OUTCOME_ALLOWED && decision.remaining == 1);
  CHECK_TEXT("gcra_1s", decision.rule);
  CHECK(cairn_limiter_check(limiter, api, "me", NUL, 2, SECOND, &decision, &err) ==
        CAIRN_RATE_LIMITED);
  CHECK(err == NULL && decision.outcome == CAIRN_OUTCOME_REFUSED);
  CHECK(decision.limit == 3 && decision.remaining == 1);
  CHECK(decision.retry_after_ns > SECOND / 3 - 9 && decision.retry_after_ns < SECOND / 3 + 9);
  CHECK(cairn_limiter_check(limiter, api, "me", NUL, 4, SECOND, &decision, &err) ==
        CAIRN_OUT_OF_RANGE);
  CHECK(err == NULL && decision.outcome == CAIRN_OUTCOME_IMPOSSIBLE);
  CHECK_OK(cairn_limiter_peek(limiter, api, "me", NUL, 1, SECOND, &decision, ERR));
  CHECK(decision.remaining == 1);
  CHECK_OK(cairn_limiter_check(limiter, api, "other", NUL, 0, SECOND, NULL, ERR));
  CHECK_OK(cairn_limiter_refund(limiter, api, "me", NUL, 2, SECOND, ERR));
  CHECK_OK(cairn_limiter_check(limiter, api, "me", NUL, 3, SECOND, &decision, ERR));
  CHECK_OK(cairn_limiter_reset(limiter, api, "me", NUL, ERR));
  CHECK_OK(cairn_limiter_check(limiter, api, "me", NUL, 3, SECOND, &decision, ERR));
  CHECK_OK(cairn_limiter_reset_all(limiter, api, ERR));
  CHECK_OK(cairn_limiter_acquire(limiter, api, "me", NUL, 3, 0, &decision, ERR));
  cairn_limiter_release(limiter);
}

static void permits_come_back(void) {
  cairn_limiter* limiter = open_limiter();
  const uint32_t jobs = policy_of(limiter, "jobs");
  cairn_decision first = fresh_decision();
  cairn_decision second = fresh_decision();
  uint64_t live = 0;
  CHECK_OK(cairn_limiter_check(limiter, jobs, "me", NUL, 1, SECOND, &first, ERR));
  CHECK_OK(cairn_limiter_check(limiter, jobs, "me", NUL, 1, SECOND, &second, ERR));
  CHECK(first.permit != 0 && second.remaining == 0);
  CHECK(cairn_limiter_check(limiter, jobs, "me", NUL, 1, SECOND, &second, ERR) ==
        CAIRN_RATE_LIMITED);
  CHECK(second.permit == 0);
  CHECK_OK(cairn_limiter_release_permit(limiter, jobs, "me", NUL, first.permit, SECOND, ERR));
  CHECK_OK(cairn_limiter_check(limiter, jobs, "me", NUL, 1, SECOND, &second, ERR));
  CHECK_OK(cairn_limiter_cleanup(limiter, jobs, SECOND, &live, ERR));
  CHECK(live == 1);
  CHECK_OK(cairn_limiter_cleanup(limiter, jobs, 100 * SECOND, NULL, ERR));
  CHECK_OK(cairn_limiter_check(limiter, jobs, "me", NUL, 1, 100 * SECOND, &second, ERR));
  cairn_limiter_release(limiter);
}

static void many_at_once(void) {
  cairn_limiter* limiter = open_limiter();
  const uint32_t api = policy_of(limiter, "api");
  const char* keys[5] = {"a", "b", "a", "a", "a"};
  const size_t sizes[5] = {1, 1, NUL, 1, 1};
  const size_t bad_sizes[5] = {1, 1, 1, (size_t)-2, 1};
  const uint64_t costs[5] = {1, 4, 1, 1, 1};
  cairn_decision decisions[5];
  for (int i = 0; i < 5; ++i) decisions[i] = fresh_decision();
  CHECK_FAILS(
      CAIRN_INVALID_ARGUMENT, "impossible length",
      cairn_limiter_check_many(limiter, api, keys, bad_sizes, NULL, 5, SECOND, decisions, ERR));
  CHECK_OK(cairn_limiter_check_many(limiter, api, keys, sizes, costs, 5, SECOND, decisions, ERR));
  CHECK(decisions[0].outcome == CAIRN_OUTCOME_ALLOWED);
  CHECK(decisions[1].outcome == CAIRN_OUTCOME_IMPOSSIBLE);
  CHECK(decisions[3].outcome == CAIRN_OUTCOME_ALLOWED);
  CHECK(decisions[4].outcome == CAIRN_OUTCOME_REFUSED);
  decisions[2].struct_size = 8;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "struct_size",
              cairn_limiter_check_many(limiter, api, keys, sizes, NULL, 5, SECOND, decisions, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "decisions_inout",
              cairn_limiter_check_many(limiter, api, keys, sizes, NULL, 5, SECOND, NULL, ERR));
  cairn_limiter_release(limiter);
}

static void policies_change(void) {
  cairn_limiter* limiter = open_limiter();
  cairn_decision decision = fresh_decision();
  cairn_limiter_stats stats;
  cairn_list* names = NULL;
  uint32_t policy = 0;
  const uint32_t browse = policy_of(limiter, "browse");
  CHECK_OK(cairn_limiter_check(limiter, browse, "me", NUL, 60, SECOND, &decision, ERR));
  CHECK_OK(cairn_limiter_set_policy(limiter, "browse", NUL, "\"70/60s\"", NUL, &policy, ERR));
  CHECK(policy == browse);
  CHECK_OK(cairn_limiter_peek(limiter, browse, "me", NUL, 1, SECOND, &decision, ERR));
  CHECK(decision.remaining == 10);
  CHECK_OK(cairn_limiter_set_policy(limiter, "new", NUL, "{\"preset\": \"api\"}", NUL, NULL, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "no limit",
              cairn_limiter_set_policy(limiter, "new", NUL, "\"x\"", NUL, &policy, ERR));
  CHECK_OK(cairn_limiter_policy_names(limiter, &names, ERR));
  CHECK(cairn_list_size(names) == 4);
  CHECK_TEXT("new", cairn_list_item(names, 3, NULL));
  cairn_list_release(names);
  stats.struct_size = sizeof stats;
  CHECK_OK(cairn_limiter_stats_get(limiter, browse, &stats, ERR));
  CHECK(stats.allowed_count == 1 && stats.rule_count == 1);
  CHECK(stats.memory_bytes > 0 && stats.memory_bytes <= stats.budget_bytes);
  cairn_limiter_release(limiter);
}

static void texts_for_others(void) {
  cairn_limiter* limiter = open_limiter();
  const uint32_t api = policy_of(limiter, "api");
  cairn_decision decision = fresh_decision();
  cairn_buffer* text = NULL;
  size_t size = 0;
  CHECK(cairn_limiter_check(limiter, api, "me", NUL, 3, SECOND, &decision, ERR) == CAIRN_OK);
  CHECK_OK(cairn_decision_http(&decision, CAIRN_HTTP_RETRY_AFTER, &text, ERR));
  CHECK_TEXT("", cairn_buffer_data(text, NULL));
  cairn_buffer_release(text);
  CHECK(cairn_limiter_check(limiter, api, "me", NUL, 3, SECOND, &decision, ERR) ==
        CAIRN_RATE_LIMITED);
  CHECK_OK(cairn_decision_http(&decision, CAIRN_HTTP_RETRY_AFTER, &text, ERR));
  CHECK_TEXT("3600", cairn_buffer_data(text, NULL));
  cairn_buffer_release(text);
  CHECK_OK(cairn_decision_http(&decision, CAIRN_HTTP_RATELIMIT, &text, ERR));
  CHECK_TEXT("\"fixed_1h\";r=2;t=3600", cairn_buffer_data(text, NULL));
  cairn_buffer_release(text);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "field is 2", cairn_decision_http(&decision, 2, &text, ERR));
  CHECK_OK(cairn_limiter_http_policy(limiter, api, &text, ERR));
  CHECK_TEXT("\"gcra_1s\";q=3;w=1, \"fixed_1h\";q=5;w=3600", cairn_buffer_data(text, NULL));
  cairn_buffer_release(text);
  CHECK_OK(cairn_limiter_metrics(limiter, &text, ERR));
  CHECK_HOLDS("cairn_limiter_allowed_total{policy=\"api\"} 1", cairn_buffer_data(text, NULL));
  cairn_buffer_release(text);
  CHECK_OK(cairn_ip_prefix("2001:db8:1:2:3:4:5:6", NUL, 0, 0, &text, ERR));
  CHECK(memcmp(cairn_buffer_data(text, &size), "\6\x20\1\x0d\xb8\0\1\0\2\0\0\0\0\0\0\0\0", 17) ==
        0);
  CHECK(size == 17);
  cairn_buffer_release(text);
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "no IP address",
              cairn_ip_prefix("1.2.3", NUL, 0, 0, &text, ERR));
  cairn_limiter_release(limiter);
}

int main(void) {
  RUN(all_faults_are_listed);
  RUN(null_and_wrong_arguments_are_refused);
  RUN(decisions_tell_what_is_left);
  RUN(permits_come_back);
  RUN(many_at_once);
  RUN(policies_change);
  RUN(texts_for_others);
  return check_result();
}
