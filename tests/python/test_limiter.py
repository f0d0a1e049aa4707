"""The rate limiter."""

import asyncio
import threading
import unittest

import cairn

SECOND = 1_000_000_000


class LimiterTest(unittest.TestCase):
    def setUp(self):
        self.limiter = cairn.RateLimiter(
            {
                "api": {"limits": "3/1s, 5/1h"},
                "bucket": {"algorithm": "gcra", "limit": 100, "window": 1, "burst": 2},
                "jobs": {"algorithm": "concurrency", "limit": 2, "window": "1m"},
                "once": "1/h",
            }
        )
        self.addCleanup(self.limiter.close)

    def test_faults_are_all_listed(self):
        with self.assertRaises(cairn.InvalidArgumentError) as caught:
            cairn.RateLimiter({"a": "x", "b": {"limit": 1, "windw": 1}}, overflow="maybe")
        for part in ('"x"', "windw", "window is missing", "maybe"):
            self.assertIn(part, str(caught.exception))

    def test_unknown_policies_and_costs_are_errors(self):
        with self.assertRaises(cairn.NotFoundError):
            self.limiter.check("nope", "k")
        for cost in (0, -1, 2**64):
            with self.assertRaises(ValueError):
                self.limiter.check("api", "k", cost)

    def test_a_decision_is_true_when_allowed(self):
        for left in (2, 1, 0):
            decision = self.limiter.check("api", "k", now_ns=SECOND)
            self.assertTrue(decision)
            self.assertEqual(decision.remaining, left)
        refused = self.limiter.check("api", "k", now_ns=SECOND)
        self.assertFalse(refused)
        self.assertFalse(refused.impossible)
        self.assertGreater(refused.retry_after, 0.9)
        self.assertEqual(refused.rule, "sliding_1s")
        impossible = self.limiter.check("api", "k", 4, now_ns=SECOND)
        self.assertTrue(impossible.impossible)

    def test_keys_are_bytes_or_text(self):
        self.assertTrue(self.limiter.check("once", b"k\0a"))
        self.assertTrue(self.limiter.check("once", "k\0b"))
        self.assertFalse(self.limiter.check("once", "k\0a"))

    def test_peek_refund_and_reset(self):
        self.limiter.check("api", "k", 3, now_ns=SECOND)
        self.assertEqual(self.limiter.peek("api", "k", now_ns=SECOND).remaining, 0)
        self.limiter.refund("api", "k", 2, now_ns=SECOND)
        self.assertEqual(self.limiter.peek("api", "k", now_ns=SECOND).remaining, 2)
        self.limiter.reset("api", "k")
        self.assertEqual(self.limiter.peek("api", "k", now_ns=SECOND).remaining, 3)
        self.limiter.check("api", "k", now_ns=SECOND)
        self.assertEqual(self.limiter.cleanup("api", now_ns=SECOND), 1)
        self.limiter.reset("api")
        self.assertEqual(self.limiter.cleanup("api", now_ns=SECOND), 0)

    def test_many_at_once(self):
        decisions = self.limiter.check_many("api", ["a", b"b"] * 4, [1, 3] * 4, now_ns=SECOND)
        self.assertEqual([bool(d) for d in decisions], [True] * 3 + [False, True] + [False] * 3)
        self.assertEqual(self.limiter.check_many("api", []), [])
        with self.assertRaises(ValueError):
            self.limiter.check_many("api", ["a"], [1, 2])

    def test_policies_change(self):
        self.limiter.check("once", "k")
        self.limiter.set_policy("once", "3/h")
        self.assertEqual(self.limiter.peek("once", "k").remaining, 2)
        self.limiter.set_policy("more", {"preset": "api"})
        self.assertIn("more", self.limiter.policy_names())
        self.assertTrue(self.limiter.check("more", "k"))

    def test_permits_come_back_even_after_an_error(self):
        with self.limiter.permit("jobs", "k"):
            with self.assertRaises(KeyError):
                with self.limiter.permit("jobs", "k"):
                    with self.assertRaises(cairn.RateLimitedError) as caught:
                        with self.limiter.permit("jobs", "k"):
                            self.fail("three of two")
                    self.assertEqual(caught.exception.decision.limit, 2)
                    raise KeyError
            self.assertEqual(self.limiter.peek("jobs", "k").remaining, 1)
        self.assertEqual(self.limiter.peek("jobs", "k").remaining, 2)

    def test_http_fields(self):
        self.limiter.check("api", "k", 3, now_ns=SECOND)
        refused = self.limiter.check("api", "k", 3, now_ns=SECOND)
        fields = refused.http_fields()
        self.assertEqual(set(fields), {"RateLimit", "Retry-After"})
        self.assertRegex(fields["RateLimit"], r'^"sliding_1h";r=2;t=\d+$')
        allowed = self.limiter.check("once", "k")
        self.assertEqual(set(allowed.http_fields()), {"RateLimit"})
        self.assertEqual(
            self.limiter.http_policy("api"), '"sliding_1s";q=3;w=1, "sliding_1h";q=5;w=3600'
        )

    def test_stats_and_metrics(self):
        for _ in range(3):
            self.limiter.check("once", "k")
        stats = self.limiter.stats("once")
        self.assertEqual((stats.allowed_count, stats.refused_count), (1, 2))
        self.assertLessEqual(stats.memory_bytes, stats.budget_bytes)
        self.assertIn('cairn_limiter_allowed_total{policy="once"} 1', self.limiter.metrics())

    def test_threads_get_exactly_the_limit(self):
        limiter = cairn.RateLimiter({"hot": "500/h"})
        passed = []

        def hammer():
            passed.append(sum(1 for _ in range(400) if limiter.check("hot", "k")))

        threads = [threading.Thread(target=hammer) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sum(passed), 500)

    def test_closed_limiters_say_so(self):
        limiter = cairn.RateLimiter({"a": "1/s"})
        with limiter:
            pass
        with self.assertRaises(cairn.ClosedError):
            limiter.check("a", "k")

    def test_ip_prefixes(self):
        self.assertEqual(cairn.ip_prefix("10.1.2.3"), b"\x04\x0a\x01\x02\x03")
        self.assertEqual(cairn.ip_prefix("::ffff:10.1.2.3", 24), b"\x04\x0a\x01\x02\x00")
        self.assertNotEqual(cairn.ip_prefix("2001:db8::1"), cairn.ip_prefix("2001:db9::1"))
        with self.assertRaises(ValueError):
            cairn.ip_prefix("localhost")
        with self.assertRaises(ValueError):
            cairn.ip_prefix("10.1.2.3", 33)


