"""Lifetime of a native object that Python code holds on to."""

from __future__ import annotations

import os
import threading
import weakref
from typing import Any, Callable

from cairn.errors import ClosedError


class Handle:
    """One native reference, shared by the threads that call through it.

    `with handle as pointer:` is a call: the reference lives until the last call has returned, also
    when another thread closes it meanwhile. Calls after that raise ClosedError, as they do in the
    child of a fork, where the threads and locks of the native object do not exist.

    The reference is dropped when `owner` is collected, at the latest when the interpreter ends.

    Thread safety: all methods may be called from any thread.
    """

    def __init__(self, what: str, pointer: Any, release: Callable[[Any], None]) -> None:
        self._what = what
        self._pointer = pointer
        self._release = release
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._calls = 0
        self._closed = False

    def watch(self, owner: object) -> None:
        weakref.finalize(owner, self.close)

    @property
    def closed(self) -> bool:
        return self._closed or self._process != os.getpid()

    def __enter__(self) -> Any:
        if self._process != os.getpid():
            raise ClosedError(f"{self._what} was opened before this process was forked")
        with self._lock:
            if self._closed:
                raise ClosedError(f"{self._what} is closed")
            self._calls += 1
        return self._pointer

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._calls -= 1
            is_last = self._closed and self._calls == 0
        if is_last:
            self._release(self._pointer)

    def close(self) -> None:
        """Drops the reference, at once or when the last call returns. Idempotent."""
        if self._process != os.getpid():
            return
        with self._lock:
            is_last = not self._closed and self._calls == 0
            self._closed = True
        if is_last:
            self._release(self._pointer)
