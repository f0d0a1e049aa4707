"""The examples in the package's own words."""

import doctest
import importlib
import unittest
from pathlib import Path

import cairn


def load_tests(loader, tests, pattern):
    for path in sorted(Path(cairn.__file__).parent.glob("*.py")):
        name = "cairn" if path.stem == "__init__" else f"cairn.{path.stem}"
        tests.addTests(doctest.DocTestSuite(importlib.import_module(name)))
    return tests


if __name__ == "__main__":
    unittest.main()
