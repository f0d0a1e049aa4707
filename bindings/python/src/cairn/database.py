"""A database: one directory with any number of collections."""

from __future__ import annotations

import ctypes
import logging
import os
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Callable, List, Mapping, Optional, Type, Union

from cairn import _callbacks, _library
from cairn import collection as _collection
from cairn._handle import Handle
from cairn.collection import Collection
from cairn.errors import AlreadyExistsError, ClosedError, NotFoundError
from cairn.search import at_least, choice

DURABILITIES = ("sync", "async")

Embedder = Union[str, _callbacks.EmbedFunction]


@dataclass(frozen=True)
class DatabaseStats:
    """What a database holds and costs. `sequence` is the number of the newest change.

    `vector_memory_used_bytes` is what counts against the limit: work in the background included.
    Of the two caches, the search cache remembers answers, the embedding cache vectors of texts;
    a limit of 0 means that there is none.
    """

    collection_count: int
    document_count: int
    chunk_count: int
    disk_bytes: int
    vector_memory_bytes: int
    sequence: int
    format_version: int
    read_only: bool
    vector_memory_used_bytes: int
    vector_memory_limit_bytes: int
    search_cache_hits: int
    search_cache_misses: int
    search_cache_entries: int
    search_cache_bytes: int
    search_cache_limit_bytes: int
    embedding_cache_hits: int
    embedding_cache_misses: int
    embedding_cache_entries: int
    embedding_cache_bytes: int
    embedding_cache_limit_bytes: int

    @property
    def search_cache_hit_ratio(self) -> float:
        """Share of the searches that were answered from memory; 0 before the first."""
        return _share(self.search_cache_hits, self.search_cache_misses)

    @property
    def embedding_cache_hit_ratio(self) -> float:
        """Share of the texts and queries that were not embedded again; 0 before the first."""
        return _share(self.embedding_cache_hits, self.embedding_cache_misses)


def _share(hits: int, misses: int) -> float:
    return hits / (hits + misses) if hits else 0.0


def open(
    path: Union[str, "os.PathLike[str]"],
    *,
    read_only: bool = False,
    must_exist: bool = False,
    durability: str = "sync",
    thread_count: int = 0,
    storage_memory_bytes: int = 0,
    vector_memory_bytes: int = 0,
    search_cache_bytes: Optional[int] = None,
    embedding_cache_bytes: Optional[int] = None,
    log: Union[_callbacks.LogFunction, logging.Logger, None] = None,
    log_level: str = "info",
) -> "Database":
    """Opens a database directory, and makes it when it does not exist.

    read_only: never writes, takes no lock; the database must exist.
    durability: "sync" (a write survives power loss) or "async" (the death of the process only).
    thread_count: worker threads; 0 = as many as processors, at most 4.
    storage_memory_bytes: caches and write buffers of the storage; 0 = 64 MiB.
    vector_memory_bytes: most that all vector indexes may take together; 0 = no limit. What does not
        fit is refused with a ResourceExhaustedError, before anything is written.
    search_cache_bytes: for remembered answers of searches, which last for 300 s and only until the
        next write to their collection; None = 16 MiB, 0 = no such cache.
    embedding_cache_bytes: for remembered vectors of texts and queries, which last for a day;
        None = 16 MiB, 0 = no such cache.
    log: a logging.Logger, or a function that gets level, component and message, from any thread.
        It must not use the database.
    log_level: the least level that reaches it: "debug", "info", "warning" or "error".

    >>> import cairn, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with cairn.open(folder + "/db") as db:
    ...         db.collection_names()
    []
    """
    options = _library.options("cairn_database_options")
    options.read_only = bool(read_only)
    options.must_exist = bool(must_exist)
    options.durability = choice("durability", durability, DURABILITIES)
    options.thread_count = at_least("thread_count", thread_count, 0)
    options.storage_memory_bytes = at_least(
        "storage_memory_bytes", storage_memory_bytes, 0, 2**64 - 1
    )
    options.vector_memory_bytes = at_least(
        "vector_memory_bytes", vector_memory_bytes, 0, 2**64 - 1
    )
    _set_cache(options, "search_cache", search_cache_bytes)
    _set_cache(options, "embedding_cache", embedding_cache_bytes)
    options.log_level = choice("log_level", log_level, _callbacks.LOG_LEVELS)
    data = os.fsencode(path)
    pointer = _library.null("cairn_database")
    if log is not None:
        function = _log_to(log) if isinstance(log, logging.Logger) else log
        options.log_fn, options.log_free = _callbacks.log_fn, _callbacks.free_fn
        options.log_user_data = _callbacks.register(_callbacks.Registration(function))
    _library.call(
        "cairn_database_open", data, len(data), ctypes.byref(options), ctypes.byref(pointer)
    )
    return Database(os.fsdecode(path), pointer, read_only)


def _set_cache(options: Any, name: str, size: Optional[int]) -> None:
    if size is None:
        return
    setattr(options, name + "_bytes", at_least(name + "_bytes", size, 0, 2**64 - 1))
    setattr(options, name + "_none", size == 0)


