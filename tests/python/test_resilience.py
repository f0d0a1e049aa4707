"""Circuit breaker, retry, bulkhead, pipeline and batcher. No test sleeps."""

import asyncio
import gc
import threading
import unittest

import cairn
from cairn import _callbacks


class Boom(Exception):
    pass


class PartsTest(unittest.TestCase):
    """Checks that no callback is left behind."""

    def setUp(self):
        callbacks = _callbacks.registered_count()

        def check():
            gc.collect()
            self.assertEqual(callbacks, _callbacks.registered_count())

        self.addCleanup(check)
        self.now = 100.0

    def clock(self):
        return self.now

    @staticmethod
    def throw(error):
        raise error

    def call_failing(self, part, error, times=1):
        for _ in range(times):
            with self.assertRaises(type(error)):
                part.call(self.throw, error)


class BreakerTest(PartsTest):
    def breaker(self, **options):
        options = {"open_jitter": 0, "clock": self.clock, **options}
        return cairn.CircuitBreaker("target", **options)

    def test_all_faults_are_listed(self):
        with self.assertRaises(cairn.InvalidArgumentError) as raised:
            cairn.CircuitBreaker(
                "x", consecutive_failures=None, failure_rate=2, open_seconds=0, open_growth=0.5
            )
        for part in ("circuit breaker 'x'", "failure_rate is 2", "open_ns", "open_growth"):
            self.assertIn(part, str(raised.exception))
        with self.assertRaisesRegex(ValueError, "consecutive_failures"):
            cairn.CircuitBreaker(consecutive_failures=0)
        with self.assertRaisesRegex(ValueError, "not a number"):
            cairn.CircuitBreaker(open_seconds=float("nan"))

    def test_opens_tries_and_closes(self):
        changes = []
        breaker = self.breaker(on_change=lambda *change: changes.append(change))
        self.call_failing(breaker, ConnectionError(), 4)
        self.assertEqual(breaker.call(len, "ab"), 2)
        self.call_failing(breaker, Boom(), 5)
        with self.assertRaises(cairn.BreakerOpenError) as refused:
            breaker.call(len, "ab")
        self.assertEqual(refused.exception.retry_after, 60)
        self.assertIsInstance(refused.exception, cairn.UnavailableError)
        self.now += 60
        for _ in range(3):
            breaker.call(len, "ab")
        self.assertEqual(breaker.state, "closed")
        self.assertEqual(
            changes,
            [
                ("closed", "open", "consecutive failures"),
                ("open", "half_open", "open time over"),
                ("half_open", "closed", "trials succeeded"),
            ],
        )

    def test_what_counts(self):
        breaker = self.breaker(failures=(OSError,), ignored=(FileNotFoundError,))
        self.call_failing(breaker, Boom(), 10)
        self.call_failing(breaker, FileNotFoundError(), 10)
        self.call_failing(breaker, cairn.NotFoundError("an answer"), 10)
        self.call_failing(breaker, KeyboardInterrupt(), 10)
        self.assertEqual(breaker.state, "closed")
        self.call_failing(breaker, ConnectionResetError(), 5)
        self.assertEqual(breaker.state, "open")

    def test_a_cancelled_trial_gives_its_place_back(self):
        breaker = self.breaker(half_open_trials=1)
        self.call_failing(breaker, Boom(), 5)
        self.now += 60
        self.call_failing(breaker, KeyboardInterrupt(), 3)
        breaker.call(len, "a")
        self.assertEqual(breaker.state, "closed")

    def test_rates_and_slow_calls(self):
        breaker = self.breaker(
            consecutive_failures=None, slow_rate=0.5, slow_call_seconds=1, window_seconds=10,
            minimum_calls=2,
        )  # fmt: skip

        def slow():
            self.now += 2

        breaker.call(slow)
        self.assertEqual(breaker.state, "closed")
        breaker.call(slow)
        self.assertEqual(breaker.state, "open")

    def test_forced_states(self):
        breaker = self.breaker()
        breaker.force("forced_open")
        with self.assertRaises(cairn.BreakerOpenError) as refused:
            breaker.call(len, "a")
        self.assertIsNone(refused.exception.retry_after)
        breaker.force("disabled")
        self.call_failing(breaker, Boom(), 10)
        breaker.force("closed")
        self.assertEqual((breaker.state, breaker.stats()["refused_count"]), ("closed", 1))
        for state in ("half_open", "sideways"):
            with self.assertRaises(ValueError):
                breaker.force(state)

    def test_decorates_functions_and_coroutines(self):
        breaker = self.breaker(consecutive_failures=2)

        @breaker
        def plain(value):
            """Doubles."""
            return 2 * value

        @breaker
        async def coroutine(error):
            await asyncio.sleep(0)
            raise error

        self.assertEqual((plain(4), plain.__doc__), (8, "Doubles."))
        for error in (Boom, asyncio.CancelledError, Boom):
            with self.assertRaises(error):
                asyncio.run(coroutine(error()))
        with self.assertRaises(cairn.BreakerOpenError):
            asyncio.run(coroutine(Boom()))

    def test_threads_get_exactly_the_trials(self):
        breaker = self.breaker()
        self.call_failing(breaker, Boom(), 5)
        self.now += 60
        admitted = []
        barrier = threading.Barrier(8)

        def ask():
            barrier.wait()
            try:
                breaker.acquire()
                admitted.append(1)
            except cairn.BreakerOpenError:
                pass

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(admitted), 3)


