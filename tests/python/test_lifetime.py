"""Handles: who keeps what alive, closing while calls run, and forks."""

import gc
import os
import subprocess
import sys
import threading
import unittest
import weakref

import cairn
from cairn._handle import Handle
from support import DatabaseTest


class HandleTest(unittest.TestCase):
    def setUp(self):
        self.released = []
        self.handle = Handle("the thing", 42, self.released.append)

    def test_closing_twice_releases_once(self):
        self.handle.close()
        self.handle.close()
        self.assertEqual(self.released, [42])

    def test_a_call_after_that_is_refused(self):
        self.handle.close()
        with self.assertRaisesRegex(cairn.ClosedError, "the thing is closed"):
            with self.handle:
                self.fail("a closed handle was used")

    def test_closing_waits_for_calls(self):
        with self.handle as first:
            with self.handle:
                self.handle.close()
                self.assertTrue(self.handle.closed)
                self.assertEqual((first, self.released), (42, []))
            self.assertEqual(self.released, [])
        self.assertEqual(self.released, [42])

    def test_a_failing_call_counts(self):
        with self.assertRaises(ZeroDivisionError), self.handle:
            self.handle.close()
            raise ZeroDivisionError
        self.assertEqual(self.released, [42])

    def test_the_collected_owner_lets_go(self):
        class Owner:
            pass

        owner = Owner()
        self.handle.watch(owner)
        del owner
        gc.collect()
        self.assertEqual(self.released, [42])

    def test_threads_that_call_and_close(self):
        for _ in range(200):
            released = []
            handle = Handle("the thing", 1, released.append)
            start = threading.Barrier(3)

            def call():
                start.wait()
                try:
                    with handle:
                        self.assertEqual(released, [])
                except cairn.ClosedError:
                    pass

            def close():
                start.wait()
                handle.close()

            threads = [threading.Thread(target=target) for target in (call, call, close)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(released, [1])


class LifetimeTest(DatabaseTest):
    def test_a_collection_keeps_its_database_alive(self):
        db = cairn.open(self.folder / "other")
        notes = db.collection("notes", embedder="none")
        gone = weakref.ref(db)
        del db
        gc.collect()
        self.assertIsNone(gone())
        notes.upsert(cairn.Document("a", body="still here"))
        self.assertEqual(len(notes.search("still")), 1)
        del notes
        gc.collect()
        with self.open("other", must_exist=True):
            pass  # the last reference is gone, so it is not locked

    def test_use_after_close(self):
        notes = self.collection()
        notes.close()
        notes.close()
        self.assertTrue(notes.closed)
        self.assertIn("closed", repr(notes))
        for call in (
            lambda: notes.upsert(cairn.Document("a")),
            lambda: notes["a"],
            lambda: notes.get("a"),
            lambda: "a" in notes,
            lambda: len(notes),
            lambda: list(notes),
            lambda: notes.search("x"),
            lambda: notes.search_vectors([[1.0]]),
            lambda: notes.index_folder(self.folder),
            lambda: notes.train(),
            lambda: notes.stats(),
            lambda: notes.id_of(1),
        ):
            with self.assertRaises(cairn.ClosedError):
                call()

    def test_closing_while_other_threads_search_and_write(self):
        for i in range(10):
            db = self.open(f"race{i}")
            notes = db.collection("notes", embedder="none")
            notes.upsert(cairn.Document("a", body="text"))
            started = threading.Barrier(4)
            unexpected = []

            def work(write):
                started.wait()
                try:
                    while True:
                        if write:
                            notes.upsert(cairn.Document("b", body="text"))
                        else:
                            notes.search("text")
                except (cairn.ClosedError, cairn.FailedPreconditionError):
                    pass
                except BaseException as error:
                    unexpected.append(error)

            threads = [threading.Thread(target=work, args=(i == 0,)) for i in range(3)]
            for thread in threads:
                thread.start()
            started.wait()
            (notes if i % 2 else db).close()
            for thread in threads:
                thread.join(30)
            self.assertFalse(any(thread.is_alive() for thread in threads))
            self.assertEqual(unexpected, [])

    def test_the_child_of_a_fork_must_open_its_own(self):
        script = f"""
import os, sys, cairn
db = cairn.open({str(self.folder / "forked")!r})
notes = db.collection("notes", embedder="none")
child = os.fork()
if child == 0:
    try:
        notes.search("x")
    except cairn.ClosedError as error:
        ok = "forked" in str(error)
    db.close()
    notes.close()
    os._exit(0 if ok and db.closed else 1)
_, status = os.waitpid(child, 0)
notes.upsert(cairn.Document("a", body="the parent goes on"))
sys.exit(os.WEXITSTATUS(status) or (len(notes) != 1))
"""
        run = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True,
            timeout=60,
        )  # fmt: skip
        self.assertEqual((run.returncode, run.stderr), (0, ""))

    def test_open_at_the_end_of_the_interpreter(self):
        script = f"""
import cairn
db = cairn.open({str(self.folder / "left")!r}, log=lambda *_: None, log_level="debug")
notes = db.collection("notes", embedder=lambda t, p: [[1.0]] * len(t), dim=1, embedder_name="e")
notes.upsert(cairn.Document("a", body="text"))
"""
        run = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
        )
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        with self.open("left", must_exist=True) as db:
            self.assertEqual(db.stats().document_count, 1)

    def test_nothing_is_left_behind(self):
        def work():
            notes = self.collection()
            notes.upsert([cairn.Document(f"{i}", body="text " * 50) for i in range(50)])
            notes.search("text", limit=50)
            for i in range(50):
                notes.get(f"{i}", vectors=True)
            notes.close()

        def resident():
            with open("/proc/self/statm") as file:
                return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

        for _ in range(10):
            work()
        gc.collect()
        before = resident()
        for _ in range(30):
            work()
        gc.collect()
        self.assertLess(resident() - before, 24 << 20)


if __name__ == "__main__":
    unittest.main()
