"""What may stand behind the memory of a cache: a store on disk, and a Redis server."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from typing import Any, Optional, Union

from cairn import _ffi, _library
from cairn._units import ns, optional_ns
from cairn.database import Database
from cairn.errors import InvalidArgumentError


@dataclass(frozen=True)
class CacheTiers:
    """Stores behind the memory of a cache, the faster before the slower.

    A tier that fails is a miss and a number in its statistics, never an error; it is passed over for
    `skip` seconds after some failures in a row, and recovers by itself.

    >>> import cairn, tempfile
    >>> folder = tempfile.mkdtemp()
    >>> with cairn.Cache(1 << 20, tiers=cairn.CacheTiers(disk=folder)) as cache:
    ...     cache["a"] = "1"
    >>> with cairn.Cache(1 << 20, tiers=cairn.CacheTiers(disk=folder)) as cache:
    ...     cache["a"]
    b'1'
    """

    #: A folder of its own, or a database: then the folder `cache` in it, until that is closed.
    disk: Optional[Union[str, "os.PathLike[str]", Database]] = None
    #: Of all files on disk; the oldest values go first. None is 1 GiB, 16 MiB are the least.
    disk_max_bytes: Optional[int] = None
    #: redis://[[user]:password@]host[:port][/database] or unix://[[user]:password@]/path
    redis: Optional[str] = None
    #: Of all keys there; None is "cairn:".
    redis_prefix: Optional[str] = None
    #: Seconds that a call of Redis may take, connecting included; None is 0.02.
    redis_timeout: Optional[float] = None
    redis_connections: int = 0
    #: Written later, by a thread of the cache; see `Cache.flush`.
    write_behind: bool = False
    failures_to_skip: int = 0
    #: Seconds; None is 5.
    skip: Optional[float] = None


@dataclass(frozen=True)
class CacheTierStats:
    """What became of the calls of one tier. bytes and max_bytes are 0 where it cannot tell."""

    name: str
    is_skipped: bool
    hit_count: int
    miss_count: int
    failure_count: int
    skipped_count: int
    written_count: int
    unwritten_count: int
    bytes: int
    max_bytes: int
    #: In words; empty when there was none.
    last_failure: str


def native_options(tiers: CacheTiers, borrowed: _library.Borrowed) -> Any:
    """The struct for the library, good as long as `borrowed`; without the database."""
    options = borrowed.keep(_library.options("cairn_cache_tier_options"))
    for name in ("redis_connections", "failures_to_skip"):
        if not 0 <= getattr(tiers, name) < 2**32:
            raise InvalidArgumentError(f"{name} must be 0 to 2**32, not {getattr(tiers, name)}")
    if tiers.disk_max_bytes is not None and not 0 < tiers.disk_max_bytes < 2**63:
        raise InvalidArgumentError(f"disk_max_bytes cannot be {tiers.disk_max_bytes}")
    if tiers.disk is not None and not isinstance(tiers.disk, Database):
        path = os.fspath(tiers.disk)
        if not path:
            raise InvalidArgumentError("disk is empty")
        borrowed.set_text(options, "disk_path", path)
    options.disk_max_bytes = tiers.disk_max_bytes or 0
    if tiers.redis == "":
        raise InvalidArgumentError("redis is empty")
    borrowed.set_text(options, "redis_url", tiers.redis)
    borrowed.set_text(options, "redis_prefix", tiers.redis_prefix)
    options.redis_timeout_ns = optional_ns(tiers.redis_timeout)
    options.redis_connections = tiers.redis_connections
    options.write_behind = tiers.write_behind
    options.failures_to_skip = tiers.failures_to_skip
    options.skip_ns = 0 if tiers.skip is None else ns(tiers.skip)
    return options


def stats_of(cache: Any, tier: int) -> CacheTierStats:
    struct = _ffi.cairn_cache_tier_stats(
        struct_size=ctypes.sizeof(_ffi.cairn_cache_tier_stats)
    )
    _library.call("cairn_cache_tier_stats_get", cache, tier, ctypes.byref(struct))
    fields = _library.as_dict(struct)
    fields["name"] = _library.c_text(struct.name)
    fields["is_skipped"] = bool(struct.is_skipped)
    fields["last_failure"] = _library.call_for_text("cairn_cache_tier_failure", cache, tier)
    return CacheTierStats(**fields)
