"""Search by vectors alone, and what the vector index is made of."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any, List, Optional, Tuple

from cairn import _ffi, _library, _vectors, search
from cairn._handle import Handle
from cairn._vectors import VectorMatches
from cairn.errors import InvalidArgumentError
from cairn.search import PLANS, VectorReport

GROUPS = ("document", None)
SEGMENT_STATES = ("fresh", "building", "sealed", "mapped")
VECTOR_STATES = (
    "none", "not_loaded", "loading", "ready", "working", "damaged", "short_of_memory",
)  # fmt: skip


@dataclass(frozen=True)
class SegmentStats:
    """One part of a vector index.

    `state` is "fresh" (every search looks at all of it), "building", "sealed" (it has a graph, in
    memory) or "mapped" (the graph is read from its file). `ef_90` to `ef_99` are the calibrated
    beam widths for the 10 nearest; 0 = exact.
    """

    state: str
    row_count: int
    live_row_count: int
    memory_bytes: int
    disk_bytes: int
    code_bits: int
    entry_count: int
    calibrated_row_count: int
    ef_90: int
    ef_95: int
    ef_98: int
    ef_99: int


class VectorSearch:
    """What a collection does by vectors alone."""

    _handle: Handle

    def search_vectors(
        self,
        queries: Any,
        k: int = 10,
        *,
        filter: Optional[search.Filter] = None,
        target_recall: Optional[float] = None,
        ef: int = 0,
        min_score: Optional[float] = None,
        group_by: Optional[str] = "document",
        out: Optional[Tuple[Any, ...]] = None,
    ) -> VectorMatches:
        """The k nearest documents of many query vectors at once.

        queries: a matrix of 32-bit floats in C order is read where it is; other numbers are
            converted. A batch is shared out to the database's threads.
        target_recall: share of the truly nearest to find on average; None = 0.98, 1 = exact.
        ef: beam width of the graph search instead.
        min_score: only what scores at least so much, at most k of it: a range search.
        group_by: None for one match per chunk instead of one per document.
        out: arrays for (keys, scores, counts) or (keys, scores, counts, ordinals) to be filled
            instead of new ones.

        A key is good until its document is written again or deleted; `ids_of` names it.
        """
        matrix = _vectors.as_matrix(queries)
        search.at_least("k", k, 1, 100_000)
        arrays = _vectors.MatchArrays(matrix.rows, k, out)
        borrowed = _library.Borrowed()
        options = make_options(target_recall, ef, min_score, group_by, filter, borrowed)
        report = new_report()
        if matrix.rows > 0:
            with self._handle as pointer:
                _library.call(
                    "cairn_collection_search_vectors",
                    pointer,
                    matrix.pointer,
                    matrix.rows,
                    matrix.dim,
                    k,
                    ctypes.byref(options),
                    *arrays.outputs,
                    ctypes.byref(report),
                )
        return arrays.matches._replace(report=report_from(report))

    def similar(
        self,
        id: str,
        k: int = 10,
        *,
        exclude_self: bool = True,
        filter: Optional[search.Filter] = None,
        target_recall: Optional[float] = None,
        ef: int = 0,
        min_score: Optional[float] = None,
        group_by: Optional[str] = "document",
    ) -> VectorMatches:
        """The k nearest to a stored document, by its own vectors; one row of matches.

        Where the document has several vectors, a match's score is that of the nearest pair. The
        options are those of `search_vectors`.
        """
        search.at_least("k", k, 1, 100_000)
        arrays = _vectors.MatchArrays(1, k, None)
        borrowed = _library.Borrowed()
        options = make_options(target_recall, ef, min_score, group_by, filter, borrowed)
        options.exclude_self = bool(exclude_self)
        report = new_report()
        data = _library.encode(id)
        with self._handle as pointer:
            _library.call(
                "cairn_collection_search_similar",
                pointer,
                data,
                len(data),
                k,
                ctypes.byref(options),
                *arrays.outputs,
                ctypes.byref(report),
            )
        return arrays.matches._replace(report=report_from(report))

    def id_of(self, key: int) -> str:
        """Id of the document with a key that `search_vectors` gave."""
        with self._handle as pointer:
            return _library.call_for_text(
                "cairn_collection_id_of", pointer, search.at_least("key", int(key), 0, 2**64 - 1)
            )

    def ids_of(self, keys: Any) -> List[Optional[str]]:
        """Ids of many documents; None for those written again or deleted since."""
        numbers = [search.at_least("key", int(key), 0, 2**64 - 1) for key in keys]
        array = (ctypes.c_uint64 * len(numbers))(*numbers)
        with self._handle as pointer:
            ids = _library.call_for_list("cairn_collection_ids_of", pointer, array, len(numbers))
        return [id or None for id in ids]

    def key_of(self, id: str) -> int:
        """The key that the document with this id has now."""
        data = _library.encode(id)
        key = ctypes.c_uint64()
        with self._handle as pointer:
            _library.call(
                "cairn_collection_key_of", pointer, data, len(data), ctypes.byref(key)
            )
        return key.value

    def segments(self) -> List[SegmentStats]:
        """The parts of the vector index, the largest first; none until a search has loaded it."""
        with self._handle as pointer:
            return read_segments(pointer)


def make_options(
    target_recall: Optional[float],
    ef: int,
    min_score: Optional[float],
    group_by: Optional[str],
    filter: Optional[search.Filter],
    borrowed: _library.Borrowed,
) -> Any:
    """The struct for the keyword arguments of a search by vectors."""
    if group_by not in GROUPS:
        raise InvalidArgumentError(f'group_by must be "document" or None, not {group_by!r}')
    struct = _library.options("cairn_vector_options")
    struct.group_by = GROUPS.index(group_by)
    search.set_recall(struct, target_recall, ef)
    if min_score is not None:
        struct.min_score, struct.has_min_score = min_score, 1
    borrowed.set_text(struct, "filter_json", search.filter_json(filter))
    return struct


def new_report() -> Any:
    """A report for the library to fill."""
    return _ffi.cairn_vector_report(struct_size=ctypes.sizeof(_ffi.cairn_vector_report))


def report_from(struct: Any) -> VectorReport:
    values = _library.as_dict(struct)
    values["plan"] = PLANS[struct.plan]
    values["fell_back"] = bool(struct.fell_back)
    return VectorReport(**values)


def read_segments(collection: Any) -> List[SegmentStats]:
    with _library.Owned("cairn_segments") as segments:
        _library.call("cairn_collection_segments", collection, segments.out)
        count = _library.native.cairn_segments_count(segments.pointer)
        return [_read_segment(segments.pointer, index) for index in range(count)]


def _read_segment(segments: Any, index: int) -> SegmentStats:
    stats = _library.filled("cairn_segment_stats", "cairn_segments_get", segments, index)
    values = _library.as_dict(stats)
    del values["reserved"]
    values["state"] = SEGMENT_STATES[stats.state]
    return SegmentStats(**values)
