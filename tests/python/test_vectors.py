"""Vectors in and out, with NumPy and without."""

import unittest
from array import array
from unittest import mock

import cairn
from cairn import _library, _vectors
from support import HAS_NUMPY, DatabaseTest, vectors_of, without_numpy

ROWS = ([1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0])


class WithoutNumpyTest(DatabaseTest):
    def setUp(self):
        super().setUp()
        context = without_numpy()
        context.start()
        self.addCleanup(context.stop)
        self.notes = self.collection(dim=3)
        self.notes.upsert(vectors_of(*ROWS))

    def test_results_are_memoryviews(self):
        matches = self.notes.search_vectors([ROWS[2], ROWS[0]], 2)
        self.assertEqual(matches.keys.shape, (2, 2))
        self.assertEqual((matches.keys.format, matches.scores.format), ("Q", "f"))
        self.assertEqual(list(matches.counts), [2, 2])
        best = [self.notes.id_of(matches.keys[i, 0]) for i in range(2)]
        self.assertEqual(best, ["c", "a"])
        self.assertAlmostEqual(matches.scores[0, 0], 1.0, places=5)
        self.assertGreaterEqual(matches.scores[1, 0], matches.scores[1, 1])

    def test_rows_beyond_the_matches_are_zero(self):
        matches = self.notes.search_vectors([ROWS[0]], 5)
        self.assertEqual(list(matches.counts), [3])
        self.assertEqual(matches.keys.tolist()[0][3:], [0, 0])

    def test_an_array_is_read_where_it_is(self):
        values = array("f", [0.0, 0.0, 1.0])
        matrix = _vectors.as_matrix(values)
        values[0] = 7.0
        self.assertEqual((matrix.rows, matrix.dim, matrix.pointer[0]), (1, 3, 7.0))

    def test_what_is_converted(self):
        for values in (
            (0, 0, 1),
            array("d", [0, 0, 1]),
            array("i", [0, 0, 1]),
            memoryview(array("f", [0, 0, 1]).tobytes()).cast("f"),
            [[0, 0, 1]],
            [array("d", [0, 0, 1])],
        ):
            with self.subTest(values):
                matches = self.notes.search_vectors(values, 1)
                self.assertEqual(self.notes.id_of(matches.keys[0, 0]), "c")

    def test_what_is_refused(self):
        for values in ("abc", [["a", "b", "c"]], [[1, 0, 0], [1, 0]], [None] * 3, 5, [1j, 0, 0]):
            with self.subTest(values), self.assertRaises(cairn.InvalidArgumentError):
                self.notes.search_vectors(values)

    def test_documents_give_theirs_back(self):
        read = self.notes.get("b", vectors=True)
        self.assertEqual(read.vectors.shape, (1, 3))
        for given, stored in zip(ROWS[1], read.vectors.tolist()[0]):
            self.assertAlmostEqual(given, stored, places=5)
        self.assertIsNone(self.notes["b"].vectors)

    def test_no_queries(self):
        for nothing in ([], array("f")):
            with self.assertRaises(cairn.InvalidArgumentError):
                self.notes.search_vectors(nothing)

    def test_bad_arguments(self):
        for k in (0, -1, 100_001):
            with self.assertRaises(cairn.InvalidArgumentError):
                self.notes.search_vectors([ROWS[0]], k)
        with self.assertRaises(cairn.InvalidArgumentError) as raised:
            self.notes.search_vectors([ROWS[0], [float("inf"), 0, 0]])
        self.assertEqual(raised.exception.index, 1)
        with self.assertRaises(cairn.InvalidArgumentError):
            self.notes.search_vectors([[1.0, 0.0]])

    def test_keys(self):
        key = self.notes.search_vectors([ROWS[0]], 1).keys[0, 0]
        del self.notes["a"]
        with self.assertRaises(cairn.NotFoundError):
            self.notes.id_of(key)
        with self.assertRaises(cairn.InvalidArgumentError):
            self.notes.id_of(-1)

    def test_filter(self):
        self.notes.upsert(cairn.Document("d", type="x", body="text", vectors=[[0.0, 0.0, -1.0]]))
        matches = self.notes.search_vectors([ROWS[2]], 3, filter={"type": "x"})
        self.assertEqual(list(matches.counts), [1])
        self.assertEqual(self.notes.id_of(matches.keys[0, 0]), "d")


