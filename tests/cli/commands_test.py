"""Every command in text and in JSON mode."""

import os
import pathlib
import subprocess
import unittest

from cli_support import CLI, CliTest, VaultTest, environment, run, tree

COMMANDS = ("index", "search", "get", "stats", "collections", "delete", "version")


class Help(CliTest):
    def test_help_names_every_command_and_the_exit_codes(self):
        out = self.ok("--help")
        for command in COMMANDS:
            self.assertIn("\n  " + command + " ", out)
        for word in ("Examples:", "CAIRN_DB", "Exit codes"):
            self.assertIn(word, out)

    def test_every_command_has_help_with_an_example(self):
        for command in COMMANDS:
            out = self.ok(command, "--help")
            self.assertIn("Example", out)
            self.assertIn("cairn " + command, out)
            self.assertIn("--json", out)

    def test_version(self):
        short = self.ok("--version")
        self.assertRegex(short, r"^cairn \d+\.\d+\.\d+\n$")
        self.assertTrue(self.ok("version").startswith(short))
        facts = self.ok_json("version")
        self.assertEqual("cairn %s\n" % facts["version"], short)
        self.assertIn(facts["kernel"], ("avx512", "avx2", "scalar"))
        self.assertTrue(facts["build"])


class Index(CliTest):
    def setUp(self):
        super().setUp()
        for i in range(12):
            self.write("notes/n%02d.md" % i, "# Note %d\n\nwords number %d here\n" % (i, i))
        self.notes = self.folder / "notes"

    def test_counts_of_a_first_and_of_an_unchanged_run(self):
        first = self.ok_json("index", self.notes)
        self.assertEqual((first["scanned"], first["added"], first["unchanged"]), (12, 12, 0))
        self.assertEqual(first["failed"], [])
        self.assertFalse(first["cancelled"])
        second = self.ok_json("index", self.notes)
        self.assertEqual((second["scanned"], second["added"], second["unchanged"]), (12, 0, 12))
        self.assertEqual((second["chunks"], second["bytes"], second["embedded"]), (0, 0, 0))

    def test_changes_are_told_apart(self):
        self.ok("index", self.notes)
        self.write("notes/n00.md", "# Note 0\n\nother words entirely\n")
        (self.notes / "n01.md").unlink()
        (self.notes / "n02.md").rename(self.notes / "moved.md")
        self.write("notes/new.txt", "plain text\n")
        report = self.ok_json("index", self.notes)
        counts = {k: report[k] for k in ("added", "changed", "deleted", "renamed", "unchanged")}
        self.assertEqual(
            counts, {"added": 1, "changed": 1, "deleted": 1, "renamed": 1, "unchanged": 9})
        self.assertEqual(self.ok_json("get", "moved.md", cwd=self.notes)["title"], "Note 2")

    def test_report_for_people(self):
        done = run("index", self.notes)
        self.assertEqual(done.returncode, 0)
        self.assertIn("12 files in %s: 12 added, 0 changed" % self.notes, done.stdout)
        self.assertEqual(done.stderr, "")
        self.assertEqual(self.ok("index", self.notes, "--quiet"), "")

    def test_database_is_in_the_folder_or_where_it_is_told(self):
        self.ok("index", self.notes)
        self.assertTrue((self.notes / ".cairn").is_dir())
        other = self.folder / "other.db"
        third = self.folder / "third.db"
        self.ok("index", self.notes, "--db", other)
        self.ok("index", self.notes, env=environment(CAIRN_DB=str(third)))
        self.ok("index", self.notes, "--db", other, env=environment(CAIRN_DB="/nowhere/at/all"))
        for place in (other, third):
            self.assertEqual(self.ok_json("stats", "--db", place)["database"]["documents"], 12)

    def test_options_have_their_effect(self):
        self.write("notes/drafts/d.md", "draft\n")
        self.write("notes/skip.bak.md", "backup\n")
        self.write("notes/long.md", "word " * 3000)
        report = self.ok_json("index", self.notes, "--ignore", "drafts/", "--ignore", "*.bak.md",
                              "--max-file-bytes", "10kB", "--durability", "async")
        self.assertEqual(report["added"], 12)
        self.assertEqual([p["path"] for p in report["skipped"]], ["long.md"])
        whole = self.ok_json("index", self.notes, "--db", self.folder / "a", "--ignore", "n*")
        self.assertEqual(whole["added"], 3)
        split = self.ok_json("index", self.notes, "--db", self.folder / "b", "--ignore", "n*",
                             "--chunk-tokens", "64")
        self.assertGreater(split["chunks"], whole["chunks"])

    def test_embedder_and_language_are_those_of_the_collection(self):
        self.write("notes/german.md", "Die Häuser der Nachbarn\n")
        self.ok("index", self.notes, "--embedder", "none", "--language", "german")
        facts = self.ok_json("collections", cwd=self.notes)["collections"][0]
        self.assertEqual((facts["embedder"], facts["vectors"]), ("none", 0))
        found = self.ok_json("search", "Haus", cwd=self.notes)
        self.assertEqual([r["id"] for r in found["results"]], ["german.md"])
        self.assertEqual(found["mode"], "text")

    def test_collections_are_apart(self):
        self.ok("index", self.notes)
        self.write("work/w.md", "# Work\n\ninvoice\n")
        self.ok("index", self.folder / "work", "--db", self.notes / ".cairn", "-c", "work")
        names = [c["name"] for c in self.ok_json("collections", cwd=self.notes)["collections"]]
        self.assertEqual(names, ["notes", "work"])
        out = self.ok("collections", cwd=self.notes)
        self.assertIn("notes  12 documents", out)
        self.assertIn("work   1 document", out)
        self.assertEqual(self.ok_json("search", "invoice", cwd=self.notes)["total"], 0)
        self.assertEqual(
            self.ok_json("search", "invoice", "-c", "work", cwd=self.notes)["total"], 1)
        self.assertEqual(len(self.ok_json("stats", cwd=self.notes)["collections"]), 2)
        self.assertEqual(len(self.ok_json("stats", "-c", "work", cwd=self.notes)["collections"]), 1)

    def test_a_note_with_broken_frontmatter_is_indexed_with_a_warning(self):
        self.write("notes/broken.md", "---\ntags: [a, b\n---\n# Broken\n\nfindable\n")
        done = run("index", self.notes)
        self.assertEqual(done.returncode, 0)
        self.assertIn("1 file indexed with a warning:\n  broken.md: ", done.stderr)
        self.assertEqual(self.ok_json("search", "findable", cwd=self.notes)["total"], 1)

    def test_notes_that_are_all_alike_are_indexed_although_nothing_can_be_learned(self):
        for i in range(60):
            self.write("alike/%d.md" % i, "# Note\n\nthe same words\n")
        alike = self.folder / "alike"
        self.assertEqual(self.ok_json("index", alike)["added"], 60)
        self.assertEqual(self.ok_json("index", alike)["unchanged"], 60)
        self.assertEqual(self.ok_json("search", "same", cwd=alike)["total"], 60)

    def test_delete(self):
        self.ok("index", self.notes)
        self.assertIn("n03.md", self.ok("delete", "n03.md", cwd=self.notes))
        self.assertEqual(self.ok_json("delete", "n04.md", cwd=self.notes)["deleted"], "n04.md")
        self.assertEqual(self.ok_json("stats", cwd=self.notes)["database"]["documents"], 10)
        self.assertTrue((self.notes / "n03.md").exists())
        self.fails(1, "get", "n03.md", cwd=self.notes)


