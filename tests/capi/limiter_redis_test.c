/* The rate limiter with limits that are kept in a real redis-server. */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "limiter_support.h"

#define SKIPPED 77

static int port;
static pid_t server = -1;

static struct sockaddr_in loopback(int number) {
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)number);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static int free_port(void) {
  struct sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr*)&address, size) != 0 ||
      getsockname(listener, (struct sockaddr*)&address, &size) != 0) {
    abort();
  }
  close(listener);
  return ntohs(address.sin_port);
}

static int answers(void) {
  struct sockaddr_in address = loopback(port);
  const int client = socket(AF_INET, SOCK_STREAM, 0);
  const int connected = connect(client, (struct sockaddr*)&address, sizeof address) == 0;
  close(client);
  return connected;
}

/* Returns whether there is a server now. */
static int start_server(void) {
  const struct timespec moment = {0, 10000000};
  char text[16];
  port = free_port();
  snprintf(text, sizeof text, "%d", port);
  server = fork();
  if (server == 0) {
    if (freopen("/dev/null", "w", stdout) == NULL) _exit(126);
    execlp("redis-server", "redis-server", "--port", text, "--bind", "127.0.0.1", "--save", "",
           "--appendonly", "no", "--dir", "/tmp", (char*)NULL);
    _exit(127);
  }
  for (int i = 0; i < 2000; ++i) {
    if (waitpid(server, NULL, WNOHANG) == server) return 0;
    if (answers()) return 1;
    nanosleep(&moment, NULL);
  }
  return 0;
}

static void stop_server(void) {
  if (server <= 0) return;
  kill(server, SIGKILL);
  waitpid(server, NULL, 0);
  server = -1;
}

static cairn_limiter* open_limiter(const char* outage) {
  char config[512];
  cairn_limiter* limiter = NULL;
  snprintf(config, sizeof config,
           "{\"policies\": {\"api\": \"3/h\", \"bucket\": {\"algorithm\": \"gcra\", \"limit\": 2,"
           " \"window\": \"1h\"}, \"jobs\": {\"algorithm\": \"concurrency\", \"limit\": 1,"
           " \"window\": \"1h\"}}, \"redis\": {\"host\": \"127.0.0.1\", \"port\": %d,"
           " \"prefix\": \"test:\", \"deadline_ms\": 5000, \"outage\": \"%s\"}}",
           port, outage);
  CHECK_OK(cairn_limiter_create(config, NUL, &limiter, ERR));
  return limiter;
}

static cairn_status check(cairn_limiter* limiter, uint32_t policy, const char* key) {
  return cairn_limiter_check(limiter, policy, key, NUL, 1, 0, NULL, NULL);
}

