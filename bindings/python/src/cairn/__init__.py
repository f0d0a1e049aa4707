"""Cairn: an embeddable indexer and search engine.

>>> import cairn, tempfile
>>> folder = tempfile.TemporaryDirectory()
>>> db = cairn.open(folder.name + "/notes.cairn")
>>> notes = db.collection("notes")
>>> notes.upsert([
...     cairn.Document("bread", title="Sourdough", body="Feed the starter every morning."),
...     cairn.Document("stars", title="Variable stars", body="Their brightness changes."),
... ])
>>> for hit in notes.search("sourdough starter"):
...     print(hit.id, hit.title)
bread Sourdough
>>> db.close()
>>> folder.cleanup()
"""

from cairn import _ffi, _library
from cairn._vectors import VectorMatches
from cairn.batching import Batcher
from cairn.breaker import BreakerOpenError, CircuitBreaker
from cairn.cache import Cache, CacheSpace, CacheStats, cached
from cairn.collection import Collection, CollectionStats
from cairn.database import Database, DatabaseStats, open
from cairn.decision import Decision
from cairn.document import Chunk, Document
from cairn.errors import (
    AbortedError, AlreadyExistsError, CairnError, CancelledError, ClosedError, DataLossError,
    FailedPreconditionError, InternalError, InvalidArgumentError, LockedError, NotFoundError,
    OutOfRangeError, PermissionDeniedError, RateLimitedError, ResourceExhaustedError,
    StorageError, TimedOutError, UnavailableError, UnsupportedError,
)  # fmt: skip
from cairn.indexing import IndexReport, Problem
from cairn.limiter import LimiterStats, RateLimiter, ip_prefix, limited
from cairn.metrics import Metrics
from cairn.nearest import SegmentStats
from cairn.pipeline import Bulkhead, Pipeline
from cairn.retrying import Retry, RetryBudget, retry
from cairn.search import Hit, SearchResults, VectorReport
from cairn.tiers import CacheTiers, CacheTierStats

__version__ = _ffi.VERSION


def library_version() -> str:
    """Version of the shared library in use."""
    return _library.static_text("cairn_version")


def library_path() -> str:
    """File of the shared library in use."""
    return _library.library_path


def build_info() -> str:
    """Compiler, build type and versions of the main dependencies, for bug reports."""
    return _library.static_text("cairn_build_info")


def kernel_name() -> str:
    """Name of the vector kernel in use: "avx512", "avx2" or "scalar".

    >>> import cairn
    >>> cairn.kernel_name() in ("avx512", "avx2", "scalar")
    True
    """
    return _library.static_text("cairn_kernel_name")


__all__ = [
    "AbortedError", "AlreadyExistsError", "Batcher", "BreakerOpenError", "Bulkhead", "Cache",
    "CacheSpace", "CacheStats", "CacheTierStats", "CacheTiers", "CairnError", "CancelledError", "Chunk", "CircuitBreaker",
    "ClosedError", "Collection", "CollectionStats", "DataLossError", "Database", "DatabaseStats",
    "Decision", "Document", "FailedPreconditionError", "Hit", "IndexReport", "InternalError",
    "InvalidArgumentError", "LimiterStats", "LockedError", "Metrics", "NotFoundError",
    "OutOfRangeError", "PermissionDeniedError", "Pipeline", "Problem", "RateLimitedError",
    "RateLimiter", "ResourceExhaustedError", "Retry", "RetryBudget", "SearchResults",
    "SegmentStats", "StorageError", "TimedOutError", "UnavailableError", "UnsupportedError",
    "VectorMatches", "VectorReport", "build_info", "cached", "ip_prefix", "kernel_name",
    "library_path", "library_version", "limited", "open", "retry",
]  # fmt: skip