class Reading(VaultTest):
    def test_search_for_people(self):
        out = self.ok("search", "write", "amplification", "tombstones", cwd=self.vault)
        self.assertTrue(out.startswith("1. LSM tree  "), out)
        self.assertRegex(out, r"\n   databases/lsm-tree\.md:\d+\n")
        self.assertIn("#storage-engine", out)
        self.assertRegex(out.splitlines()[-1], r"^1-\d+ of \d+ results? \((text|hybrid), ")
        quiet = self.ok("search", "write", "amplification", "-q", cwd=self.vault)
        self.assertNotIn(" of ", quiet.splitlines()[-1])

    def test_search_says_how_to_go_on_and_when_there_is_nothing(self):
        out = self.ok("search", "water", "-n", "2", "--mode", "text", cwd=self.vault)
        self.assertIn("next: --offset 2", out)
        more = self.ok("search", "water", "-n", "2", "--offset", "2", "--mode", "text",
                       cwd=self.vault)
        self.assertTrue(more.startswith("3. "), more)
        nothing = self.ok("search", "qqqqzzzz", "--mode", "text", cwd=self.vault)
        self.assertTrue(nothing.startswith("No results (text, "), nothing)

    def test_words_that_begin_with_a_dash_come_after_two_dashes(self):
        answer = self.ok_json("search", "--db", self.vault / ".cairn", "--mode", "text",
                              "bloom", "filter")
        dashed = run("search", "--mode", "text", "--json", "--", "--bloom", "filter",
                     cwd=self.vault)
        self.assertEqual(dashed.returncode, 0, dashed.stderr)
        self.assertEqual(answer["query"], "bloom filter")
        self.assertIn('"--bloom filter"', dashed.stdout)

    def test_options_stand_before_or_after_the_command(self):
        before = run("--json", "-c", "notes", "search", "water", cwd=self.vault)
        after = run("search", "water", "--json", "-c", "notes", cwd=self.vault)
        self.assertEqual(before.returncode, 0, before.stderr)
        self.assertEqual(before.stdout.split('"took_ms"')[0], after.stdout.split('"took_ms"')[0])

    def test_stats(self):
        facts = self.ok_json("stats", cwd=self.vault)
        self.assertEqual(facts["database"]["path"], str(self.vault / ".cairn"))
        files = len(list(self.vault.rglob("*.md")))
        self.assertEqual(facts["database"]["documents"], files)
        self.assertEqual(facts["collections"][0]["documents"], files)
        self.assertGreater(facts["database"]["disk_bytes"], 0)
        self.assertIn("%d documents" % files, self.ok("stats", cwd=self.vault))

    def test_reading_leaves_no_trace(self):
        before = tree(self.vault)
        for command in (["search", "water"], ["get", "garden/compost.md"], ["stats"],
                        ["collections"]):
            self.ok(*command, cwd=self.vault)
        self.assertEqual(tree(self.vault), before)

    def test_output_is_the_same_in_every_locale(self):
        outputs = [self.ok("get", "cooking/出汁の取り方.md", cwd=self.vault,
                           env=environment(LC_ALL=locale)) for locale in ("C", "C.UTF-8", "xx_XX")]
        self.assertIn("昆布", outputs[0])
        self.assertEqual(outputs[0], outputs[1])
        self.assertEqual(outputs[0], outputs[2])
        self.assertIn("出汁の取り方", self.ok("search", "二番出汁", cwd=self.vault))


