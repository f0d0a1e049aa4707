"""A circuit breaker: stops calls to a target that fails, and tries it again after a while."""

from __future__ import annotations

import asyncio
import ctypes
import functools
from types import TracebackType
from typing import Any, Awaitable, Callable, Optional, Tuple, Type, TypeVar

from cairn import _callbacks, _ffi, _library
from cairn._handle import Handle
from cairn._units import ns, optional_ns
from cairn.errors import CairnError, UnavailableError
from cairn.metrics import Metrics, create
from cairn.search import at_least, choice

T = TypeVar("T")
Errors = Tuple[Type[BaseException], ...]
ChangeFunction = Callable[[str, str, str], None]

_NOW = -(2**63)
_OFF = 2**32 - 1


class BreakerOpenError(UnavailableError):
    """A circuit breaker refused the call. `retry_after`: seconds, or None where nobody knows."""

    retry_after: Optional[float] = None


class CircuitBreaker:
    """Calls pass while they succeed; after failures they are refused for a while, then tried again.

    It opens after `consecutive_failures` in a row (None: no such rule), or when the share of
    failures or slow calls reaches `failure_rate` or `slow_rate`, taken over the last `window_calls`
    calls or, when given, over the last `window_seconds`. After `open_seconds` up to
    `half_open_trials` calls pass; when all succeed it closes, when one fails it opens for longer.

    failures: exceptions that count as failures; others say nothing about the target.
    ignored: exceptions among these that say nothing either.
    on_change: called with the old state, the new state and the reason, under no lock.
    clock: seconds on a monotonic clock; for tests.

    Thread safety: all methods may be called from any thread.

    >>> import cairn
    >>> breaker = cairn.CircuitBreaker("search", consecutive_failures=2)
    >>> def search():
    ...     raise ConnectionError("no route")
    >>> for _ in range(3):
    ...     try:
    ...         breaker.call(search)
    ...     except cairn.BreakerOpenError:
    ...         print("refused")
    ...     except ConnectionError as error:
    ...         print(error)
    no route
    no route
    refused
    """

    def __init__(
        self,
        name: str = "",
        *,
        consecutive_failures: Optional[int] = 5,
        failure_rate: float = 0,
        slow_rate: float = 0,
        slow_call_seconds: float = 0,
        window_calls: int = 0,
        window_seconds: Optional[float] = None,
        minimum_calls: int = 0,
        half_open_trials: int = 3,
        open_seconds: float = 60,
        max_open_seconds: Optional[float] = None,
        open_growth: float = 2,
        open_jitter: float = 0.1,
        trial_lease_seconds: Optional[float] = None,
        half_open_seconds: Optional[float] = None,
        failures: Errors = (Exception,),
        ignored: Errors = (),
        on_change: Optional[ChangeFunction] = None,
        metrics: Optional[Metrics] = None,
        clock: Optional[Callable[[], float]] = None,
    ) -> None:
        options = _library.options("cairn_breaker_options")
        borrowed = _library.Borrowed()
        borrowed.set_text(options, "name", name)
        options.consecutive_failures = (
            _OFF
            if consecutive_failures is None
            else at_least("consecutive_failures", consecutive_failures, 1)
        )
        options.failure_rate, options.slow_rate = failure_rate, slow_rate
        options.slow_call_ns = ns(slow_call_seconds)
        options.window = window_seconds is not None
        options.window_calls = at_least("window_calls", window_calls, 0)
        options.window_ns = optional_ns(window_seconds)
        options.minimum_calls = at_least("minimum_calls", minimum_calls, 0)
        options.half_open_trials = at_least("half_open_trials", half_open_trials, 1)
        options.open_ns = ns(open_seconds) or -1  # 0 is a mistake, not the default
        options.max_open_ns = optional_ns(max_open_seconds)
        options.open_growth = open_growth or -1
        options.open_jitter = open_jitter or -1
        options.trial_lease_ns = optional_ns(trial_lease_seconds)
        options.half_open_ns = optional_ns(half_open_seconds)
        self._failures, self._ignored, self._clock = failures, ignored, clock
        pointer = create("cairn_breaker", options, metrics)
        self._handle = Handle("the breaker", pointer, _library.native.cairn_breaker_release)
        self._handle.watch(self)
        if on_change is not None:
            self.listen(on_change)

    def listen(self, function: ChangeFunction) -> None:
        """Has a function called after every change of state, for as long as the breaker lives."""
        number = _callbacks.register(_callbacks.Registration(function))
        with self._handle as pointer:
            _library.call(
                "cairn_breaker_listen",
                pointer,
                _callbacks.breaker_listener_fn,
                number,
                _callbacks.free_fn,
            )

    @property
    def handle(self) -> Handle:
        """For the pipelines that it is a part of."""
        return self._handle

    @property
    def state(self) -> str:
        """ "closed", "open", "half_open", "forced_open", "forced_closed" or "disabled"."""
        with self._handle as pointer:
            return _callbacks.BREAKER_STATES[_library.native.cairn_breaker_state(pointer)]

    def force(self, state: str) -> None:
        """ "forced_open", "forced_closed" or "disabled", until further notice; "closed": anew."""
        value = choice("state", state, _callbacks.BREAKER_STATES)
        with self._handle as pointer:
            _library.call("cairn_breaker_force", pointer, value)

    def stats(self) -> "dict[str, Any]":
        """Counts, and the state as `state`."""
        with self._handle as pointer:
            counts = _library.as_dict(
                _library.filled("cairn_breaker_stats", "cairn_breaker_stats_get", pointer)
            )
        counts["state"] = _callbacks.BREAKER_STATES[counts["state"]]
        return counts

    def guard(self) -> "Guard":
        """Leave to make one call, in a `with` block. Raises BreakerOpenError when refused."""
        return Guard(self)

    def call(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Calls a function if calls are let through."""
        with Guard(self):
            return function(*args, **kwargs)

    async def call_async(
        self, function: Callable[..., Awaitable[T]], *args: Any, **kwargs: Any
    ) -> T:
        """The same with a coroutine function. A cancelled task says nothing about the target."""
        with Guard(self):
            return await function(*args, **kwargs)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """As a decorator, of functions and coroutine functions."""
        if asyncio.iscoroutinefunction(function):

            @functools.wraps(function)
            async def guarded_async(*args: Any, **kwargs: Any) -> Any:
                return await self.call_async(function, *args, **kwargs)

            return guarded_async

        @functools.wraps(function)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            return self.call(function, *args, **kwargs)

        return guarded

    def _now(self) -> int:
        return _NOW if self._clock is None else ns(self._clock())

    def acquire(self) -> Any:
        permit = _ffi.cairn_breaker_permit()
        wait_ns = ctypes.c_int64()
        with self._handle as pointer:
            try:
                _library.call(
                    "cairn_breaker_acquire",
                    pointer,
                    self._now(),
                    ctypes.byref(permit),
                    ctypes.byref(wait_ns),
                )
            except UnavailableError as error:
                refused = BreakerOpenError(error.message, error.status)
                refused.retry_after = wait_ns.value / 1e9 if wait_ns.value >= 0 else None
                raise refused from None
        return permit

    def record(self, permit: Any, error: Optional[BaseException]) -> None:
        native = _library.native
        with self._handle as pointer:
            if error is None:
                native.cairn_breaker_record(
                    pointer, ctypes.byref(permit), _ffi.CAIRN_OK, self._now()
                )
            elif isinstance(error, self._ignored) or not isinstance(error, self._failures):
                native.cairn_breaker_cancel(pointer, ctypes.byref(permit))
            else:
                status = error.status if isinstance(error, CairnError) else _ffi.CAIRN_UNKNOWN
                native.cairn_breaker_record(pointer, ctypes.byref(permit), status, self._now())


class Guard:
    """One call through a breaker; its outcome is how the `with` block ends."""

    def __init__(self, breaker: CircuitBreaker) -> None:
        self._breaker = breaker
        self._permit: Any = None

    def __enter__(self) -> None:
        self._permit = self._breaker.acquire()

    def __exit__(
        self,
        _: Optional[Type[BaseException]],
        error: Optional[BaseException],
        __: Optional[TracebackType],
    ) -> None:
        self._breaker.record(self._permit, error)
