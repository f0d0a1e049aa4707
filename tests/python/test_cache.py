"""The cache, and the decorator on it."""

import asyncio
import threading
import unittest

import cairn


class CacheTest(unittest.TestCase):
    def setUp(self):
        self.cache = cairn.Cache(max_entries=1000)
        self.addCleanup(self.cache.close)

    def test_wrong_options_are_told(self):
        for options in ({}, {"max_bytes": -1}, {"max_bytes": 5}, {"max_entries": 1, "ttl_jitter": 9}):
            with self.subTest(options), self.assertRaises(cairn.InvalidArgumentError):
                cairn.Cache(**options)
        with self.assertRaises(cairn.InvalidArgumentError):
            self.cache.set("a", "b", ttl=0)
        with self.assertRaises(TypeError):
            self.cache[1]

    def test_what_does_not_fit_is_refused(self):
        small = cairn.Cache(max_bytes=1 << 20)
        self.addCleanup(small.close)
        with self.assertRaises(cairn.ResourceExhaustedError):
            small["a"] = b"x" * 900_000

    def test_large_values_may_be_compressed(self):
        try:
            packed = cairn.Cache(max_bytes=1 << 20, compress_from_bytes=1000)
        except cairn.InvalidArgumentError as error:
            self.skipTest(str(error))
        self.addCleanup(packed.close)
        value = b"line of a page\n" * 100_000
        packed["a"] = value
        packed["b"] = b"short"
        self.assertEqual(packed["a"], value)
        self.assertEqual(packed["b"], b"short")
        stats = packed.stats()
        self.assertEqual(stats.compressed_count, 1)
        self.assertGreater(stats.saved_bytes, 1_000_000)
        self.assertLessEqual(stats.bytes, 1 << 20)
        self.assertEqual(self.cache.stats().compressed_count, 0)
        with self.assertRaises(cairn.InvalidArgumentError):
            cairn.Cache(max_entries=1, compress_from_bytes=-1)

    def test_manners_of_a_mapping(self):
        with self.assertRaises(KeyError):
            self.cache["a"]
        with self.assertRaises(KeyError):
            del self.cache["a"]
        self.cache["a"] = "1"
        self.cache[b"b\0"] = b"\0"
        self.assertEqual(self.cache["a"], b"1")
        self.assertEqual(self.cache[b"b\0"], b"\0")
        self.assertIn("a", self.cache)
        self.assertEqual(len(self.cache), 2)
        self.assertEqual(self.cache.pop("a"), b"1")
        self.assertEqual(self.cache.pop("a", 5), 5)
        self.assertEqual(self.cache.get("a", 7), 7)

    def test_none_and_empty_are_values(self):
        self.cache["none"] = None
        self.cache["empty"] = b""
        self.assertIn("none", self.cache)
        self.assertIsNone(self.cache.get("none", "default"))
        self.assertEqual(self.cache["empty"], b"")
        self.assertEqual(self.cache.stats().negative_hit_count, 2)

    def test_maintaining_looks_at_what_it_is_allowed_to(self) -> None:
        for number in range(10):
            self.cache.set(f"key {number}", "value", ttl=3600)
        self.assertFalse(self.cache.maintain())
        self.assertEqual(len(self.cache), 10)

    def test_batches_prefixes_and_spaces(self):
        self.cache.set_many({"user:1": "a", "user:2": "b", "other": None})
        self.assertEqual(
            self.cache.get_many(["user:1", "missing", "other"]), {"user:1": b"a", "other": None}
        )
        self.assertEqual(self.cache.get_many([]), {})
        self.assertEqual(self.cache.delete_prefix("user:"), 2)
        space = self.cache.space("users")
        space["1"] = "x"
        self.assertNotIn("1", self.cache)
        space.invalidate()
        self.assertNotIn("1", space)
        self.cache.clear()
        self.assertNotIn("other", self.cache)

    def test_loads_once_and_raises_what_was_raised(self):
        calls = []

        def load():
            calls.append(1)
            return "value"

        with self.assertRaises(ZeroDivisionError):
            self.cache.load("a", lambda: 1 / 0)
        threads = [
            threading.Thread(target=lambda: self.cache.load("a", load)) for _ in range(16)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(calls), 1)
        self.assertIsNone(self.cache.load("nothing", lambda: None))
        self.assertIn("nothing", self.cache)

    def test_closed(self):
        cache = cairn.Cache(max_entries=10)
        space = cache.space("a")
        cache.close()
        with self.assertRaises(cairn.ClosedError):
            cache["a"]
        space["a"] = "1"
        self.assertEqual(space["a"], b"1")


class CachedTest(unittest.TestCase):
    def setUp(self):
        self.cache = cairn.Cache(max_entries=1000)
        self.addCleanup(self.cache.close)
        self.calls = []

    def test_arguments_are_told_apart_by_type(self):
        @cairn.cached(cache=self.cache)
        def function(*args, **kwargs):
            self.calls.append(args)
            return args

        for value in (1, 1.0, True, "1", b"1", None, (1,), [1], {"a": 1}, {1}, frozenset({1}), 1j):
            self.assertEqual(function(value), (value,))
            self.assertEqual(function(value), (value,))
        self.assertEqual(len(self.calls), 12)
        self.assertEqual(function(1, a=2, b=3), function(1, b=3, a=2))
        self.assertEqual(len(self.calls), 13)

    def test_functions_of_one_name_are_told_apart_by_module(self):
        def make(module):
            def function():
                return module

            function.__module__ = module
            return cairn.cached(cache=self.cache)(function)

        self.assertEqual((make("one")(), make("two")()), ("one", "two"))

    def test_none_is_remembered_and_failures_are_not(self):
        @cairn.cached(cache=self.cache)
        def function(fail):
            self.calls.append(fail)
            return 1 / 0 if fail else None

        for _ in range(2):
            self.assertIsNone(function(False))
            with self.assertRaises(ZeroDivisionError):
                function(True)
        self.assertEqual(self.calls, [False, True, True])
        function.cache_invalidate()
        function(False)
        self.assertEqual(len(self.calls), 4)

    def test_coroutines_compute_once(self):
        @cairn.cached(ttl=60, cache=self.cache)
        async def function(value):
            self.calls.append(value)
            await asyncio.sleep(0)
            return value * 2

        async def run():
            return await asyncio.gather(*(function(21) for _ in range(10)))

        self.assertEqual(asyncio.run(run()), [42] * 10)
        self.assertEqual(asyncio.run(function(21)), 42)
        self.assertEqual(self.calls, [21])


if __name__ == "__main__":
    unittest.main()