class RetryTest(PartsTest):
    def sleep(self, seconds):
        self.waits.append(seconds)
        self.now += seconds

    def retry(self, **options):
        self.waits = []
        options = {"sleep": self.sleep, "clock": self.clock, "jitter": "none", **options}
        return cairn.Retry(**options)

    def flaky(self, *errors):
        left = list(errors)

        def call():
            self.calls += 1
            if left:
                raise left.pop(0)
            return "done"

        self.calls = 0
        return call

    def test_faults(self):
        for options in ({"attempts": 0}, {"jitter": "wild"}, {"base": 2, "cap": 1}):
            with self.subTest(options), self.assertRaises(ValueError):
                cairn.Retry(**options)
        with self.assertRaisesRegex(ValueError, "max_retries"):
            cairn.RetryBudget(most=0)

    def test_waits_grow_up_to_the_cap(self):
        retry = self.retry(attempts=5, base=1, cap=3)
        errors = [ConnectionError(), TimeoutError(), cairn.UnavailableError("x"), OSError()]
        with self.assertRaises(OSError):
            retry.call(self.flaky(*errors))
        self.assertEqual(self.waits, [1, 2, 3])
        self.assertEqual(retry.call(self.flaky(*errors[:3])), "done")

    def test_gives_up_with_the_last_error(self):
        retry = self.retry(base=0)
        with self.assertRaisesRegex(ConnectionError, "third"):
            retry.call(self.flaky(*map(ConnectionError, ("first", "second", "third"))))
        self.assertEqual(self.calls, 3)
        with self.assertRaises(KeyboardInterrupt):
            retry.call(self.flaky(KeyboardInterrupt()))
        self.assertEqual(self.calls, 1)

    def test_the_time_is_limited(self):
        retry = self.retry(attempts=9, base=1, timeout=5)
        with self.assertRaises(ConnectionError):
            retry.call(self.flaky(*[ConnectionError()] * 9))
        self.assertEqual(self.waits, [1, 2])

    def test_a_server_may_ask_for_a_longer_wait(self):
        asking = ConnectionError()
        asking.retry_after = 7
        retry = self.retry(base=1, max_retry_after=10)
        self.assertEqual(retry.call(self.flaky(asking)), "done")
        asking.retry_after = 1000
        self.assertEqual(retry.call(self.flaky(asking)), "done")
        self.assertEqual(self.waits, [8, 11])

    def test_a_budget_is_shared(self):
        budget = cairn.RetryBudget(per_call=0, per_second=0, most=1)
        one, other = (self.retry(budget=budget) for _ in range(2))
        self.assertEqual(one.call(self.flaky(ConnectionError())), "done")
        with self.assertRaises(ConnectionError):
            other.call(self.flaky(ConnectionError()))

    def test_an_open_breaker_is_not_asked_again(self):
        breaker = cairn.CircuitBreaker()
        breaker.force("forced_open")
        retry = self.retry()
        with self.assertRaises(cairn.BreakerOpenError):
            retry.call(breaker.call, len, "a")
        self.assertEqual((self.waits, breaker.stats()["refused_count"]), ([], 1))

    def test_decorates_functions_and_coroutines(self):
        made = self.flaky(ConnectionError(), ConnectionError())

        @cairn.retry(base=0)
        async def coroutine():
            return made()

        self.assertEqual(asyncio.run(coroutine()), "done")
        breaker = cairn.CircuitBreaker()
        again = self.flaky(ConnectionError())

        @cairn.retry(base=0)
        @breaker
        async def stacked():
            return again()

        self.assertEqual(asyncio.run(stacked()), "done")
        self.assertEqual(breaker.stats()["failure_count"], 1)
        bare = cairn.retry(self.flaky())
        self.assertEqual(bare(), "done")


class PipelineTest(PartsTest):
    def test_faults(self):
        with self.assertRaisesRegex(ValueError, "no part is set"):
            cairn.Pipeline("empty")

    def test_goes_through_all_parts(self):
        metrics = cairn.Metrics()
        tickets = [True] * 3
        breaker = cairn.CircuitBreaker("b", metrics=metrics)
        bulkhead = cairn.Bulkhead("h", max_running=1, metrics=metrics)
        pipeline = cairn.Pipeline(
            "p", limiter=lambda: bool(tickets and tickets.pop()), timeout=60, bulkhead=bulkhead,
            retry=cairn.Retry(base=0, name="r", metrics=metrics), breaker=breaker,
        )  # fmt: skip
        errors = [ConnectionError(), TimeoutError()]
        self.assertEqual(pipeline.call(self.next, errors), "done")
        with self.assertRaisesRegex(Boom, "own"):
            pipeline.call(self.throw, Boom("own"))
        with bulkhead, self.assertRaises(cairn.ResourceExhaustedError):
            pipeline.call(len, "a")
        with self.assertRaises(cairn.RateLimitedError):
            pipeline.call(len, "a")
        text = metrics.text()
        self.assertIn('cairn_retry_retries_total{name="r"} 2\n', text)
        self.assertIn('cairn_bulkhead_calls_total{name="h",outcome="overloaded"} ', text)
        self.assertIn('cairn_breaker_calls_total{name="b",outcome="success"} 1\n', text)

    @staticmethod
    def next(errors):
        if errors:
            raise errors.pop()
        return "done"


