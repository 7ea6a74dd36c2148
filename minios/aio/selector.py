"""The loop's selector: the interface of the standard `selectors`, on the kernel's poller.

What asyncio registers here becomes a Watch of the poller, beside the descriptors that tasks wait
for; the same number may be used by both. The selector reports by itself, in the kernel's round:
nobody calls `select`, but whoever does gets what the standard one would give.
"""

from __future__ import annotations

from collections.abc import Mapping
from selectors import EVENT_READ, EVENT_WRITE, BaseSelector, SelectorKey

from ..kernel.descriptor import Watch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..kernel.poller import Poller

__all__ = ["PollerSelector"]

_BOTH = EVENT_READ | EVENT_WRITE


class _KeyWatch(Watch):
    """One registration with `selector`."""

    __slots__ = ("key", "selector")

    def ready(self, events, kernel):
        queue = self.selector.queue
        # What _process_events of asyncio does, where there is just something to read.
        if events == EVENT_READ and queue is not None:
            reader = self.key.data[0]
            if reader is not None and not reader._cancelled:
                queue.append(reader)
                return
        self.selector.report(((self.key, events),))


class PollerSelector(BaseSelector):
    """The descriptors of one event loop; `report` is called with a list of (key, events)."""

    def __init__(self, poller: Poller, report: Callable[[Any], object]) -> None:
        self._poller = poller
        self.report: Any = report
        self.queue: Any = None      # the loop's, into which the handles of readers go straight
        self._watches: dict[int, _KeyWatch] = {}
        self._map = _Keys(self._watches)

    def register(self, fileobj, events, data=None):
        """As selectors.BaseSelector.register."""
        fd = _number(fileobj, self._watches)
        _check(events)
        if fd in self._watches:
            raise KeyError(f"{fileobj!r} (FD {fd}) is already registered")
        watch = _KeyWatch(fd, events)
        watch.key = SelectorKey(fileobj, fd, events, data)
        watch.selector = self
        self._poller.watch(watch)
        self._watches[fd] = watch
        return watch.key

    def unregister(self, fileobj):
        """As selectors.BaseSelector.unregister."""
        watch = self._find(fileobj)
        del self._watches[watch.fd]
        self._poller.unwatch(watch)
        return watch.key

    def modify(self, fileobj, events, data=None):
        """As selectors.BaseSelector.modify."""
        watch = self._find(fileobj)
        if events != watch.mask:
            _check(events)
            try:
                self._poller.change_watch(watch, events)
            except BaseException:
                del self._watches[watch.fd]
                self._poller.unwatch(watch)
                raise
        watch.key = key = SelectorKey(watch.key.fileobj, watch.fd, events, data)
        return key

    def select(self, timeout=None):
        """What is ready within `timeout` seconds, as a list of (key, events)."""
        found: list = []
        usual = self.report, self.queue
        self.report, self.queue = found.extend, None
        try:
            self._poller.poll(None if timeout is None else max(0.0, timeout))
        finally:
            self.report, self.queue = usual
        return found

    def get_key(self, fileobj):
        """As selectors.BaseSelector.get_key."""
        return self._find(fileobj).key

    def get_map(self):
        """As selectors.BaseSelector.get_map."""
        return self._map

    def close(self):
        """Let go of all that is registered."""
        for watch in list(self._watches.values()):
            self._poller.unwatch(watch)
        self._watches.clear()
        self._map = None
        self.report = self.queue = None

    def _find(self, fileobj):
        watch = self._watches.get(fileobj if type(fileobj) is int
                                  else _number(fileobj, self._watches))
        if watch is None:
            raise KeyError(f"{fileobj!r} is not registered")
        return watch


class _Keys(Mapping):
    """The SelectorKeys by descriptor or by object, as get_map() gives them."""

    def __init__(self, watches):
        self._watches = watches

    def get(self, fileobj, default=None):
        """The key of `fileobj`, else `default`: what asyncio asks with every reader it adds."""
        watch = self._watches.get(fileobj) if type(fileobj) is int else None
        if watch is not None:
            return watch.key
        try:
            return self[fileobj]
        except KeyError:
            return default

    def __getitem__(self, fileobj):
        watch = self._watches.get(_number(fileobj, self._watches))
        if watch is None:
            raise KeyError(f"{fileobj!r} is not registered")
        return watch.key

    def __len__(self):
        return len(self._watches)

    def __iter__(self):
        return iter(self._watches)


def _check(events):
    if not events or events & ~_BOTH:
        raise ValueError(f"Invalid events: {events!r}")


def _number(fileobj, watches):
    """The number of `fileobj`; of one that has been closed, that which it is registered under."""
    if isinstance(fileobj, int):
        fd = fileobj
    else:
        try:
            fd = int(fileobj.fileno())
        except (AttributeError, TypeError, ValueError):
            fd = -1
    if fd < 0:
        for fd, watch in watches.items():
            if watch.key.fileobj is fileobj:
                return fd
        raise ValueError(f"Invalid file object: {fileobj!r}")
    return fd
