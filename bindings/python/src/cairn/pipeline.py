"""A bulkhead, and a pipeline of limiter, timeout, retry, bulkhead and breaker around calls."""

from __future__ import annotations

import ctypes
from types import TracebackType
from typing import Any, Callable, List, Optional, Type, TypeVar

from cairn import _callbacks, _ffi, _library
from cairn._handle import Handle
from cairn._units import optional_ns, timeout_ns
from cairn.breaker import CircuitBreaker
from cairn.errors import CairnError
from cairn.metrics import Metrics, create
from cairn.retrying import Retry
from cairn.search import at_least

T = TypeVar("T")


class Bulkhead:
    """Bounds how many `with` blocks run at once; `max_waiting` more wait up to `max_wait` seconds.

    Raises ResourceExhaustedError when too many are waiting, TimedOutError when no place came free.

    >>> import cairn
    >>> with cairn.Bulkhead("search", max_running=2):
    ...     print("inside")
    inside
    """

    def __init__(
        self,
        name: str = "",
        *,
        max_running: int = 25,
        max_waiting: int = 0,
        max_wait: Optional[float] = None,
        metrics: Optional[Metrics] = None,
    ) -> None:
        options = _library.options("cairn_bulkhead_options")
        borrowed = _library.Borrowed()
        borrowed.set_text(options, "name", name)
        options.max_running = at_least("max_running", max_running, 1)
        options.max_waiting = at_least("max_waiting", max_waiting, 0)
        options.max_wait_ns = optional_ns(max_wait)
        pointer = create("cairn_bulkhead", options, metrics)
        self._handle = Handle("the bulkhead", pointer, _library.native.cairn_bulkhead_release)
        self._handle.watch(self)

    @property
    def handle(self) -> Handle:
        """For the pipelines that it is a part of."""
        return self._handle

    def enter(self, timeout: Optional[float] = None) -> None:
        """Takes a place; `leave` must follow."""
        with self._handle as pointer:
            _library.call("cairn_bulkhead_enter", pointer, timeout_ns(timeout))

    def leave(self) -> None:
        with self._handle as pointer:
            _library.native.cairn_bulkhead_leave(pointer)

    def __enter__(self) -> None:
        self.enter()

    def __exit__(
        self,
        _: Optional[Type[BaseException]],
        __: Optional[BaseException],
        ___: Optional[TracebackType],
    ) -> None:
        self.leave()


class Pipeline:
    """Makes calls through several parts: limiter, timeout, retry, bulkhead, breaker.

    limiter: asked once for each call; True admits it. What a part refuses is not tried again.
    timeout: seconds for a call, its attempts and waits together; an attempt under way is not
        interrupted.

    Which exceptions are failures of the target and worth another attempt is up to the breaker's and
    the retry's own settings for CairnErrors; ConnectionError and TimeoutError are both.

    >>> import cairn
    >>> breaker = cairn.CircuitBreaker("search")
    >>> pipeline = cairn.Pipeline(timeout=5, retry=cairn.Retry(base=0), breaker=breaker)
    >>> pipeline.call(len, "abc")
    3
    """

    def __init__(
        self,
        name: str = "",
        *,
        limiter: Optional[Callable[[], bool]] = None,
        timeout: Optional[float] = None,
        retry: Optional[Retry] = None,
        bulkhead: Optional[Bulkhead] = None,
        breaker: Optional[CircuitBreaker] = None,
    ) -> None:
        options = _library.options("cairn_pipeline_options")
        borrowed = _library.Borrowed()
        borrowed.set_text(options, "name", name)
        options.timeout_ns = optional_ns(timeout)
        # The native pipeline keeps its parts; these keep them from being closed before it has them.
        self._parts = (retry, bulkhead, breaker)
        handles: List[Any] = [None if part is None else part.handle for part in self._parts]
        pointer = _library.null("cairn_pipeline")
        entered: List[Handle] = []
        try:
            for field, handle in zip(("retry", "bulkhead", "breaker"), handles):
                if handle is not None:
                    setattr(options, field, handle.__enter__())
                    entered.append(handle)
            if limiter is not None:
                options.admit_fn, options.admit_free = _callbacks.admit_fn, _callbacks.free_fn
                options.admit_user_data = _callbacks.register(
                    _callbacks.Registration(_admitting(limiter))
                )
            _library.call("cairn_pipeline_create", ctypes.byref(options), ctypes.byref(pointer))
        finally:
            for handle in entered:
                handle.__exit__()
        self._handle = Handle("the pipeline", pointer, _library.native.cairn_pipeline_release)
        self._handle.watch(self)

    def call(
        self, function: Callable[..., T], *args: Any, timeout: Optional[float] = None, **kwargs: Any
    ) -> T:
        """Calls a function through all parts, in this thread."""
        results: List[T] = []
        raised: List[BaseException] = []

        def attempt(_: Any) -> int:
            raised.clear()
            try:
                results.append(function(*args, **kwargs))
                return int(_ffi.CAIRN_OK)
            except BaseException as error:
                raised.append(error)
                return _status_of(error)

        number = _callbacks.register(_callbacks.Registration(attempt))
        with self._handle as pointer:
            try:
                _library.call(
                    "cairn_pipeline_run",
                    pointer,
                    timeout_ns(timeout),
                    _callbacks.attempt_fn,
                    number,
                    _callbacks.free_fn,
                )
            except CairnError as error:
                if raised and error.status == _status_of(raised[0]):
                    raise raised[0] from error
                raise
        return results[0]


def _admitting(limiter: Callable[[], bool]) -> Callable[[], int]:
    def admit() -> int:
        try:
            return int(_ffi.CAIRN_OK if limiter() else _ffi.CAIRN_RATE_LIMITED)
        except Exception:
            return int(_ffi.CAIRN_INTERNAL)

    return admit


def _status_of(error: BaseException) -> int:
    if isinstance(error, CairnError):
        return error.status
    if isinstance(error, TimeoutError):
        return int(_ffi.CAIRN_TIMED_OUT)
    if isinstance(error, ConnectionError):
        return int(_ffi.CAIRN_UNAVAILABLE)
    return int(_ffi.CAIRN_UNKNOWN if isinstance(error, Exception) else _ffi.CAIRN_CANCELLED)
