"""Finds the expected notes among the sample notes, and reads them back."""

import json
import unittest

from cli_support import DATA, VaultTest

QUERIES = json.loads((DATA / "vault_queries.json").read_text(encoding="utf-8"))
FIRST = 3


class ExpectedNotes(VaultTest):
    def is_inactive(self, note):
        return "status: inactive" in (self.vault / note).read_text(encoding="utf-8")

    def search(self, query, *options):
        return self.ok_json("search", query, *options, cwd=self.vault)

    def test_every_query_finds_its_notes_among_the_first_three(self):
        for entry in QUERIES:
            with self.subTest(query=entry["query"], why=entry["why"]):
                options = ["--mode", entry["mode"]]
                if any(self.is_inactive(note) for note in entry["expect"]):
                    options.append("--all")
                results = self.search(entry["query"], *options)["results"]
                first = [result["id"] for result in results[:FIRST]]
                self.assertLessEqual(set(entry["expect"]), set(first), first)

    def test_an_inactive_note_is_left_out_unless_all_are_asked_for(self):
        inactive = [e for e in QUERIES if any(self.is_inactive(n) for n in e["expect"])]
        self.assertTrue(inactive)
        for entry in inactive:
            ids = [r["id"] for r in self.search(entry["query"], "-n", "1000")["results"]]
            self.assertFalse(set(entry["expect"]) & set(ids))

    def test_the_same_query_gives_the_same_answer_twice(self):
        for query in ("water", "star", "昆布と鰹節の出汁"):
            first, second = self.search(query), self.search(query)
            self.assertEqual(first["results"], second["results"])
            self.assertTrue(first["results"])

    def test_pages_join_to_the_full_list(self):
        whole = self.search("water soil light", "--mode", "text", "-n", "1000")
        ids = [r["id"] for r in whole["results"]]
        self.assertGreater(len(ids), 6)
        self.assertEqual(len(ids), whole["total"])
        self.assertFalse(whole["has_more"])
        joined = []
        for offset in range(0, len(ids), 3):
            page = self.search("water soil light", "--mode", "text", "-n", "3", "--offset", offset)
            self.assertEqual(page["total"], whole["total"])
            self.assertEqual(page["has_more"], offset + 3 < len(ids))
            joined += [r["id"] for r in page["results"]]
        self.assertEqual(joined, ids)

    def test_a_result_has_the_documented_keys(self):
        answer = self.search("bloom filter", "--mode", "text")
        for key in ("query", "mode", "total", "has_more", "took_ms", "results"):
            self.assertIn(key, answer)
        self.assertEqual(answer["query"], "bloom filter")
        self.assertEqual(answer["mode"], "text")
        result = answer["results"][0]
        for key in ("id", "title", "path", "score", "scores", "snippet", "tags", "chunk",
                    "metadata"):
            self.assertIn(key, result)
        self.assertEqual(result["path"], "databases/bloom-filter.md")
        self.assertIn("bloom", result["snippet"].lower())
        self.assertIsInstance(result["tags"], list)
        self.assertIsInstance(result["metadata"], dict)

    def test_the_line_is_that_of_the_chunk_in_the_file(self):
        for query in ("restoring backups passphrase snapshots", "昆布と鰹節の出汁", "tombstones"):
            for result in self.search(query, "--mode", "text")["results"]:
                source = (self.vault / result["path"]).read_bytes()
                chunk = result["chunk"]
                self.assertLess(chunk["start"], chunk["end"])
                self.assertLessEqual(chunk["end"], len(source))
                self.assertEqual(chunk["line"], source.count(b"\n", 0, chunk["start"]) + 1)

    def test_conditions_hold_for_every_result(self):
        tagged = self.search("tree log write", "--tag", "databases", "--mode", "text")["results"]
        self.assertTrue(tagged)
        for result in tagged:
            self.assertTrue(any(t == "databases" or t.startswith("databases/")
                                for t in result["tags"]), result["tags"])
        both = self.search("tree", "--tag", "databases", "--tag", "storage-engine")["results"]
        self.assertTrue(both)
        self.assertTrue(all("storage-engine" in r["tags"] for r in both))
        typed = self.search("tree", "--type", "concept", "--status", "active")["results"]
        self.assertTrue(typed)
        self.assertEqual(self.search("tree", "--type", "no such type")["total"], 0)
        merged = self.search("tree", "--type", "concept", "--filter", '{"tags": "databases"}')
        spelled = self.search("tree", "--filter", '{"tags": "databases", "type": "concept"}')
        self.assertEqual(merged["results"], spelled["results"])
        self.assertTrue(merged["results"])

    def test_min_score_limit_and_no_snippet_have_their_effect(self):
        results = self.search("water garden", "--mode", "text")["results"]
        self.assertGreater(len(results), 2)
        bound = (results[0]["score"] + results[-1]["score"]) / 2
        above = self.search("water garden", "--mode", "text", "--min-score", bound)["results"]
        self.assertEqual([r["id"] for r in above],
                         [r["id"] for r in results if r["score"] >= bound])
        self.assertEqual(len(self.search("water garden", "-n", "1")["results"]), 1)
        bare = self.search("water garden", "--no-snippet")["results"]
        self.assertFalse(any(r.get("snippet") for r in bare))

    def test_every_note_can_be_read_back(self):
        notes = [p for p in self.vault.rglob("*.md")]
        for note in notes:
            name = note.relative_to(self.vault).as_posix()
            document = self.ok_json("get", name, cwd=self.vault)
            self.assertEqual(document["id"], name)
            self.assertEqual(document["body"].encode("utf-8"), note.read_bytes())
            self.assertIn(document["title"], self.ok("get", name, cwd=self.vault))


if __name__ == "__main__":
    unittest.main()
