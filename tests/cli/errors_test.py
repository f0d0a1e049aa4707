"""What goes wrong: a sentence, the right exit code, and an object with --json."""

import os
import signal
import subprocess
import unittest

from cli_support import CLI, CliTest, VaultTest, environment, run


class WrongCommandLine(CliTest):
    def test_the_sentence_says_what_is_wrong(self):
        cases = [
            ([], "a command is missing"),
            (["frobnicate"], "there is no command frobnicate"),
            (["--frobnicate"], "there is no option --frobnicate"),
            (["search"], "QUERY is required"),
            (["get"], "ID is required"),
            (["delete"], "ID is required"),
            (["index"], "FOLDER is required"),
            (["search", "x", "--limit", "0"], "1 to 1000"),
            (["search", "x", "--limit", "1001"], "1 to 1000"),
            (["search", "x", "-n", "many"], "--limit"),
            (["search", "x", "--limit", "-1"], "--limit"),
            (["search", "x", "--offset", "10001"], "--offset"),
            (["search", "x", "--mode", "psychic"], "psychic"),
            (["search", "x", "--min-score", "high"], "--min-score"),
            (["search", "x", "--frobnicate"], "--frobnicate"),
            (["search", "x", "--tag"], "--tag"),
            (["get", "a", "b"], "b"),
            (["stats", "--color", "blue"], "blue"),
            (["index", ".", "--embedder", "oracle"], "oracle"),
            (["index", ".", "--max-file-bytes", "0"], "--max-file-bytes"),
            (["index", ".", "--chunk-tokens", "-3"], "--chunk-tokens"),
        ]
        for args, words in cases:
            with self.subTest(args=args):
                message = self.fails(2, *args, cwd=self.folder)
                self.assertIn(words, message)
                error = self.fails_json(2, *args, cwd=self.folder)
                self.assertEqual(error["code"], "invalid_argument")
                self.assertIn(words, error["message"])
        self.assertEqual(list(self.folder.iterdir()), [])


class WrongFolder(CliTest):
    def test_a_missing_folder(self):
        missing = self.folder / "missing"
        self.assertIn("there is no folder %s" % missing, self.fails(1, "index", missing))
        self.assertEqual(self.fails_json(1, "index", missing)["code"], "not_found")
        self.assertFalse(missing.exists())

    def test_a_file_as_folder(self):
        note = self.write("note.md", "text")
        self.assertIn("is not a folder", self.fails(2, "index", note))
        self.assertEqual(self.fails_json(2, "index", note)["code"], "invalid_argument")

    def test_another_root_is_refused_unless_forced(self):
        self.write("one/a.md", "first\n")
        self.write("two/b.md", "second\n")
        db = self.folder / "db"
        self.ok("index", self.folder / "one", "--db", db)
        error = self.fails_json(1, "index", self.folder / "two", "--db", db)
        self.assertEqual(error["code"], "failed_precondition")
        self.assertIn(str(self.folder / "one"), error["message"])
        self.assertIn(str(self.folder / "two"), error["message"])
        self.ok("index", self.folder / "two", "--db", db, "--force-root")
        self.assertEqual(self.ok_json("search", "second", "--db", db)["total"], 1)

    def test_mass_deletion_is_refused_unless_allowed(self):
        for i in range(30):
            self.write("notes/%d.md" % i, "note %d\n" % i)
        notes = self.folder / "notes"
        self.ok("index", notes)
        for i in range(29):
            (notes / ("%d.md" % i)).unlink()
        self.assertEqual(self.fails_json(1, "index", notes)["code"], "failed_precondition")
        self.assertEqual(self.ok_json("stats", cwd=notes)["database"]["documents"], 30)
        self.assertEqual(self.ok_json("index", notes, "--allow-mass-delete")["deleted"], 29)

    def test_settings_that_differ_from_the_collection(self):
        self.write("notes/a.md", "text\n")
        notes = self.folder / "notes"
        self.ok("index", notes, "--embedder", "none")
        for option in (["--embedder", "builtin"], ["--language", "german"]):
            error = self.fails_json(1, "index", notes, *option)
            self.assertEqual(error["code"], "failed_precondition", error)
        self.ok("index", notes, "--embedder", "none", "--language", "english")

    def test_an_unknown_language(self):
        self.write("notes/a.md", "text\n")
        error = self.fails_json(2, "index", self.folder / "notes", "--language", "klingon")
        self.assertIn("klingon", error["message"])