class LimitedTest(unittest.TestCase):
    def test_a_function_is_limited_by_its_arguments(self):
        limiter = cairn.RateLimiter({"p": "5/h"})

        @cairn.limited(limiter, "p", key=lambda user, size: user, cost=lambda user, size: size)
        def work(user, size):
            """Works."""
            return user, size

        self.assertEqual(work.__doc__, "Works.")
        self.assertEqual(work("ann", 4), ("ann", 4))
        with self.assertRaises(cairn.RateLimitedError) as caught:
            work("ann", 2)
        self.assertEqual(caught.exception.decision.remaining, 1)
        with self.assertRaises(cairn.OutOfRangeError):
            work("ann", 6)
        self.assertEqual(work("bob", 5), ("bob", 5))

    def test_permits_are_held_while_the_function_runs(self):
        limiter = cairn.RateLimiter({"p": {"algorithm": "concurrency", "limit": 1, "window": 60}})

        @cairn.limited(limiter, "p")
        def nested(depth):
            return nested(depth - 1) if depth else "bottom"

        self.assertEqual(nested(0), "bottom")
        with self.assertRaises(cairn.RateLimitedError):
            nested(1)
        self.assertEqual(nested(0), "bottom")

    def test_async_functions_wait_their_turn(self):
        limiter = cairn.RateLimiter(
            {
                "permits": {"algorithm": "concurrency", "limit": 2, "window": 60},
                "tokens": {"algorithm": "gcra", "limit": 200, "window": 1, "burst": 1},
            }
        )
        inside = []
        most = []

        @cairn.limited(limiter, "permits", timeout_s=30)
        async def work(number):
            inside.append(number)
            most.append(len(inside))
            await asyncio.sleep(0)
            inside.remove(number)
            return number

        async def run():
            numbers = await asyncio.gather(*(work(number) for number in range(8)))
            self.assertEqual(sorted(numbers), list(range(8)))
            first = await limiter.acquire_async("tokens", "k")
            second = await limiter.acquire_async("tokens", "k", timeout_s=30)
            third = await limiter.acquire_async("tokens", "k", timeout_s=0)
            self.assertEqual((first.allowed, second.allowed), (True, True))
            self.assertFalse(third.allowed and third.retry_after_ns)
            async with limiter.permit_async("permits", "other"):
                self.assertEqual(limiter.peek("permits", "other").remaining, 1)
            self.assertEqual(limiter.peek("permits", "other").remaining, 2)

        asyncio.run(run())
        self.assertLessEqual(max(most), 2)


if __name__ == "__main__":
    unittest.main()