class Discovery(CliTest):
    def setUp(self):
        super().setUp()
        self.write("outer/a.md", "outer words\n")
        self.write("outer/inner/deep/b.md", "inner words\n")
        self.ok("index", self.folder / "outer")

    def titles(self, cwd):
        return [r["id"] for r in self.ok_json("search", "words", cwd=cwd)["results"]]

    def test_the_nearest_database_upwards_is_used(self):
        deep = self.folder / "outer" / "inner" / "deep"
        self.assertEqual(sorted(self.titles(deep)), ["a.md", "inner/deep/b.md"])
        self.ok("index", self.folder / "outer" / "inner")
        self.assertEqual(self.titles(deep), ["deep/b.md"])
        self.assertEqual(len(self.titles(self.folder / "outer")), 2)

    def test_a_file_with_the_name_is_not_a_database(self):
        self.write("outer/inner/.cairn", "")
        self.assertEqual(len(self.titles(self.folder / "outer" / "inner")), 2)

    def test_option_and_variable_come_first(self):
        inner = self.folder / "outer" / "inner"
        self.ok("index", inner)
        env = environment(CAIRN_DB=str(inner / ".cairn"))
        found = self.ok_json("search", "words", cwd=self.folder, env=env)
        self.assertEqual(found["total"], 1)
        found = self.ok_json("search", "words", "--db", self.folder / "outer" / ".cairn", env=env)
        self.assertEqual(found["total"], 2)
        empty = environment(CAIRN_DB="")
        self.assertEqual(self.ok_json("search", "words", cwd=inner, env=empty)["total"], 1)

    def test_without_a_database_the_ways_out_are_named(self):
        if any((folder / ".cairn").is_dir() for folder in [self.folder, *self.folder.parents]):
            self.skipTest("a folder above the temporary one has a database")
        for command in (["search", "x"], ["get", "x"], ["stats"], ["collections"], ["delete", "x"]):
            message = self.fails(1, *command, cwd=self.folder)
            for word in ("no database", "cairn index FOLDER", "--db", "CAIRN_DB"):
                self.assertIn(word, message)
        self.assertEqual(self.fails_json(1, "stats", cwd=self.folder)["code"], "not_found")


