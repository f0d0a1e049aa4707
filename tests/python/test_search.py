"""Search by text and by both, with all options."""

import json
import unittest

import cairn
from support import DatabaseTest


class SearchTest(DatabaseTest):
    def setUp(self):
        super().setUp()
        self.notes = self.collection(dim=2)
        self.notes.upsert(
            [
                cairn.Document(
                    "bread",
                    title="Sourdough bread",
                    body="Feed the starter. The café opens late.",
                    tags=["cooking", "cooking/bread"],
                    metadata={"rating": 5},
                    vectors=[[1.0, 0.0]],
                ),
                cairn.Document("soup", body="A starter in a bowl.", tags=["cooking"],
                               metadata={"rating": 2}, vectors=[[0.6, 0.8]]),
                cairn.Document("car", body="The starter of the engine.", type="note",
                               vectors=[[0.0, 1.0]]),
                cairn.Document("old", body="A starter of long ago.", status="inactive",
                               vectors=[[0.0, -1.0]]),
            ]
        )  # fmt: skip

    def ids(self, *arguments, **options):
        return [hit.id for hit in self.notes.search(*arguments, **options)]

    def test_a_hit_tells_everything(self):
        results = self.notes.search("café", mode="text")
        self.assertEqual((len(results), results.total, results.has_more), (1, 1, False))
        self.assertEqual((results.mode, results.degraded), ("text", ""))
        self.assertGreater(results.took_ns, 0)
        hit = results[0]
        self.assertEqual((hit.id, hit.title, hit.path), ("bread", "Sourdough bread", ""))
        self.assertEqual(hit.tags, ("cooking", "cooking/bread"))
        self.assertEqual(hit.metadata, {"rating": 5})
        self.assertGreater(hit.score, 0)
        self.assertEqual(hit.text_score, hit.score)
        self.assertEqual((hit.matched_chunk_count, hit.chunk_line), (1, 1))
        self.assertEqual([hit.snippet[a:b] for a, b in hit.highlights], ["café"])

    def test_a_sequence(self):
        results = self.notes.search("starter")
        self.assertEqual(list(results), [results[i] for i in range(len(results))])
        self.assertEqual(results[-1], results.hits[-1])
        self.assertEqual(results[:2], results.hits[:2])
        self.assertIn(results[0], results)
        self.assertFalse(self.notes.search("nothing like it"))

    def test_pages_join(self):
        whole = self.ids("starter")
        self.assertEqual(sorted(whole), ["bread", "car", "soup"])
        pages = [self.notes.search("starter", limit=1, offset=i) for i in range(3)]
        self.assertEqual([page[0].id for page in pages], whole)
        self.assertEqual([page.has_more for page in pages], [True, True, False])
        self.assertEqual({page.total for page in pages}, {3})

    def test_filters(self):
        self.assertEqual(self.ids("starter", filter={"type": "note"}), ["car"])
        self.assertEqual(self.ids("starter", filter={"tags": "cooking/bread"}), ["bread"])
        self.assertEqual(self.ids("starter", filter='{"rating": {"in": [2, 3]}}'), ["soup"])
        for bad in ('{"rating": ', "[]", {"rating": {"like": 2}}, {"rating": object()}):
            with self.subTest(bad), self.assertRaises(cairn.InvalidArgumentError):
                self.ids("starter", filter=bad)

    def test_inactive_documents_on_request(self):
        self.assertIn("old", self.ids("starter", include_inactive=True))

    def test_by_vector(self):
        self.assertEqual(self.ids(vector=[0.6, 0.8], mode="vector")[0], "soup")
        self.assertEqual(self.ids("engine", vector=[0.0, 1.0], mode="hybrid")[0], "car")
        for vector in ([1.0], [1.0, 0.0, 0.0], [[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0],
                       [float("nan"), 1.0]):  # fmt: skip
            with self.subTest(vector), self.assertRaises(cairn.InvalidArgumentError):
                self.ids(vector=vector)

    def test_weights(self):
        query = {"query": "engine", "vector": [1.0, 0.0], "mode": "hybrid"}
        self.assertEqual(self.ids(**query, text_weight=1.0, vector_weight=0.0)[0], "car")
        self.assertEqual(self.ids(**query, text_weight=0.0, vector_weight=1.0)[0], "bread")
        for weights in ({"text_weight": 1.0}, {"text_weight": 0, "vector_weight": 0}):
            with self.assertRaises(cairn.InvalidArgumentError):
                self.ids(**query, **weights)

    def test_least_score(self):
        scores = [hit.score for hit in self.notes.search("starter", mode="text")]
        self.assertGreater(scores[0], scores[-1])
        between = (scores[0] + scores[-1]) / 2
        kept = self.notes.search("starter", mode="text", min_score=between)
        self.assertEqual(len(kept), sum(score >= between for score in scores))

    def test_snippets(self):
        self.assertEqual(self.notes.search("starter", snippet_chars=0)[0].snippet, "")
        self.assertTrue(self.notes.search("starter", snippet_chars=50)[0].snippet)

    def test_bad_arguments(self):
        for arguments in (
            {},
            {"query": ""},
            {"query": "x", "mode": "psychic"},
            {"query": "x", "limit": 0},
            {"query": "x", "limit": 1001},
            {"query": "x", "limit": 2**32 + 1},
            {"query": "x", "offset": -1},
            {"query": "x", "offset": 10_001},
            {"query": "x", "mode": "vector"},
        ):
            with self.subTest(arguments), self.assertRaises(cairn.CairnError) as raised:
                self.ids(**arguments)
            self.assertIsInstance(
                raised.exception, (cairn.InvalidArgumentError, cairn.FailedPreconditionError)
            )

    def test_json(self):
        answer = json.loads(self.notes.search_json("starter", limit=2))
        self.assertEqual((answer["total"], len(answer["results"])), (3, 2))
        self.assertEqual(
            [result["id"] for result in answer["results"]], self.ids("starter", limit=2)
        )
        with self.assertRaises(TypeError):
            self.notes.search_json("starter", limits=2)


if __name__ == "__main__":
    unittest.main()
