"""File and open_file: files whose operations wait in a thread, and not in the kernel.

A file on a disk is always ready for poll(2), and still makes whoever reads it wait; so each
operation goes to a thread (see Offload). The objects of the standard `open` do the work.

Policy. The operations on one file are carried out one at a time, first come, first served. A
task that is killed leaves at once, but the thread that works for it cannot be stopped: what it
reads is lost, and the file has its next turn when the thread is back. Closing never waits for
such a thread. It marks the file as closed, and the thread then closes it on its way out.

What the kernel and the thread both look at is behind a guard, a lock that is held for no longer
than it takes to read or write a few flags.
"""

from __future__ import annotations

import os
from _thread import allocate_lock, start_new_thread

from syscalls import Offload, Park
from syscalls.parking import wake

from ..kernel.current import current_task
from .blocking import blocking
from .log import log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import TracebackType
    from typing import Any

    from ..kernel import Task

__all__ = ["File", "open_file"]


@blocking
def open_file(
    path: str | bytes | os.PathLike[str] | os.PathLike[bytes] | int,
    mode: str = "r",
    buffering: int = -1,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    closefd: bool = True,
    opener: Callable[[str, int], int] | None = None,
) -> Generator[Any, Any, File]:
    """Open a file. Takes what the builtin `open` takes, raises what it raises; returns a File.

        with (yield from open_file(path)) as file:      # in a generator
        async with await open_file(path) as file:       # in a coroutine
    """
    file = File(path, mode)
    try:
        yield from file._operate(
            "open", path, mode, buffering, encoding, errors, newline, closefd, opener
        )
    except BaseException:
        file._close_now()       # a thread may be about to open it
        raise
    return file


class File:
    """An open file, text or binary; made by `open_file`.

    Each operation is one of the builtin file's, carried out in a thread. Killing a task in the
    middle of one leaves it undone, done or, for a large `write`, done in part.
    """

    __slots__ = (
        "name", "mode", "_file", "_closed", "_can_block", "_guard", "_at_work",
        "_busy", "_waiting", "_next", "__weakref__",
    )

    def __init__(self, name: Any, mode: str) -> None:
        self.name, self.mode = name, mode
        self._file: Any = None      # the builtin one, once it is open
        self._closed = False
        self._can_block = False     # closing it may take forever: a pipe that nobody reads
        self._guard = allocate_lock()
        self._at_work: _Operation | None = None     # what a thread carries out now
        self._busy = False          # somebody has the turn
        self._waiting = 0           # tasks that wait for their turn
        self._next: Task | None = None      # has been given the turn, and has not run yet

    # --- Operations ----------------------------------------------------------------------

    @blocking
    def read(self, n: int | None = -1) -> Generator[Any, Any, Any]:
        """Read up to `n` bytes or characters, all that is left if it is negative or None.

        Returns bytes or a str, empty at the end.
        """
        return (yield from self._operate("read", n))

    @blocking
    def readline(self, limit: int = -1) -> Generator[Any, Any, Any]:
        """Read a line with its newline, up to `limit` bytes or characters; empty at the end."""
        return (yield from self._operate("readline", limit))

    @blocking
    def write(self, data: Any) -> Generator[Any, Any, int]:
        """Write bytes or a str. Returns how many bytes or characters were written.

        What is no regular file, a pipe or a device, is not buffered but written to.
        """
        return (yield from self._operate("write", data))

    @blocking
    def seek(self, offset: int, whence: int = 0) -> Generator[Any, Any, int]:
        """Go to a position, as io.IOBase.seek does; returns it."""
        return (yield from self._operate("seek", offset, whence))

    @blocking
    def tell(self) -> Generator[Any, Any, int]:
        """The position."""
        return (yield from self._operate("tell"))

    @blocking
    def truncate(self, size: int | None = None) -> Generator[Any, Any, int]:
        """Cut the file at `size` bytes (None: here); returns the new size."""
        return (yield from self._operate("truncate", size))

    @blocking
    def flush(self) -> Generator[Any, Any, None]:
        """Hand to the system what has been buffered for writing."""
        yield from self._operate("flush")

    def fileno(self) -> int:
        """The descriptor. Raises ValueError once the file is closed."""
        if self._closed:
            raise _closed_error()
        return self._file.fileno()

    # Lines: `async for line in file`, each read in a thread of its own accord.

    def __aiter__(self) -> File:
        return self

    @blocking
    def __anext__(self) -> Generator[Any, Any, Any]:
        line = yield from self.readline()
        if not line:
            raise StopAsyncIteration
        return line

    # --- One at a time -------------------------------------------------------------------

    def _operate(self, method, *arguments):
        """Carry out a method of the builtin file in a thread, when it is the caller's turn."""
        yield from self._take_turn()
        return (yield from self._work(_Operation(self, method, arguments)))

    def _work(self, operation):
        """The caller has the turn; it is passed on when no thread works on the file any more."""
        try:
            result = yield operation
        except BaseException:
            if not operation.leave():
                self._pass_turn()
            raise
        self._pass_turn()
        return result

    def _take_turn(self):
        if self._busy and not self._closed:
            task = current_task()
            kernel = task.kernel
            self._waiting += 1
            # A thread is at work on the file, maybe for a task that has been killed, whose
            # Offload holds the kernel no more: its answer is what is waited for here.
            kernel.hold()
            try:
                yield Park(self)
            except BaseException:
                if self._next is task:      # killed between being woken and running
                    self._pass_turn()
                raise
            finally:
                kernel.release()
                self._waiting -= 1
            self._next = None
        if self._closed:
            raise _closed_error()
        self._busy = True

    def _pass_turn(self):
        """Let the next task have its turn; nobody gets in between."""
        woken = wake(self) if self._waiting and not self._closed else None
        self._next = woken[0] if woken else None
        self._busy = self._next is not None

    # --- The end -------------------------------------------------------------------------

    @property
    def closed(self) -> bool:
        """Whether the file has been closed, or will be when a thread is back."""
        return self._closed

    @blocking
    def close(self) -> Generator[Any, Any, None]:
        """Write what is buffered and close the file; harmless if it is closed.

        If a thread works on the file for another task, or for one that has been killed, this
        does not wait for it: the thread closes the file when it is done. Tasks that wait for
        their turn get ValueError.
        """
        if self._mark_closed():
            self._busy = True
            operation = _Operation(self, "close", ())
            try:
                yield from self._work(operation)
            except BaseException:
                if not operation.begun:
                    self._dispose()
                raise

    def _close_now(self):
        """Close where nothing can be waited for."""
        if self._mark_closed():
            self._dispose()

    def _mark_closed(self):
        """Allow no more operations. Returns whether the caller has to close the builtin file:
        not if it is closed already, or a thread works on it, which then does."""
        with self._guard:
            first, self._closed = not self._closed, True
            mine = first and self._at_work is None and self._file is not None
        if first and self._waiting:
            wake(self, None)
        return mine

    def _dispose(self):
        """Close the builtin file: now, or where that may block in a thread."""
        if self._can_block:
            # Not one of the kernel's, which may all be busy, or gone by the time one is free.
            start_new_thread(_close_quietly, (self._file,))
        else:
            self._file.close()

    def __enter__(self) -> File:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close_now()

    @blocking
    def __aenter__(self) -> Generator[Any, Any, File]:
        return self
        yield

    @blocking
    def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Generator[Any, Any, None]:
        if isinstance(error, GeneratorExit):
            self._close_now()
        else:
            yield from self.close()

    def __repr__(self):
        state = " closed" if self._closed else ""
        return f"<File {self.name!r} mode {self.mode!r}{state}>"


