"""Caches with stores behind them: a folder, a database, a Redis server; and what else is told."""

import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

import cairn
from support import DatabaseTest

LEAST = 16 << 20


class RedisServer:
    """A real redis-server on a free loopback port, which keeps nothing."""

    def __init__(self, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder, self.process = folder, None

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", "",
             "--appendonly", "no", "--dir", self.folder],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                    connection.sendall(b"PING\r\n")
                    if connection.recv(7) == b"+PONG\r\n":
                        return
            except OSError:
                threading.Event().wait(0.02)
        raise RuntimeError("redis-server does not answer")

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


class TierTest(DatabaseTest):
    def cache(self, name="cache", metrics=None, **tiers):
        cache = cairn.Cache(
            max_entries=100, name=name, metrics=metrics, tiers=cairn.CacheTiers(**tiers)
        )
        self.addCleanup(cache.close)
        return cache

    def test_wrong_options_are_told(self):
        (self.folder / "other").mkdir()
        (self.folder / "other" / "file").write_text("precious")
        for tiers, error in (
            ({"disk": ""}, cairn.InvalidArgumentError),
            ({"disk": self.folder / "x", "disk_max_bytes": 1}, cairn.InvalidArgumentError),
            ({"disk": self.folder / "other"}, cairn.FailedPreconditionError),
            ({"redis": ""}, cairn.InvalidArgumentError),
            ({"redis_prefix": "x"}, cairn.InvalidArgumentError),
            ({"redis_connections": -1}, cairn.InvalidArgumentError),
        ):
            with self.subTest(tiers), self.assertRaises(error):
                self.cache(**tiers)
        self.db.close()
        with self.assertRaises(cairn.ClosedError):
            cairn.Cache(5, tiers=cairn.CacheTiers(disk=self.db), on_removal=print)

    def test_a_folder_survives_a_restart(self):
        for behind in (False, True):
            folder = self.folder / f"cache{behind}"
            with self.cache(disk=folder, disk_max_bytes=LEAST, write_behind=behind) as cache:
                cache.set_many({"a": "1", "b": b"\0", "nothing": None})
                cache.space("s").set("a", "2", ttl=3600)
                cache.space("gone")["a"] = "3"
                cache.space("gone").invalidate()
                cache.flush()
            with self.cache(disk=folder, disk_max_bytes=LEAST) as cache:
                self.assertEqual(cache.get_many(["a", "b", "c"]), {"a": b"1", "b": b"\0"})
                self.assertIsNone(cache["nothing"])
                self.assertEqual(cache.space("s")["a"], b"2")
                self.assertNotIn("a", cache.space("gone"))
                stats = cache.tier_stats()[0]
                self.assertEqual((stats.name, stats.hit_count, stats.failure_count), ("rocksdb", 4, 0))
                self.assertEqual((stats.max_bytes, stats.last_failure), (LEAST, ""))
                self.assertEqual(cache.stats().tier_hit_count, 4)

    def test_a_database_keeps_them_apart_by_name(self):
        with self.cache(name="one", disk=self.db, disk_max_bytes=LEAST) as cache:
            cache["a"] = "1"
        self.assertEqual(self.cache(name="one", disk=self.db)["a"], b"1")
        other = self.cache(name="two", disk=self.db)
        self.assertNotIn("a", other)
        self.db.close()
        other["a"] = "2"
        self.assertEqual(other["a"], b"2")
        self.assertIn("closed", other.tier_stats()[0].last_failure)

    def test_removals_and_metrics_are_told(self):
        metrics, told = cairn.Metrics(), []
        with cairn.Cache(
            max_entries=100, name="pages", metrics=metrics, on_removal=lambda *args: told.append(args)
        ) as cache:
            users = cache.space("users")
            users["1"] = "Ada"
            users["1"] = "Eva"
            users.delete("1")
            cache.get("1")
            self.assertIn(
                'cairn_cache_misses_total{cache="pages",namespace=""} 1', metrics.text()
            )
        self.assertEqual(
            told, [("users", b"1", b"Ada", "replaced"), ("users", b"1", b"Eva", "deleted")]
        )


@unittest.skipUnless(shutil.which("redis-server"), "redis-server is not installed")
class RedisTierTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.server = RedisServer(folder.name)
        self.server.start()
        self.addCleanup(self.server.stop)
        try:
            self.cache().close()
        except cairn.UnsupportedError as error:
            self.skipTest(str(error))

    def cache(self, **tiers):
        tiers = {"redis_timeout": 5, "skip": 0.05, "redis": self.server.url, **tiers}
        cache = cairn.Cache(max_entries=100, tiers=cairn.CacheTiers(**tiers))
        self.addCleanup(cache.close)
        return cache

    def test_processes_share_values_by_prefix(self):
        first, second, other = self.cache(), self.cache(), self.cache(redis_prefix="other:")
        first["a"] = "1"
        self.assertEqual(second["a"], b"1")
        self.assertNotIn("a", other)
        first.invalidate()
        self.assertNotIn("b", second)
        self.assertNotIn("a", second)

    def test_disk_comes_before_redis(self):
        with self.cache(disk=self.folder / "disk", disk_max_bytes=LEAST) as cache:
            self.cache()["a"] = "1"
            self.assertEqual(cache["a"], b"1")
            names = [stats.name for stats in cache.tier_stats()]
            self.assertEqual(names, ["rocksdb", "redis"])
            self.assertEqual(cache.tier_stats()[0].written_count, 1)

    def test_a_server_that_goes_and_comes_back_is_not_noticed(self):
        cache = self.cache(redis_timeout=0.5)
        self.server.stop()
        for i in range(300):
            cache[str(i)] = str(i)
            self.assertEqual(cache.load("x" + str(i), lambda: "loaded"), b"loaded")
        self.assertGreater(cache.tier_stats()[0].failure_count, 0)
        self.assertNotEqual(cache.tier_stats()[0].last_failure, "")
        self.server.start()
        writer = self.cache()
        writer["shared"] = "1"
        deadline = time.monotonic() + 30
        while "shared" not in cache and time.monotonic() < deadline:
            cache.get("other")
        self.assertEqual(cache["shared"], b"1")


if __name__ == "__main__":
    unittest.main()
