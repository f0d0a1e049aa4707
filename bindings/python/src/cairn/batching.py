"""A dynamic batcher: items of many callers are worked off together."""

from __future__ import annotations

import asyncio
import ctypes
import itertools
import threading
from types import TracebackType
from typing import Any, Callable, Dict, Generic, List, Optional, Sequence, Type, TypeVar, Union

from cairn import _callbacks, _ffi, _library, errors
from cairn._handle import Handle
from cairn._units import ns, timeout_ns
from cairn.errors import CairnError, InternalError
from cairn.metrics import Metrics, create
from cairn.search import at_least

Item = TypeVar("Item")
Result = TypeVar("Result")
RunFunction = Callable[[List[Item]], Sequence[Union[Result, BaseException]]]


class _Slot:
    """What one caller handed in, and what it gets."""

    def __init__(self, item: Any) -> None:
        self.item = item
        self.result: Any = None
        self.error: Optional[BaseException] = None


class _Slots:
    """Items under way, by the number that goes through the library in their stead."""

    def __init__(self, run: Callable[[List[Any]], Sequence[Any]]) -> None:
        self._run = run
        self._slots: Dict[int, _Slot] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def add(self, slot: _Slot) -> int:
        with self._lock:
            number = next(self._numbers)
            self._slots[number] = slot
        return number

    def remove(self, number: int) -> None:
        with self._lock:
            self._slots.pop(number, None)

    def run_batch(self, batch: Any) -> int:
        """Called by the library in a thread of the batcher. Must not raise."""
        count = _library.native.cairn_batch_size(batch)
        slots = [self._slot(batch, index) for index in range(count)]
        present = [(index, slot) for index, slot in enumerate(slots) if slot is not None]
        try:
            results = list(self._run([slot.item for _, slot in present])) if present else []
            if len(results) != len(present):
                raise InternalError(f"the function gave {len(results)} results for {len(present)}")
        except BaseException as error:
            for _, slot in present:
                slot.error = error
            return error.status if isinstance(error, CairnError) else int(_ffi.CAIRN_UNKNOWN)
        for (index, slot), result in zip(present, results):
            slot.error = None
            if isinstance(result, BaseException):
                slot.error = result
                _library.call(
                    "cairn_batch_fail", batch, index, _ffi.CAIRN_UNKNOWN, b"the item failed", 15
                )
            else:
                slot.result = result
                _library.call("cairn_batch_set_output", batch, index, None, 0)
        return int(_ffi.CAIRN_OK)

    def _slot(self, batch: Any, index: int) -> Optional[_Slot]:
        size = ctypes.c_size_t()
        address = _library.native.cairn_batch_input(batch, index, ctypes.byref(size))
        number = int.from_bytes(ctypes.string_at(address, size.value), "little")
        with self._lock:
            return self._slots.get(number)  # None: its caller has left


