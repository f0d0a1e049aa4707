"""cairn-bench on data so small that the right numbers are known."""

import json
import math
import os
import subprocess
import unittest

from cli_support import CliTest

BENCH = os.environ.get("CAIRN_BENCH", "cairn-bench")


def bench(*args):
    return subprocess.run([BENCH, *map(str, args)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, universal_newlines=True, timeout=120)


class Ir(CliTest):
    def setUp(self):
        super().setUp()
        # U+2028 and U+0085 stand inside texts: only line feeds part the lines.
        self.corpus = self.write("corpus.jsonl", "\n".join([
            '{"_id": "d1", "title": "", "text": "apple apple apple"}',
            '{"_id": "d2", "title": "", "text": "apple\u2028\u0085 banana banana banana"}',
            '{"_id": "d3", "title": "", "text": "cherry"}',
            '{"_id": "d4", "text": "damson"}', ""]))
        self.queries = self.write("queries.jsonl", "\n".join([
            '{"_id": "q1", "text": "apple"}', '{"_id": "q2", "text": "cherry"}',
            '{"_id": "q3", "text": "damson"}']))
        self.qrels = self.write("qrels.tsv", "query-id\tcorpus-id\tscore\n"
                                "q1\td2\t3\nq1\td1\t1\nq1\td9\t1\nq2\td3\t1\nq3\td4\t0\n")

    def ir(self, *options):
        return bench("ir", "--corpus", self.corpus, "--queries", self.queries, "--qrels",
                     self.qrels, "--mode", "text", *options)

    def test_measures_are_those_computed_by_hand(self):
        done = self.ir()
        self.assertEqual(done.returncode, 0, done.stderr)
        line = json.loads(done.stdout)
        # q1 finds d1 (grade 1), d2 (grade 3); d9 is judged but not in the corpus. q2 is perfect.
        dcg = 1 / math.log2(2) + 3 / math.log2(3)
        ideal = 3 / math.log2(2) + 1 / math.log2(3) + 1 / math.log2(4)
        self.assertAlmostEqual(line["ndcg@10"], (dcg / ideal + 1) / 2, places=4)
        self.assertAlmostEqual(line["map"], (2 / 3 + 1) / 2, places=4)
        self.assertAlmostEqual(line["recall@100"], (2 / 3 + 1) / 2, places=4)
        self.assertEqual((line["queries"], line["queries_left_out"], line["docs"]), (2, 1, 4))
        self.assertEqual((line["mode"], line["embedder"]), ("text", "none"))
        for key in ("p50_ms", "p99_ms", "index_seconds"):
            self.assertGreater(line[key], 0)

    def test_binary_grades(self):
        line = json.loads(self.ir("--binary").stdout)
        dcg = 1 + 1 / math.log2(3)
        self.assertAlmostEqual(line["ndcg@10"], (dcg / (dcg + 1 / 2) + 1) / 2, places=4)

    def test_an_error_names_file_and_line(self):
        cases = [
            ("corpus", '{"_id": "a", "text": "x"}\n{"_id": "b"', ":2: not JSON"),
            ("corpus", '{"_id": "a", "text": "x"}\n[]\n', ":2: not a JSON object"),
            ("corpus", '{"text": "x"}\n', ':1: "_id" is missing'),
            ("corpus", '{"_id": "a", "text": 3}\n', ':1: "text" is not a text'),
            ("corpus", '{"_id": "a"}\n\n{"_id": "a"}\n', ':3: the id "a" was there before'),
            ("corpus", "", ":1: no document"),
            ("queries", '{"_id": "q1"}\n', ':1: "text" is missing'),
            ("qrels", "q1\td1\t1\n", ":1: the header line"),
            ("qrels", "query-id\tcorpus-id\tscore\nq1\td1\n", ":2: not `query-id"),
            ("qrels", "query-id\tcorpus-id\tscore\nq9\td1\t1\n", ":2: there is no query"),
            ("qrels", "query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\td1\t2\n", ":3: judged diff"),
        ]
        for name, text, words in cases:
            with self.subTest(name=name, text=text):
                path = getattr(self, name)
                good = path.read_bytes()
                path.write_text(text, encoding="utf-8")
                done = self.ir()
                path.write_bytes(good)
                self.assertEqual(done.returncode, 1)
                self.assertIn(str(path) + words, done.stderr)
                self.assertEqual(done.stdout, "")

    def test_wrong_command_lines(self):
        for args, words in (([], "usage:"), (["dance"], "no command dance"),
                            (["ir"], "--corpus is missing"), (["ir", "--frob", "1"], "--frob"),
                            (["ir", "--mode", "x"], "text, vector, all"),
                            (["index", "--root"], "needs a value"),
                            (["search", "--queries", str(self.queries), "--limit", "0"],
                             "at least 1")):
            done = bench(*args)
            self.assertEqual(done.returncode, 2, (args, done.stderr))
            self.assertIn(words, done.stderr)
        self.assertEqual(bench("--help").returncode, 0)


class IndexAndSearch(CliTest):
    def setUp(self):
        super().setUp()
        for i in range(20):
            self.write("notes/%d.md" % i, "# Note %d\n\nsome words\n" % i)
        self.db = self.folder / "db"

    def test_index_then_search(self):
        done = bench("index", "--root", self.folder / "notes", "--db", self.db)
        self.assertEqual(done.returncode, 0, done.stderr)
        line = json.loads(done.stdout)
        size = sum(p.stat().st_size for p in (self.folder / "notes").iterdir())
        self.assertEqual((line["files"], line["failed"], line["bytes"]), (20, 0, size))
        for key in ("seconds", "files_per_s", "mb_per_s", "chunks", "peak_rss_bytes",
                    "second_run_seconds"):
            self.assertGreater(line[key], 0)
        again = bench("index", "--root", self.folder / "notes", "--db", self.db)
        self.assertEqual(again.returncode, 1)
        self.assertIn("already_exists", again.stderr)
        queries = self.write("queries.txt", "some words\nnote 7\n")
        done = bench("search", "--db", self.db, "--queries", queries, "--repeat", "3")
        self.assertEqual(done.returncode, 0, done.stderr)
        line = json.loads(done.stdout)
        self.assertEqual(line["queries"], 6)
        self.assertLessEqual(line["p50_ms"], line["p99_ms"])

    def test_a_missing_folder(self):
        done = bench("index", "--root", self.folder / "missing")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("missing", done.stderr)


if __name__ == "__main__":
    unittest.main()
