"""Colours, width and progress: on a terminal, and not in a pipe."""

import re
import unicodedata
import unittest

from cli_support import CliTest, Terminal, VaultTest, environment, run

ESCAPE = "\x1b"
SEQUENCE = re.compile(r"\x1b\[[0-9;]*[mK]")


def columns_of(line):
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in line)
    return len(line) + wide


class Colours(VaultTest):
    def search(self, *args, env=None, columns=80):
        terminal = Terminal("search", "bloom", "filter", *args, cwd=self.vault, env=env,
                            columns=columns)
        code, text = terminal.finish()
        self.assertEqual(code, 0, text)
        return text

    def test_a_terminal_gets_colours_and_highlights(self):
        text = self.search()
        self.assertIn("\x1b[1mBloom filter\x1b[0m", text)
        self.assertRegex(text, r"(?i)\x1b\[1;33m[^\x1b]*bloom[^\x1b]*\x1b\[0m")

    def test_a_pipe_gets_none_unless_asked_for(self):
        self.assertNotIn(ESCAPE, run("search", "bloom", cwd=self.vault).stdout)
        always = run("search", "bloom", "--color", "always", cwd=self.vault)
        self.assertIn(ESCAPE, always.stdout)
        plain = run("search", "bloom", "-q", cwd=self.vault).stdout
        painted = run("search", "bloom", "-q", "--color", "always", cwd=self.vault).stdout
        self.assertEqual(SEQUENCE.sub("", painted), plain)

    def test_json_is_never_coloured(self):
        out = run("search", "bloom", "--json", "--color", "always", cwd=self.vault).stdout
        self.assertNotIn(ESCAPE, out)

    def test_colours_can_be_turned_off(self):
        self.assertNotIn(ESCAPE, self.search("--color", "never"))
        self.assertNotIn(ESCAPE, self.search(env=environment(NO_COLOR="1")))
        self.assertNotIn(ESCAPE, self.search(env=environment(TERM="dumb")))
        self.assertIn(ESCAPE, self.search(env=environment(NO_COLOR="")))
        self.assertIn(ESCAPE, self.search("--color", "always", env=environment(NO_COLOR="1")))

    def test_an_error_is_coloured_on_a_terminal_only(self):
        _, text = Terminal("get", "nothing", cwd=self.vault).finish()
        self.assertTrue(text.startswith("\x1b[1;31mcairn:\x1b[0m "), text)
        self.assertNotIn(ESCAPE, run("get", "nothing", cwd=self.vault).stderr)

    def test_snippets_keep_to_the_width(self):
        for query in ("bloom filter positives", "昆布と鰹節の出汁", "الخوارزمي"):
            for columns in (40, 72):
                code, text = Terminal("search", query, "-q", cwd=self.vault,
                                      columns=columns).finish()
                self.assertEqual(code, 0, text)
                lines = SEQUENCE.sub("", text).replace("\r", "").splitlines()
                self.assertGreater(len(lines), 3)
                for line in lines:
                    if ".md:" not in line and "#" not in line:
                        self.assertLessEqual(columns_of(line), columns, line)

    def test_wrapping_loses_no_word(self):
        narrow = SEQUENCE.sub("", self.search("-q", "--mode", "text", columns=50))
        whole = run("search", "bloom", "filter", "-q", "--mode", "text", cwd=self.vault).stdout
        self.assertEqual(narrow.split(), whole.split())


class HostileNotes(CliTest):
    def test_a_note_cannot_steer_the_terminal(self):
        self.write("notes/evil.md",
                   "---\ntitle: \"a\\e[2Jb\"\n---\nwords \x1b]0;owned\x07 here \u202e turned\n")
        notes = self.folder / "notes"
        self.ok("index", notes)
        for command in (["search", "words"], ["get", "evil.md"]):
            out = self.ok(*command, cwd=notes)
            for bad in ("\x1b", "\x07", "\u202e"):
                self.assertNotIn(bad, out)
            self.assertIn("words", out)


class Progress(CliTest):
    def setUp(self):
        super().setUp()
        for i in range(200):
            self.write("notes/n%03d.md" % i, "# Note %d\n\nsome words%d\n" % (i, i % 17))
        self.notes = self.folder / "notes"

    def test_a_terminal_sees_progress_that_is_wiped_at_the_end(self):
        code, text = Terminal("index", self.notes, columns=60).finish()
        self.assertEqual(code, 0, text)
        self.assertIn("\r\x1b[KIndexing", text)
        self.assertRegex(text, r"\[#*\.*\]  \d+/200  \d+%")
        self.assertIn("200 added", text)
        drawn = text.split("\r\x1b[K")
        self.assertTrue(drawn[-1].startswith("200 files in "), drawn[-1])
        for line in drawn[1:-1]:
            self.assertLess(columns_of(line), 60)

    def test_no_progress_in_a_pipe_or_when_quiet(self):
        done = run("index", self.notes)
        self.assertEqual(done.stderr, "")
        self.assertNotIn("\r", done.stdout)
        code, text = Terminal("index", self.notes, "--quiet").finish()
        self.assertEqual((code, text), (0, ""))
        code, text = Terminal("index", self.notes, env=environment(TERM="dumb")).finish()
        self.assertNotIn(ESCAPE, text)


if __name__ == "__main__":
    unittest.main()
