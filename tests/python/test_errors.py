"""Exceptions: classes, texts, and what failing calls leave behind."""

import pickle
import unittest
from unittest import mock

import cairn
from cairn import _ffi, _library, errors
from support import DatabaseTest


class ErrorClassTest(unittest.TestCase):
    def test_every_status_code_has_its_class(self):
        names = [
            line.split("_", 1)[1]
            for line, value in vars(_ffi).items()
            if line.startswith("CAIRN_") and 0 < value <= 19
        ]
        codes = range(1, 20)
        for code in codes:
            name = _library.static_text("cairn_status_name", code)
            error = errors.from_status(code, "why")
            self.assertEqual(error.code, name)
            self.assertEqual(error.status, code)
            if name != "unknown":
                self.assertIn(name.upper(), names)
                self.assertIsNot(type(error), cairn.CairnError, name)

    def test_a_code_of_a_later_version_is_unknown(self):
        error = errors.from_status(4711, "why")
        self.assertIs(type(error), cairn.CairnError)
        self.assertEqual((error.code, error.status), ("unknown", 4711))

    def test_builtin_bases(self):
        for kind, base in (
            (cairn.NotFoundError, KeyError),
            (cairn.InvalidArgumentError, ValueError),
            (cairn.TimedOutError, TimeoutError),
            (cairn.OutOfRangeError, IndexError),
            (cairn.PermissionDeniedError, PermissionError),
            (cairn.StorageError, OSError),
            (cairn.LockedError, OSError),
            (cairn.UnsupportedError, NotImplementedError),
            (cairn.ClosedError, ValueError),
        ):
            self.assertTrue(issubclass(kind, base) and issubclass(kind, cairn.CairnError))

    def test_text_and_pickle(self):
        for kind in (cairn.NotFoundError, cairn.StorageError, cairn.LockedError):
            error = kind("it's \"gone\"", None, 3)
            self.assertEqual(str(error), "it's \"gone\"")
            copy = pickle.loads(pickle.dumps(error))
            self.assertEqual(
                (type(copy), str(copy), copy.status, copy.index),
                (kind, str(error), error.status, 3),
            )


class ErrorObjectTest(DatabaseTest):
    def test_every_error_object_is_released(self):
        notes = self.collection()
        release = mock.Mock(wraps=_library.native.cairn_error_release)
        with mock.patch.object(_library.native, "cairn_error_release", release):
            for _ in range(3):
                with self.assertRaises(cairn.NotFoundError):
                    notes["nothing"]
        self.assertEqual(release.call_count, 3)

    def test_the_message_says_what_was_not_found(self):
        notes = self.collection()
        with self.assertRaisesRegex(cairn.NotFoundError, "sauerteig"):
            notes["sauerteig"]

    def test_a_batch_error_has_the_index(self):
        notes = self.collection()
        with self.assertRaises(cairn.InvalidArgumentError) as raised:
            notes.upsert([cairn.Document("a"), cairn.Document("x" * 513), cairn.Document("b")])
        self.assertEqual(raised.exception.index, 1)
        self.assertEqual(list(notes), ["a"])

    def test_the_index_counts_over_batches(self):
        notes = self.collection()
        documents = [cairn.Document(f"{i:04}") for i in range(300)] + [cairn.Document("")]
        with self.assertRaises(cairn.InvalidArgumentError) as raised:
            notes.upsert(iter(documents))
        self.assertEqual(raised.exception.index, 300)
        self.assertEqual(len(notes), 300)

    def test_what_python_refuses_has_the_index_too(self):
        notes = self.collection()
        bad = cairn.Document("b", metadata={"x": float("nan")})
        with self.assertRaises(cairn.InvalidArgumentError) as raised:
            notes.upsert([cairn.Document("a"), bad])
        self.assertEqual(raised.exception.index, 1)
        self.assertEqual(list(notes), ["a"])


if __name__ == "__main__":
    unittest.main()
