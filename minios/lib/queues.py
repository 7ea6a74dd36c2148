"""Queue, PriorityQueue and LifoQueue: items from tasks to tasks.

Policy. First come, first served, for those who get and for those who put.

A getter that waits is promised an item when one is put: it is woken, and takes one when it runs.
Until then the item stays in the queue, where nobody else may have it: a getter that is killed in
between leaves it where it was, before those that came later. So no item is lost, none overtakes
another, and whoever is woken gets the first, the smallest or the newest of that moment.

A putter that waits hands its item over before it waits: as soon as there is room the item is in
the queue, and the putter is told afterwards. One that is killed before that has put nothing.

So a waiting getter and a free item never exist together, nor a waiting putter and room.
"""

from __future__ import annotations

from collections import deque, namedtuple
from types import GenericAlias

from syscalls import Park
from syscalls.base import running
from syscalls.errors import QueueClosedError, QueueEmptyError, QueueFullError
from syscalls.parking import parked, wake

from ..kernel.current import current_task
from .blocking import blocking
from .channels import Channel
from .sorted_items import SortedItems

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any, Generic, TypeVar

    from ..kernel import Task

    T = TypeVar("T")

    class _Generic(Generic[T]):
        pass
else:
    T = None

    class _Generic:
        """What `Queue[int]` needs, without the module typing."""

        __slots__ = ()
        __class_getitem__ = classmethod(GenericAlias)

__all__ = ["LifoQueue", "PriorityQueue", "Queue"]

QueueStatistics = namedtuple("QueueStatistics", "size limit getters putters closed")
QueueStatistics.__doc__ = """`size` is qsize(), `limit` the maxsize; `getters` and `putters` are how
many tasks wait for an item or for room."""

_NOTHING: Any = object()
_END = object()