class _Operation(Offload):
    """A method of a builtin file, carried out in a thread; yielded once."""

    __slots__ = ("begun", "_file", "_method", "_task_left", "_kernel")

    def __init__(self, file, method, arguments):
        self._file, self._method = file, method
        super().__init__(self._carry_out, *arguments)
        self._kernel = current_task().kernel
        self.begun = False
        self._task_left = False

    def leave(self):
        """The task is gone. Returns whether a thread still works, which then passes the turn."""
        with self._file._guard:
            self._task_left = True
            return self._file._at_work is self

    def _carry_out(self, *arguments):
        """In the thread."""
        file = self._file
        with file._guard:
            if self._task_left:
                return None     # killed after the future had begun, and before this has
            if file._closed and self._method != "close":
                raise _closed_error()
            self.begun = True
            file._at_work = self
        try:
            if self._method == "open":
                return self._open(*arguments)
            result = getattr(file._file, self._method)(*arguments)
            if self._method == "write" and file._can_block:
                # Or the rest would be left to closing, where nobody waits for it, or for what
                # it raises.
                file._file.flush()
            return result
        finally:
            with file._guard:
                file._at_work = None
                closed, task_left = file._closed, self._task_left
            if closed and self._method != "close":
                _close_quietly(file._file)
            if task_left:
                self._kernel.call_from_thread(file._pass_turn)

    def _open(self, *arguments):
        import stat  # seldom needed

        file = open(*arguments)
        kind = os.fstat(file.fileno()).st_mode
        self._file._can_block = file.writable() and not stat.S_ISREG(kind)
        self._file._file = file

    def arguments(self):
        return [repr(self._file.name), *(_sample(each) for each in self.args)]

    def __repr__(self):
        return f"File.{self._method}({', '.join(self.arguments())})"


def _sample(argument, limit=16):
    """An argument as it stands in the repr of a call: of a long text or bytes, the beginning."""
    if isinstance(argument, (str, bytes)) and len(argument) > limit:
        return f"{argument[:limit]!r}+{len(argument) - limit}"
    return repr(argument)


def _close_quietly(file):
    """Close where nobody hears of an error but the log."""
    try:
        if file is not None:
            file.close()
    except Exception as error:
        log("ERROR", "%r could not be closed properly", file, error=error)


def _closed_error():
    return ValueError("I/O operation on a closed file")
