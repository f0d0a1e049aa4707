"""What a rate limiter says about a request."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

from cairn import _ffi, _library
from cairn.errors import OutOfRangeError, RateLimitedError


@dataclass(frozen=True)
class Decision:
    """The answer about one request. True when it was allowed.

    The numbers are those of the rule that is nearest to its limit, or that refuses. `impossible`: the
    cost is above what the limit ever holds. `overflowed`: the memory budget had no room for the
    key. `degraded`: decided without the shared store. `retry_after` and `reset_after` are seconds.
    """

    allowed: bool
    impossible: bool
    limit: int
    remaining: int
    reset_after_ns: int
    retry_after_ns: int
    rule: str
    permit: int
    overflowed: bool
    degraded: bool

    def __bool__(self) -> bool:
        return self.allowed

    @property
    def retry_after(self) -> float:
        return self.retry_after_ns / 1e9

    @property
    def reset_after(self) -> float:
        return self.reset_after_ns / 1e9

    def http_fields(self) -> "dict[str, str]":
        """RateLimit, and Retry-After when the request was refused, for an HTTP response."""
        rule = self.rule.encode()
        raw = _ffi.cairn_decision(
            struct_size=ctypes.sizeof(_ffi.cairn_decision),
            outcome=_outcome(self),
            remaining=self.remaining,
            reset_after_ns=self.reset_after_ns,
            retry_after_ns=self.retry_after_ns,
            rule=ctypes.cast(ctypes.c_char_p(rule), ctypes.c_void_p),
            rule_bytes=len(rule),
        )
        fields = {}
        for name, field in (
            ("RateLimit", _ffi.CAIRN_HTTP_RATELIMIT),
            ("Retry-After", _ffi.CAIRN_HTTP_RETRY_AFTER),
        ):
            value = _library.call_for_text("cairn_decision_http", ctypes.byref(raw), field)
            if value:
                fields[name] = value
        return fields


def _outcome(decision: Decision) -> int:
    if decision.allowed:
        return _ffi.CAIRN_OUTCOME_ALLOWED
    if decision.impossible:
        return _ffi.CAIRN_OUTCOME_IMPOSSIBLE
    return _ffi.CAIRN_OUTCOME_REFUSED


def from_native(raw: Any) -> Decision:
    """What the library filled in."""
    return Decision(
        allowed=raw.outcome == _ffi.CAIRN_OUTCOME_ALLOWED,
        impossible=raw.outcome == _ffi.CAIRN_OUTCOME_IMPOSSIBLE,
        limit=raw.limit,
        remaining=raw.remaining,
        reset_after_ns=raw.reset_after_ns,
        retry_after_ns=raw.retry_after_ns,
        rule=_library.field_text(raw, "rule"),
        permit=raw.permit,
        overflowed=bool(raw.overflowed),
        degraded=bool(raw.degraded),
    )


def new_decision() -> Any:
    """A native struct to be filled in."""
    return _ffi.cairn_decision(struct_size=ctypes.sizeof(_ffi.cairn_decision))


def require(decision: Decision, policy: str) -> Decision:
    """The decision when it allows, else the error that it stands for."""
    if decision.allowed:
        return decision
    if decision.impossible:
        raise OutOfRangeError(
            f"the cost is above {decision.limit}, the limit {decision.rule} of {policy}"
        )
    error = RateLimitedError(
        f"{policy}: limit {decision.rule} is used up, retry after {decision.retry_after:.3f} s"
    )
    error.decision = decision  # type: ignore[attr-defined]
    raise error
