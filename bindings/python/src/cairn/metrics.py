"""Metrics of the parts that work without a database."""

from __future__ import annotations

import ctypes
from typing import Any

from cairn import _library
from cairn._handle import Handle


class Metrics:
    """A registry that any number of parts report to, in the Prometheus text format.

    Thread safety: all methods may be called from any thread.

    >>> import cairn
    >>> metrics = cairn.Metrics()
    >>> breaker = cairn.CircuitBreaker("search", metrics=metrics)
    >>> breaker.call(len, "abc")
    3
    >>> 'cairn_breaker_calls_total{name="search",outcome="success"} 1' in metrics.text()
    True
    """

    def __init__(self) -> None:
        pointer = _library.null("cairn_metrics")
        _library.call("cairn_metrics_create", ctypes.byref(pointer))
        self._handle = Handle("metrics", pointer, _library.native.cairn_metrics_release)
        self._handle.watch(self)

    @property
    def handle(self) -> Handle:
        """For the parts that report here."""
        return self._handle

    def text(self) -> str:
        """Everything that is reported now."""
        with self._handle as pointer:
            return _library.call_for_text("cairn_metrics_text", pointer)


def create(kind: str, options: Any, metrics: "Metrics | None") -> Any:
    """Makes a native part that reports to `metrics`."""
    pointer = _library.null(kind)
    if metrics is None:
        _library.call(f"{kind}_create", ctypes.byref(options), ctypes.byref(pointer))
        return pointer
    with metrics.handle as registry:
        options.metrics = registry
        _library.call(f"{kind}_create", ctypes.byref(options), ctypes.byref(pointer))
    return pointer
