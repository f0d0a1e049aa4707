"""A long index run: searched beside it, a second writer refused, stopped by Ctrl-C."""

import json
import os
import signal
import subprocess
import unittest

from cli_support import CliTest, Terminal, run

FILES = 3000


class LongRun(CliTest):
    def setUp(self):
        super().setUp()
        words = ["word%d" % i for i in range(997)]
        for i in range(FILES):
            text = " ".join(words[(i * 31 + j * 7) % len(words)] for j in range(60))
            self.write("notes/%02d/n%04d.md" % (i % 50, i), "# Note %d\n\n%s\n" % (i, text))
        self.notes = self.folder / "notes"
        self.write("notes/first.md", "# First\n")

    def start(self, *options, **more):
        terminal = Terminal("index", self.notes, "--embedder", "none", *options, **more)
        self.addCleanup(terminal.process.kill)
        return terminal

    def test_ctrl_c_keeps_what_is_done(self):
        terminal = self.start()
        terminal.wait_for(b"Indexing")

        # Held still, so that however slow the machine is the run is not over before it is stopped.
        terminal.process.send_signal(signal.SIGSTOP)
        second = run("index", self.notes, "--json")
        self.assertEqual(second.returncode, 1, second.stdout)
        error = json.loads(second.stdout)["error"]
        self.assertEqual(error["code"], "locked")
        self.assertIn(str(terminal.process.pid), error["message"])
        self.assertEqual(self.ok_json("stats", cwd=self.notes)["collections"][0]["name"], "notes")

        terminal.process.send_signal(signal.SIGINT)
        terminal.process.send_signal(signal.SIGCONT)
        code, text = terminal.finish()
        self.assertEqual(code, 130, text)
        self.assertIn("Stopped. Kept: ", text)
        self.assertIn("Run the same command again", text)

        kept = self.ok_json("stats", cwd=self.notes)["database"]["documents"]
        self.assertLess(kept, FILES + 1)
        self.assertIn("Kept: %d added" % kept, text)
        report = self.ok_json("index", self.notes)
        self.assertEqual(report["added"] + kept, FILES + 1)
        self.assertFalse(report["cancelled"])

    def test_ctrl_c_with_json_prints_the_report(self):
        reader, writer = os.pipe()
        terminal = self.start("--json", stdout=writer)
        os.close(writer)
        terminal.wait_for(b"Indexing")
        terminal.process.send_signal(signal.SIGTERM)
        code, text = terminal.finish()
        with os.fdopen(reader) as pipe:
            report = json.loads(pipe.read())
        self.assertEqual(code, 130, text)
        self.assertTrue(report["cancelled"])
        self.assertLess(report["added"], FILES + 1)


if __name__ == "__main__":
    unittest.main()
