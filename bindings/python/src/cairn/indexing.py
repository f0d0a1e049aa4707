"""What indexing a folder did."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any, Tuple

from cairn import _ffi, _library


@dataclass(frozen=True)
class Problem:
    """A file and what there is to tell about it."""

    path: str
    reason: str


@dataclass(frozen=True)
class IndexReport:
    """Counts of a run, and the files that need attention.

    `failed`: not indexed although they should be. `skipped`: left out on purpose. `warnings`:
    indexed, with something to tell. `cancelled`: the progress function asked to stop; what was
    stored until then stays. Chunks and bytes are those of added and changed files.
    """

    scanned_count: int
    added_count: int
    changed_count: int
    renamed_count: int
    deleted_count: int
    unchanged_count: int
    chunk_count: int
    bytes: int
    embedded_count: int
    took_ns: int
    cancelled: bool
    failed: Tuple[Problem, ...]
    skipped: Tuple[Problem, ...]
    warnings: Tuple[Problem, ...]
    json: str


def from_native(pointer: Any) -> IndexReport:
    """Reads a report of the library."""
    stats = _library.filled("cairn_index_stats", "cairn_index_report_stats", pointer)
    return IndexReport(
        scanned_count=stats.scanned_count,
        added_count=stats.added_count,
        changed_count=stats.changed_count,
        renamed_count=stats.renamed_count,
        deleted_count=stats.deleted_count,
        unchanged_count=stats.unchanged_count,
        chunk_count=stats.chunk_count,
        bytes=stats.bytes,
        embedded_count=stats.embedded_count,
        took_ns=stats.took_ns,
        cancelled=bool(stats.cancelled),
        failed=_read_problems(pointer, _ffi.CAIRN_PROBLEM_FAILED),
        skipped=_read_problems(pointer, _ffi.CAIRN_PROBLEM_SKIPPED),
        warnings=_read_problems(pointer, _ffi.CAIRN_PROBLEM_WARNING),
        json=_library.call_for_text("cairn_index_report_json", pointer),
    )


def _read_problems(pointer: Any, kind: int) -> Tuple[Problem, ...]:
    problems = []
    for index in range(_library.native.cairn_index_report_problem_count(pointer, kind)):
        path, reason = ctypes.c_void_p(), ctypes.c_void_p()
        _library.call(
            "cairn_index_report_problem",
            pointer,
            kind,
            index,
            ctypes.byref(path),
            ctypes.byref(reason),
        )
        problems.append(Problem(_library.c_text(path), _library.c_text(reason)))
    return tuple(problems)
