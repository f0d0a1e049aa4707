"""Documents: what is written, and what is read back."""

from __future__ import annotations

import ctypes
import json
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from cairn import _ffi, _library, _vectors
from cairn.errors import InvalidArgumentError

_FORMATS = {"text": _ffi.CAIRN_FORMAT_PLAIN_TEXT, "markdown": _ffi.CAIRN_FORMAT_MARKDOWN}


@dataclass(frozen=True)
class Chunk:
    """A part of a document's body; `begin` and `end` are offsets into its UTF-8 bytes."""

    begin: int
    end: int
    line: int
    heading: str
    text: str


@dataclass
class Document:
    """A document. Only the id is required to write one.

    `vectors` holds one vector per chunk: anything that NumPy takes for a matrix, or a sequence of
    sequences. Without it the collection's embedder makes them. `format` ("text" or "markdown")
    shapes the chunks; it is not stored. `path` and `chunks` come from the library.

    >>> Document("bread", title="Bread", tags=["cooking"]).title
    'Bread'
    """

    id: str
    body: str = ""
    title: str = ""
    tags: Sequence[str] = ()
    type: str = ""
    status: str = ""
    description: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    created_ns: int = 0
    modified_ns: int = 0
    format: str = "text"
    vectors: Any = None
    path: str = ""
    chunks: Tuple[Chunk, ...] = ()


def fill_input(struct: Any, document: Document, borrowed: _library.Borrowed) -> None:
    """Writes a document into a struct of the C interface."""
    for name in ("id", "title", "body", "type", "status", "description"):
        borrowed.set_text(struct, name, getattr(document, name))
    if document.metadata:
        borrowed.set_text(struct, "metadata_json", to_json(document.metadata))
    if document.tags:
        if isinstance(document.tags, str):
            raise InvalidArgumentError(f"tags must be a list of texts, not {document.tags!r}")
        tags = list(document.tags)
        struct.tags, struct.tag_bytes = borrowed.texts(tags)
        struct.tag_count = len(tags)
    if document.format not in _FORMATS:
        raise InvalidArgumentError(f"format must be one of {list(_FORMATS)}, not {document.format!r}")
    struct.format = _FORMATS[document.format]
    struct.created_ns = document.created_ns
    struct.modified_ns = document.modified_ns
    if document.vectors is not None:
        matrix = borrowed.keep(_vectors.as_matrix(document.vectors))
        struct.vectors, struct.vector_count, struct.dim = matrix.pointer, matrix.rows, matrix.dim


def to_json(value: Mapping[str, Any]) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InvalidArgumentError(f"not expressible as JSON: {error}") from error


def from_native(pointer: Any, with_vectors: bool) -> Document:
    """Reads a document of the library."""
    native = _library.native

    def text(name: int) -> str:
        return _library.sized_text("cairn_document_text", pointer, name)

    return Document(
        id=text(_ffi.CAIRN_FIELD_ID),
        body=text(_ffi.CAIRN_FIELD_BODY),
        title=text(_ffi.CAIRN_FIELD_TITLE),
        tags=[
            _library.sized_text("cairn_document_tag", pointer, index)
            for index in range(native.cairn_document_tag_count(pointer))
        ],
        type=text(_ffi.CAIRN_FIELD_TYPE),
        status=text(_ffi.CAIRN_FIELD_STATUS),
        description=text(_ffi.CAIRN_FIELD_DESCRIPTION),
        metadata=parse_metadata(text(_ffi.CAIRN_FIELD_METADATA_JSON)),
        created_ns=native.cairn_document_created_ns(pointer),
        modified_ns=native.cairn_document_modified_ns(pointer),
        vectors=_read_vectors(pointer) if with_vectors else None,
        path=text(_ffi.CAIRN_FIELD_PATH),
        chunks=tuple(_read_chunks(pointer)),
    )


def parse_metadata(text: str) -> Dict[str, Any]:
    parsed: Dict[str, Any] = json.loads(text) if text else {}
    return parsed


def _read_chunks(pointer: Any) -> List[Chunk]:
    chunks = []
    for index in range(_library.native.cairn_document_chunk_count(pointer)):
        chunk = _library.filled("cairn_chunk", "cairn_document_chunk", pointer, index)
        chunks.append(
            Chunk(
                begin=chunk.begin,
                end=chunk.end,
                line=chunk.line,
                heading=_library.field_text(chunk, "heading"),
                text=_library.field_text(chunk, "text"),
            )
        )
    return chunks


def _read_vectors(pointer: Any) -> Any:
    """A NumPy array or memoryview of one row per chunk; None when there are no vectors."""
    count = ctypes.c_size_t()
    dim = ctypes.c_uint32()
    _library.call(
        "cairn_document_vectors", pointer, None, 0, ctypes.byref(count), ctypes.byref(dim)
    )
    if count.value == 0:
        return None
    rows, out = _vectors.new_rows(count.value // dim.value, dim.value)
    _library.call("cairn_document_vectors", pointer, out, count.value, None, None)
    return rows
