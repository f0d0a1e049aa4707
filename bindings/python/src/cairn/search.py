"""What a search asks and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, Union, overload

from cairn import _ffi, _library, _vectors
from cairn.document import parse_metadata, to_json
from cairn.errors import InvalidArgumentError

MODES = ("auto", "text", "vector", "hybrid")
PLANS = ("exact", "graph", "filtered_graph")

Filter = Union[str, Mapping[str, Any]]


@dataclass(frozen=True)
class VectorReport:
    """How a search by vectors was done.

    `plan` is "exact", "graph" or "filtered_graph". `target_recall` is the one asked for, 0 if `ef`
    was given instead. `codes_scored` and `vectors_scored` count distances computed on compressed
    vectors and on the vectors themselves.
    """

    plan: str
    target_recall: float
    ef: int
    codes_scored: int
    vectors_scored: int
    segment_count: int
    fell_back: bool
    took_ns: int


@dataclass(frozen=True)
class Hit:
    """One document that a search found.

    `highlights` are (begin, end) positions in `snippet`. `chunk_begin` and `chunk_end` are offsets
    of the best chunk into the UTF-8 bytes of the document's body.
    """

    id: str
    title: str
    path: str
    score: float
    text_score: float
    vector_score: float
    snippet: str
    highlights: Tuple[Tuple[int, int], ...]
    tags: Tuple[str, ...]
    metadata: Mapping[str, Any]
    heading: str
    chunk_begin: int
    chunk_end: int
    chunk_line: int
    chunk_ordinal: int
    matched_chunk_count: int


@dataclass(frozen=True)
class SearchResults(Sequence[Hit]):
    """A page of hits, best first; a sequence of them.

    `total` counts the hits of all pages. `mode` is the mode that was used. `degraded` says why less
    was done than asked, or is empty. `vectors` tells how the nearest vectors were found, where any
    were looked for.
    """

    hits: Tuple[Hit, ...]
    total: int
    has_more: bool
    mode: str
    took_ns: int
    degraded: str
    vectors: Optional[VectorReport] = None

    @overload
    def __getitem__(self, index: int) -> Hit: ...

    @overload
    def __getitem__(self, index: slice) -> Tuple[Hit, ...]: ...

    def __getitem__(self, index: Union[int, slice]) -> Union[Hit, Tuple[Hit, ...]]:
        return self.hits[index]

    def __len__(self) -> int:
        return len(self.hits)

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)


def make_options(given: Dict[str, Any], borrowed: _library.Borrowed) -> Any:
    """The struct for the keyword arguments of Collection.search."""
    struct = _library.options("cairn_search_options")
    struct.mode = choice("mode", given["mode"], MODES)
    struct.limit = at_least("limit", given["limit"], 1)
    struct.offset = at_least("offset", given["offset"], 0)
    borrowed.set_text(struct, "filter_json", filter_json(given["filter"]))
    if given["vector"] is not None:
        matrix = borrowed.keep(_vectors.as_matrix(given["vector"], rows=1))
        struct.vector, struct.dim = matrix.pointer, matrix.dim
    struct.include_inactive = bool(given["include_inactive"])
    _set_weights(struct, given["text_weight"], given["vector_weight"])
    set_recall(struct, given["target_recall"], given["ef"])
    if given["min_score"] is not None:
        struct.min_score, struct.has_min_score = given["min_score"], 1
    if given["snippet_chars"] == 0:
        struct.snippet_none = 1
    elif given["snippet_chars"] is not None:
        struct.snippet_chars = at_least("snippet_chars", given["snippet_chars"], 0)
    return struct


def set_recall(struct: Any, target_recall: Optional[float], ef: int) -> None:
    """The fields that say how exact a vector search is to be."""
    if target_recall is not None:
        if not 0 < target_recall <= 1:
            raise InvalidArgumentError(
                f"target_recall must be above 0 and at most 1, not {target_recall}"
            )
        struct.target_recall = target_recall
    struct.ef = at_least("ef", ef, 0)


def _set_weights(struct: Any, text: Optional[float], vector: Optional[float]) -> None:
    if (text is None) != (vector is None):
        raise InvalidArgumentError("text_weight and vector_weight go together")
    if text is not None and vector is not None:
        if text == 0 and vector == 0:
            raise InvalidArgumentError("text_weight and vector_weight must not both be 0")
        struct.text_weight, struct.vector_weight = text, vector


def filter_json(given: Optional[Filter]) -> str:
    if given is None:
        return ""
    return given if isinstance(given, str) else to_json(given)


def choice(name: str, value: str, values: Sequence[str]) -> int:
    if value not in values:
        raise InvalidArgumentError(f"{name} must be one of {list(values)}, not {value!r}")
    return values.index(value)


def at_least(name: str, value: int, least: int, most: int = 2**32 - 1) -> int:
    """ctypes would cut a number to the size of the field."""
    if not least <= value <= most:
        raise InvalidArgumentError(f"{name} must be between {least} and {most}, not {value}")
    return value


def from_native(pointer: Any) -> SearchResults:
    """Reads an answer of the library."""
    info = _library.filled("cairn_search_info", "cairn_results_info", pointer)
    return SearchResults(
        hits=tuple(_read_hit(pointer, index) for index in range(info.count)),
        total=info.total,
        has_more=bool(info.has_more),
        mode=MODES[info.mode],
        took_ns=info.took_ns,
        degraded=_library.field_text(info, "degraded"),
        vectors=_vector_report(info),
    )


def _vector_report(info: Any) -> Optional[VectorReport]:
    if info.codes_scored == 0 and info.vectors_scored == 0:
        return None
    return VectorReport(
        plan=PLANS[info.plan],
        target_recall=info.target_recall,
        ef=info.ef,
        codes_scored=info.codes_scored,
        vectors_scored=info.vectors_scored,
        segment_count=info.segment_count,
        fell_back=bool(info.fell_back),
        took_ns=info.took_ns,
    )


def _read_hit(pointer: Any, index: int) -> Hit:
    result = _library.filled("cairn_result", "cairn_results_get", pointer, index)
    snippet = _library.field_text(result, "snippet")
    tag_count = _library.native.cairn_results_tag_count(pointer, index)
    return Hit(
        id=_library.field_text(result, "id"),
        title=_library.field_text(result, "title"),
        path=_library.field_text(result, "path"),
        score=result.score,
        text_score=result.text_score,
        vector_score=result.vector_score,
        snippet=snippet,
        highlights=_positions(snippet, _read_highlights(pointer, index)),
        tags=tuple(
            _library.sized_text("cairn_results_tag", pointer, index, tag)
            for tag in range(tag_count)
        ),
        metadata=parse_metadata(_library.field_text(result, "metadata_json")),
        heading=_library.field_text(result, "heading"),
        chunk_begin=result.chunk_begin,
        chunk_end=result.chunk_end,
        chunk_line=result.chunk_line,
        chunk_ordinal=result.chunk_ordinal,
        matched_chunk_count=result.matched_chunk_count,
    )


def _read_highlights(pointer: Any, index: int) -> List[Tuple[int, int]]:
    spans = []
    for highlight in range(_library.native.cairn_results_highlight_count(pointer, index)):
        spans.append(_library.span("cairn_results_highlight", pointer, index, highlight))
    return spans


def _positions(text: str, spans: List[Tuple[int, int]]) -> Tuple[Tuple[int, int], ...]:
    """Byte offsets as positions in the text.

    >>> _positions("na\u00efve caf\u00e9", [(7, 12)])
    ((6, 10),)
    """
    data = _library.encode(text)

    def position(offset: int) -> int:
        return len(data[:offset].decode(errors="surrogateescape"))

    return tuple((position(begin), position(end)) for begin, end in spans)