@unittest.skipUnless(HAS_NUMPY, "NumPy is not installed")
class NumpyTest(DatabaseTest):
    def setUp(self):
        super().setUp()
        import numpy

        self.np = numpy
        self.notes = self.collection(dim=3)
        self.notes.upsert(vectors_of(*ROWS))

    def test_results_are_arrays(self):
        matches = self.notes.search_vectors(self.np.array(ROWS, dtype="float32"), 2)
        self.assertEqual(
            [(item.shape, item.dtype.name) for item in matches[:4]],
            [((3, 2), "uint64"), ((3, 2), "float32"), ((3,), "uint32"), ((3, 2), "uint32")],
        )
        self.assertEqual([self.notes.id_of(key) for key in matches.keys[:, 0]], ["a", "b", "c"])

    def test_no_copy(self):
        given = self.np.array(ROWS, dtype="float32")
        frozen = given.copy()
        frozen.flags.writeable = False
        seen = []
        call = _library.call
        with mock.patch.object(
            _library, "call", lambda *arguments: (seen.append(arguments), call(*arguments))
        ):
            for queries in (given, frozen, given[1:]):
                self.notes.search_vectors(queries, 1)
                address = self.addressof(seen[-1][2])
                self.assertEqual(address, queries.ctypes.data)

    @staticmethod
    def addressof(pointer):
        import ctypes

        return ctypes.cast(pointer, ctypes.c_void_p).value

    def test_other_numbers_and_orders_are_converted(self):
        given = self.np.array(ROWS)
        for queries in (
            given,
            given.astype("float16"),
            given.astype(">f4"),
            self.np.asfortranarray(given.astype("float32")),
            self.np.repeat(given.astype("float32"), 2, axis=1)[:, ::2],
            self.np.rint(given).astype("int8"),
            [row for row in given],
        ):
            keys = self.notes.search_vectors(queries, 1).keys
            self.assertEqual([self.notes.id_of(key) for key in keys[:, 0]], ["a", "b", "c"])

    def test_what_is_refused(self):
        for queries in (
            self.np.array([["a", "b", "c"]]),
            self.np.zeros((1, 3), dtype=complex),
            self.np.zeros((1, 1, 3), dtype="float32"),
            self.np.array(3.0),
            self.np.array([[None] * 3]),
            self.np.zeros((1, 3), dtype=bool),
            [[1.0, 0.0], [1.0]],
        ):
            with self.subTest(queries), self.assertRaises(cairn.InvalidArgumentError):
                self.notes.search_vectors(queries)

    def test_out(self):
        np = self.np
        out = (np.ones((1, 4), "uint64"), np.ones((1, 4), "float32"), np.ones(1, "uint32"))
        matches = self.notes.search_vectors(np.array([ROWS[2]]), 4, out=out)
        for made, given in zip(matches, out):
            self.assertIs(made, given)
        self.assertEqual((out[2][0], out[0][0, 3]), (3, 0))
        self.assertEqual(self.notes.id_of(out[0][0, 0]), "c")

    def test_out_that_does_not_fit(self):
        np = self.np

        def arrays(keys=np.zeros((1, 4), "uint64"), scores=np.zeros((1, 4), "float32")):
            return (keys, scores, np.zeros(1, "uint32"))

        frozen = np.zeros((1, 4), "float32")
        frozen.flags.writeable = False
        for out in (
            arrays(keys=np.zeros((1, 4), "int64")),
            arrays(keys=np.zeros((1, 3), "uint64")),
            arrays(scores=np.zeros((1, 4), "float64")),
            arrays(scores=np.zeros((4, 1), "float32")),
            arrays(scores=np.zeros((1, 8), "float32")[:, ::2]),
            arrays(scores=frozen),
        ):
            with self.assertRaisesRegex(cairn.InvalidArgumentError, "out: "):
                self.notes.search_vectors(np.array([ROWS[0]]), 4, out=out)

    def test_no_queries(self):
        matches = self.notes.search_vectors(self.np.zeros((0, 3), "float32"), 4)
        self.assertEqual((matches.keys.shape, matches.counts.shape), ((0, 4), (0,)))

    def test_documents_take_and_give_arrays(self):
        vectors = self.np.array([[0.0, 1.0, 0.0]], dtype="float32")
        self.notes.upsert(cairn.Document("n", body="text", vectors=vectors))
        read = self.notes.get("n", vectors=True).vectors
        self.assertTrue(self.np.allclose(read, vectors))
        self.assertEqual([hit.id for hit in self.notes.search(vector=vectors[0])][0], "n")


if __name__ == "__main__":
    unittest.main()
