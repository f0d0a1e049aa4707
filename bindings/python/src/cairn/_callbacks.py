"""Python callables behind the function pointers of the C interface.

There is one native function per signature, for the life of the process. What it calls is found by
the number that goes through the library as `user_data`; the library's `free` call forgets it.
"""

from __future__ import annotations

import ctypes
import itertools
import threading
from typing import Any, Callable, Dict, List, Optional, Sequence

from cairn import _ffi, _library, _vectors

EmbedFunction = Callable[[List[str], str], Sequence[Any]]
LogFunction = Callable[[str, str, str], None]
ProgressFunction = Callable[[str, int, int, str], Optional[bool]]

LOG_LEVELS = ("debug", "info", "warning", "error")
PHASES = ("scan", "index", "embed", "done")
PURPOSES = ("document", "query")
BREAKER_STATES = ("closed", "open", "half_open", "forced_open", "forced_closed", "disabled")

REMOVAL_CAUSES = ("deleted", "replaced", "evicted", "expired", "invalidated")

_GO_ON = 0
_STOP = 1


class Failures:
    """Exceptions that a callable raised, until the native call that it failed has returned.

    An exception belongs to a native call when it was raised while that call ran.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._raised: List[BaseException] = []
        self._calls = 0

    def add(self, error: BaseException) -> None:
        with self._lock:
            self._raised.append(error)

    def __enter__(self) -> "Failures":
        with self._lock:
            if self._calls == 0:
                self._raised.clear()
            self._calls += 1
        return self

    def __exit__(self, _: object, error: Optional[BaseException], __: object) -> None:
        with self._lock:
            self._calls -= 1
            raised = self._raised.pop(0) if error is not None and self._raised else None
        if raised is not None:
            raise raised from error


class Registration:
    """A callable that the library holds, and what it raised."""

    def __init__(self, function: Callable[..., Any], dim: int = 0) -> None:
        self.function = function
        self.dim = dim
        self.failures = Failures()


_registry: Dict[int, Registration] = {}
_numbers = itertools.count(1)


def register(registration: Registration) -> int:
    """Makes a callable known; gives its `user_data`."""
    number = next(_numbers)
    _registry[number] = registration
    return number


def forget(number: int) -> None:
    """For one that the library did not get; one that it has let go is no mistake."""
    _registry.pop(number, None)


def registered_count() -> int:
    return len(_registry)


def _name(names: Sequence[str], value: int) -> str:
    return names[value] if 0 <= value < len(names) else "unknown"


def _free(user_data: int) -> None:
    _registry.pop(user_data, None)


def _log(level: int, component: int, message: int, user_data: int) -> None:
    _registry[user_data].function(
        _name(LOG_LEVELS, level),
        ctypes.string_at(component).decode(errors="replace"),
        ctypes.string_at(message).decode(errors="replace"),
    )


def _progress(
    phase: int, done: int, total: int, path: int, path_bytes: int, user_data: int
) -> int:
    registration = _registry[user_data]
    try:
        text = _library.text_at(path, path_bytes)
        go_on = registration.function(_name(PHASES, phase), done, total, text)
    except BaseException as error:  # KeyboardInterrupt too: the call raises it again
        registration.failures.add(error)
        return _STOP
    return _STOP if go_on is False else _GO_ON


def _embed(
    texts: Any, text_bytes: Any, count: int, purpose: int, vectors_out: Any, user_data: int
) -> int:
    registration = _registry[user_data]
    try:
        batch = [_library.text_at(texts[i], text_bytes[i]) for i in range(count)]
        vectors = registration.function(batch, _name(PURPOSES, purpose))
        matrix = _vectors.as_matrix(vectors, registration.dim, rows=count)
        ctypes.memmove(vectors_out, matrix.pointer, matrix.rows * matrix.dim * 4)
    except BaseException as error:
        registration.failures.add(error)
        return _STOP
    return _GO_ON


def _breaker_changed(before: int, after: int, _: int, reason: int, user_data: int) -> None:
    registration = _registry[user_data]
    text = ctypes.string_at(reason).decode(errors="replace")
    registration.function(_name(BREAKER_STATES, before), _name(BREAKER_STATES, after), text)


def _removed(
    space: int, space_bytes: int, key: int, key_bytes: int, value: int, value_bytes: int,
    cause: int, user_data: int,
) -> None:  # fmt: skip
    _registry[user_data].function(
        _library.text_at(space, space_bytes),
        ctypes.string_at(key, key_bytes),
        ctypes.string_at(value, value_bytes),
        _name(REMOVAL_CAUSES, cause),
    )


def _run_batch(batch: Any, user_data: int) -> int:
    return int(_registry[user_data].function(batch))


def _batch_done(status: int, data: int, size: int, user_data: int) -> None:
    _registry[user_data].function(status, ctypes.string_at(data, size))


def _attempt(attempt: Any, user_data: int) -> int:
    return int(_registry[user_data].function(attempt.contents))


def _admit(user_data: int) -> int:
    return int(_registry[user_data].function())


free_fn = _ffi.cairn_free_fn(_free)
log_fn = _ffi.cairn_log_fn(_log)
progress_fn = _ffi.cairn_progress_fn(_progress)
embed_fn = _ffi.cairn_embed_fn(_embed)
breaker_listener_fn = _ffi.cairn_breaker_listener_fn(_breaker_changed)
removal_fn = _ffi.cairn_cache_removal_fn(_removed)
batch_fn = _ffi.cairn_batch_fn(_run_batch)
batch_done_fn = _ffi.cairn_batch_done_fn(_batch_done)
attempt_fn = _ffi.cairn_attempt_fn(_attempt)
admit_fn = _ffi.cairn_admit_fn(_admit)
