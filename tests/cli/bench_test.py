"""cairn-bench on data so small that the right numbers are known."""

import json
import math
import os
import struct
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


class Vector(CliTest):
    """The commands that measure the vector index, with whatever peers the build has."""

    def lines(self, *args):
        done = bench(*args, "--repeat", "1")
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(lines[-1]["phase"], "summary")
        return lines

    def write_vecs(self, name, code, rows):
        path = self.folder / name
        path.write_bytes(b"".join(struct.pack("<i%d%s" % (len(row), code), len(row), *row)
                                  for row in rows))
        return path

    def test_every_engine_reaches_a_target(self):
        lines = self.lines("vector", "--synthetic", "2000x16:1", "--targets", "0.90,0.99")
        summary = lines[-1]
        engines = {line["engine"] for line in lines if line.get("phase") == "build"}
        self.assertIn("cairn", engines)
        self.assertEqual(set(summary["ratio"]), engines - {"cairn"})
        self.assertEqual(set(summary["build_ratio"]), engines - {"cairn"})
        for engine in engines:
            points = [line for line in lines
                      if line.get("engine") == engine and line["phase"] == "search"]
            self.assertGreaterEqual(max(point["recall"] for point in points), 0.99, engine)
            for key in ("qps", "p50_us", "p99_us", "ef"):
                self.assertGreater(points[0][key], 0)
            self.assertEqual(list(summary["qps"][engine]), ["0.90", "0.99"])
        exact = [line for line in lines if line["phase"] == "exact"]
        self.assertEqual({line["recall"] for line in exact}, {1})

    def test_files_and_their_ground_truth(self):
        base = [[x, y] for x in range(20) for y in range(20)]
        queries = [[0.2, 0.1], [7.1, 12.2]]
        truth = [[0], [7 * 20 + 12]]
        args = ["--queries", self.write_vecs("q.fvecs", "f", queries), "--metric", "l2",
                "--k", "1", "--targets", "0.9", "--peers", "none"]
        paths = [self.write_vecs("b.fvecs", "f", base), self.write_vecs("b.bvecs", "B", base)]
        header = "{'descr': '<f4', 'fortran_order': False, 'shape': (400, 2), }"
        npy = self.folder / "b.npy"
        npy.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() +
                        struct.pack("<800f", *[value for row in base for value in row]))
        good = self.write_vecs("good.ivecs", "i", truth)
        wrong = self.write_vecs("wrong.ivecs", "i", [[400], [0]])
        for path in paths + [npy]:
            lines = self.lines("vector", "--base", path, "--groundtruth", good, *args)
            self.assertEqual(lines[-1]["rows"], 400)
            self.assertEqual([line["recall"] for line in lines if line["phase"] == "exact"], [1])
        done = bench("vector", "--base", npy, "--groundtruth", wrong, *args)
        self.assertEqual(done.returncode, 1)
        self.assertIn("not there", done.stderr)
        npy.write_bytes(npy.read_bytes()[:-1])
        done = bench("vector", "--base", npy, *args)
        self.assertEqual(done.returncode, 1)
        self.assertIn("b.npy", done.stderr)

    def test_filters_of_every_shape(self):
        lines = self.lines("filter", "--synthetic", "2000x8:1", "--query-limit", "10")
        cases = [line for line in lines if line["phase"] == "filter"]
        self.assertEqual(len({(line["shape"], line["pass_percent"]) for line in cases}), 24)
        self.assertGreaterEqual(lines[-1]["least_recall"], 0.9)
        self.assertEqual(lines[-1]["least_hits_share"], 1)

    def test_churn_keeps_every_document(self):
        lines = self.lines("churn", "--synthetic", "1000x8:1", "--rounds", "2")
        self.assertEqual([line["live"] for line in lines[:-1]], [1000] * 3)
        self.assertLess(abs(lines[-1]["recall_loss"]), 0.05)

    def test_searches_while_a_writer_adds(self):
        lines = self.lines("mixed", "--synthetic", "1000x8:1", "--rounds", "1", "--seconds", "1")
        self.assertGreater(lines[-1]["qps_share"], 0)
        self.assertGreater(lines[-1]["adds_per_s"], 0)

    def test_wrong_command_lines(self):
        for args, words in ((["--synthetic", "9"], "ROWSxDIMENSIONS:SEED"), ([], "--base"),
                            (["--synthetic", "9x9:1", "--peers", "x"], "no peer x"),
                            (["--synthetic", "9x9:1", "--targets", "2"], "at most 1")):
            done = bench("vector", *args)
            self.assertEqual(done.returncode, 2, (args, done.stderr))
            self.assertIn(words, done.stderr)


class ResilienceTest(unittest.TestCase):
    def test_costs_and_batching(self):
        done = bench("resilience", "--rounds", "1", "--items", "100", "--callers", "8")
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = {line["subject"]: line for line in map(json.loads, done.stdout.splitlines())}
        for subject in ("breaker_time_window", "retry", "pipeline_of_five"):
            self.assertEqual(lines[subject]["allocations_per_call"], 0)
        self.assertGreater(lines["load"]["times_unbatched"], 1)

    def test_wrong_command_line(self):
        done = bench("resilience", "--part", "nothing")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("all, cost, batcher", done.stderr)


if __name__ == "__main__":
    unittest.main()