class BatcherTest(PartsTest):
    def setUp(self):
        super().setUp()
        self.batches = []
        self.go_on = threading.Event()
        self.go_on.set()
        self.arrived = threading.Semaphore(0)

    def run_batch(self, items):
        self.batches.append(list(items))
        self.arrived.release()
        self.go_on.wait(30)
        if "poison" in items:
            raise Boom("poisoned")
        return [KeyError("bad") if item == "bad" else item.upper() for item in items]

    def batcher(self, **options):
        batcher = cairn.Batcher(self.run_batch, **options)
        self.addCleanup(batcher.close)
        return batcher

    def gather(self, batcher, *items, **options):
        """Has one task hold up the worker, and the others come together in one batch."""

        async def main():
            self.go_on.clear()
            self.arrived = threading.Semaphore(0)
            first = asyncio.ensure_future(batcher.submit_async("first"))
            await asyncio.sleep(0)
            self.arrived.acquire()
            tasks = [asyncio.ensure_future(batcher.submit_async(i, **options)) for i in items]
            await asyncio.sleep(0)
            self.go_on.set()
            return await asyncio.gather(first, *tasks, return_exceptions=True)

        return asyncio.run(main())

    def test_faults(self):
        with self.assertRaises(cairn.InvalidArgumentError) as raised:
            cairn.Batcher(self.run_batch, enough_items=100, workers=1000)
        self.assertIn("max_items", str(raised.exception))
        self.assertIn("workers", str(raised.exception))

    def test_each_caller_gets_its_own(self):
        batcher = self.batcher()
        self.assertEqual(batcher.submit("a"), "A")
        with self.assertRaisesRegex(KeyError, "bad"):
            batcher.submit("bad", timeout=30)
        with self.assertRaises(Boom):
            batcher.submit("poison")
        results = self.gather(batcher, "x", "bad", "z")
        self.assertEqual((results[1], results[3]), ("X", "Z"))
        self.assertIsInstance(results[2], KeyError)
        self.assertEqual(self.batches[-1], ["x", "bad", "z"])
        self.assertEqual(batcher.stats()["failed_count"], 3)

    def test_a_failed_batch_fails_all_unless_isolated(self):
        results = self.gather(self.batcher(), "x", "poison")
        self.assertEqual([type(result) for result in results], [str, Boom, Boom])
        results = self.gather(self.batcher(isolate=True), "x", "poison")
        self.assertEqual([type(result) for result in results], [str, str, Boom])

    def test_the_wrong_number_of_results_is_told(self):
        with cairn.Batcher(lambda items: []) as batcher:
            with self.assertRaisesRegex(cairn.InternalError, "0 results for 1"):
                batcher.submit("a")

    def test_bounds(self):
        batcher = self.batcher(max_queue=1, max_cost=3)
        with self.assertRaises(cairn.OutOfRangeError):
            batcher.submit("a", cost=4)
        with self.assertRaises(cairn.TimedOutError):
            batcher.submit("a", timeout=0)
        results = self.gather(batcher, "a", "b")
        self.assertEqual(results[1], "A")
        self.assertIsInstance(results[2], cairn.ResourceExhaustedError)

    def test_a_cancelled_task_leaves_the_others_alone(self):
        batcher = self.batcher()

        async def main():
            self.go_on.clear()
            tasks = [asyncio.ensure_future(batcher.submit_async(item)) for item in "ab"]
            await asyncio.sleep(0)
            self.arrived.acquire()
            tasks[0].cancel()
            await asyncio.sleep(0)
            self.go_on.set()
            return await asyncio.gather(*tasks, return_exceptions=True)

        results = asyncio.run(main())
        self.assertIsInstance(results[0], asyncio.CancelledError)
        self.assertEqual(results[1], "B")

    def test_many_threads(self):
        batcher = self.batcher(workers=2, max_items=5)
        results = {}

        def work(name):
            for i in range(50):
                results[name, i] = batcher.submit(f"{name}{i}")

        threads = [threading.Thread(target=work, args=(name,)) for name in "abcdef"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(results, {(n, i): f"{n}{i}".upper() for n, i in results})
        self.assertEqual(len(results), 300)
        self.assertLessEqual(max(map(len, self.batches)), 5)

    def test_closing(self):
        batcher = self.batcher()
        batcher.close()
        batcher.close(cancel=True)
        with self.assertRaises(cairn.FailedPreconditionError):
            batcher.submit("a")


if __name__ == "__main__":
    unittest.main()