def _log_to(logger: logging.Logger) -> Callable[[str, str, str], None]:
    def write(level: str, component: str, message: str) -> None:
        logger.log(getattr(logging, level.upper(), logging.INFO), "%s: %s", component, message)

    return write


class Database:
    """An open database; `cairn.open` makes one.

    Thread safety: all methods may be called from any thread.
    """

    def __init__(self, path: str, pointer: Any, read_only: bool) -> None:
        self.path = path
        self.read_only = read_only
        self._handle = Handle(
            f"the database {path!r}", pointer, _library.native.cairn_database_release
        )
        self._handle.watch(self)

    def __repr__(self) -> str:
        return f"<cairn.Database {self.path!r}{' (closed)' if self.closed else ''}>"

    def __enter__(self) -> "Database":
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

    @property
    def handle(self) -> Handle:
        """For the caches that keep values in its folder."""
        return self._handle

    def close(self) -> None:
        """Stops background work, flushes, and gives the directory free. Idempotent.

        The collections of the database cannot be used after.
        """
        try:
            with self._handle as pointer:
                _library.call("cairn_database_close", pointer)
        except ClosedError:
            pass
        finally:
            self._handle.close()

    # --- collections ------------------------------------------------------------------------------

    def collection(
        self,
        name: str,
        *,
        embedder: Embedder = "builtin",
        dim: int = 0,
        metric: str = "cosine",
        language: Optional[str] = None,
        bm25_k1: Optional[float] = None,
        bm25_b: Optional[float] = None,
        title_weight: Optional[float] = None,
        tags_weight: Optional[float] = None,
        description_weight: Optional[float] = None,
        body_weight: Optional[float] = None,
        embedder_name: Optional[str] = None,
        embedder_version: Optional[str] = None,
    ) -> Collection:
        """Opens a collection, and creates it when it does not exist.

        The options say how to create it; when it exists, those that are given must agree.

        embedder: "builtin" (learned from the collection itself), "none" (vectors come with the
            documents, if at all), or a function that gets a list of texts and "document" or
            "query" and returns one vector for each; it may be called from any thread and must not
            use the collection. What it raises is raised by the call that needed the vectors.
        dim: size of the vectors; needed with a function, 0 with "none" for no vectors.
        metric: "cosine", "inner_product" or "l2".
        language: Snowball stemmer, by default "english"; "none".
        bm25_k1, bm25_b, title_weight, tags_weight, description_weight, body_weight: of the text
            search; a weight of 0 leaves the field out.
        embedder_name, embedder_version: with a function; they name the vector space.
        """
        options = {key: value for key, value in locals().items() if key not in ("self", "name")}
        try:
            return self._collection("cairn_collection_open", name, options)
        except NotFoundError:
            if self.read_only:
                raise
        try:
            return self._collection("cairn_collection_create", name, options)
        except AlreadyExistsError:  # another thread was faster
            return self._collection("cairn_collection_open", name, options)

    def _collection(self, function: str, name: str, given: Mapping[str, Any]) -> Collection:
        borrowed = _library.Borrowed()
        options, embedding = _collection.make_options(given, borrowed)
        data = _library.encode(name)
        with self._handle as database:
            if embedding is not None:
                options.embed_user_data = _callbacks.register(embedding)
            pointer = _library.null("cairn_collection")
            _library.call(
                function, database, data, len(data), ctypes.byref(options), ctypes.byref(pointer)
            )
        return Collection(name, pointer, embedding)

    def collection_names(self) -> List[str]:
        """Names of all collections, in byte order."""
        with self._handle as pointer:
            return _library.call_for_list("cairn_collection_names", pointer)

    def drop_collection(self, name: str) -> None:
        """Deletes a collection and everything in it."""
        data = _library.encode(name)
        with self._handle as pointer:
            _library.call("cairn_collection_drop", pointer, data, len(data))

    # --- upkeep -----------------------------------------------------------------------------------

    def sync(self) -> None:
        """Makes every earlier write survive power loss, also with durability "async"."""
        with self._handle as pointer:
            _library.call("cairn_database_sync", pointer)

    def refresh(self) -> None:
        """Read-only databases: moves on to what the writer has committed since."""
        with self._handle as pointer:
            _library.call("cairn_database_refresh", pointer)

    def wait_idle(self, timeout_s: Optional[float] = None) -> None:
        """Waits until no background work is queued or running; TimedOutError when that is late."""
        timeout_ns = -1 if timeout_s is None else max(0, int(timeout_s * 1e9))
        with self._handle as pointer:
            _library.call("cairn_database_wait_idle", pointer, timeout_ns)

    def stats(self) -> DatabaseStats:
        """Counts and sizes."""
        with self._handle as pointer:
            stats = _library.filled("cairn_database_stats", "cairn_database_stats_get", pointer)
        values = _library.as_dict(stats)
        values["read_only"] = bool(stats.read_only)
        return DatabaseStats(**values)

    def metrics(self) -> str:
        """Metrics in the Prometheus text format."""
        with self._handle as pointer:
            return _library.call_for_text("cairn_database_metrics", pointer)
