"""Search by vectors alone: recall targets, ranges, stored records, keys, statistics, limits."""

import random
import unittest

import cairn
from support import HAS_NUMPY, DatabaseTest, vectors_of, without_numpy

ROWS = ([1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0])
MANY = 2500


def many(count=MANY, dim=4):
    numbers = random.Random(7)
    return [
        cairn.Document(f"n{i}", vectors=[[numbers.gauss(0, 1) for _ in range(dim)]])
        for i in range(count)
    ]


class NearestTest(DatabaseTest):
    def setUp(self):
        super().setUp()
        self.notes = self.collection(dim=3)
        self.notes.upsert(vectors_of(*ROWS))

    def ids(self, matches, row=0):
        return self.notes.ids_of(matches.keys.tolist()[row][: matches.counts[row]])

    def test_bad_arguments(self):
        for options in (
            {"target_recall": 0},
            {"target_recall": 1.01},
            {"ef": -1},
            {"group_by": "chunk"},
            {"min_score": float("nan")},
            {"out": (1, 2)},
        ):
            with self.subTest(options), self.assertRaises(cairn.InvalidArgumentError):
                self.notes.search_vectors([ROWS[0]], 1, **options)
        with self.assertRaises(cairn.InvalidArgumentError):
            self.notes.search("text", target_recall=2)
        with self.assertRaises(cairn.NotFoundError):
            self.notes.similar("nobody")
        with self.assertRaises(cairn.NotFoundError):
            self.notes.key_of("nobody")

    def test_range(self):
        matches = self.notes.search_vectors([ROWS[0]], 10, min_score=0.5)
        self.assertEqual(self.ids(matches), ["a", "b"])

    def test_similar(self):
        self.assertEqual(self.ids(self.notes.similar("a"))[0], "b")
        self.assertEqual(self.ids(self.notes.similar("a", exclude_self=False))[0], "a")

    def test_chunks(self):
        self.notes.upsert(cairn.Document("d", vectors=[[0, 1, 0], [0, 0.9, 0.1]]))
        grouped = self.notes.search_vectors([[0, 1, 0]], 2)
        self.assertEqual(self.ids(grouped), ["d", "b"])
        chunks = self.notes.search_vectors([[0, 1, 0]], 2, group_by=None)
        self.assertEqual(self.ids(chunks), ["d", "d"])
        self.assertEqual(chunks.ordinals.tolist()[0], [0, 1])

    def test_keys(self):
        key = self.notes.key_of("b")
        self.assertEqual(self.notes.id_of(key), "b")
        self.notes.upsert(cairn.Document("b", vectors=[[0, 0, 1]]))
        self.assertEqual(self.notes.ids_of([key, self.notes.key_of("a")]), [None, "a"])
        self.assertEqual(self.notes.ids_of([]), [])

    def test_reports(self):
        report = self.notes.search_vectors([ROWS[0]], 1).report
        self.assertEqual((report.plan, report.ef, report.fell_back), ("exact", 0, False))
        self.assertAlmostEqual(report.target_recall, 0.98, places=5)
        self.assertEqual(report.vectors_scored, 3)
        found = self.notes.search(vector=ROWS[0], target_recall=1)
        self.assertEqual((found.vectors.plan, found.vectors.target_recall), ("exact", 1.0))
        self.assertIsNone(self.notes.search("text").vectors)

    def test_without_numpy(self):
        with without_numpy():
            matches = self.notes.search_vectors([ROWS[1]], 2)
            self.assertEqual(matches.ordinals.shape, (1, 2))
            self.assertEqual(self.notes.id_of(matches.keys[0, 0]), "b")

    @unittest.skipUnless(HAS_NUMPY, "NumPy is not installed")
    def test_ordinals_into_an_array(self):
        import numpy as np

        out = (
            np.ones((1, 2), "uint64"),
            np.ones((1, 2), "float32"),
            np.ones(1, "uint32"),
            np.ones((1, 2), "uint32"),
        )
        matches = self.notes.search_vectors(np.array([ROWS[2]], "float32"), 2, out=out)
        self.assertIs(matches.ordinals, out[3])
        self.assertEqual(list(out[3][0]), [0, 0])
        self.assertIsNone(self.notes.search_vectors([ROWS[2]], 2, out=out[:3]).ordinals)


class StatisticsTest(DatabaseTest):
    def test_segments(self):
        notes = self.collection(dim=4)
        self.assertEqual(notes.stats().vector_state, "not_loaded")
        self.assertEqual(notes.segments(), [])
        notes.upsert(many())
        notes.search_vectors([[1, 0, 0, 0]], 1)
        self.db.wait_idle()
        (sealed,) = notes.segments()
        self.assertEqual((sealed.state, sealed.row_count, sealed.code_bits), ("sealed", MANY, 7))
        self.assertGreater(sealed.disk_bytes, 0)
        stats = notes.stats()
        self.assertEqual((stats.vector_state, stats.segment_count), ("ready", 1))
        self.assertEqual(stats.vector_disk_bytes, sealed.disk_bytes)
        report = notes.search_vectors([[1, 0, 0, 0]], 1).report
        self.assertEqual((report.plan, report.segment_count), ("graph", 1))
        self.assertGreaterEqual(report.ef, 1)

    def test_memory_limit(self):
        limit = 600_000
        db = self.open("small", vector_memory_bytes=limit)
        notes = db.collection("v", embedder="none", dim=4)
        self.addCleanup(notes.close)
        notes.search_vectors([[1, 0, 0, 0]], 1)
        with self.assertRaisesRegex(cairn.ResourceExhaustedError, str(limit)) as raised:
            notes.upsert(many(20_000))
        self.assertEqual(raised.exception.index, len(notes))
        stats = db.stats()
        self.assertEqual(stats.vector_memory_limit_bytes, limit)
        self.assertLessEqual(stats.vector_memory_used_bytes, limit)


if __name__ == "__main__":
    unittest.main()
