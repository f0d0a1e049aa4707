"""Python functions that the library calls."""

import shutil
import signal
import threading
import unittest
import unittest.mock

import cairn
from cairn import _callbacks
from support import VAULT, DatabaseTest


class Boom(Exception):
    pass


class EmbedTest(DatabaseTest):
    WORDS = ("bread", "star", "engine")

    def embed(self, texts, purpose):
        self.seen.append((list(texts), purpose))
        return [[text.lower().count(word) + 0.01 for word in self.WORDS] for text in texts]

    def setUp(self):
        super().setUp()
        self.seen = []
        self.raising = None

    def notes(self, function=None, **options):
        options = {"dim": 3, "embedder_name": "counts", "embedder_version": "1", **options}
        return self.collection(embedder=function or self.embed, **options)

    def test_texts_are_embedded(self):
        notes = self.notes()
        notes.upsert([cairn.Document("a", body="bread bread"), cairn.Document("b", body="star")])
        self.assertEqual(notes.search("a star", mode="vector")[0].id, "b")
        purposes = [purpose for _, purpose in self.seen]
        self.assertEqual(purposes[-1], "query")
        self.assertIn("document", purposes)
        self.assertTrue(all(len(texts) <= 32 for texts, _ in self.seen))
        self.assertEqual(notes.stats().embedder, "callback")

    def test_what_it_raises_is_raised_by_the_call(self):
        def fail(texts, purpose):
            raise Boom("no model")

        notes = self.notes(fail)
        with self.assertRaisesRegex(Boom, "no model") as raised:
            notes.upsert(cairn.Document("a", body="bread"))
        self.assertIsInstance(raised.exception.__cause__, cairn.CairnError)
        self.assertEqual(len(notes), 0)

    def test_vectors_that_do_not_fit(self):
        for vectors in ([], [[1.0, 0.0]], [[1.0, 0.0, 0.0]] * 2, None, "abc", [[None] * 3]):
            with self.subTest(vectors):
                notes = self.notes(lambda texts, purpose, made=vectors: made)
                with self.assertRaises((cairn.InvalidArgumentError, TypeError)):
                    notes.upsert(cairn.Document("a", body="bread"))
                notes.close()
                self.db.drop_collection("notes")

    def test_a_search_goes_on_without_it(self):
        def only_documents(texts, purpose):
            if purpose == "query":
                raise Boom("offline")
            return self.embed(texts, purpose)

        notes = self.notes(only_documents)
        notes.upsert(cairn.Document("a", body="bread"))
        answer = notes.search("bread")
        self.assertEqual(([hit.id for hit in answer], answer.mode), (["a"], "text"))
        self.assertTrue(answer.degraded)
        with self.assertRaises(cairn.InvalidArgumentError):
            notes.search("")  # and not the Boom of the call before
        with self.assertRaises(Boom):
            notes.search("bread", mode="vector")

    def test_the_space_is_named(self):
        self.notes().close()
        with self.assertRaises(cairn.FailedPreconditionError):
            self.notes(embedder_version="2")
        with self.assertRaises(cairn.InvalidArgumentError):
            self.collection("other", embedder=self.embed, dim=3)

    def test_threads(self):
        notes = self.notes()
        failures = []

        def work(number):
            try:
                for i in range(20):
                    notes.upsert(cairn.Document(f"{number}-{i}", body=self.WORDS[number]))
                    self.assertTrue(notes.search(self.WORDS[number], mode="vector"))
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.assertEqual(len(notes), 60)


class ProgressTest(DatabaseTest):
    def setUp(self):
        super().setUp()
        self.vault = self.folder / "vault"
        shutil.copytree(VAULT, self.vault)
        self.notes = self.collection()

    def test_it_tells_how_far_it_is(self):
        calls = []
        report = self.notes.index_folder(self.vault, progress=lambda *call: calls.append(call))
        phases = [call[0] for call in calls]
        self.assertEqual(phases[-1], "done")
        self.assertEqual(sorted(set(phases), key=_callbacks.PHASES.index), list(dict.fromkeys(phases)))
        indexed = [call for call in calls if call[0] == "index"]
        self.assertTrue(any(path.endswith(".md") for _, _, _, path in indexed))
        for _, done, total, _ in indexed:
            self.assertLessEqual(done, total)
        self.assertFalse(report.cancelled)

    def test_false_stops_and_reports(self):
        report = self.notes.index_folder(
            self.vault, progress=lambda phase, done, total, path: not (phase == "index" and done > 4)
        )
        self.assertTrue(report.cancelled)
        self.assertLess(report.added_count, 40)
        self.assertEqual(len(self.notes), report.added_count)
        again = self.notes.index_folder(self.vault)
        self.assertFalse(again.cancelled)
        self.assertEqual(len(self.notes), again.scanned_count)

    def test_what_it_raises_is_raised_by_the_call(self):
        for error in (Boom("stop"), KeyboardInterrupt()):
            def fail(*_):
                raise error

            with self.assertRaises(type(error)):
                self.notes.index_folder(self.vault, progress=fail)

    def test_a_keyboard_interrupt_stops_a_run_without_progress_function(self):
        import _thread

        # Started in the background, this process may have been told to ignore the signal.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, before)

        class Interrupting(_callbacks.Registration):
            def __init__(self, function):
                def interrupt(*arguments):
                    _thread.interrupt_main()
                    return function(*arguments)

                super().__init__(interrupt)

        with unittest.mock.patch.object(_callbacks, "Registration", Interrupting):
            with self.assertRaises(KeyboardInterrupt):
                self.notes.index_folder(self.vault)


if __name__ == "__main__":
    unittest.main()
