"""The poller: which task waits for which descriptor, on top of a selector.

Policy. A registration outlives the wait: a server's task comes back to the same socket for
every message, and one epoll_ctl a message would cost more than the rest of its turn. So a
descriptor stays registered after its waiter has been woken, and is released only when it
becomes ready while nobody waits for it, when its waiter is killed, or when it is closed.

The danger in that is a number that is closed and used again: the selector would go on
believing that the new file is registered. So a registration is kept only for a file whose
identity can be checked on every wait: a socket or an io object, which the poller knows by a
weak reference. A plain number can be anybody's by the next wait, and is released at once.

A file that is closed here and lives on elsewhere, in a duplicate or a forked child, is a ghost:
epoll goes on reporting it under its old number and no longer lets it be removed. A number that
was closed behind the kernel's back is therefore suspect. Where such a report turns out to be
false, the selector is replaced by a new one.

Invariants: a descriptor has at most one waiter a direction; every descriptor in the table is
registered with the selector for `mask`, which covers its waiters; what has no waiter is kept
by an identity.
"""

import os
import select
import time
from errno import EBADF, EPERM

from syscalls.errors import ResourceBusyError

from .descriptor import READ, WRITE, Descriptor, Watch, is_closed, number_of, valid_number
from .epoll import events_of, raw_poll
from .inbox import Inbox
from .lookout import Lookout

__all__ = ["Poller"]

EPOLLIN = getattr(select, "EPOLLIN", 0)     # where there is no epoll, nothing compares with it

_LONGEST = 86_400.0     # seconds to block at most: epoll counts milliseconds in a C int
_TICK = 0.002           # seconds by which a selector may be early: epoll counts milliseconds


def _default_selector():
    """The best selector of selectors2 for this system.

    selectors2 2.0.2, its last release, takes Mapping from `collections`, which Python 3.10
    removed. The name is lent for the length of that import, and taken back.
    """
    import collections
    import collections.abc

    lent = not hasattr(collections, "Mapping")
    if lent:
        collections.Mapping = collections.abc.Mapping
    try:
        import selectors2
    finally:
        if lent:
            del collections.Mapping
    return selectors2.DefaultSelector()