class Queue(_Generic[T]):
    """A queue of at most `maxsize` items (0: of any number), first in, first out.

    The methods are those of asyncio.Queue, and `close()`, after which `async for item in queue`
    ends, and `get(default)` returns the default:

        while (item := (yield from queue.get(END))) is not END:
    """

    __slots__ = (
        "maxsize", "_limit", "_items", "_push", "_pop", "_promised", "_getting", "_offers",
        "_closed", "_unfinished", "_joining", "_room", "_end", "__weakref__",
    )

    def __init__(self, maxsize: int = 0) -> None:
        if not isinstance(maxsize, int):
            raise TypeError(f"maxsize is a number of items, 0 for no limit, not {maxsize!r}")
        self.maxsize = maxsize
        self._limit = maxsize if maxsize > 0 else float("inf")
        self._items, self._push, self._pop = self._make()
        self._promised: set[Task] = set()   # getters that were woken and have not run since
        self._getting = 0       # tasks that wait for an item, and are promised none
        self._offers: dict[Task, Any] = {}  # what the putters that wait would put
        self._closed = False
        self._unfinished = 0    # items put and not reported by task_done()
        self._joining = 0       # tasks in join()
        self._room = Channel("room in", self)
        self._end = Channel("end of", self)

    def _make(self) -> tuple[Any, Any, Any]:
        """What holds the items, and how an item is put into it and taken out of it."""
        items: deque[Any] = deque()
        return items, items.append, items.popleft

    # --- Putting -------------------------------------------------------------------------

    @blocking
    def put(self, item: T) -> Generator[Any, Any, None]:
        """Put `item` into the queue; waits for room in a full one.

        Raises QueueClosedError if the queue is closed, or is before there is room.
        """
        # The common case first, without a call: nobody waits, and there is room.
        if not (self._closed or self._getting or len(self._items) >= self._limit):
            self._push(item)
            self._unfinished += 1
        elif self._closed or not self.full():
            self.put_nowait(item)
        else:
            yield from self._wait_for_room(item)

    def put_nowait(self, item: T) -> None:
        """Put `item` in. Raises as `put` does, and QueueFullError where that would wait."""
        if self._closed:
            raise QueueClosedError(f"{self!r}: nothing more can be put")
        if self.full():
            raise QueueFullError(f"{self!r} is full; `yield from queue.put(item)` waits for room")
        if self._getting:
            _check_thread(self)
        self._push(item)
        self._unfinished += 1
        if self._getting:
            self._promise()

    def _wait_for_room(self, item):
        """Offer `item`, and wait until it has been put."""
        task = current_task()
        self._offers[task] = item
        try:
            errors = yield Park(self._room)
        finally:
            self._offers.pop(task, None)
        if errors:
            raise errors[0]

    def _admit(self):
        """Items have left: let those who wait longest have put theirs, as far as there is room."""
        while self._offers and not self.full():
            # A value, so that a signal comes after it: what has been put, has been put.
            errors = []
            woken = wake(self._room, 1, errors)
            if not woken:
                break       # those who are left have been killed, and are on their way out
            try:
                self._push(self._offers.pop(woken[0]))
                self._unfinished += 1
            except Exception as error:
                errors.append(error)

    # --- Getting -------------------------------------------------------------------------

    @blocking
    def get(self, default: Any = _NOTHING) -> Generator[Any, Any, T]:
        """Take the next item out of the queue; waits for one where there is none.

        When the queue is closed and empty, returns `default`, or raises QueueClosedError where
        none is given.
        """
        if self._items and not (self._promised or self._offers):    # as in `put`
            return self._pop()
        if self.empty() and not self._closed:
            yield from self._wait_for_item(current_task())
        # There is an item, or else the queue is closed.
        if default is not _NOTHING and self.empty():
            return default
        return self.get_nowait()

    def get_nowait(self) -> T:
        """Take the next item. Raises QueueEmptyError where `get` would wait, QueueClosedError
        where it never can be had."""
        if self.empty():
            if self._closed:
                raise _at_end(self)
            raise QueueEmptyError(f"{self!r} is empty; `yield from queue.get()` waits for an item")
        if self._offers:
            _check_thread(self)
        item = self._pop()
        if self._offers:
            self._admit()
        return item

    def _wait_for_item(self, task):
        """Wait until an item is promised to `task`, which may then have it, or until the end."""
        self._getting += 1
        try:
            yield Park(self)
        except BaseException:
            if self._waits_no_more(task):   # killed between being woken and running
                self._promise()
            raise
        self._waits_no_more(task)

    def _promise(self):
        """There is an item more: promise it to the longest waiter; it is free where none waits."""
        for task in wake(self):
            self._promised.add(task)
            self._getting -= 1

    def _waits_no_more(self, task):
        """A getter has been resumed. If it was promised an item, that is anybody's now: True."""
        if task in self._promised:
            self._promised.remove(task)
            return True
        self._getting -= 1
        return False

    def __aiter__(self) -> Queue[T]:
        return self

    @blocking
    def __anext__(self) -> Generator[Any, Any, T]:
        item = yield from self.get(_END)
        if item is _END:
            raise StopAsyncIteration
        return item

    # --- The end -------------------------------------------------------------------------

    def close(self) -> None:
        """Let nothing more be put. What is there can still be got; harmless if it was closed.

        Whoever waits to put gets QueueClosedError, and whoever waits to get is told of the end.
        """
        if self._getting or self._offers:
            _check_thread(self)
        self._closed = True
        while self._offers and wake(self._room, 1, [QueueClosedError(f"{self!r} has been closed")]):
            pass
        if self._getting:
            wake(self, None)

    @property
    def closed(self) -> bool:
        """Whether `close()` was said."""
        return self._closed

    def task_done(self) -> None:
        """One item that was got has been dealt with. Raises ValueError for more than were put."""
        if self._unfinished <= 0:
            raise ValueError(f"task_done() was said more often than items were put into {self!r}")
        if self._unfinished == 1 and self._joining:
            wake(self._end, None)
        self._unfinished -= 1

    @blocking
    def join(self) -> Generator[Any, Any, None]:
        """Wait until `task_done()` was said for every item that was put."""
        if self._unfinished:
            self._joining += 1
            try:
                yield Park(self._end)
            finally:
                self._joining -= 1

    # --- How it stands -------------------------------------------------------------------

    def qsize(self) -> int:
        """How many items can be got; those that are promised to a getter are gone."""
        return len(self._items) - len(self._promised)

    def empty(self) -> bool:
        """Whether `get` would have to wait."""
        return len(self._items) <= len(self._promised)

    def full(self) -> bool:
        """Whether `put` would have to wait."""
        return self.qsize() >= self._limit

    def statistics(self) -> QueueStatistics:
        """How the queue stands at this moment."""
        getters, putters = len(parked(self)), len(parked(self._room))
        return QueueStatistics(self.qsize(), self.maxsize, getters, putters, self._closed)

    def __repr__(self):
        limit = f" of {self.maxsize}" if self.maxsize > 0 else ""
        closed = ", closed" if self._closed else ""
        return f"<{type(self).__name__} {self.qsize()}{limit}{closed}>"


class LifoQueue(Queue[T]):
    """A queue that gives the newest item first."""

    __slots__ = ()

    def _make(self) -> tuple[Any, Any, Any]:
        items: list[Any] = []
        return items, items.append, items.pop


class PriorityQueue(Queue[T]):
    """A queue that gives the smallest item first, and of equal ones the one that came first.

    Items are compared with `<`; tuples such as (priority, number, thing) are usual. Putting one
    that cannot be compared with those that are there raises TypeError in the task that puts it.
    """

    __slots__ = ()

    def _make(self) -> tuple[Any, Any, Any]:
        items = SortedItems()
        return items, items.push, items.pop


def _check_thread(queue):
    """Raise before anything has changed where those who wait cannot be woken: in another thread."""
    if running.kernel is None:
        wake(queue, 0)


def _at_end(queue):
    return QueueClosedError(f"{queue!r}: nothing is left to get, and nothing more will come")
