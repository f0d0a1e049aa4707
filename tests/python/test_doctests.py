"""The examples in the package's own words."""

import doctest
import importlib
import pkgutil
import unittest

import cairn


def load_tests(loader, tests, pattern):
    for module in pkgutil.iter_modules(cairn.__path__):
        tests.addTests(doctest.DocTestSuite(importlib.import_module(f"cairn.{module.name}")))
    tests.addTests(doctest.DocTestSuite(cairn))
    return tests


if __name__ == "__main__":
    unittest.main()
