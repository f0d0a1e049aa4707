"""A cache in memory: bounded, with expiry, namespaces and one load at a time for a key."""

from __future__ import annotations

import asyncio
import ctypes
import functools
import inspect
import itertools
import pickle
import threading
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, TypeVar, Union, cast

from cairn import _callbacks, _ffi, _library
from cairn._handle import Handle
from cairn.database import Database
from cairn.errors import InvalidArgumentError
from cairn.metrics import Metrics
from cairn.metrics import create as create_part
from cairn.tiers import CacheTiers, CacheTierStats, native_options, stats_of

Key = Union[str, bytes]
Value = Union[bytes, bytearray, memoryview, str, None]
#: Is told of an entry that left: its namespace, key, value and why (one of REMOVAL_CAUSES).
RemovalFunction = Callable[[str, bytes, bytes, str], None]
Function = TypeVar("Function", bound=Callable[..., Any])

_NANOSECONDS = 1_000_000_000
_MISSING = object()


@dataclass(frozen=True)
class CacheStats:
    """Statistics of a cache, or of one namespace; hit ratios are estimates of the whole cache."""

    shard_count: int
    bytes: int
    max_bytes: int
    entry_count: int
    max_entries: int
    hit_count: int
    negative_hit_count: int
    stale_hit_count: int
    miss_count: int
    set_count: int
    refused_count: int
    admitted_count: int
    rejected_count: int
    deleted_count: int
    replaced_count: int
    evicted_count: int
    expired_count: int
    invalidated_count: int
    load_count: int
    load_failure_count: int
    load_ns: int
    hit_ratio_at_half: float
    hit_ratio_estimate: float
    hit_ratio_at_twice: float
    tier_hit_count: int
    compressed_count: int
    saved_bytes: int


def _nanoseconds(name: str, seconds: Optional[float]) -> int:
    if seconds is None:
        return 0
    if not 0 < seconds < 2**33:
        raise InvalidArgumentError(f"{name} must be a positive number of seconds, not {seconds!r}")
    return max(1, int(seconds * _NANOSECONDS))


def _key(key: Key) -> bytes:
    if isinstance(key, bytes):
        return key
    if isinstance(key, str):
        return _library.encode(key)
    raise TypeError(f"a key of a cache is a str or bytes, not {type(key).__name__}")


def _value(value: Value) -> bytes:
    if value is None:
        return b""
    return _library.encode(value) if isinstance(value, str) else bytes(value)


def _take(pointer: Any) -> Optional[bytes]:
    """The bytes of a found value, which is released; None for one that says there is nothing."""
    try:
        if _library.native.cairn_cache_value_is_negative(pointer):
            return None
        size = ctypes.c_size_t()
        data = _library.native.cairn_cache_value_data(pointer, ctypes.byref(size))
        return ctypes.string_at(data, size.value)
    finally:
        _library.native.cairn_cache_value_release(pointer)


