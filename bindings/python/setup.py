"""Puts the shared library into the package.

CAIRN_LIBRARY names the libcairn.so to take; without it, the library is built from the repository
that this folder is in.
"""

import os
import shutil
import subprocess
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.dist import Distribution

try:
    from setuptools.command.bdist_wheel import bdist_wheel
except ImportError:  # setuptools before 70
    from wheel.bdist_wheel import bdist_wheel

REPOSITORY = Path(__file__).resolve().parents[2]


def build_library() -> Path:
    if not (REPOSITORY / "include" / "cairn" / "cairn.h").exists():
        raise SystemExit(
            "the sources of libcairn.so are not around bindings/python; "
            "CAIRN_LIBRARY can name a built one"
        )
    folder = REPOSITORY / "build" / "python"
    configure = ["cmake", "-S", str(REPOSITORY), "-B", str(folder), "-DCMAKE_BUILD_TYPE=Release"]
    configure += [f"-DCAIRN_BUILD_{part}=OFF" for part in ("CLI", "TESTS", "BENCH")]
    if shutil.which("ninja"):
        configure += ["-G", "Ninja"]
    subprocess.run(configure, check=True)
    jobs = str(os.cpu_count() or 1)  # without a number, make would start all at once
    subprocess.run(
        ["cmake", "--build", str(folder), "--target", "cairn", "--parallel", jobs], check=True
    )
    return folder / "lib" / "libcairn.so"


class BuildWithLibrary(build_py):
    def run(self) -> None:
        super().run()
        if getattr(self, "editable_mode", False):
            return  # the package is used where it is; CAIRN_LIBRARY names the library
        library = Path(os.environ.get("CAIRN_LIBRARY") or build_library())
        shutil.copyfile(library, Path(self.build_lib) / "cairn" / "libcairn.so")


class PlatformWheel(bdist_wheel):
    """Bound to the platform, but to no version of Python."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.root_is_pure = False

    def get_tag(self) -> "tuple[str, str, str]":
        return ("py3", "none", super().get_tag()[2])


class BinaryDistribution(Distribution):
    def has_ext_modules(self) -> bool:
        return True


setup(
    cmdclass={"build_py": BuildWithLibrary, "bdist_wheel": PlatformWheel},
    distclass=BinaryDistribution,
)
