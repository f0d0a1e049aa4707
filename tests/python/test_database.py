"""Opening, closing and looking after a database."""

import logging
import subprocess
import sys
import unittest
from unittest import mock

import cairn
from cairn import _callbacks
from support import DatabaseTest


class OpenTest(DatabaseTest):
    def test_options_are_checked(self):
        for options in (
            {"durability": "maybe"},
            {"log_level": "loud"},
            {"thread_count": -1},
            {"thread_count": 2**32},
            {"storage_memory_bytes": -1},
        ):
            with self.subTest(options), self.assertRaises(cairn.InvalidArgumentError):
                cairn.open(self.folder / "other", **options)

    def test_what_must_exist(self):
        for options in ({"must_exist": True}, {"read_only": True}):
            with self.assertRaises(cairn.NotFoundError):
                cairn.open(self.folder / "other", **options)
        self.assertFalse((self.folder / "other").exists())

    def test_one_process_writes(self):
        script = f"import cairn; cairn.open({str(self.folder / 'db')!r})"
        run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
        self.assertEqual(run.returncode, 1)
        self.assertIn("LockedError", run.stderr)

    def test_a_second_open_in_this_process(self):
        with self.assertRaises(cairn.LockedError):
            cairn.open(self.folder / "db")

    def test_readers_follow(self):
        notes = self.collection()
        reader = self.open(read_only=True)
        notes.upsert(cairn.Document("a", body="late news"))
        reader.refresh()
        with reader.collection("notes") as seen:
            self.assertEqual(list(seen), ["a"])
            with self.assertRaises(cairn.FailedPreconditionError):
                seen.upsert(cairn.Document("b"))
        self.assertTrue(reader.stats().read_only)
        with self.assertRaises(cairn.NotFoundError):
            reader.collection("made by a reader")

    def test_stored_documents_are_there_again(self):
        self.collection().upsert(cairn.Document("a", body="text"))
        self.db.close()
        with self.open().collection("notes") as notes:
            self.assertEqual(notes["a"].body, "text")

    def test_path_objects_and_names_that_are_not_ascii(self):
        db = self.open("Käse 出汁")
        self.assertTrue((self.folder / "Käse 出汁").is_dir())
        self.assertIn("Käse 出汁", repr(db))


class UpkeepTest(DatabaseTest):
    def test_collections(self):
        self.collection("b")
        self.collection("a")
        self.assertEqual(self.db.collection_names(), ["a", "b"])
        self.db.drop_collection("a")
        self.assertEqual(self.db.collection_names(), ["b"])
        with self.assertRaises(cairn.NotFoundError):
            self.db.drop_collection("a")

    def test_a_dropped_collection_is_not_found(self):
        notes = self.collection()
        self.db.drop_collection("notes")
        with self.assertRaises(cairn.NotFoundError):
            len(notes)

    def test_stats_and_metrics(self):
        notes = self.collection()
        before = self.db.stats()
        notes.upsert(cairn.Document("a", body="text"))
        after = self.db.stats()
        self.assertEqual((after.collection_count, after.document_count), (1, 1))
        self.assertGreater(after.sequence, before.sequence)
        self.assertFalse(after.read_only)
        self.assertRegex(self.db.metrics(), r"(?m)^cairn_\w+")

    def test_searches_are_remembered_until_the_next_write(self):
        notes = self.collection()
        self.assertEqual(self.db.stats().search_cache_hit_ratio, 0.0)
        notes.upsert(cairn.Document("a", body="dough"))
        for _ in range(4):
            self.assertEqual([hit.id for hit in notes.search("dough")], ["a"])
        stats = self.db.stats()
        self.assertEqual((stats.search_cache_hits, stats.search_cache_misses), (3, 1))
        self.assertEqual(stats.search_cache_hit_ratio, 0.75)
        self.assertEqual(stats.search_cache_limit_bytes, 16 << 20)
        self.assertEqual(stats.embedding_cache_hit_ratio, 0.0)
        del notes["a"]
        self.assertEqual(list(notes.search("dough")), [])

    def test_caches_have_budgets_and_can_be_off(self):
        self.db.close()
        with self.assertRaisesRegex(cairn.InvalidArgumentError, "embedding_cache_bytes"):
            self.open(embedding_cache_bytes=1)
        with self.assertRaisesRegex(ValueError, "search_cache_bytes"):
            self.open(search_cache_bytes=-1)
        with self.open(search_cache_bytes=0, embedding_cache_bytes=1 << 20) as db:
            stats = db.stats()
            self.assertEqual(stats.search_cache_limit_bytes, 0)
            self.assertEqual(stats.embedding_cache_limit_bytes, 1 << 20)

    def test_waiting(self):
        self.db.sync()
        self.db.refresh()
        self.db.wait_idle()
        self.db.wait_idle(0.0)

    def test_closing(self):
        notes = self.collection()
        self.db.close()
        self.db.close()
        self.assertTrue(self.db.closed)
        self.assertIn("closed", repr(self.db))
        for call in (self.db.stats, self.db.sync, self.db.metrics, self.db.collection_names):
            with self.assertRaises(cairn.ClosedError):
                call()
        with self.assertRaises(cairn.FailedPreconditionError):
            len(notes)
        with self.open():
            pass  # the directory is free again

    def test_an_error_while_closing_still_closes(self):
        db = self.open("other")
        with mock.patch("cairn._library.call", side_effect=cairn.StorageError("disk")):
            with self.assertRaises(cairn.StorageError):
                db.close()
        self.assertTrue(db.closed)


class LogTest(DatabaseTest):
    def test_a_function(self):
        records = []
        with self.open("other", log=lambda *record: records.append(record), log_level="debug"):
            pass
        self.assertTrue(records)
        for level, component, message in records:
            self.assertIn(level, ("debug", "info", "warning", "error"))
            self.assertTrue(component and message)

    def test_a_logger(self):
        logger = logging.getLogger("cairn.test")
        with self.assertLogs(logger, logging.DEBUG) as logs:
            with self.open("other", log=logger, log_level="debug"):
                logger.debug("at least this one")
        self.assertTrue(logs.output)

    def test_the_function_is_forgotten_when_opening_fails(self):
        before = _callbacks.registered_count()
        with self.assertRaises(cairn.NotFoundError):
            cairn.open(self.folder / "other", must_exist=True, log=print)
        self.assertEqual(_callbacks.registered_count(), before)

    def test_the_least_level(self):
        records = []
        with self.open("other", log=lambda *record: records.append(record), log_level="error"):
            pass
        self.assertEqual([record for record in records if record[0] != "error"], [])


if __name__ == "__main__":
    unittest.main()
