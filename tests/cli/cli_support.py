"""What the tests of the command line tool share: run it, in pipes or on a terminal."""

import fcntl
import json
import os
import pathlib
import pty
import select
import shutil
import struct
import subprocess
import tempfile
import termios
import time
import unittest

CLI = os.environ.get("CAIRN_CLI", "cairn")
DATA = pathlib.Path(os.environ.get("CAIRN_TEST_DATA", pathlib.Path(__file__).parents[1] / "data"))
VAULT = DATA / "vault"
TIMEOUT = 120


def environment(**changes):
    """The environment without anything that the tool looks at, and with the changes."""
    env = {k: v for k, v in os.environ.items() if k not in ("CAIRN_DB", "NO_COLOR", "COLUMNS")}
    env["TERM"] = "xterm"
    env.update(changes)
    return env


def run(*args, cwd=None, env=None):
    """Runs the tool in pipes; the result has returncode, stdout and stderr as text."""
    done = subprocess.run(
        [CLI, *map(str, args)], cwd=cwd, env=env or environment(), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT)
    done.stdout = done.stdout.decode("utf-8")
    done.stderr = done.stderr.decode("utf-8")
    return done


class Terminal:
    """Runs the tool on a pseudo terminal, which is standard output and standard error."""

    def __init__(self, *args, columns=80, cwd=None, env=None, stdout=None):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.process = subprocess.Popen(
            [CLI, *map(str, args)], cwd=cwd, env=env or environment(), stdin=subprocess.DEVNULL,
            stdout=slave if stdout is None else stdout, stderr=slave, start_new_session=True)
        os.close(slave)
        self.master = master
        self.output = b""

    def _read_some(self, deadline):
        ready, _, _ = select.select([self.master], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            raise AssertionError("the tool said nothing more after: %r" % self.output[-400:])
        try:
            piece = os.read(self.master, 65536)
        except OSError:  # the other end is closed
            piece = b""
        self.output += piece
        return bool(piece)

    def wait_for(self, text):
        """Reads until the text has come; fails when it does not."""
        deadline = time.monotonic() + TIMEOUT
        while text not in self.output:
            if not self._read_some(deadline):
                raise AssertionError("ended without %r: %r" % (text, self.output[-400:]))

    def finish(self):
        """Reads to the end; returns the exit code and all output as text."""
        deadline = time.monotonic() + TIMEOUT
        while self._read_some(deadline):
            pass
        code = self.process.wait(TIMEOUT)
        os.close(self.master)
        return code, self.output.decode("utf-8")


class CliTest(unittest.TestCase):
    """A test with a folder of its own."""

    maxDiff = 4000

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cairn-cli-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def write(self, name, text):
        """Writes a file below the folder, which may be text or bytes."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        return path

    def ok(self, *args, **options):
        """Runs the tool, which must succeed; returns its standard output."""
        done = run(*args, **options)
        self.assertEqual(done.returncode, 0, (args, done.stdout, done.stderr))
        return done.stdout

    def ok_json(self, *args, **options):
        """Runs the tool with --json; returns the one object that it must print."""
        out = self.ok(*args, "--json", **options)
        self.assertTrue(out.endswith("}\n"), out[-200:])
        value = json.loads(out)
        self.assertIsInstance(value, dict)
        return value

    def fails(self, code, *args, **options):
        """Runs the tool, which must fail with the exit code; returns its standard error."""
        done = run(*args, **options)
        self.assertEqual(done.returncode, code, (args, done.stdout, done.stderr))
        self.assertTrue(done.stderr.startswith("cairn: "), done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertEqual(done.stdout, "")
        return done.stderr

    def fails_json(self, code, *args, **options):
        """Likewise with --json; returns the error object."""
        done = run("--json", *args, **options)
        self.assertEqual(done.returncode, code, (args, done.stdout, done.stderr))
        self.assertTrue(done.stderr.startswith("cairn: "), done.stderr)
        value = json.loads(done.stdout)
        self.assertEqual(list(value), ["error"])
        self.assertEqual(sorted(value["error"]), ["code", "message"])
        return value["error"]


class VaultTest(CliTest):
    """Tests on one copy of the sample notes, indexed once; they must not change it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.place = pathlib.Path(tempfile.mkdtemp(prefix="cairn-cli-vault-"))
        cls.vault = cls.place / "vault"
        shutil.copytree(VAULT, cls.vault)
        done = run("index", cls.vault)
        if done.returncode != 0:
            raise AssertionError("cannot index the sample notes: " + done.stderr)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.place, ignore_errors=True)
        super().tearDownClass()


def tree(folder):
    """Names, sizes and times of everything below a folder."""
    state = {}
    for path in sorted(pathlib.Path(folder).rglob("*")):
        info = path.lstat()
        state[str(path)] = (info.st_size, info.st_mtime_ns, info.st_mode)
    return state