class SourcesAreNotOpened(CliTest):
    def setUp(self):
        super().setUp()
        self.write("notes/a.md", "# Apples\n\nred and green\n")
        self.write("notes/b.md", "# Pears\n\ngreen and yellow\n")
        self.notes = self.folder / "notes"
        self.ok("index", self.notes)

    def test_search_works_without_the_sources(self):
        before = self.ok("search", "green", "-q", cwd=self.notes)
        (self.notes / "a.md").unlink()
        (self.notes / "b.md").unlink()
        self.assertEqual(self.ok("search", "green", "-q", cwd=self.notes), before)
        self.assertIn("red and green", self.ok("get", "a.md", cwd=self.notes))

    def test_search_works_on_a_folder_that_may_not_be_written(self):
        paths = [self.notes, *self.notes.rglob("*")]
        for path in paths:
            path.chmod(0o555 if path.is_dir() else 0o444)
        try:
            self.assertIn("Apples", self.ok("search", "red", cwd=self.notes))
        finally:
            for path in paths:
                path.chmod(0o755 if path.is_dir() else 0o644)

    def test_search_opens_no_source_and_writes_nothing(self):
        trace = self.folder / "trace"
        command = ["strace", "-f", "-qq", "-o", str(trace), "-e",
                   "trace=open,openat,openat2,creat,unlink,unlinkat,rename,renameat,renameat2,"
                   "mkdir,mkdirat,truncate,ftruncate", CLI, "search", "green"]
        try:
            done = subprocess.run(command, cwd=self.notes, env=environment(),
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        except FileNotFoundError:
            self.skipTest("strace is not installed")
        if not trace.exists() or b"PTRACE" in done.stderr or b"ptrace" in done.stderr:
            self.skipTest("strace may not trace here")
        self.assertEqual(done.returncode, 0, done.stderr)
        calls = trace.read_text().splitlines()
        self.assertTrue(any(".cairn" in call for call in calls))
        for call in calls:
            self.assertNotIn(".md", call)
            if "/dev/null" in call or "ENOENT" in call or "/proc/" in call:
                continue
            self.assertNotRegex(call, r"O_WRONLY|O_RDWR|O_CREAT|unlink|rename|mkdir|truncate")


if __name__ == "__main__":
    unittest.main()
