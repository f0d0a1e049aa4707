"""Limits that processes share in a real redis-server."""

import shutil
import socket
import subprocess
import time
import unittest

import cairn


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def has_redis():
    try:
        cairn.RateLimiter({}, redis={}).close()
    except cairn.UnsupportedError:
        return False
    return True


class RedisSettingsTest(unittest.TestCase):
    def test_faults_are_all_listed(self):
        with self.assertRaises(cairn.InvalidArgumentError) as caught:
            cairn.RateLimiter({"a": "x"}, redis={"port": 0, "outage": "maybe", "hots": "h"})
        for part in ('"x"', "port is 0", '"maybe"', "hots"):
            self.assertIn(part, str(caught.exception))

    def test_a_password_is_not_repeated(self):
        with self.assertRaises(cairn.InvalidArgumentError) as caught:
            cairn.RateLimiter({}, redis="http://me:secret@host")
        self.assertNotIn("secret", str(caught.exception))


@unittest.skipUnless(has_redis(), "this build has no Redis client")
@unittest.skipUnless(shutil.which("redis-server"), "there is no redis-server")
class SharedLimiterTest(unittest.TestCase):
    def setUp(self):
        self.port = free_port()
        self.server = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
             "--appendonly", "no"],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        self.addCleanup(self.stop)
        for _ in range(2000):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.01)
        self.fail("redis-server does not answer")

    def stop(self):
        self.server.kill()
        self.server.wait()

    def open(self, outage="fail_closed"):
        limiter = cairn.RateLimiter(
            {"api": "3/h", "jobs": {"algorithm": "concurrency", "limit": 1, "window": "1h"}},
            redis={
                "url": f"redis://127.0.0.1:{self.port}",
                "deadline_ms": 5000,
                "outage": outage,
            },
        )
        self.addCleanup(limiter.close)
        return limiter

    def test_two_limiters_share_what_is_left(self):
        one, other = self.open(), self.open()
        self.assertEqual(one.check("api", "k", 2).remaining, 1)
        self.assertTrue(other.check("api", "k"))
        refused = one.check("api", "k")
        self.assertFalse(refused)
        self.assertFalse(refused.degraded)
        self.assertGreater(refused.retry_after, 0)
        other.refund("api", "k")
        self.assertTrue(one.check("api", "k"))
        one.reset("api", "k")
        self.assertEqual([bool(d) for d in other.check_many("api", ["k"] * 4)], [True] * 3 + [False])
        with self.assertRaises(cairn.UnsupportedError):
            one.reset("api")

    def test_permits_are_shared(self):
        one, other = self.open(), self.open()
        with one.permit("jobs", "k"):
            self.assertFalse(other.check("jobs", "k"))
        self.assertTrue(other.acquire("jobs", "k", timeout_s=1))

    def test_an_outage_is_what_was_chosen(self):
        limiters = {name: self.open(name) for name in ("local", "fail_open", "fail_closed")}
        self.stop()
        for name, passed in (("local", 3), ("fail_open", 5), ("fail_closed", 0)):
            decisions = [limiters[name].check("api", "k") for _ in range(5)]
            self.assertEqual(sum(map(bool, decisions)), passed, name)
            self.assertTrue(all(decision.degraded for decision in decisions))
        self.assertEqual(limiters["fail_open"].stats("api").degraded_count, 5)


if __name__ == "__main__":
    unittest.main()
