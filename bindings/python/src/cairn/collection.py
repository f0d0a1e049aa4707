"""A collection: a named set of documents that can be searched."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from types import TracebackType
from typing import (
    Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple, Type, TypeVar, Union,
)  # fmt: skip

from cairn import _callbacks, _ffi, _library, _vectors, document, indexing, nearest, search
from cairn._handle import Handle
from cairn.document import Document
from cairn.errors import CairnError, CancelledError, InvalidArgumentError, NotFoundError
from cairn.indexing import IndexReport
from cairn.nearest import VECTOR_STATES
from cairn.search import Filter, SearchResults, at_least, choice

METRICS = ("cosine", "inner_product", "l2")
EMBEDDERS = ("builtin", "none", "callback")

_UPSERT_BATCH = 256
_ID_PAGE = 1000

_Default = TypeVar("_Default")


@dataclass(frozen=True)
class CollectionStats:
    """What a collection holds.

    `embedder_generation`, `trained_chunk_count` and `training_min_chunks` are about the builtin
    embedder, which learns from the collection itself. `vector_state` says how the vector index is:
    "none", "not_loaded", "loading", "ready", "working", "damaged" or "short_of_memory"; it answers
    right in each of them.
    """

    dim: int
    metric: str
    embedder: str
    document_count: int
    chunk_count: int
    vector_count: int
    vector_memory_bytes: int
    embedder_generation: int
    trained_chunk_count: int
    training_min_chunks: int
    vector_state: str
    segment_count: int
    fresh_vector_count: int
    dead_vector_count: int
    vector_disk_bytes: int


class Collection(nearest.VectorSearch):
    """An open collection; `Database.collection` makes one.

    It is a mapping from ids to documents as far as that makes sense: `in`, `len`, iteration over
    the ids, `collection[id]`, `del collection[id]` and `get`.

    Thread safety: all methods may be called from any thread.

    >>> import cairn, tempfile
    >>> with tempfile.TemporaryDirectory() as folder, cairn.open(folder + "/db") as db:
    ...     notes = db.collection("notes", embedder="none")
    ...     notes.upsert(cairn.Document("bread", body="Flour, water, salt and patience."))
    ...     "bread" in notes, len(notes), [hit.id for hit in notes.search("flour")]
    (True, 1, ['bread'])
    """

    def __init__(
        self, name: str, pointer: Any, embedding: Optional[_callbacks.Registration] = None
    ) -> None:
        self.name = name
        self._embedding = _callbacks.Failures() if embedding is None else embedding.failures
        self._handle = Handle(
            f"the collection {name!r}", pointer, _library.native.cairn_collection_release
        )
        self._handle.watch(self)

    def __repr__(self) -> str:
        return f"<cairn.Collection {self.name!r}{' (closed)' if self.closed else ''}>"

    def __enter__(self) -> "Collection":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    @property
    def closed(self) -> bool:
        return self._handle.closed

    def close(self) -> None:
        """Lets go of the collection once calls in other threads have returned. Idempotent."""
        self._handle.close()

    # --- documents --------------------------------------------------------------------------------

    def upsert(self, documents: Union[Document, Iterable[Document]]) -> None:
        """Writes one or more documents, replacing those with the same id.

        Each is atomic and can be found on return. The `index` of an error is that of the first
        document that was not written; those before it were.
        """
        batch: List[Document] = []
        written = 0
        for item in [documents] if isinstance(documents, Document) else documents:
            batch.append(item)
            if len(batch) == _UPSERT_BATCH:
                self._upsert_batch(batch, written)
                written += len(batch)
                batch = []
        self._upsert_batch(batch, written)

    def _upsert_batch(self, batch: Sequence[Document], written: int) -> None:
        if not batch:
            return
        borrowed = _library.Borrowed()
        inputs = (_ffi.cairn_document_input * len(batch))()
        for i, item in enumerate(batch):
            try:
                inputs[i].struct_size = ctypes.sizeof(_ffi.cairn_document_input)
                document.fill_input(inputs[i], item, borrowed)
            except InvalidArgumentError as error:
                error.index = i
                # Those before it are written, as the library itself would have done.
                self._upsert_batch(batch[:i], written)
                self._raise_at(error, written)
        try:
            with self._handle as pointer, self._embedding:
                _library.call("cairn_collection_upsert", pointer, inputs, len(batch))
        except CairnError as error:
            self._raise_at(error, written)

    @staticmethod
    def _raise_at(error: CairnError, written: int) -> None:
        if error.index is not None:
            error.index += written
        raise error

    def __getitem__(self, id: str) -> Document:
        return self._read(id, with_vectors=False)

    def get(
        self, id: str, default: Optional[_Default] = None, *, vectors: bool = False
    ) -> Union[Document, _Default, None]:
        """The document with this id, or `default`. `vectors`: with its vectors."""
        try:
            return self._read(id, with_vectors=vectors)
        except NotFoundError:
            return default

    def _read(self, id: str, with_vectors: bool) -> Document:
        with self._handle as pointer, _library.Owned("cairn_document") as found:
            self._find(pointer, id, found)
            return document.from_native(found.pointer, with_vectors)

    def get_json(self, id: str) -> str:
        """A document as one JSON object."""
        with self._handle as pointer, _library.Owned("cairn_document") as found:
            self._find(pointer, id, found)
            return _library.call_for_text("cairn_document_json", found.pointer)

    def __contains__(self, id: object) -> bool:
        if not isinstance(id, str):
            return False
        try:
            with self._handle as pointer, _library.Owned("cairn_document") as found:
                self._find(pointer, id, found)
        except NotFoundError:
            return False
        return True

    @staticmethod
    def _find(pointer: Any, id: str, found: _library.Owned) -> None:
        data = _library.encode(id)
        _library.call("cairn_collection_get", pointer, data, len(data), found.out)

    def __delitem__(self, id: str) -> None:
        data = _library.encode(id)
        with self._handle as pointer:
            _library.call("cairn_collection_delete", pointer, data, len(data))

    def __len__(self) -> int:
        count = ctypes.c_uint64()
        with self._handle as pointer:
            _library.call("cairn_collection_count", pointer, ctypes.byref(count))
        return count.value

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        after = ""
        while True:
            page = self.ids(after=after, limit=_ID_PAGE)
            yield from page
            if len(page) < _ID_PAGE:
                return
            after = page[-1]

    def ids(self, *, after: str = "", limit: int = _ID_PAGE) -> List[str]:
        """Ids in byte order that follow `after`, at most `limit` (1 to 10,000) of them."""
        data = _library.encode(after)
        at_least("limit", limit, 1)
        with self._handle as pointer:
            return _library.call_for_list("cairn_collection_ids", pointer, data, len(data), limit)

    # --- indexing ---------------------------------------------------------------------------------

    def index_folder(
        self,
        root: Union[str, "os.PathLike[str]"],
        *,
        progress: Optional[_callbacks.ProgressFunction] = None,
        force_root: bool = False,
        allow_mass_delete: bool = False,
        chunk_max_tokens: int = 0,
        max_file_bytes: int = 0,
        ignore: Sequence[str] = (),
    ) -> IndexReport:
        """Brings the collection up to date with a folder of Markdown and text files.

        progress: called with the phase ("scan", "index", "embed", "done"), how many are done, of
            how many (0 = not known yet), and the file at hand. Return False to stop; what it
            raises ends the run and is raised here.
        force_root: index another folder than the one recorded.
        allow_mass_delete: allow that more than half of the files are gone.
        ignore: more patterns to leave out, as in .gitignore.
        """
        borrowed = _library.Borrowed()
        options = _library.options("cairn_index_options")
        options.force_root = bool(force_root)
        options.allow_mass_delete = bool(allow_mass_delete)
        options.chunk_max_tokens = at_least("chunk_max_tokens", chunk_max_tokens, 0)
        options.max_file_bytes = at_least("max_file_bytes", max_file_bytes, 0, 2**64 - 1)
        if isinstance(ignore, str):
            raise InvalidArgumentError(f"ignore must be a list of patterns, not {ignore!r}")
        if ignore:
            options.ignore, _ = borrowed.texts(list(ignore))
            options.ignore_count = len(ignore)
        # Without a function too: a pending KeyboardInterrupt is raised in it and ends the run.
        watching = _callbacks.Registration(progress or (lambda *_: None))
        options.progress_fn = _callbacks.progress_fn
        options.progress_free = _callbacks.free_fn
        path = os.fsencode(root)
        with self._handle as pointer, _library.Owned("cairn_index_report") as report:
            options.progress_user_data = _callbacks.register(watching)
            try:
                with self._embedding, watching.failures:
                    _library.call(
                        "cairn_index_folder",
                        pointer,
                        path,
                        len(path),
                        ctypes.byref(options),
                        report.out,
                    )
            except CancelledError:
                if not report.pointer:
                    raise
            return indexing.from_native(report.pointer)

    def train(self) -> None:
        """Trains the builtin embedder on what the collection holds now, and embeds all anew.

        Not needed in normal use: it happens after a folder was indexed, and in the background.
        """
        with self._handle as pointer:
            _library.call("cairn_collection_train", pointer)

    def stats(self) -> CollectionStats:
        """Counts and settings."""
        with self._handle as pointer:
            stats = _library.filled(
                "cairn_collection_stats", "cairn_collection_stats_get", pointer
            )
        values = _library.as_dict(stats)
        values["metric"] = METRICS[stats.metric]
        values["embedder"] = EMBEDDERS[stats.embedder]
        values["vector_state"] = VECTOR_STATES[stats.vector_state]
        return CollectionStats(**values)

    # --- search -----------------------------------------------------------------------------------

    def search(
        self,
        query: str = "",
        *,
        limit: int = 10,
        offset: int = 0,
        mode: str = "auto",
        filter: Optional[Filter] = None,
        vector: Any = None,
        include_inactive: bool = False,
        text_weight: Optional[float] = None,
        vector_weight: Optional[float] = None,
        min_score: Optional[float] = None,
        snippet_chars: Optional[int] = None,
        target_recall: Optional[float] = None,
        ef: int = 0,
    ) -> SearchResults:
        """The documents that match best, one hit for each.

        query: what to look for; may be empty only when a vector is given.
        limit, offset: at most 1,000 hits, after leaving out at most 10,000.
        mode: "text", "vector", "hybrid", or "auto" for the best that the collection can do.
        filter: a dictionary of field: value pairs that must all hold, or the same as JSON.
        vector: the query as a vector, instead of embedding the text.
        include_inactive: also documents with the status inactive or hidden.
        text_weight, vector_weight: of the two lists in hybrid mode.
        min_score: leave out hits below this score.
        snippet_chars: length of the snippets; None = 200, 0 = none.
        target_recall: of the vector search: share of the truly nearest to find on average; None =
            0.98, 1 = exact. ef: the beam width of its graph search instead.
        """
        given = {name: value for name, value in locals().items() if name not in ("self", "query")}
        with self._handle as pointer, _library.Owned("cairn_results") as results:
            self._search(pointer, query, given, results.out)
            return search.from_native(results.pointer)

    def search_json(self, query: str = "", **options: Any) -> str:
        """Like `search`; the answer is one JSON object."""
        given = {**_SEARCH_DEFAULTS, **options}
        if len(given) != len(_SEARCH_DEFAULTS):
            raise TypeError(f"unknown options: {sorted(given.keys() - _SEARCH_DEFAULTS.keys())}")
        with self._handle as pointer, _library.Owned("cairn_results") as results:
            self._search(pointer, query, given, results.out)
            return _library.call_for_text("cairn_results_json", results.pointer)

    def _search(self, pointer: Any, query: str, given: Dict[str, Any], out: Any) -> None:
        borrowed = _library.Borrowed()
        options = search.make_options(given, borrowed)
        data = _library.encode(query)
        with self._embedding:
            _library.call("cairn_search", pointer, data, len(data), ctypes.byref(options), out)


_SEARCH_DEFAULTS: Dict[str, Any] = dict(Collection.search.__kwdefaults__ or {})


def make_options(given: Mapping[str, Any], borrowed: _library.Borrowed) -> Tuple[Any, Any]:
    """The struct for the keyword arguments of Database.collection, and the embedding function."""
    struct = _library.options("cairn_collection_options")
    struct.dim = at_least("dim", given["dim"], 0, 65_535)
    struct.metric = choice("metric", given["metric"], METRICS)
    for name in ("language", "embedder_name", "embedder_version"):
        borrowed.set_text(struct, name, given[name])
    if given["bm25_k1"] is not None:
        if not given["bm25_k1"] > 0:
            raise InvalidArgumentError(f"bm25_k1 must be above 0, not {given['bm25_k1']}")
        struct.bm25_k1 = given["bm25_k1"]
    for name in ("bm25_b", "title_weight", "tags_weight", "description_weight", "body_weight"):
        if given[name] is not None:
            # In the C interface 0 is the default, and what is negative switches off.
            setattr(struct, name, given[name] or -1.0)
    embedder = given["embedder"]
    if not callable(embedder):
        struct.embedder = choice("embedder", embedder, EMBEDDERS[:2])
        return struct, None
    if not given["dim"]:
        raise InvalidArgumentError("an embedding function needs dim, the size of its vectors")
    struct.embedder = _ffi.CAIRN_EMBEDDER_CALLBACK
    struct.embed_fn = _callbacks.embed_fn
    struct.embed_free = _callbacks.free_fn
    return struct, _callbacks.Registration(embedder, given["dim"])
