"""Who waits for which descriptor, and who has it: what `lsof` and /proc/TID/fd are made of.

Policy. The poller knows who waits. A descriptor that nobody waits for belongs to a task only where
there is a witness: a server knows whom it has given each connection to, and where it was asked to
look, a local variable of a task holds the very object. Otherwise its task is unknown: a descriptor
is the process's, and any task may use it.
"""

import gc
import os
import sys
from _socket import socket
from io import IOBase
from types import CellType
from typing import Any, NamedTuple

import syscalls
from syscalls import Accept
from syscalls.describe import file_and_line

from ... import errors
from ...kernel.descriptor import READ, WRITE
from ...lib.datagrams import Datagram
from ...lib.files import File
from ...lib.servers import Server
from ...lib.streams import Stream
from ..pace import Pace
from ..rest import REST
from .descriptors import describe, open_numbers

__all__ = ["OpenFile", "numbers_of", "open_files"]

_HAVE_DESCRIPTORS = (socket, IOBase, Stream, File, Datagram)


class OpenFile(NamedTuple):
    """One descriptor: `info` is a DescriptorInfo; `task` who waits for it or has it, or None;
    `system_of` the kernel whose own it is, or None; `opened_at` a text, or None."""

    number: int
    info: Any
    task: Any
    reader: Any
    writer: Any
    system_of: Any
    opened_at: str | None


class _Owner(NamedTuple):
    """What is known of a descriptor besides its waiters."""

    task: Any
    file: Any
    place: str | None


def open_files(system, search=False):
    """The OpenFiles of this process, by rising number; a generator, in slices.

    `search`: look for the owners of those that nobody waits for, in the local variables of all
    tasks.
    """
    pace = Pace()
    waiting, owners, kernels = {}, {}, {}
    for kernel in system.kernels():
        for number in _own_numbers(kernel):
            kernels[number] = kernel
        _enter_watches(kernel, waiting)
        for descriptor in kernel.poller.descriptors():
            waiting[descriptor.fd] = descriptor
            _ask_server(descriptor.reader, owners)
            if pace.is_over():
                yield REST
    if search:
        yield from _search(system, owners, pace)
    numbers = open_numbers()
    found = []
    for number in sorted({*waiting, *owners, *kernels}) if numbers is None else numbers:
        info = describe(number)
        if info is not None:
            descriptor, owner = waiting.get(number), owners.get(number)
            found.append(_open_file(number, info, descriptor, owner, kernels.get(number)))
        if pace.is_over():
            yield REST
    return found


def _open_file(number, info, descriptor, owner, kernel):
    reader = writer = file = None
    if descriptor is not None:
        reader, writer, file = descriptor.reader, descriptor.writer, descriptor.identity()
    task = reader or writer or (None if owner is None else owner.task)
    place = None
    if owner is not None:
        file, place = file or owner.file, owner.place
    return OpenFile(number, info, task, reader, writer, kernel, _allocated_at(file) or place)


def _own_numbers(kernel):
    """The descriptors of the kernel itself: the selector's and the inbox's."""
    inbox = kernel._inbox
    numbers = [inbox.fileno(), inbox.wakeup_fd]
    if kernel.powered:
        numbers.append(kernel.poller.fileno())
        close = kernel.poller._close_raw_poll       # of a duplicate of it: see kernel/epoll.py
        if close is not None:
            numbers.append(close.__self__.fileno())
    return [number for number in numbers if number is not None and number >= 0]


class _Watched(NamedTuple):
    """What an event loop watches, as if it were a Descriptor."""

    reader: Any
    writer: Any

    def identity(self):
        """The file is not known."""


def _enter_watches(kernel, waiting):
    """Enter the descriptors that the event loop on `kernel` watches."""
    watches = list(kernel.poller._watches.values())
    loop = next((task for task in kernel.lodger.tasks() if task.kind == "loop"), None)
    for watch in watches:
        waiting[watch.fd] = _Watched(loop if watch.mask & READ else None,
                                     loop if watch.mask & WRITE else None)


def _ask_server(task, owners):
    """If `task` accepts connections for a Server, enter those that it has given away."""
    if task is None or not isinstance(task.call, Accept):
        return
    for frame in task.frames():
        server = frame.f_locals.get("self")
        if isinstance(server, Server):
            place = file_and_line(*server._site) or None
            for table in (server._acceptors, server._connections):
                for owner, sock in list(table.items()):
                    owners[sock.fileno()] = _Owner(owner, sock, place)


def _search(system, owners, pace):
    for task in system.tasks():
        for value in _values(task):
            number = _number(value)
            if number >= 0:
                owners.setdefault(number, _Owner(task, value, None))
        if pace.is_over():
            yield REST


def numbers_of(system, task, waits=None):
    """The descriptors that `task` has in a local variable, and that with the number `waits`: a list
    of (number, DescriptorInfo)."""
    numbers = set() if waits is None else {waits}
    numbers.update(map(_number, _values(task)))
    found = [(number, describe(number)) for number in sorted(numbers) if number >= 0]
    return [(number, info) for number, info in found if info is not None]


def _values(task):
    """What a suspended task has in local variables, or is about to use.

    By the garbage collector, which knows without making a frame object and a dict for each routine:
    of 100,000 tasks, these would stay, and take it 200 ms to look through.
    """
    for routine in [*(getattr(task, "stack", None) or ()), getattr(task, "routine", None)]:
        while routine is not None:
            for value in gc.get_referents(routine):
                yield _in_cell(value) if type(value) is CellType else value
            routine = getattr(routine, "gi_yieldfrom", None) or getattr(routine, "cr_await", None)


def _in_cell(cell):
    """The value of a variable that an inner function uses."""
    try:
        return cell.cell_contents
    except ValueError:
        return None     # it has none yet


def _number(value):
    """The descriptor of `value`; -1 for what has none. Objects of unknown types are not asked: what
    they answer would be code of the program's own."""
    if not isinstance(value, _HAVE_DESCRIPTORS):
        return -1
    try:
        return value.fileno()
    except Exception:
        return -1


def _allocated_at(file):
    """Where the object was made, the innermost line of the program's own; None where tracemalloc
    does not keep that."""
    tracemalloc = sys.modules.get("tracemalloc")
    if file is None or tracemalloc is None or not tracemalloc.is_tracing():
        return None
    trace = tracemalloc.get_object_traceback(getattr(file, "socket", file)) or ()
    for frame in reversed(trace):
        if not frame.filename.startswith(_NOT_THE_PROGRAM):
            return f"{frame.filename}:{frame.lineno}"
    return None


_NOT_THE_PROGRAM = (
    *(os.path.join(os.path.dirname(str(module.__file__)), "") for module in (errors, syscalls, os)),
)
