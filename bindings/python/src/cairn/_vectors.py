"""Vectors in and out. NumPy is used when it is there and never needed.

Anything with the buffer protocol that holds 32-bit floats in C order is read where it is. Other
numbers are converted, which copies.
"""

from __future__ import annotations

import ctypes
import importlib
from array import array
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from cairn.errors import InvalidArgumentError


_TYPES: Dict[str, Any] = {"Q": ctypes.c_uint64, "f": ctypes.c_float, "I": ctypes.c_uint32}


class Matrix(NamedTuple):
    """Rows of floats: where they are, and the object that they live in."""

    pointer: Any
    rows: int
    dim: int
    owner: Any


class VectorMatches(NamedTuple):
    """The nearest documents of each query, best first: NumPy arrays, or memoryviews without NumPy.

    Row i of `keys` (uint64), `scores` (float32) and `ordinals` (uint32: the chunk of the document)
    has `counts[i]` (uint32) entries; the rest of the row is zero. `ordinals` is None when arrays
    were given without one for them. `report` says how they were found.
    """

    keys: Any
    scores: Any
    counts: Any
    ordinals: Any = None
    report: Any = None


def numpy() -> Any:
    """The module, or None where it is not installed."""
    try:
        return importlib.import_module("numpy")
    except ImportError:
        return None


def as_matrix(values: Any, dim: int = 0, rows: Optional[int] = None) -> Matrix:
    """Vectors as the C interface takes them. `dim` and `rows`, when given, must fit."""
    matrix = _from_buffer(values) or _converted(values)
    if dim and matrix.dim != dim and matrix.rows:
        raise InvalidArgumentError(f"the vectors have dimension {matrix.dim}, not {dim}")
    if rows is not None and matrix.rows != rows:
        raise InvalidArgumentError(f"{rows} vectors are needed, and there are {matrix.rows}")
    return matrix


def _from_buffer(values: Any) -> Optional[Matrix]:
    """Without a copy, or None when that cannot be."""
    try:
        view = memoryview(values)
    except TypeError:
        return None
    if view.format != "f" or view.ndim not in (1, 2) or not view.c_contiguous:
        return None
    address = _address(view, values)
    if address is None:
        return None
    shape = view.shape or (0,)
    rows, dim = (1, shape[0]) if len(shape) == 1 else (shape[0], shape[1])
    return Matrix(ctypes.cast(address, ctypes.POINTER(ctypes.c_float)), rows, dim, view)


def _address(view: memoryview, values: Any) -> Optional[int]:
    if view.nbytes == 0:
        return 0
    if not view.readonly:
        return ctypes.addressof(ctypes.c_char.from_buffer(view))
    # ctypes gives no address of what is read-only; a NumPy array tells its own.
    interface = getattr(values, "__array_interface__", None)
    return None if interface is None else int(interface["data"][0])


def _converted(values: Any) -> Matrix:
    np = numpy()
    if np is not None:
        return _converted_by_numpy(np, values)
    try:
        rows = values.tolist() if hasattr(values, "tolist") else list(values)
        nested = bool(rows) and hasattr(rows[0], "__len__")
        flat = [array("f", row) for row in (rows if nested else [rows])]
    except (TypeError, OverflowError, NotImplementedError) as error:
        raise InvalidArgumentError(f"vectors must be numbers: {error}") from error
    dim = len(flat[0])
    if any(len(vector) != dim for vector in flat):
        raise InvalidArgumentError("the vectors differ in their dimension")
    joined = array("f")
    for vector in flat:
        joined.extend(vector)
    pointer = ctypes.cast(joined.buffer_info()[0], ctypes.POINTER(ctypes.c_float))
    return Matrix(pointer, len(flat), dim, joined)


def _converted_by_numpy(np: Any, values: Any) -> Matrix:
    try:
        given = np.asarray(values)
    except ValueError as error:
        raise InvalidArgumentError(f"the vectors differ in their dimension: {error}") from error
    if given.dtype.kind not in "fiu" or given.ndim not in (1, 2):
        raise InvalidArgumentError(
            "vectors must be one or two dimensions of real numbers, "
            f"not {given.ndim} of {given.dtype}"
        )
    converted = np.ascontiguousarray(given, dtype=np.float32)
    shape = (1, converted.shape[0]) if converted.ndim == 1 else converted.shape
    pointer = ctypes.cast(converted.ctypes.data, ctypes.POINTER(ctypes.c_float))
    return Matrix(pointer, shape[0], shape[1], converted)


def new_rows(rows: int, dim: int) -> Tuple[Any, Any]:
    """An array of zeros, and the pointer through which it is filled."""
    np = numpy()
    shape = (rows, dim)
    made = np.zeros(shape, dtype="float32") if np is not None else _zeros("f", shape)
    return made, _pointer(made, "f")


class MatchArrays:
    """The arrays that a search by vectors fills."""

    _COLUMNS = (
        ("keys", "Q", "uint64"), ("scores", "f", "float32"), ("counts", "I", "uint32"),
        ("ordinals", "I", "uint32"),
    )  # fmt: skip

    def __init__(self, rows: int, k: int, out: Optional[Tuple[Any, ...]]) -> None:
        shapes = ((rows, k), (rows, k), (rows,), (rows, k))
        if out is not None and len(out) not in (3, 4):
            raise InvalidArgumentError(
                f"out must be (keys, scores, counts) and perhaps ordinals, not {len(out)} arrays"
            )
        np = numpy()
        arrays = []
        self.pointers: List[Any] = []
        for i, (name, code, dtype) in enumerate(self._COLUMNS):
            if out is not None and i == len(out):
                self.pointers.append(None)
                continue
            if out is not None:
                made = out[i]
                _check_output(made, name, code, shapes[i])
            elif np is not None:
                made = np.zeros(shapes[i], dtype=dtype)
            else:
                made = _zeros(code, shapes[i])
            arrays.append(made)
            self.pointers.append(_pointer(made, code))
        self.matches = VectorMatches(*arrays)

    @property
    def outputs(self) -> Tuple[Any, Any, Any, Any]:
        """The pointers in the order of the C interface."""
        keys, scores, counts, ordinals = self.pointers
        return keys, ordinals, scores, counts


def _pointer(made: Any, code: str) -> Any:
    view = memoryview(made)
    address = ctypes.addressof(ctypes.c_char.from_buffer(view)) if view.nbytes else 0
    return ctypes.cast(address, ctypes.POINTER(_TYPES[code]))


def _check_output(given: Any, name: str, code: str, shape: Tuple[int, ...]) -> None:
    view = memoryview(given)
    # NumPy spells a 64-bit unsigned integer 'L'.
    same_type = view.format == code or (code == "Q" and view.format == "L")
    if not same_type or view.readonly or not view.c_contiguous or view.shape != shape:
        raise InvalidArgumentError(
            f"out: {name} must be writable, contiguous, of format {code!r} and shape {shape}; "
            f"it has format {view.format!r} and shape {view.shape}"
        )


def _zeros(code: str, shape: Tuple[int, ...]) -> memoryview:
    count = 1
    for extent in shape:
        count *= extent
    flat = memoryview(array(code, bytes(array(code).itemsize * count)))
    return flat.cast("B").cast(code, shape) if count else flat
