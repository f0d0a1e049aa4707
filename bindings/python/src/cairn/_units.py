"""Seconds in Python are nanoseconds in the C interface."""

from __future__ import annotations

from typing import Optional

from cairn.errors import InvalidArgumentError



def ns(seconds: float) -> int:
    """Nanoseconds; what is longer than the interface can say becomes the longest."""
    if seconds != seconds:
        raise InvalidArgumentError("a time is not a number")
    return int(max(min(seconds * 1e9, float(2**62)), -float(2**62)))


def optional_ns(seconds: Optional[float]) -> int:
    """0, which is the default, for None; 0 itself, which never is sensible, becomes -1."""
    return 0 if seconds is None else ns(seconds) or -1


def timeout_ns(seconds: Optional[float]) -> int:
    """Negative for None; a time that is over already is 0."""
    return -1 if seconds is None else max(0, ns(seconds))
