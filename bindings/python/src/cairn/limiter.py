"""Rate limits: named policies, any number of keys, exact under threads, bounded in memory.

>>> import cairn
>>> limiter = cairn.RateLimiter({"search": "60/m, 1000/h", "jobs": {
...     "algorithm": "concurrency", "limit": 4, "window": "30s"}})
>>> decision = limiter.check("search", "client-7")
>>> decision.allowed, decision.limit, decision.remaining
(True, 60, 59)
>>> with limiter.permit("jobs", "client-7"):
...     pass
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import functools
import inspect
import json
import time
from dataclasses import dataclass
from typing import (
    Any, AsyncIterator, Callable, Iterable, Iterator, List, Mapping, Optional, Sequence, TypeVar,
    Union,
)  # fmt: skip

from cairn import _ffi, _library
from cairn._handle import Handle
from cairn.decision import Decision, from_native, new_decision, require

Key = Union[str, bytes]
Function = TypeVar("Function", bound=Callable[..., Any])

_TOLD = (_ffi.CAIRN_OK, _ffi.CAIRN_RATE_LIMITED, _ffi.CAIRN_OUT_OF_RANGE)


@dataclass(frozen=True)
class LimiterStats:
    """Counts of a policy since it was made."""

    rule_count: int
    allowed_count: int
    refused_count: int
    impossible_count: int
    overflowed_count: int
    degraded_count: int
    memory_bytes: int
    budget_bytes: int


def _bytes(key: Key) -> bytes:
    return _library.encode(key) if isinstance(key, str) else key


class RateLimiter:
    """Limits by policy and key.

    `policies` maps names to policies: text like "100/60s" or "60/m, 1000/h" (never more than that
    many in any window), or a mapping: limit, window, algorithm ("sliding", "gcra", "fixed",
    "concurrency"), burst, slices; or limits, a list of those, which a request must all pass; or
    preset. memory_bytes and overflow ("shared", "deny", "allow") bound what keys may take.

    `redis` shares the limits with all processes that name the same server, prefix and policies: a
    URL ("redis://user:password@host:6379/0"), or a mapping: url, or host and port; prefix
    ("cairn:"), deadline_ms (20), connections (8), outage, which says what a request gets while the
    server does not answer within the deadline: "local" (this process's limits decide), "fail_open"
    or "fail_closed"; and spread, True when the server is a proxy that spreads keys over several.
    Decisions without the server are `degraded`; now_ns is ignored.

    Thread safety: all methods may be called from any thread. A limiter is closed when it is
    collected.
    """

    def __init__(
        self,
        policies: Mapping[str, Union[str, Mapping[str, Any]]],
        *,
        memory_bytes: Optional[int] = None,
        overflow: Optional[str] = None,
        redis: Union[None, str, Mapping[str, Any]] = None,
    ) -> None:
        config = {
            "policies": policies,
            "memory_bytes": memory_bytes,
            "overflow": overflow,
            "redis": {"url": redis} if isinstance(redis, str) else redis,
        }
        text = json.dumps({name: value for name, value in config.items() if value is not None})
        data = text.encode()
        pointer = _library.null("cairn_limiter")
        _library.call("cairn_limiter_create", data, len(data), ctypes.byref(pointer))
        self._handle = Handle("the limiter", pointer, _library.native.cairn_limiter_release)
        self._handle.watch(self)
        self._ids = {name: number for number, name in enumerate(self.policy_names())}

    def close(self) -> None:
        """Lets go of the limiter; calls after that raise ClosedError."""
        self._handle.close()

    def __enter__(self) -> "RateLimiter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- decisions --------------------------------------------------------------------------------

    def check(self, policy: str, key: Key, cost: int = 1, *, now_ns: int = 0) -> Decision:
        """Charges the key when every limit lets the cost pass. now_ns: 0 = the library's clock."""
        return self._decide("cairn_limiter_check", policy, key, cost, now_ns)

    def peek(self, policy: str, key: Key, cost: int = 1, *, now_ns: int = 0) -> Decision:
        """What `check` would say; charges nothing."""
        return self._decide("cairn_limiter_peek", policy, key, cost, now_ns)

    def acquire(self, policy: str, key: Key, cost: int = 1, *, timeout_s: float = 0) -> Decision:
        """`check` that waits at most so long; refuses at once when that would not help. Callers of one
        process that wait for a key are served in the order in which they came.
        """
        wait_ns = max(0, int(timeout_s * 1e9))
        return self._decide("cairn_limiter_acquire", policy, key, cost, wait_ns)

    async def acquire_async(
        self, policy: str, key: Key, cost: int = 1, *, timeout_s: float = 0
    ) -> Decision:
        """`acquire` that lets the event loop run meanwhile, and does not stand in line."""
        end = time.monotonic() + timeout_s
        while True:
            decision = self.check(policy, key, cost)
            left = end - time.monotonic()
            waits_for_permit = self._gives_permits(policy)
            helps = decision.retry_after <= left or waits_for_permit
            if decision.allowed or decision.impossible or left <= 0 or not helps:
                return decision
            # Whoever gives a permit back does not know of the event loop.
            pause = min(decision.retry_after, 0.005) if waits_for_permit else decision.retry_after
            await asyncio.sleep(min(pause, left))

    def check_many(
        self,
        policy: str,
        keys: Sequence[Key],
        costs: Optional[Iterable[int]] = None,
        *,
        now_ns: int = 0,
    ) -> List[Decision]:
        """`check` for several keys at one time, cheaper than one by one."""
        data = [_bytes(key) for key in keys]
        count = len(data)
        pointers, sizes = _library.byte_arrays(data)
        given = None
        if costs is not None:
            numbers = [_checked_cost(cost) for cost in costs]
            if len(numbers) != count:
                raise ValueError(f"{count} keys, but {len(numbers)} costs")
            given = (ctypes.c_uint64 * count)(*numbers)
        decisions = (_ffi.cairn_decision * count)()
        for decision in decisions:
            decision.struct_size = ctypes.sizeof(_ffi.cairn_decision)
        with self._handle as pointer:
            _library.call(
                "cairn_limiter_check_many",
                pointer, self._id(policy), pointers, sizes, given, count, now_ns, decisions,
            )  # fmt: skip
        return [from_native(decision) for decision in decisions]

    def _decide(self, function: str, policy: str, key: Key, cost: int, time_ns: int) -> Decision:
        data = _bytes(key)
        raw = new_decision()
        with self._handle as pointer:
            error = ctypes.POINTER(_ffi.cairn_error)()
            status = getattr(_library.native, function)(
                pointer, self._id(policy), data, len(data), _checked_cost(cost), time_ns,
                ctypes.byref(raw), ctypes.byref(error),
            )  # fmt: skip
            if error or status not in _TOLD:
                raise _library._exception(status, error)
            return from_native(raw)

    # --- taking back ------------------------------------------------------------------------------

    def refund(self, policy: str, key: Key, cost: int = 1, *, now_ns: int = 0) -> None:
        """Takes back what an allowed request was charged."""
        data = _bytes(key)
        cost = _checked_cost(cost)
        with self._handle as pointer:
            _library.call(
                "cairn_limiter_refund", pointer, self._id(policy), data, len(data), cost, now_ns
            )

    def release(self, policy: str, key: Key, decision: Decision, *, now_ns: int = 0) -> None:
        """Gives the permit of a decision back, once."""
        data = _bytes(key)
        with self._handle as pointer:
            _library.call(
                "cairn_limiter_release_permit",
                pointer, self._id(policy), data, len(data), decision.permit, now_ns,
            )  # fmt: skip

    @contextlib.contextmanager
    def permit(self, policy: str, key: Key, *, timeout_s: float = 0) -> Iterator[Decision]:
        """Holds a permit for the length of a block; RateLimitedError when there is none."""
        decision = require(self.acquire(policy, key, timeout_s=timeout_s), policy)
        try:
            yield decision
        finally:
            self.release(policy, key, decision)

    @contextlib.asynccontextmanager
    async def permit_async(
        self, policy: str, key: Key, *, timeout_s: float = 0
    ) -> AsyncIterator[Decision]:
        """`permit` for `async with`."""
        decision = require(await self.acquire_async(policy, key, timeout_s=timeout_s), policy)
        try:
            yield decision
        finally:
            self.release(policy, key, decision)

    def reset(self, policy: str, key: Optional[Key] = None) -> None:
        """Forgets a key, or all keys of the policy."""
        with self._handle as pointer:
            if key is None:
                _library.call("cairn_limiter_reset_all", pointer, self._id(policy))
            else:
                data = _bytes(key)
                _library.call("cairn_limiter_reset", pointer, self._id(policy), data, len(data))

    def cleanup(self, policy: str, *, now_ns: int = 0) -> int:
        """Gives memory of keys at their full allowance back; how many other keys there are."""
        live = ctypes.c_uint64()
        with self._handle as pointer:
            _library.call(
                "cairn_limiter_cleanup", pointer, self._id(policy), now_ns, ctypes.byref(live)
            )
        return live.value

    # --- policies ---------------------------------------------------------------------------------

    def policy_names(self) -> List[str]:
        """Names of all policies."""
        with self._handle as pointer:
            return _library.call_for_list("cairn_limiter_policy_names", pointer)

    def set_policy(self, name: str, policy: Union[str, Mapping[str, Any]]) -> None:
        """Adds a policy or changes one; keys keep what they have used where that has a meaning."""
        data, text = name.encode(), json.dumps(policy).encode()
        number = ctypes.c_uint32()
        with self._handle as pointer:
            _library.call(
                "cairn_limiter_set_policy",
                pointer, data, len(data), text, len(text), ctypes.byref(number),
            )  # fmt: skip
        self._ids = {**self._ids, name: number.value}

    def stats(self, policy: str) -> LimiterStats:
        """Counts of a policy."""
        with self._handle as pointer:
            stats = _library.filled(
                "cairn_limiter_stats", "cairn_limiter_stats_get", pointer, self._id(policy)
            )
        return LimiterStats(**_library.as_dict(stats))

    def metrics(self) -> str:
        """Counts of all policies in the Prometheus text format."""
        with self._handle as pointer:
            return _library.call_for_text("cairn_limiter_metrics", pointer)

    def http_policy(self, policy: str) -> str:
        """Value of the HTTP field RateLimit-Policy."""
        with self._handle as pointer:
            return _library.call_for_text("cairn_limiter_http_policy", pointer, self._id(policy))

    def _id(self, policy: str) -> int:
        known = self._ids.get(policy)
        if known is not None:
            return known
        data = policy.encode()
        number = ctypes.c_uint32()
        with self._handle as pointer:
            _library.call("cairn_limiter_policy", pointer, data, len(data), ctypes.byref(number))
        return number.value

    def _gives_permits(self, policy: str) -> bool:
        return "concurrent-requests" in self.http_policy(policy)


def _checked_cost(cost: int) -> int:
    if not 1 <= cost < 2**64:
        raise ValueError(f"cost is {cost}, must be at least 1")
    return cost


def limited(
    limiter: RateLimiter,
    policy: str,
    *,
    key: Union[Key, Callable[..., Key]] = "",
    cost: Union[int, Callable[..., int]] = 1,
    timeout_s: float = 0,
) -> Callable[[Function], Function]:
    """Limits the calls of a function, plain or async; RateLimitedError, with the `decision` as an
    attribute, when a call may not pass within timeout_s. key and cost may be functions of the
    arguments. A permit is given back when the call ends.

    >>> import cairn
    >>> limiter = cairn.RateLimiter({"reports": "1/h"})
    >>> @cairn.limited(limiter, "reports", key=lambda user: user)
    ... def report(user):
    ...     return "report for " + user
    >>> report("ann")
    'report for ann'
    >>> try:
    ...     report("ann")
    ... except cairn.RateLimitedError as error:
    ...     print(error.decision.limit)
    1
    """

    def decorate(function: Function) -> Function:
        def of(value: Any, arguments: Any, named: Any) -> Any:
            return value(*arguments, **named) if callable(value) else value

        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def call_async(*arguments: Any, **named: Any) -> Any:
                its_key, its_cost = of(key, arguments, named), of(cost, arguments, named)
                decision = require(
                    await limiter.acquire_async(policy, its_key, its_cost, timeout_s=timeout_s),
                    policy,
                )
                try:
                    return await function(*arguments, **named)
                finally:
                    if decision.permit:
                        limiter.release(policy, its_key, decision)

            return call_async  # type: ignore[return-value]

        @functools.wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            its_key, its_cost = of(key, arguments, named), of(cost, arguments, named)
            decision = require(
                limiter.acquire(policy, its_key, its_cost, timeout_s=timeout_s), policy
            )
            try:
                return function(*arguments, **named)
            finally:
                if decision.permit:
                    limiter.release(policy, its_key, decision)

        return call  # type: ignore[return-value]

    return decorate


def ip_prefix(address: str, ipv4_bits: int = 32, ipv6_bits: int = 64) -> bytes:
    """The network of an address, as a key: an IPv6 client owns a whole /64.

    >>> import cairn
    >>> cairn.ip_prefix("2001:db8::1") == cairn.ip_prefix("2001:db8::2")
    True
    """
    if not (1 <= ipv4_bits <= 32 and 1 <= ipv6_bits <= 128):
        raise ValueError(f"prefixes of {ipv4_bits} and {ipv6_bits} bits")
    data = address.encode()
    with _library.Owned("cairn_buffer") as buffer:
        _library.call("cairn_ip_prefix", data, len(data), ipv4_bits, ipv6_bits, buffer.out)
        size = ctypes.c_size_t()
        place = _library.native.cairn_buffer_data(buffer.pointer, ctypes.byref(size))
        return ctypes.string_at(place, size.value)