class Poller:
    """The table of descriptors and the selector under it.

    `selector` is any object with the interface of the standard `selectors`, or a function that
    makes one; the default is selectors2's. `open` makes it.
    """

    def __init__(self, kernel, selector=None):
        self._kernel = kernel
        self._make_selector = selector if callable(selector) else _default_selector
        self._given = self._selector = None if callable(selector) else selector
        self._raw_poll = self._close_raw_poll = None    # see epoll.py
        self._descriptors = {}
        self._watches = {}          # what a lodger watches, by number
        self._inbox = None
        self.lookout = Lookout(self._descriptors, self._lost)
        self._suspects = set()      # numbers under which a ghost may be reported

    # --- The selector's life -------------------------------------------------------------

    def open(self, inbox):
        """Begin to poll, with `inbox` as the one that other threads wake. Raises OSError."""
        if self._selector is None:
            self._selector = self._make_selector()
        self._inbox = inbox
        self._selector.register(inbox.fileno(), READ, inbox)
        self._resume_watches()
        self._use_raw_poll()

    def close(self):
        """Stop polling. A selector that was given is left open, without our descriptors."""
        self._drop_raw_poll()
        if self._inbox is not None:
            self._unregister(self._inbox.fileno())
            self._inbox = None
        for descriptor in list(self._descriptors.values()):
            self._forget(descriptor)
        for fd in self._watches:        # they go on when it is opened again
            self._unregister(fd)
        if self._given is None and self._selector is not None:
            self._selector.close()
            self._selector = None

    def is_open(self):
        """Whether it polls: between `open` and `close`."""
        return self._inbox is not None

    def fileno(self):
        """A descriptor that is readable when any of those in the table is ready: the selector's
        own; None where it has none."""
        fileno = getattr(self._selector, "fileno", None)
        return None if fileno is None else fileno()

    def abandon(self):
        """This is a forked child: let go of the selector, which the parent goes on using."""
        self._drop_raw_poll()
        if self._selector is not None and self._given is None:
            self._selector.close()
        self._selector = None
        self._descriptors.clear()
        self._watches.clear()
        self._inbox = None

    # --- Waiting -------------------------------------------------------------------------
    #
    # Two methods, and not one with a direction: this is where every message passes.

    def wait_readable(self, f, task):
        """Block `task` until `f` can be read; then its call's `ready` is called.

        Raises OSError (EBADF), ResourceBusyError or TypeError.
        """
        try:
            descriptor = self._descriptors[f.fileno()]
            known = descriptor.mask & READ and descriptor.identity() is f
        except Exception:       # a number, one that is new or closed, or no descriptor at all
            known = False
        if not known:
            descriptor = self._watch(f, READ, task)
            if descriptor is None:
                return
        if descriptor.reader is not None:
            raise _busy(descriptor.fd, "read", descriptor.reader)
        descriptor.reader = task
        task.token = descriptor

    def wait_writable(self, f, task):
        """Block `task` until `f` can be written; as wait_readable."""
        try:
            descriptor = self._descriptors[f.fileno()]
            known = descriptor.mask & WRITE and descriptor.identity() is f
        except Exception:       # a number, one that is new or closed, or no descriptor at all
            known = False
        if not known:
            descriptor = self._watch(f, WRITE, task)
            if descriptor is None:
                return
        if descriptor.writer is not None:
            raise _busy(descriptor.fd, "written", descriptor.writer)
        descriptor.writer = task
        task.token = descriptor

    def leave(self, task):
        """Undo the wait of `task`, which is being killed, and its registration."""
        descriptor, task.token = task.token, None
        if descriptor.reader is task:
            descriptor.reader = None
            self.release(descriptor, READ)
        elif descriptor.writer is task:
            descriptor.writer = None
            self.release(descriptor, WRITE)

    def close_file(self, f):
        """Close `f` and wake whoever waits for its descriptor with EBADF."""
        if isinstance(f, int):
            fd = valid_number(f)
        else:
            fd = number_of(f) if hasattr(f, "fileno") else -1
        descriptor = self._descriptors.get(fd)
        if descriptor is not None:
            self._abandon(descriptor)
        if isinstance(f, int):
            os.close(f)
        elif hasattr(f, "abort"):
            f.abort()       # a stream, whose close() waits
        else:
            f.close()

    # --- Polling -------------------------------------------------------------------------

    def poll(self, seconds):
        """Wake the tasks whose descriptors are ready, within `seconds` (None: no limit).

        Returns how many descriptors were, or tasks have been woken because theirs was closed. May
        return early with none.
        """
        kernel, now = self._kernel, 0.0
        were_ready = len(kernel.ready)
        if self._descriptors:
            now = time.monotonic()
            longest = self.lookout.look(now)
            seconds = longest if seconds is None else min(seconds, longest)
        elif seconds:
            now = time.monotonic()
            seconds = min(seconds, _LONGEST)
        if self._raw_poll is not None:
            descriptors = self._descriptors
            reports = self._raw_poll(seconds, len(descriptors) + len(self._watches) + 1)
            heard = len(reports)
            for number, bits in reports:
                descriptor = descriptors.get(number)
                if descriptor is None:
                    heard -= not self._report(number, bits)
                elif bits == EPOLLIN:
                    descriptor.readable(kernel)
                else:
                    descriptor.ready(events_of(bits, descriptor.mask), kernel)
        else:
            reports = self._select(seconds)
            heard = len(reports)
            for key, events in reports:
                key.data.ready(events, kernel)
        if not heard and seconds != 0 and len(kernel.ready) == were_ready and (
            seconds is None or time.monotonic() < now + seconds - _TICK
        ):
            self.replace_selector()     # woken early by a number that nobody has any more
        return heard or len(kernel.ready) - were_ready

    def _report(self, number, bits):
        """What is none of the tasks' is ready: the inbox or a lodger's watch. False for a ghost."""
        if number == self._inbox.fileno():
            self._inbox.ready(READ, self._kernel)
        elif number in self._watches:
            watch = self._watches[number]
            watch.ready(events_of(bits, watch.mask), self._kernel)
        else:
            return False
        return True

    def _select(self, seconds):
        """The same by the selector's own `select`, on any system."""
        try:
            ready = self._selector.select(seconds)
        except (OSError, ValueError):
            # select(2) and poll(2), unlike epoll, fail on a descriptor that has been closed.
            if not self._sweep():
                raise
            return []
        if self._given is None:
            return ready
        ours = (Descriptor, Watch, Inbox)       # it may watch over more than our descriptors
        return [each for each in ready if isinstance(each[0].data, ours)]

    def confirms(self, f, events):
        """Whether `f` is certainly ready for `events`, or above suspicion."""
        fd = f if isinstance(f, int) else number_of(f)
        if fd not in self._suspects:
            return True
        asked = select.poll()
        asked.register(fd, (events & READ and select.POLLIN) | (events & WRITE and select.POLLOUT))
        return bool(asked.poll(0))

    def replace_selector(self):
        """Get rid of ghosts. A selector that was given is kept, with what haunts it."""
        if self._given is not None:
            return
        old, self._selector = self._selector, self._make_selector()
        self._suspects.clear()
        self._selector.register(self._inbox.fileno(), READ, self._inbox)
        for descriptor in self.descriptors():
            try:
                self._selector.register(descriptor.fd, descriptor.mask, descriptor)
            except OSError:
                self._abandon(descriptor)
        self._resume_watches()
        self._use_raw_poll()
        old.close()

    def _use_raw_poll(self):
        self._drop_raw_poll()
        raw = None if self._given is not None else raw_poll(self._selector)
        if raw is not None:
            self._raw_poll, self._close_raw_poll = raw

    def _drop_raw_poll(self):
        if self._raw_poll is not None:
            self._close_raw_poll()
            self._raw_poll = self._close_raw_poll = None

    def is_idle(self):
        """Whether there is nothing at all to poll for."""
        return not self._descriptors and not self._watches

    def has_waiters(self):
        """Whether any task waits for a descriptor."""
        for descriptor in self._descriptors.values():   # nearly always, the first one says it
            if descriptor.reader is not None or descriptor.writer is not None:
                return True
        return False

    def descriptors(self):
        """The Descriptors in the table: for checks and reports."""
        return list(self._descriptors.values())

    # --- What a lodger watches -------------------------------------------------------------

    def watch(self, watch):
        """From now on, let `watch` (a Watch) hear whenever its descriptor is ready.

        Raises OSError or ValueError where the selector refuses it, KeyError where the number is
        watched already.
        """
        if watch.fd in self._watches:
            raise KeyError(f"descriptor {watch.fd} is watched already")
        descriptor = self._descriptors.get(watch.fd)
        if descriptor is not None and descriptor.was_closed(thorough=True):
            self._lost(descriptor)
            descriptor = None
        if descriptor is None:
            try:
                self._selector.register(watch.fd, watch.mask, watch)
            except OSError:
                self._unregister(watch.fd)
                raise
        else:
            self._selector.modify(watch.fd, descriptor.mask | watch.mask, descriptor)
            descriptor.mask |= watch.mask
            descriptor.share(watch)
        self._watches[watch.fd] = watch

    def change_watch(self, watch, mask):
        """Let `watch` be for the directions of `mask`. Raises OSError where it was closed."""
        watch.mask = mask
        descriptor = self._descriptors.get(watch.fd)
        if descriptor is None or descriptor.watch is not watch:
            self._selector.modify(watch.fd, mask, watch)
        else:
            # The superset that a task may have left is harmless: it goes when it is reported.
            self._selector.modify(watch.fd, descriptor.mask | mask, descriptor)
            descriptor.mask |= mask

    def unwatch(self, watch):
        """Let `watch` hear no more."""
        del self._watches[watch.fd]
        descriptor = self._descriptors.get(watch.fd)
        if descriptor is None or descriptor.watch is not watch:
            self._unregister(watch.fd)
        else:
            descriptor.share(None)
            self.release(descriptor, watch.mask)

    def _resume_watches(self):
        """Register what is watched with a selector that is new."""
        for watch in list(self._watches.values()):
            if watch.fd not in self._descriptors:
                try:
                    self._selector.register(watch.fd, watch.mask, watch)
                except (OSError, ValueError, KeyError):
                    pass        # it was closed, and nobody has said so

    # --- Registrations -------------------------------------------------------------------

    def release(self, descriptor, direction):
        """Nobody waits in `direction` any more: register for the rest, or not at all."""
        mask = descriptor.mask & ~direction | descriptor.watched()
        if descriptor.reader is not None:
            mask |= READ
        if descriptor.writer is not None:
            mask |= WRITE
        if self._descriptors.get(descriptor.fd) is not descriptor or mask == descriptor.mask:
            return
        if not mask or not self._modify(descriptor, mask):
            self._abandon(descriptor)

    def _watch(self, f, direction, task):
        """The Descriptor of `f`, registered for `direction`.

        None where the file is always ready, as select(2) has it and epoll refuses to: the
        call goes on at once.
        """
        fd = valid_number(f)
        descriptor = self._descriptors.get(fd)
        if descriptor is not None:
            if descriptor.has_waiters():
                # Another object may stand for the same open file, a socket and its number:
                # that is one descriptor. But where the file was closed, its waiters must not
                # be woken by what has taken its number.
                same = not descriptor.was_closed(thorough=not descriptor.is_file(f))
            else:
                same = descriptor.is_file(f)
            if same and (descriptor.mask & direction
                         or self._modify(descriptor, descriptor.mask | direction)):
                return descriptor
            self._lost(descriptor)
        return self._register(f, fd, direction, task)

    def _register(self, f, fd, direction, task):
        watch = self._watches.get(fd)
        descriptor = Descriptor(self, fd, direction | (0 if watch is None else watch.mask), f)
        if watch is not None:
            self._unregister(fd)
            descriptor.share(watch)
        try:
            self._selector.register(fd, descriptor.mask, descriptor)
        except OSError as error:
            self._unregister(fd)    # the selector's own table keeps what the system refused
            if error.errno == EPERM:
                task.call.ready(self._kernel, task)
                return None
            raise OSError(error.errno, f"{os.strerror(error.errno)}: descriptor {fd}") from None
        self._descriptors[fd] = descriptor
        return descriptor

    def _modify(self, descriptor, mask):
        """Register for `mask` instead; False where the descriptor has been closed."""
        try:
            self._selector.modify(descriptor.fd, mask, descriptor)
        except (OSError, KeyError, ValueError):
            return False
        descriptor.mask = mask
        return True

    def _forget(self, descriptor):
        if self._descriptors.get(descriptor.fd) is descriptor:
            del self._descriptors[descriptor.fd]
            self._unregister(descriptor.fd)
            descriptor.share(None)

    def _unregister(self, fd):
        if self._selector is None:
            return      # between `close` and `open`
        try:
            self._selector.unregister(fd)
        except (KeyError, ValueError, OSError):
            pass        # it has been closed, and the system has forgotten it by itself

    def _lost(self, descriptor):
        """Forget a descriptor that was closed behind the kernel's back."""
        self._suspects.add(descriptor.fd)
        self._abandon(descriptor)

    def _abandon(self, descriptor):
        """Forget a descriptor that is closed or unused; its waiters wake with EBADF."""
        self._forget(descriptor)
        for task in (descriptor.reader, descriptor.writer):
            if task is not None:
                task.token = None
                message = f"descriptor {descriptor.fd} was closed while task {task.tid} waited"
                self._kernel.throw(task, OSError(EBADF, message))
        descriptor.reader = descriptor.writer = None

    def _sweep(self):
        """Find what was closed without Close, which epoll never reports; return how many."""
        dead = [fd for fd in self._watches if fd not in self._descriptors and is_closed(fd)]
        for fd in dead:
            self._unregister(fd)
        closed = [each for each in self._descriptors.values() if each.was_closed(thorough=True)]
        for descriptor in closed:
            self._lost(descriptor)
        return len(closed) + len(dead)


def _busy(fd, verb, other):
    return ResourceBusyError(
        f"descriptor {fd} is already being {verb} by task {other.tid} ({other.name}); "
        "let one task wait for it and pass the data on"
    )