class _Loads:
    """Callables that the library runs as loaders, by the number that it gets as user data."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._running: Dict[int, Tuple[Callable[[], Value], List[BaseException]]] = {}
        self.function = _ffi.cairn_cache_load_fn(self._run)

    def begin(self, load: Callable[[], Value]) -> Tuple[int, List[BaseException]]:
        raised: List[BaseException] = []
        number = next(self._numbers)
        self._running[number] = (load, raised)
        return number, raised

    def end(self, number: int) -> None:
        del self._running[number]

    def _run(self, loaded: Any, number: int) -> int:
        load, raised = self._running[number]
        try:
            value = load()
            data = _value(value)
            _library.call("cairn_cache_loaded_set", loaded, data, len(data), value is None, 0)
            return 0
        except BaseException as error:  # noqa: B902 - raised again by the caller
            raised.append(error)
            return 1


_loads = _Loads()


class CacheSpace:
    """A namespace of a cache, used like a dict of bytes.

    A str counts as its UTF-8 bytes, as key and as value. None is a value too: it remembers that
    there is nothing.

    Thread safety: all methods may be called from any thread.
    """

    def __init__(self, pointer: Any, name: str) -> None:
        self._handle = Handle(
            f"the cache space {name!r}", pointer, _library.native.cairn_cache_space_release
        )
        self._handle.watch(self)
        self.name = name

    def _find(self, key: Key) -> Any:
        data = _key(key)
        found = _library.null("cairn_cache_value")
        with self._handle as space:
            status = _library.native.cairn_cache_get(
                space, data, len(data), ctypes.byref(found), None
            )
        return _take(found) if status == _ffi.CAIRN_OK else _MISSING

    def get(self, key: Key, default: Any = None) -> Any:
        """The value as bytes; None when it remembers nothing; `default` for a miss."""
        found = self._find(key)
        return default if found is _MISSING else found

    def __getitem__(self, key: Key) -> Optional[bytes]:
        found = self._find(key)
        if found is _MISSING:
            raise KeyError(key)
        return cast(Optional[bytes], found)

    def __contains__(self, key: Key) -> bool:
        return self._find(key) is not _MISSING

    def set(
        self,
        key: Key,
        value: Value,
        ttl: Optional[float] = None,
        idle_ttl: Optional[float] = None,
        stale: Optional[float] = None,
    ) -> None:
        """Stores a value; times are in seconds, None is the default of the cache.

        Raises ResourceExhaustedError when there is no room for it; the key then has no value.
        """
        options = _library.options("cairn_cache_set_options")
        options.negative = value is None
        options.ttl_ns = _nanoseconds("ttl", ttl)
        options.idle_ttl_ns = _nanoseconds("idle_ttl", idle_ttl)
        options.stale_ns = _nanoseconds("stale", stale)
        name, data = _key(key), _value(value)
        with self._handle as space:
            _library.call(
                "cairn_cache_set", space, name, len(name), data, len(data), ctypes.byref(options)
            )

    def __setitem__(self, key: Key, value: Value) -> None:
        self.set(key, value)

    def delete(self, key: Key) -> bool:
        """True when there was a value."""
        data = _key(key)
        with self._handle as space:
            status = _library.native.cairn_cache_delete(space, data, len(data), None)
        return bool(status == _ffi.CAIRN_OK)

    def __delitem__(self, key: Key) -> None:
        if not self.delete(key):
            raise KeyError(key)

    def pop(self, key: Key, default: Any = _MISSING) -> Any:
        found = self._find(key)
        if self.delete(key) and found is not _MISSING:
            return found
        if default is _MISSING:
            raise KeyError(key)
        return default

    def __len__(self) -> int:
        return self.stats().entry_count

    def __bool__(self) -> bool:
        return True

    def get_many(self, keys: Sequence[Key]) -> Dict[Key, Optional[bytes]]:
        """The values of those keys that are found."""
        data = [_key(key) for key in keys]
        count = len(data)
        addresses, sizes = _library.byte_arrays(data)
        found = (ctypes.POINTER(_ffi.cairn_cache_value) * count)()
        with self._handle as space:
            _library.call("cairn_cache_get_many", space, addresses, sizes, count, found)
        return {key: _take(value) for key, value in zip(keys, found) if value}

    def set_many(self, values: Dict[Key, Value], ttl: Optional[float] = None) -> None:
        """Stores many values, with one call of each tier.

        Raises ResourceExhaustedError when there is no room for one of them; the others are stored.
        """
        for negative in (False, True):
            some = {key: value for key, value in values.items() if (value is None) is negative}
            self._set_many(some, ttl, negative)

    def _set_many(self, values: Dict[Key, Value], ttl: Optional[float], negative: bool) -> None:
        options = _library.options("cairn_cache_set_options")
        options.negative = negative
        options.ttl_ns = _nanoseconds("ttl", ttl)
        names = [_key(key) for key in values]
        data = [_value(value) for value in values.values()]
        keys, key_bytes = _library.byte_arrays(names)
        items, item_bytes = _library.byte_arrays(data)
        with self._handle as space:
            _library.call(
                "cairn_cache_set_many", space, keys, key_bytes, items, item_bytes, len(names),
                ctypes.byref(options),
            )  # fmt: skip

    def delete_prefix(self, prefix: Key) -> int:
        """Removes the keys that begin with the prefix; how many there were."""
        data = _key(prefix)
        count = ctypes.c_uint64()
        with self._handle as space:
            _library.call(
                "cairn_cache_delete_prefix", space, data, len(data), ctypes.byref(count)
            )
        return count.value

    def invalidate(self) -> None:
        """Makes all that is here invalid at once, also what is being loaded now."""
        with self._handle as space:
            _library.call("cairn_cache_bump", space)

    def clear(self) -> None:
        """Removes everything here."""
        self.delete_prefix(b"")

    def load(
        self,
        key: Key,
        function: Callable[[], Value],
        ttl: Optional[float] = None,
        *,
        stale: Optional[float] = None,
        stale_on_error: bool = False,
        stale_while_revalidate: bool = False,
        negative_ttl: Optional[float] = None,
        refresh_ahead: Optional[float] = None,
        timeout: Optional[float] = None,
    ) -> Optional[bytes]:
        """The value, computed by `function` if need be: once, however many threads ask.

        What it raises comes out of the call that ran it; the calls that waited get AbortedError.
        """
        options = _library.options("cairn_cache_load_options")
        options.ttl_ns = _nanoseconds("ttl", ttl)
        options.stale_ns = _nanoseconds("stale", stale)
        options.negative_ttl_ns = _nanoseconds("negative_ttl", negative_ttl)
        options.refresh_ahead_ns = _nanoseconds("refresh_ahead", refresh_ahead)
        options.timeout_ns = _nanoseconds("timeout", timeout)
        options.stale_on_error = stale_on_error
        options.stale_while_revalidate = stale_while_revalidate
        data = _key(key)
        found = _library.null("cairn_cache_value")
        number, raised = _loads.begin(function)
        try:
            with self._handle as space:
                _library.call(
                    "cairn_cache_load", space, data, len(data), _loads.function, number,
                    _ffi.cairn_free_fn(0), ctypes.byref(options), ctypes.byref(found),
                )  # fmt: skip
        except Exception:
            if raised:
                raise raised[0] from None
            raise
        finally:
            _loads.end(number)
        return _take(found)

    def stats(self) -> CacheStats:
        with self._handle as space:
            struct = _library.filled("cairn_cache_stats", "cairn_cache_space_stats_get", space)
        return CacheStats(**_library.as_dict(struct))

    def close(self) -> None:
        """Lets go of the namespace; its values stay in the cache."""
        self._handle.close()


def _create(
    options: Any,
    borrowed: _library.Borrowed,
    tiers: Optional[CacheTiers],
    metrics: Optional[Metrics],
    on_removal: Optional[RemovalFunction],
) -> Any:
    given = None if tiers is None else native_options(tiers, borrowed)
    if given is not None:
        options.tiers = ctypes.pointer(given)
    number = 0
    if on_removal is not None:
        number = _callbacks.register(_callbacks.Registration(on_removal))
        options.removal_fn = _callbacks.removal_fn
        options.removal_user_data = number
        options.removal_free = _callbacks.free_fn
    try:
        if tiers is None or not isinstance(tiers.disk, Database):
            return create_part("cairn_cache", options, metrics)
        with tiers.disk.handle as database:
            given.database = database
            return create_part("cairn_cache", options, metrics)
    except Exception:
        _callbacks.forget(number)  # it may not have come to the library
        raise


class Cache(CacheSpace):
    """A cache bounded in bytes or entries; itself its default namespace.

    >>> import cairn
    >>> cache = cairn.Cache(max_bytes=1 << 20)
    >>> cache["a"] = "1"
    >>> cache["a"], "b" in cache, cache.get("b", "nothing")
    (b'1', False, 'nothing')
    >>> cache.load("c", lambda: "computed", ttl=60)
    b'computed'
    >>> users = cache.space("users")
    >>> users.set("1", "Ada", ttl=300)
    >>> users.invalidate()
    >>> "1" in users
    False
    >>> cache.close()

    Times are in seconds. `on_removal` is told of every entry that leaves, in the thread whose call
    made it leave. `name` is the label of the metrics, and keeps the values of caches apart that share
    a database as their tier. Values of `compress_from_bytes` and more are kept compressed, in memory
    and in the tiers, where that saves an eighth or more; 0 is for none.

    Thread safety: all methods may be called from any thread.
    """

    def __init__(
        self,
        max_bytes: int = 0,
        *,
        max_entries: int = 0,
        default_ttl: Optional[float] = None,
        default_idle_ttl: Optional[float] = None,
        ttl_jitter: float = 0.0,
        shard_count: int = 0,
        name: str = "cache",
        tiers: Optional[CacheTiers] = None,
        metrics: Optional[Metrics] = None,
        on_removal: Optional[RemovalFunction] = None,
        compress_from_bytes: int = 0,
    ) -> None:
        for field, number in (
            ("max_bytes", max_bytes),
            ("max_entries", max_entries),
            ("compress_from_bytes", compress_from_bytes),
        ):
            if not 0 <= number < 2**63:
                raise InvalidArgumentError(f"{field} must be between 0 and 2**63, not {number}")
        if not 0 <= shard_count <= 64:
            raise InvalidArgumentError(f"shard_count must be 0 to 64, not {shard_count}")
        options = _library.options("cairn_cache_options")
        options.max_bytes, options.max_entries = max_bytes, max_entries
        options.default_ttl_ns = _nanoseconds("default_ttl", default_ttl)
        options.default_idle_ttl_ns = _nanoseconds("default_idle_ttl", default_idle_ttl)
        options.ttl_jitter, options.shard_count = ttl_jitter, shard_count
        options.compress_from_bytes = compress_from_bytes
        borrowed = _library.Borrowed()
        borrowed.set_text(options, "name", name)
        pointer = _create(options, borrowed, tiers, metrics, on_removal)
        self._cache = Handle("the cache", pointer, _library.native.cairn_cache_release)
        self._cache.watch(self)
        super().__init__(self._open("", None, 0), "")

    def maintain(self, max_count: int = 1000) -> bool:
        """Gives back the memory of what has expired, looking at no more than so many entries; writes
        do it bit by bit. True when there are more."""
        more = ctypes.c_uint32()
        with self._cache as cache:
            _library.call("cairn_cache_maintain", cache, max_count, ctypes.byref(more))
        return bool(more.value)

    def flush(self) -> None:
        """Waits until the tiers have what was written behind."""
        with self._cache as cache:
            _library.call("cairn_cache_flush", cache)

    def tier_stats(self) -> List[CacheTierStats]:
        """One for each tier, the fastest first."""
        with self._cache as cache:
            count = _library.native.cairn_cache_tier_count(cache)
            return [stats_of(cache, tier) for tier in range(count)]

    def _open(self, name: str, ttl: Optional[float], quota_bytes: int) -> Any:
        options = _library.options("cairn_cache_space_options")
        options.default_ttl_ns = _nanoseconds("default_ttl", ttl)
        options.quota_bytes = quota_bytes
        data = _library.encode(name)
        pointer = _library.null("cairn_cache_space")
        with self._cache as cache:
            _library.call(
                "cairn_cache_space_open", cache, data, len(data), ctypes.byref(options),
                ctypes.byref(pointer),
            )  # fmt: skip
        return pointer

    def space(
        self, name: str, *, default_ttl: Optional[float] = None, quota_bytes: int = 0
    ) -> CacheSpace:
        """A namespace; its options are those of the first call."""
        return CacheSpace(self._open(name, default_ttl, quota_bytes), name)

    def stats(self) -> CacheStats:
        """Of all namespaces together."""
        with self._cache as cache:
            struct = _library.filled("cairn_cache_stats", "cairn_cache_stats_get", cache)
        return CacheStats(**_library.as_dict(struct))

    def clear(self) -> None:
        """Removes everything, in all namespaces."""
        with self._cache as cache:
            _library.call("cairn_cache_clear", cache)

    def close(self) -> None:
        super().close()
        self._cache.close()

    def __enter__(self) -> "Cache":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _named(value: Any) -> str:
    kind = type(value)
    return f"{kind.__module__}.{kind.__qualname__}"


def _argument(value: Any) -> Any:
    """An argument with its type, so that 1, 1.0, True and "1" are four arguments."""
    if value is None or type(value) in (bool, int, float, str, bytes):
        return (_named(value), repr(value))
    if type(value) in (tuple, list):
        return (_named(value), tuple(_argument(item) for item in value))
    if type(value) is dict:
        items = ((_argument(key), _argument(item)) for key, item in value.items())
        return (_named(value), tuple(sorted(items)))
    if type(value) in (set, frozenset):
        return (_named(value), tuple(sorted(_argument(item) for item in value)))
    return (_named(value), pickle.dumps(value).hex())


def _call_key(function: Callable[..., Any], args: Any, kwargs: Any) -> str:
    arguments = (
        tuple(_argument(value) for value in args),
        tuple((name, _argument(kwargs[name])) for name in sorted(kwargs)),
    )
    return f"{function.__module__}.{function.__qualname__}:{arguments!r}"


_default_lock = threading.Lock()
_default_cache: Optional[Cache] = None


def _shared_cache() -> Cache:
    global _default_cache
    with _default_lock:
        if _default_cache is None:
            _default_cache = Cache(max_bytes=64 << 20)
        return _default_cache


def cached(
    ttl: Optional[float] = None, *, cache: Optional[CacheSpace] = None
) -> Callable[[Function], Function]:
    """Remembers what a function returns, by its module, its name and its arguments.

    Calls at the same time with the same arguments compute once; coroutine functions are awaited.
    Results and unusual arguments go through pickle, as copies. Without `cache` all functions share
    one of 64 MiB. `f.cache_invalidate()` forgets what f returned.

    >>> import cairn
    >>> @cairn.cached(ttl=60)
    ... def slow(n):
    ...     print("computing")
    ...     return n * n
    >>> slow(7), slow(7)
    computing
    (49, 49)
    """

    def decorate(function: Function) -> Function:
        make = _async_cached if inspect.iscoroutinefunction(function) else _sync_cached
        wrapper = make(function, ttl, lambda: _shared_cache() if cache is None else cache)
        return cast(Function, wrapper)

    return decorate


def _add_invalidate(wrapper: Any, function: Any, space: Callable[[], CacheSpace]) -> Any:
    prefix = f"{function.__module__}.{function.__qualname__}:"
    wrapper.cache_invalidate = lambda: space().delete_prefix(prefix)
    return wrapper


def _sync_cached(function: Any, ttl: Optional[float], space: Callable[[], CacheSpace]) -> Any:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        key = _call_key(function, args, kwargs)
        data = space().load(key, lambda: pickle.dumps(function(*args, **kwargs)), ttl)
        return pickle.loads(cast(bytes, data))

    functools.update_wrapper(wrapper, function)
    return _add_invalidate(wrapper, function, space)


def _async_cached(function: Any, ttl: Optional[float], space: Callable[[], CacheSpace]) -> Any:
    running: Dict[Tuple[int, str], "asyncio.Task[Any]"] = {}

    async def compute(key: str, args: Any, kwargs: Any) -> Any:
        result = await function(*args, **kwargs)
        space().set(key, pickle.dumps(result), ttl=ttl)
        return result

    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        key = _call_key(function, args, kwargs)
        data = space().get(key)
        if data is not None:
            return pickle.loads(data)
        flight = (id(asyncio.get_running_loop()), key)
        task = running.get(flight)
        if task is None:
            task = asyncio.ensure_future(compute(key, args, kwargs))
            running[flight] = task
            task.add_done_callback(lambda _: running.pop(flight, None))
        # A caller who is cancelled leaves the others alone.
        return await asyncio.shield(task)

    functools.update_wrapper(wrapper, function)
    return _add_invalidate(wrapper, function, space)
