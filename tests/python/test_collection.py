"""Documents in a collection: written, read, listed and deleted."""

import json
import unittest

import cairn
from support import DatabaseTest


class OptionsTest(DatabaseTest):
    def test_options_are_checked(self):
        for options in (
            {"embedder": "oracle"},
            {"embedder": "callback"},
            {"embedder": lambda texts, purpose: []},
            {"metric": "manhattan"},
            {"dim": -1},
            {"dim": 70_000},
            {"embedder": "builtin", "dim": 8},
            {"language": "klingon"},
            {"bm25_k1": 0.0},
        ):
            options.setdefault("embedder", "none")
            with self.subTest(options), self.assertRaises(cairn.InvalidArgumentError):
                self.db.collection("notes", **options)
        self.assertEqual(self.db.collection_names(), [])

    def test_names_are_checked(self):
        for name in ("", "a/b", "tab\t", "x" * 129):
            with self.subTest(name), self.assertRaises(cairn.InvalidArgumentError):
                self.db.collection(name)

    def test_options_must_agree_later(self):
        self.collection(dim=4)
        with self.assertRaises(cairn.FailedPreconditionError):
            self.db.collection("notes", dim=5)

    def test_settings_show_in_the_stats(self):
        stats = self.collection(dim=4, metric="l2").stats()
        self.assertEqual((stats.dim, stats.metric, stats.embedder), (4, "l2", "none"))
        builtin = self.collection("learned", embedder="builtin").stats()
        self.assertEqual((builtin.embedder, builtin.embedder_generation), ("builtin", 0))
        self.assertGreater(builtin.training_min_chunks, 0)

    def test_a_weight_of_zero_leaves_the_field_out(self):
        notes = self.collection(title_weight=0.0)
        notes.upsert([cairn.Document("a", title="rye"), cairn.Document("b", body="rye")])
        self.assertEqual([hit.id for hit in notes.search("rye")], ["b"])


class DocumentTest(DatabaseTest):
    def setUp(self):
        super().setUp()
        self.notes = self.collection()

    def test_everything_comes_back(self):
        written = cairn.Document(
            "größe",
            body="# One\n\nfirst\n\n# Two\n\nsecond",
            title="A title",
            tags=["x", "y/z"],
            type="recipe",
            status="active",
            description="what it is",
            metadata={"rating": 4, "source": {"name": "出汁"}},
            created_ns=1,
            modified_ns=1_700_000_000_123_456_789,
            format="markdown",
        )
        self.notes.upsert(written)
        read = self.notes["größe"]
        for name in ("id", "body", "title", "type", "status", "description", "created_ns"):
            self.assertEqual(getattr(read, name), getattr(written, name))
        self.assertEqual(read.modified_ns, written.modified_ns)
        self.assertEqual(list(read.tags), ["x", "y/z"])
        self.assertEqual(read.metadata, written.metadata)
        self.assertEqual((read.path, read.vectors), ("", None))
        self.assertTrue(read.chunks)
        body = read.body.encode()
        for chunk in read.chunks:
            self.assertLess(chunk.begin, chunk.end)
            self.assertLessEqual(chunk.end, len(body))
            self.assertIn(chunk.text.split()[-1].encode(), body[chunk.begin : chunk.end])
        parsed = json.loads(self.notes.get_json("größe"))
        self.assertEqual((parsed["id"], parsed["tags"]), ("größe", ["x", "y/z"]))

    def test_a_nul_inside_a_text_survives(self):
        self.notes.upsert(cairn.Document("a", body="one\0two"))
        self.assertEqual(self.notes["a"].body.replace("\ufffd", "\0"), "one\0two")

    def test_a_mapping(self):
        self.notes.upsert(cairn.Document("a"))
        self.assertIn("a", self.notes)
        self.assertNotIn("b", self.notes)
        self.assertNotIn(1, self.notes)
        self.assertEqual(len(self.notes), 1)
        self.assertTrue(self.collection("empty"))
        self.assertEqual(self.notes.get("a").id, "a")
        self.assertIsNone(self.notes.get("b"))
        self.assertEqual(self.notes.get("b", 7), 7)
        with self.assertRaises(KeyError):
            self.notes["b"]
        with self.assertRaises(KeyError):
            del self.notes["b"]
        del self.notes["a"]
        self.assertEqual(list(self.notes), [])

    def test_the_same_id_replaces(self):
        self.notes.upsert([cairn.Document("a", body="old"), cairn.Document("a", body="new")])
        self.assertEqual((len(self.notes), self.notes["a"].body), (1, "new"))
        self.assertFalse(self.notes.search("old"))

    def test_pages_of_ids_join(self):
        ids = [f"{i:04}" for i in range(1203)]
        self.notes.upsert(cairn.Document(id) for id in reversed(ids))
        self.assertEqual(list(self.notes), ids)
        self.assertEqual(self.notes.ids(after="0004", limit=2), ["0005", "0006"])
        for limit in (0, -1, 10_001):
            with self.assertRaises(cairn.InvalidArgumentError):
                self.notes.ids(limit=limit)

    def test_nothing_to_write(self):
        self.notes.upsert([])
        self.assertEqual(len(self.notes), 0)

    def test_bad_documents(self):
        for document in (
            cairn.Document(""),
            cairn.Document("a\0b"),
            cairn.Document("a", tags="cooking"),
            cairn.Document("a", format="docx"),
            cairn.Document("a", metadata={"x": object()}),
        ):
            with self.subTest(document), self.assertRaises(cairn.InvalidArgumentError):
                self.notes.upsert(document)
        with self.assertRaises(cairn.FailedPreconditionError):
            self.notes.upsert(cairn.Document("a", vectors=[[1.0]]))
        self.assertEqual(len(self.notes), 0)


if __name__ == "__main__":
    unittest.main()