static void faults_are_all_listed(void) {
  const char* bad =
      "{\"policies\": {\"a\": \"many\"}, \"redis\": {\"url\": \"http://x\", \"deadline_ms\": 0,"
      " \"outage\": \"maybe\", \"prot\": 1, \"spread\": 2}}";
  cairn_limiter* limiter = NULL;
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "\"many\"", cairn_limiter_create(bad, NUL, &limiter, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "spread must be",
              cairn_limiter_create(bad, NUL, &limiter, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "prot", cairn_limiter_create(bad, NUL, &limiter, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "deadline_ms is 0",
              cairn_limiter_create(bad, NUL, &limiter, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "\"maybe\"", cairn_limiter_create(bad, NUL, &limiter, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "redis: url excludes host",
              cairn_limiter_create("{\"policies\": {}, \"redis\": {\"url\": \"redis://h\","
                                   " \"port\": 1}}",
                                   NUL, &limiter, ERR));
  CHECK_FAILS(CAIRN_INVALID_ARGUMENT, "redis must be an object",
              cairn_limiter_create("{\"policies\": {}, \"redis\": 6379}", NUL, &limiter, ERR));
}

static void limiters_share_what_is_left(void) {
  cairn_limiter* one = open_limiter("fail_closed");
  cairn_limiter* other = open_limiter("fail_closed");
  cairn_decision decision = fresh_decision();
  CHECK(cairn_limiter_check(one, 0, "me", NUL, 2, 0, &decision, ERR) == CAIRN_OK);
  CHECK(decision.remaining == 1 && decision.limit == 3 && decision.degraded == 0);
  CHECK(cairn_limiter_peek(other, 0, "me", NUL, 1, 0, &decision, ERR) == CAIRN_OK);
  CHECK(decision.remaining == 1);
  CHECK(check(other, 0, "me") == CAIRN_OK);
  CHECK(cairn_limiter_check(one, 0, "me", NUL, 1, 0, &decision, ERR) == CAIRN_RATE_LIMITED);
  CHECK(decision.retry_after_ns > 0);
  CHECK_TEXT("sliding_1h", decision.rule);
  CHECK(cairn_limiter_check(one, 0, "me", NUL, 4, 0, &decision, ERR) == CAIRN_OUT_OF_RANGE);
  CHECK(cairn_limiter_acquire(one, 0, "me", NUL, 1, 1000, &decision, ERR) == CAIRN_RATE_LIMITED);
  CHECK_OK(cairn_limiter_refund(one, 0, "me", NUL, 1, 0, ERR));
  CHECK(check(other, 0, "me") == CAIRN_OK);
  CHECK(check(other, 0, "me") == CAIRN_RATE_LIMITED);
  CHECK_OK(cairn_limiter_reset(other, 0, "me", NUL, ERR));
  CHECK(check(one, 0, "me") == CAIRN_OK);
  CHECK_FAILS(CAIRN_UNSUPPORTED, "one by one", cairn_limiter_reset_all(one, 0, ERR));
  cairn_limiter_release(one);
  cairn_limiter_release(other);
}

static void many_at_once_are_shared_too(void) {
  cairn_limiter* one = open_limiter("fail_closed");
  const char* keys[] = {"a", "b", "a", "a"};
  const size_t sizes[] = {1, 1, 1, 1};
  cairn_decision decisions[4];
  for (int i = 0; i < 4; ++i) decisions[i] = fresh_decision();
  CHECK_OK(cairn_limiter_check_many(one, 1, keys, sizes, NULL, 4, 0, decisions, ERR));
  CHECK(decisions[0].outcome == CAIRN_OUTCOME_ALLOWED && decisions[0].remaining == 1);
  CHECK(decisions[1].outcome == CAIRN_OUTCOME_ALLOWED && decisions[1].remaining == 1);
  CHECK(decisions[2].outcome == CAIRN_OUTCOME_ALLOWED && decisions[2].remaining == 0);
  CHECK(decisions[3].outcome == CAIRN_OUTCOME_REFUSED);
  cairn_limiter_release(one);
}

static void permits_are_shared(void) {
  cairn_limiter* one = open_limiter("fail_closed");
  cairn_limiter* other = open_limiter("fail_closed");
  cairn_decision decision = fresh_decision();
  CHECK(cairn_limiter_check(one, 2, "job", NUL, 1, 0, &decision, ERR) == CAIRN_OK);
  CHECK(decision.permit != 0);
  CHECK(check(other, 2, "job") == CAIRN_RATE_LIMITED);
  CHECK_OK(cairn_limiter_release_permit(other, 2, "job", NUL, decision.permit, 0, ERR));
  CHECK(cairn_limiter_acquire(other, 2, "job", NUL, 1, 1000000, &decision, ERR) == CAIRN_OK);
  CHECK(cairn_limiter_acquire(one, 2, "job", NUL, 1, 30000000, &decision, ERR) ==
        CAIRN_RATE_LIMITED);
  cairn_limiter_release(one);
  cairn_limiter_release(other);
}

/* The last test: there is no server after it. */
static void an_outage_is_what_was_chosen(void) {
  cairn_limiter* local = open_limiter("local");
  cairn_limiter* open = open_limiter("fail_open");
  cairn_limiter* closed = open_limiter("fail_closed");
  cairn_limiter_stats stats;
  cairn_decision decision = fresh_decision();
  uint64_t permit = 0;
  stop_server();
  for (int i = 0; i < 3; ++i) {
    CHECK(cairn_limiter_check(local, 0, "you", NUL, 1, 0, &decision, ERR) == CAIRN_OK);
    CHECK(decision.degraded == 1);
  }
  CHECK(check(local, 0, "you") == CAIRN_RATE_LIMITED);
  for (int i = 0; i < 9; ++i) CHECK(check(open, 0, "you") == CAIRN_OK);
  CHECK(cairn_limiter_check(closed, 0, "you", NUL, 1, 0, &decision, ERR) == CAIRN_RATE_LIMITED);
  CHECK(decision.degraded == 1 && decision.retry_after_ns > 0);
  CHECK_FAILS(CAIRN_UNAVAILABLE, "", cairn_limiter_reset(closed, 0, "you", NUL, ERR));
  CHECK(cairn_limiter_check(local, 2, "job", NUL, 1, 0, &decision, ERR) == CAIRN_OK);
  permit = decision.permit;
  CHECK(permit != 0);
  CHECK(check(local, 2, "job") == CAIRN_RATE_LIMITED);
  CHECK_OK(cairn_limiter_release_permit(local, 2, "job", NUL, permit, 0, ERR));
  CHECK(check(local, 2, "job") == CAIRN_OK);
  memset(&stats, 0, sizeof stats);
  stats.struct_size = sizeof stats;
  CHECK_OK(cairn_limiter_stats_get(open, 0, &stats, ERR));
  CHECK(stats.degraded_count == 9 && stats.allowed_count == 9);
  cairn_limiter_release(local);
  cairn_limiter_release(open);
  cairn_limiter_release(closed);
}

int main(void) {
  cairn_limiter* limiter = NULL;
  RUN(faults_are_all_listed);
  if (cairn_limiter_create("{\"policies\": {}, \"redis\": {}}", NUL, &limiter, NULL) ==
      CAIRN_UNSUPPORTED) {
    printf("skipped: this build has no Redis client\n");
    return check_result() != 0 ? 1 : SKIPPED;
  }
  cairn_limiter_release(limiter);
  if (!start_server()) {
    printf("skipped: there is no redis-server\n");
    return check_result() != 0 ? 1 : SKIPPED;
  }
  atexit(stop_server);
  RUN(limiters_share_what_is_left);
  RUN(many_at_once_are_shared_too);
  RUN(permits_are_shared);
  RUN(an_outage_is_what_was_chosen);
  return check_result();
}
