"""Retry: repeats calls that failed in a way that may pass."""

from __future__ import annotations

import asyncio
import ctypes
import functools
import time
from typing import Any, Awaitable, Callable, Optional, Tuple, Type, TypeVar, Union

from cairn import _ffi, _library
from cairn._handle import Handle
from cairn._units import ns, optional_ns
from cairn.breaker import BreakerOpenError
from cairn.errors import (
    AbortedError, LockedError, RateLimitedError, UnavailableError,
)  # fmt: skip
from cairn.metrics import Metrics, create
from cairn.search import at_least, choice

T = TypeVar("T")
JITTERS = ("full", "decorrelated", "none")

#: After these another attempt may well succeed. Those of the library that are TimeoutErrors too.
TRANSIENT: Tuple[Type[BaseException], ...] = (
    ConnectionError, TimeoutError, asyncio.TimeoutError,
    AbortedError, LockedError, RateLimitedError, UnavailableError,
)  # fmt: skip


class RetryBudget:
    """Retries that all callers of one target may make together.

    Each call that succeeds adds `per_call`, time adds `per_second`, each retry takes 1; at most
    `most` are saved up, which is also what there is at first.

    >>> import cairn
    >>> budget = cairn.RetryBudget(per_call=0.1)
    >>> search = cairn.retry(budget=budget)(len)
    """

    def __init__(self, *, per_call: float = 0.2, per_second: float = 10, most: float = 100) -> None:
        pointer = _library.null("cairn_retry_budget")
        _library.call(
            "cairn_retry_budget_create", per_call, per_second, most, ctypes.byref(pointer)
        )
        self._handle = Handle("the budget", pointer, _library.native.cairn_retry_budget_release)
        self._handle.watch(self)

    @property
    def handle(self) -> Handle:
        """For the retries that use it."""
        return self._handle


class Retry:
    """Repeats calls that raised one of `on`, with growing waits.

    Only for calls that may be made twice, and only at one layer: retries of retries multiply. A
    refusal by a circuit breaker is not tried again. An exception with an attribute `retry_after`
    (seconds) makes the wait at least that long, up to `max_retry_after`.

    attempts: the first included.
    base, cap: seconds; the n-th wait is at most base * 2**n, and no longer than cap.
    jitter: "full" (anything from 0 to that), "decorrelated" or "none".
    timeout: seconds for all attempts and waits together.

    Thread safety: one object serves any number of threads and tasks.
    """

    def __init__(
        self,
        *,
        attempts: int = 3,
        base: float = 0.1,
        cap: Optional[float] = None,
        max_retry_after: float = 60,
        jitter: str = "full",
        timeout: Optional[float] = None,
        on: Tuple[Type[BaseException], ...] = TRANSIENT,
        budget: Optional[RetryBudget] = None,
        name: str = "",
        metrics: Optional[Metrics] = None,
        sleep: Callable[[float], Any] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        options = _library.options("cairn_retry_options")
        borrowed = _library.Borrowed()
        borrowed.set_text(options, "name", name)
        options.max_attempts = at_least("attempts", attempts, 1)
        options.base_ns = ns(base) or -1
        options.cap_ns = optional_ns(cap)
        options.max_retry_after_ns = ns(max_retry_after) or -1
        options.jitter = choice("jitter", jitter, JITTERS)
        self._on, self._timeout = on, timeout
        self._sleep, self._clock = sleep, clock
        if budget is None:
            pointer = create("cairn_retry", options, metrics)
        else:
            with budget.handle as options.budget:
                pointer = create("cairn_retry", options, metrics)
        self._handle = Handle("the retry", pointer, _library.native.cairn_retry_release)
        self._handle.watch(self)

    @property
    def handle(self) -> Handle:
        """For the pipelines that it is a part of."""
        return self._handle

    def call(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Calls a function until it succeeds or there shall be no more attempts."""
        state, end = self._begin()
        while True:
            try:
                result = function(*args, **kwargs)
            except Exception as error:
                wait = self._wait_after(error, state, end)
                if wait is None:
                    raise
            else:
                self._succeeded()
                return result
            self._sleep(wait)

    async def call_async(
        self, function: Callable[..., Awaitable[T]], *args: Any, **kwargs: Any
    ) -> T:
        """The same with a coroutine function."""
        state, end = self._begin()
        while True:
            try:
                result = await function(*args, **kwargs)
            except Exception as error:
                wait = self._wait_after(error, state, end)
                if wait is None:
                    raise
            else:
                self._succeeded()
                return result
            if self._sleep is time.sleep:
                await asyncio.sleep(wait)
            else:
                self._sleep(wait)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """As a decorator, of functions and coroutine functions."""
        if asyncio.iscoroutinefunction(function):

            @functools.wraps(function)
            async def retried_async(*args: Any, **kwargs: Any) -> Any:
                return await self.call_async(function, *args, **kwargs)

            return retried_async

        @functools.wraps(function)
        def retried(*args: Any, **kwargs: Any) -> Any:
            return self.call(function, *args, **kwargs)

        return retried

    def _begin(self) -> Tuple[Any, Optional[float]]:
        end = None if self._timeout is None else self._clock() + self._timeout
        return _ffi.cairn_retry_state(), end

    def _succeeded(self) -> None:
        with self._handle as pointer:
            _library.native.cairn_retry_succeeded(pointer)

    def _wait_after(
        self, error: Exception, state: Any, end: Optional[float]
    ) -> Optional[float]:
        """Seconds until the next attempt; None: there is none."""
        again = isinstance(error, self._on) and not isinstance(error, BreakerOpenError)
        status = _ffi.CAIRN_UNAVAILABLE if again else _ffi.CAIRN_UNKNOWN
        asked = getattr(error, "retry_after", None)
        left_ns = -1 if end is None else max(0, ns(end - self._clock()))
        wait_ns = ctypes.c_int64()
        with self._handle as pointer:
            granted = _library.native.cairn_retry_next(
                pointer,
                ctypes.byref(state),
                status,
                ns(asked) if isinstance(asked, (int, float)) else 0,
                left_ns,
                ctypes.byref(wait_ns),
            )
        return wait_ns.value / 1e9 if granted else None


def retry(function: Optional[Callable[..., Any]] = None, **options: Any) -> Union[Any, Retry]:
    """Decorates a function, or a coroutine function, with a Retry of these options.

    >>> import cairn
    >>> tries = []
    >>> @cairn.retry(attempts=4, base=0)
    ... def fetch():
    ...     tries.append(1)
    ...     if len(tries) < 3:
    ...         raise ConnectionError("not yet")
    ...     return "page"
    >>> fetch(), len(tries)
    ('page', 3)
    """
    made = Retry(**options)
    return made if function is None else made(function)