class Batcher(Generic[Item, Result]):
    """Calls `run` with lists of items that many threads or tasks hand in one by one.

    run: gets up to `max_items` items, whose costs add up to at most `max_cost`, and gives as many
        results in their order; a result that is an exception is raised to that item's caller, and
        an exception that it raises to every caller. Called in a thread of the batcher.
    enough_items, max_delay: an idle worker waits until so many items are there, but no longer than
        so many seconds after the oldest came. With 1 nothing waits while a worker is idle, and
        batches grow by themselves while it is busy.
    max_queue: items that wait; more raise ResourceExhaustedError.
    workers: batches at the same time.
    isolate: when a batch fails, run each member once more by itself.

    Thread safety: all methods may be called from any thread.

    >>> import cairn
    >>> with cairn.Batcher(lambda words: [word.upper() for word in words]) as batcher:
    ...     batcher.submit("heron")
    'HERON'
    """

    def __init__(
        self,
        run: "RunFunction[Item, Result]",
        *,
        name: str = "",
        max_items: int = 64,
        max_cost: int = 0,
        enough_items: int = 1,
        max_delay: float = 0.025,
        max_queue: int = 1024,
        workers: int = 1,
        isolate: bool = False,
        metrics: Optional[Metrics] = None,
    ) -> None:
        options = _library.options("cairn_batcher_options")
        borrowed = _library.Borrowed()
        borrowed.set_text(options, "name", name)
        options.max_items = at_least("max_items", max_items, 1)
        options.max_cost = at_least("max_cost", max_cost, 0, 2**64 - 1)
        options.enough_items = at_least("enough_items", enough_items, 1)
        options.max_delay_ns = ns(max_delay) or -1
        options.max_queue = at_least("max_queue", max_queue, 1)
        options.workers = at_least("workers", workers, 1)
        options.isolate = bool(isolate)
        self._slots = _Slots(run)
        options.run_fn, options.run_free = _callbacks.batch_fn, _callbacks.free_fn
        options.run_user_data = _callbacks.register(
            _callbacks.Registration(self._slots.run_batch)
        )
        pointer = create("cairn_batcher", options, metrics)
        self._handle = Handle("the batcher", pointer, _library.native.cairn_batcher_release)
        self._handle.watch(self)

    def submit(self, item: Item, *, cost: int = 1, timeout: Optional[float] = None) -> Result:
        """Hands in one item and waits for its result, up to `timeout` seconds."""
        slot = _Slot(item)
        number = self._slots.add(slot)
        try:
            with self._handle as pointer, _library.Owned("cairn_buffer") as output:
                data = number.to_bytes(8, "little")
                _library.call(
                    "cairn_batcher_submit",
                    pointer,
                    data,
                    len(data),
                    at_least("cost", cost, 0, 2**64 - 1),
                    timeout_ns(timeout),
                    output.out,
                )
        except CairnError as error:
            _raise_own(slot, error)
        finally:
            self._slots.remove(number)
        return slot.result  # type: ignore[no-any-return]

    async def submit_async(
        self, item: Item, *, cost: int = 1, timeout: Optional[float] = None
    ) -> Result:
        """The same in a task. A task that is cancelled leaves without harming the batch."""
        loop = asyncio.get_running_loop()
        future: "asyncio.Future[None]" = loop.create_future()
        slot = _Slot(item)
        number = self._slots.add(slot)

        def settle(error: Optional[CairnError]) -> None:
            if not future.done():
                future.set_result(None) if error is None else future.set_exception(error)

        def done(status: int, data: bytes) -> None:
            failed = status != _ffi.CAIRN_OK
            error = errors.from_status(status, data.decode(errors="replace"), None)
            try:
                loop.call_soon_threadsafe(settle, error if failed else None)
            except RuntimeError:  # the loop was closed: nobody waits any more
                pass

        try:
            with self._handle as pointer:
                data = number.to_bytes(8, "little")
                _library.call(
                    "cairn_batcher_submit_async",
                    pointer,
                    data,
                    len(data),
                    at_least("cost", cost, 0, 2**64 - 1),
                    timeout_ns(timeout),
                    _callbacks.batch_done_fn,
                    _callbacks.register(_callbacks.Registration(done)),
                    _callbacks.free_fn,
                )
            try:
                await asyncio.wait_for(future, timeout)
            except asyncio.TimeoutError:
                raise errors.TimedOutError("the batcher gave no result in time") from None
        except CairnError as error:
            _raise_own(slot, error)
        finally:
            self._slots.remove(number)
        return slot.result  # type: ignore[no-any-return]

    def stats(self) -> Dict[str, Any]:
        with self._handle as pointer:
            return _library.as_dict(
                _library.filled("cairn_batcher_stats", "cairn_batcher_stats_get", pointer)
            )

    def close(self, *, cancel: bool = False) -> None:
        """Refuses new items and works off those that wait; with `cancel` these are cancelled."""
        if self._handle.closed:
            return
        with self._handle as pointer:
            _library.call("cairn_batcher_close", pointer, int(cancel))

    def __enter__(self) -> "Batcher[Item, Result]":
        return self

    def __exit__(
        self,
        _: Optional[Type[BaseException]],
        __: Optional[BaseException],
        ___: Optional[TracebackType],
    ) -> None:
        self.close()


def _raise_own(slot: _Slot, error: CairnError) -> None:
    """Raises what the function raised for this item, if that is why the call failed."""
    own = slot.error
    timed_out = isinstance(error, errors.TimedOutError)
    if own is None or (timed_out and not isinstance(own, errors.TimedOutError)):
        raise error
    raise own from error