class WrongDatabase(CliTest):
    def test_a_missing_database(self):
        missing = self.folder / "missing"
        for command in (["search", "x"], ["stats"], ["collections"], ["get", "x"],
                        ["delete", "x"]):
            error = self.fails_json(1, *command, "--db", missing)
            self.assertEqual(error["code"], "not_found")
            self.assertIn(str(missing), error["message"])
        self.assertFalse(missing.exists())

    def test_a_folder_with_other_files_is_not_made_a_database(self):
        self.write("photos/a.jpg", "x")
        self.write("notes/a.md", "text\n")
        photos = self.folder / "photos"
        self.fails(1, "index", self.folder / "notes", "--db", photos)
        self.assertEqual([p.name for p in photos.iterdir()], ["a.jpg"])
        self.fails(1, "search", "x", "--db", photos)


class WrongRequest(VaultTest):
    def test_an_empty_query(self):
        self.fails(2, "search", "", cwd=self.vault)
        self.assertEqual(self.fails_json(2, "search", "", cwd=self.vault)["code"],
                         "invalid_argument")

    def test_a_bad_filter_is_never_ignored(self):
        for text in ("{", "[1]", "3", '{"tags": }', '{"tags": {"near": "x"}}', "tags=x", " "):
            with self.subTest(filter=text):
                error = self.fails_json(2, "search", "tree", "--filter", text, cwd=self.vault)
                self.assertEqual(error["code"], "invalid_argument")
                error = self.fails_json(2, "search", "tree", "--filter", text, "--type", "concept",
                                        cwd=self.vault)
                self.assertEqual(error["code"], "invalid_argument")

    def test_an_option_and_the_filter_may_not_name_the_same_field(self):
        for option, field in ((["--tag", "a"], "tags"), (["--type", "a"], "type"),
                              (["--status", "a"], "status")):
            error = self.fails_json(2, "search", "tree", *option, "--filter",
                                    '{"%s": "b"}' % field, cwd=self.vault)
            self.assertIn(option[0], error["message"])
            self.assertIn("--filter", error["message"])

    def test_a_missing_note(self):
        for command in ("get", "delete"):
            error = self.fails_json(1, command, "no/such/note.md", cwd=self.vault)
            self.assertEqual(error["code"], "not_found")
            self.assertIn("no/such/note.md", error["message"])

    def test_a_missing_collection_names_those_there_are(self):
        error = self.fails_json(1, "search", "x", "-c", "nonsense", cwd=self.vault)
        self.assertEqual(error["code"], "not_found")
        self.assertIn("nonsense", error["message"])
        self.assertIn("it has: notes", error["message"])


class Output(VaultTest):
    def test_an_error_of_the_output_is_told(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([CLI, "search", "water"], cwd=self.vault, env=environment(),
                                  stdout=full, stderr=subprocess.PIPE, timeout=120)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"cannot write the output", done.stderr)

    def run_without_reader(self, **options):
        reader, writer = os.pipe()
        os.close(reader)
        try:
            return subprocess.run([CLI, "search", "water", "-n", "1000"], cwd=self.vault,
                                  env=environment(), stdout=writer, stderr=subprocess.PIPE,
                                  timeout=120, **options)
        finally:
            os.close(writer)

    def test_a_reader_that_went_away_ends_the_tool_without_a_word(self):
        done = self.run_without_reader()
        self.assertEqual((done.returncode, done.stderr), (-signal.SIGPIPE, b""))
        ignore = lambda: signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        done = self.run_without_reader(preexec_fn=ignore, restore_signals=False)
        self.assertEqual((done.returncode, done.stderr), (1, b""))


if __name__ == "__main__":
    unittest.main()
