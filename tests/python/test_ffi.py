"""The generated prototypes are those of the headers, and complete."""

import ctypes
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import cairn
from cairn import _ffi, _library
from support import REPOSITORY

HEADERS = REPOSITORY / "include" / "cairn"
SYMBOLS = REPOSITORY / "capi" / "symbols.txt"
GENERATOR = REPOSITORY / "bindings" / "python" / "tools" / "generate_ffi.py"


def structs():
    return {
        name: value
        for name, value in vars(_ffi).items()
        if isinstance(value, type) and hasattr(value, "_fields_") and name.startswith("cairn_")
    }


class FfiTest(unittest.TestCase):
    def test_is_what_the_generator_writes(self):
        run = subprocess.run(
            [sys.executable, str(GENERATOR), "--check"], capture_output=True, text=True
        )
        self.assertEqual((run.returncode, run.stderr), (0, ""))

    def test_every_declared_function_is_bound(self):
        declared = set()
        for header in HEADERS.glob("*.h"):
            text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
            declared.update(re.findall(r"\b(cairn_\w+)\([^()]*\)\s*CAIRN_NOEXCEPT", text))
        self.assertGreater(len(declared), 60)
        self.assertEqual(declared, set(_ffi.PROTOTYPES))

    def test_every_exported_symbol_is_bound(self):
        if not SYMBOLS.exists():
            self.skipTest("there is no list of symbols")
        self.assertEqual(
            set(re.findall(r"^\s*(cairn_\w+)", SYMBOLS.read_text(), flags=re.M)),
            set(_ffi.PROTOTYPES),
        )

    def test_every_function_is_used(self):
        # The status tells what cairn_error_code would; a retry waits in Python, where it can be
        # interrupted; cairn_search_vectors is short for cairn_collection_search_vectors.
        unused_on_purpose = {"cairn_error_code", "cairn_retry_run", "cairn_search_vectors"}
        source = "".join(
            path.read_text()
            for path in Path(cairn.__file__).parent.glob("*.py")
            if path.name != "_ffi.py"
        )
        # Counting references is the business of the objects that hold one; init, create and release
        # functions are called by the name of their type. What is unused on purpose says why above.
        unused = {
            name
            for name in _ffi.PROTOTYPES
            if name not in source
            and not re.sub("_(init|create|release)$", "", name) in source
            and not name.endswith("_retain")
        }
        self.assertEqual(unused, unused_on_purpose)

    def test_handles_of_another_type_are_refused(self):
        wrong = _library.null("cairn_buffer")
        with self.assertRaises(ctypes.ArgumentError):
            _library.native.cairn_list_release(wrong)

    @unittest.skipUnless(shutil.which(os.environ.get("CAIRN_CC", "cc")), "there is no C compiler")
    def test_structs_lie_in_memory_as_in_c(self):
        lines, expected = [], []
        for name, struct in structs().items():
            lines.append(f'printf("{name} %zu\\n", sizeof({name}));')
            expected.append(f"{name} {ctypes.sizeof(struct)}")
            for field, _ in struct._fields_:
                lines.append(
                    f'printf("{name}.{field} %zu %zu\\n", offsetof({name}, {field}), '
                    f"sizeof((({name}*)0)->{field}));"
                )
                place = getattr(struct, field)
                expected.append(f"{name}.{field} {place.offset} {place.size}")
        self.assertGreater(len(expected), 100)
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder) / "layout"
            source = program.with_suffix(".c")
            source.write_text(
                "#include <cairn/cairn.h>\n#include <stdio.h>\nint main(void) {\n"
                + "\n".join(lines)
                + "\nreturn 0; }\n"
            )
            compiler = os.environ.get("CAIRN_CC", "cc")
            include = str(HEADERS.parent)
            subprocess.run([compiler, "-I", include, str(source), "-o", str(program)], check=True)
            told = subprocess.run([str(program)], check=True, capture_output=True, text=True)
        self.assertEqual(told.stdout.splitlines(), expected)


class LibraryTest(unittest.TestCase):
    def import_with(self, library):
        return subprocess.run(
            [sys.executable, "-c", "import cairn"],
            env={**os.environ, "CAIRN_LIBRARY": library},
            capture_output=True,
            text=True,
        )

    def test_a_library_that_cannot_be_loaded_is_named(self):
        run = self.import_with("/no/such/libcairn.so")
        self.assertEqual(run.returncode, 1)
        self.assertRegex(run.stderr, "ImportError: .*/no/such/libcairn.so")

    def test_a_library_that_is_another_one_is_refused(self):
        run = self.import_with("libc.so.6")
        self.assertEqual(run.returncode, 1)
        self.assertRegex(run.stderr, "ImportError: .*libc.so.6.*cairn_")

    def test_version(self):
        self.assertEqual(cairn.library_version(), cairn.__version__)
        self.assertIn(cairn.kernel_name(), ("avx512", "avx2", "scalar"))
        self.assertTrue(cairn.build_info())
        self.assertTrue(cairn.library_path())


if __name__ == "__main__":
    unittest.main()
