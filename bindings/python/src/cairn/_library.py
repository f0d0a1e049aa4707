"""Loads the shared library, checks that it fits, and calls it.

ctypes gives the interpreter lock free for every call, so other Python threads run meanwhile.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

from cairn import _ffi, errors

#: Names the shared library to load instead of the one in the package.
LIBRARY_VARIABLE = "CAIRN_LIBRARY"


def _candidate() -> str:
    named = os.environ.get(LIBRARY_VARIABLE)
    if named:
        return named
    packaged = Path(__file__).with_name("libcairn.so")
    if packaged.exists():
        return str(packaged)
    installed = ctypes.util.find_library("cairn")
    if installed:
        return installed
    raise ImportError(
        f"libcairn.so is neither in {packaged.parent} nor installed; "
        f"{LIBRARY_VARIABLE} may name the file"
    )


def _load() -> Tuple[ctypes.CDLL, str]:
    path = _candidate()
    try:
        library = ctypes.CDLL(path)
        for name, (result, arguments) in _ffi.PROTOTYPES.items():
            function = getattr(library, name)
            function.restype = result
            function.argtypes = arguments
    except (OSError, AttributeError) as error:
        raise ImportError(f"cannot use the shared library {path}: {error}") from error
    abi = library.cairn_abi_version()
    if abi != _ffi.CAIRN_ABI_VERSION:
        raise ImportError(
            f"{path} implements version {abi} of the C interface; "
            f"this package needs version {_ffi.CAIRN_ABI_VERSION}"
        )
    return library, path


native, library_path = _load()


def static_text(function: str, *arguments: Any) -> str:
    """Text that a function returns and that lives as long as the library."""
    return ctypes.string_at(getattr(native, function)(*arguments)).decode()


def call(function: str, *arguments: Any) -> None:
    """Calls a function that returns a status; any but OK becomes an exception."""
    error = ctypes.POINTER(_ffi.cairn_error)()
    status = getattr(native, function)(*arguments, ctypes.byref(error))
    if status != _ffi.CAIRN_OK:
        raise _exception(status, error)


def _exception(status: int, error: Any) -> errors.CairnError:
    try:
        message = ctypes.string_at(native.cairn_error_message(error)).decode(errors="replace")
        index = ctypes.c_uint64()
        has_index = native.cairn_error_index(error, ctypes.byref(index))
    finally:
        native.cairn_error_release(error)
    if not message:
        message = static_text("cairn_status_name", status)
    return errors.from_status(status, message, index.value if has_index else None)


def null(kind: str) -> Any:
    """A null pointer to a native object, for a call to fill."""
    return ctypes.POINTER(getattr(_ffi, kind))()


class Owned:
    """A native object that lives as long as a `with` block.

    `self.out` is what a call fills; the block gets the pointer.
    """

    def __init__(self, kind: str) -> None:
        self.pointer = null(kind)
        self.out = ctypes.byref(self.pointer)
        self._release = getattr(native, kind + "_release")

    def __enter__(self) -> "Owned":
        return self

    def __exit__(self, *_: object) -> None:
        self._release(self.pointer)


def call_for_text(function: str, *arguments: Any) -> str:
    """Calls a function whose last output is a buffer, and gives its text."""
    with Owned("cairn_buffer") as buffer:
        call(function, *arguments, buffer.out)
        size = ctypes.c_size_t()
        data = native.cairn_buffer_data(buffer.pointer, ctypes.byref(size))
        return text_at(data, size.value)


def call_for_list(function: str, *arguments: Any) -> List[str]:
    """Calls a function whose last output is a list, and gives its texts."""
    with Owned("cairn_list") as listed:
        call(function, *arguments, listed.out)
        return [
            sized_text("cairn_list_item", listed.pointer, index)
            for index in range(native.cairn_list_size(listed.pointer))
        ]


def text_at(address: Optional[int], size: int) -> str:
    """Text of a known size. File names may hold any bytes: those that are not UTF-8 survive."""
    return ctypes.string_at(address, size).decode(errors="surrogateescape") if address else ""


def sized_text(function: str, *arguments: Any) -> str:
    """Text whose size a function gives through its last argument."""
    size = ctypes.c_size_t()
    return text_at(getattr(native, function)(*arguments, ctypes.byref(size)), size.value)


def field_text(struct: ctypes.Structure, name: str) -> str:
    """A text field of a struct, with its `_bytes` companion."""
    return text_at(getattr(struct, name), getattr(struct, name + "_bytes"))


def filled(kind: str, function: str, *arguments: Any) -> Any:
    """A size-led struct as a function fills it."""
    struct_type = getattr(_ffi, kind)
    struct = struct_type(struct_size=ctypes.sizeof(struct_type))
    call(function, *arguments, ctypes.byref(struct))
    return struct


def options(kind: str) -> Any:
    """An options struct with its defaults."""
    struct_type = getattr(_ffi, kind)
    struct = struct_type()
    getattr(native, kind + "_init")(ctypes.byref(struct), ctypes.sizeof(struct_type))
    return struct


def encode(text: str) -> bytes:
    """UTF-8; the inverse of `text_at`."""
    return text.encode(errors="surrogateescape")


class Borrowed:
    """Keeps the Python objects alive that a struct points into.

    Must outlive the call that the struct is for.
    """

    def __init__(self) -> None:
        self._kept: List[Any] = []

    def keep(self, value: Any) -> Any:
        self._kept.append(value)
        return value

    def set_text(self, struct: ctypes.Structure, name: str, text: Optional[str]) -> None:
        """Points a text field and its `_bytes` companion at a text."""
        if text:
            data = self.keep(encode(text))
            setattr(struct, name, ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p))
            setattr(struct, name + "_bytes", len(data))

    def texts(self, texts: List[str]) -> Tuple[Any, Any]:
        """Arrays of the addresses and of the sizes of texts."""
        data = [self.keep(encode(text)) for text in texts]
        addresses, sizes = byte_arrays(data)
        return self.keep(addresses), self.keep(sizes)


def byte_arrays(items: Sequence[bytes]) -> Tuple[Any, Any]:
    """Arrays of the addresses and of the sizes of items, which must outlive them."""
    addresses = (ctypes.c_void_p * len(items))(
        *(ctypes.cast(ctypes.c_char_p(item), ctypes.c_void_p).value for item in items)
    )
    return addresses, (ctypes.c_size_t * len(items))(*map(len, items))


def span(function: str, *arguments: Any) -> Tuple[int, int]:
    """A pair of offsets."""
    begin, end = ctypes.c_uint32(), ctypes.c_uint32()
    call(function, *arguments, ctypes.byref(begin), ctypes.byref(end))
    return begin.value, end.value


def c_text(address: ctypes.c_void_p) -> str:
    """Text up to its first NUL."""
    return ctypes.string_at(address).decode(errors="surrogateescape") if address else ""


def as_dict(struct: ctypes.Structure) -> Dict[str, Any]:
    """The fields of a size-led struct, but for its size."""
    names = [field[0] for field in struct._fields_]
    return {name: getattr(struct, name) for name in names if name != "struct_size"}
