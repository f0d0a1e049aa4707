"""What several tests need."""

import importlib.util
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import cairn
from cairn import _callbacks

REPOSITORY = Path(__file__).resolve().parents[2]
VAULT = REPOSITORY / "tests" / "data" / "vault"

HAS_NUMPY = importlib.util.find_spec("numpy") is not None


def without_numpy():
    """A context in which NumPy cannot be imported."""
    return mock.patch.dict(sys.modules, {"numpy": None})


class DatabaseTest(unittest.TestCase):
    """Opens a new database for each test, and checks that no callback is left behind."""

    def setUp(self):
        callbacks = _callbacks.registered_count()
        self.addCleanup(lambda: self.assertEqual(callbacks, _callbacks.registered_count()))
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.db = self.open()

    def open(self, name="db", **options):
        db = cairn.open(self.folder / name, durability="async", **options)
        self.addCleanup(db.close)
        return db

    def collection(self, name="notes", **options):
        options.setdefault("embedder", "none")
        notes = self.db.collection(name, **options)
        self.addCleanup(notes.close)
        return notes


def vectors_of(*rows):
    """One document per row, with ids a, b, c, ..."""
    return [
        cairn.Document(chr(ord("a") + i), body=f"text {i}", vectors=[row])
        for i, row in enumerate(rows)
    ]
