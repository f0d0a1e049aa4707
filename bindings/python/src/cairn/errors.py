"""What goes wrong, as exceptions: one class per status code of the C interface.

Each class also inherits the builtin exception that Python code would expect in its place.

>>> import cairn
>>> try:
...     cairn.open("no such folder", must_exist=True)
... except KeyError as error:
...     print(error.code)
not_found
"""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple, Type

from cairn import _ffi


class CairnError(Exception):
    """Base of all errors that the library reports.

    Attributes:
        message: one sentence that says what failed, on what, with which values.
        status: the status code of the C interface.
        index: which input of a batch was at fault, or None.
    """

    _status = _ffi.CAIRN_UNKNOWN

    def __init__(
        self, message: str, status: Optional[int] = None, index: Optional[int] = None
    ) -> None:
        super().__init__(message, status, index)
        self.message = message
        self.status = self._status if status is None else status
        self.index = index

    @property
    def code(self) -> str:
        """Stable lower-case name of the status code, e.g. ``not_found``."""
        from cairn import _library

        return _library.static_text("cairn_status_name", self.status)

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> Tuple[Any, ...]:
        return type(self), (self.message, self.status, self.index)


class CancelledError(CairnError):
    """A callback asked to stop."""

    _status = _ffi.CAIRN_CANCELLED


class InvalidArgumentError(CairnError, ValueError):
    """Wrong whatever the state: fix the call."""

    _status = _ffi.CAIRN_INVALID_ARGUMENT


class TimedOutError(CairnError, TimeoutError):
    """The time given ran out."""

    _status = _ffi.CAIRN_TIMED_OUT


class NotFoundError(CairnError, KeyError):
    """No such database, collection or document."""

    _status = _ffi.CAIRN_NOT_FOUND


class AlreadyExistsError(CairnError, FileExistsError):
    """The name is taken."""

    _status = _ffi.CAIRN_ALREADY_EXISTS


class PermissionDeniedError(CairnError, PermissionError):
    """The system refused access."""

    _status = _ffi.CAIRN_PERMISSION_DENIED


class ResourceExhaustedError(CairnError, MemoryError):
    """Memory, disk or a limit is used up."""

    _status = _ffi.CAIRN_RESOURCE_EXHAUSTED


class FailedPreconditionError(CairnError, RuntimeError):
    """Not in the state that this call needs."""

    _status = _ffi.CAIRN_FAILED_PRECONDITION


class ClosedError(FailedPreconditionError, ValueError):
    """The database or collection was closed, or belongs to the parent of a forked process."""


class AbortedError(CairnError, RuntimeError):
    """Gave way to something else: try again."""

    _status = _ffi.CAIRN_ABORTED


class OutOfRangeError(CairnError, IndexError):
    """A number beyond its bounds."""

    _status = _ffi.CAIRN_OUT_OF_RANGE


class UnsupportedError(CairnError, NotImplementedError):
    """This build or version cannot do it."""

    _status = _ffi.CAIRN_UNSUPPORTED


class InternalError(CairnError, RuntimeError):
    """A fault of the library: please report it."""

    _status = _ffi.CAIRN_INTERNAL


class UnavailableError(CairnError, OSError):
    """Not at the moment: try again later."""

    _status = _ffi.CAIRN_UNAVAILABLE


class DataLossError(CairnError, OSError):
    """Stored data is damaged."""

    _status = _ffi.CAIRN_DATA_LOSS


class RateLimitedError(CairnError):
    """A limit says: not yet."""

    _status = _ffi.CAIRN_RATE_LIMITED


class LockedError(CairnError, BlockingIOError):
    """Another process writes this database."""

    _status = _ffi.CAIRN_LOCKED


class StorageError(CairnError, OSError):
    """The system failed to read or write."""

    _status = _ffi.CAIRN_IO_ERROR


_CLASSES: Dict[int, Type[CairnError]] = {
    error._status: error
    for error in (
        CancelledError,
        InvalidArgumentError,
        TimedOutError,
        NotFoundError,
        AlreadyExistsError,
        PermissionDeniedError,
        ResourceExhaustedError,
        FailedPreconditionError,
        AbortedError,
        OutOfRangeError,
        UnsupportedError,
        InternalError,
        UnavailableError,
        DataLossError,
        RateLimitedError,
        LockedError,
        StorageError,
    )
}


def from_status(status: int, message: str, index: Optional[int] = None) -> CairnError:
    """The exception for a status code; CairnError itself for one of a later version."""
    return _CLASSES.get(status, CairnError)(message, status, index)
