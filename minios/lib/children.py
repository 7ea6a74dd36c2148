"""Child: a child process's life and end; whose it is, who waits for it, who reaps it.

Policy. A child belongs to the task that started it. When that task ends, however it ends, a child
that still runs is killed, for nobody is left to look after it; `detach()` says otherwise. No
zombie stays: whoever waits reaps, and so does the next start; for a child that was killed on behalf
of an ended task a small daemon does, or the kernel at its own end.

A process number is free for others as soon as the child is reaped. Therefore only this file reaps,
in the kernel's thread, through `subprocess.Popen`, which remembers it and sends no signal after.
Waiting never reaps: it is on a pidfd (pidfd_open(2)), one for each waiter since a descriptor has
one reader, or, where there is none, in a thread.
"""

from __future__ import annotations

import os
import time
from io import FileIO

from syscalls import Park, ReadWait
from syscalls.errors import KernelError
from syscalls.parking import wake
from syscalls.signums import SIGKILL, SIGTERM, check_signum
from syscalls.sockets import close

from .blocking import blocking
from .log import log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from subprocess import Popen
    from typing import Any

    from ..kernel import Kernel, Task

__all__ = ["Child", "fork", "reap_ended", "undo_fork"]

_AT_EXIT = 2.0      # seconds for killed children to be gone when the kernel ends


class Child:
    """A child process, `pid` and `args`, without its pipes."""

    def __init__(self, popen: Popen[bytes], owner: Task) -> None:
        self.args, self.pid = popen.args, popen.pid
        self._popen = popen
        self._kernel = owner.kernel
        self._owner: Task | None = owner    # None once reaped
        self._detached = False
        self._has_reaper = False
        self._thread = None         # that waits where there is no pidfd
        owner.add_done_callback(self._owner_ended)
        _children_of(owner.kernel).add(self)

    # --- The end of the child ------------------------------------------------------------

    @property
    def returncode(self) -> int | None:
        """The exit status, -N where signal N has killed the child, None while it runs."""
        code = self._popen.poll()
        if code is not None and self._owner is not None:
            self._owner.remove_done_callback(self._owner_ended)
            self._owner = None
            _children.get(self._kernel, set()).discard(self)
        return code

    @blocking
    def wait(self) -> Generator[Any, Any, int]:
        """Wait until the child has ended. Returns its returncode. Any number of tasks may wait.

        Processes that the child has started may live on, and keep its pipes open. A child that
        writes more than a pipe holds does not end until somebody reads: see communicate().
        """
        while (code := self.returncode) is None:
            yield from self._wait_for_end()
        return code

    def _wait_for_end(self):
        try:
            # Its number is still its own, since only we reap it and have not.
            file = FileIO(os.pidfd_open(self.pid))
        except (AttributeError, OSError):       # no such thing, not allowed, or none left
            yield from self._wait_by_thread()
        else:
            try:
                yield ReadWait(file)
            finally:
                close(file)

    def _wait_by_thread(self):
        if self._thread is None:
            from threading import Thread

            # Not the kernel's executor: its threads are few, are needed by others, and would
            # keep Python from exiting while a detached child runs.
            self._thread = Thread(
                target=_report_end, args=(self._kernel, self), name=f"wait {self.pid}", daemon=True
            )
            self._thread.start()
        self._kernel.hold()
        try:
            yield Park(self)
        finally:
            self._kernel.release()

    # --- Signals -------------------------------------------------------------------------

    def send_signal(self, signum: int) -> None:
        """Send `signum` to the child; nothing if it has ended.

        Raises PermissionError where it has become another user's, ValueError for no signal.
        """
        self._popen.send_signal(check_signum(signum, zero_too=True))

    def terminate(self) -> None:
        """Ask the child to end: SIGTERM."""
        self.send_signal(SIGTERM)

    def kill(self) -> None:
        """End the child: SIGKILL, which it cannot refuse. `wait()` tells when it is gone."""
        self.send_signal(SIGKILL)

    def _try_signals(self, *signums):
        """Send signals, unless it runs as another user now (sudo): then it is left alone."""
        try:
            for signum in signums:
                self.send_signal(signum)
        except PermissionError as error:
            log("WARNING", "%r cannot be ended, and is left running: %s", self, error)
            self._detached = True

    # --- Whose it is ---------------------------------------------------------------------

    def detach(self) -> None:
        """Let the child outlive its task, a block `with process:`, and the kernel."""
        self._detached = True
        self._reap_later()

    def _owner_ended(self, owner):
        """The task that started it has ended. What has ended before it can still be read."""
        if self.returncode is None and not self._detached:
            self._end()
            self._reap_later()

    def _end(self):
        """Kill the child if it runs and is not detached."""
        if not self._detached:
            self._try_signals(SIGKILL)

    def _reap_later(self):
        """Leave it to a daemon to reap the child, or to the kernel's end, if it still runs."""
        if self._has_reaper or self.returncode is not None:
            return
        try:
            self._kernel.spawn(self._reap(), name=f"reap {self.pid}", daemon=True)
        except KernelError:
            return      # the process table is full
        self._has_reaper = True

    def _reap(self):
        yield from self.wait()

    def __repr__(self):
        code = self._popen.returncode
        state = "running" if code is None else f"ended with {code}"
        return f"<{type(self).__name__} {self.pid} {self.args!r} {state}>"


def _report_end(kernel, child):
    """In a thread: wait for the end of a child without reaping it, and tell the kernel."""
    try:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    except AttributeError:
        child._popen.wait()         # macOS before Python 3.13; it reaps, under Popen's lock
    except ChildProcessError:
        pass                        # somebody has reaped it
    kernel.call_from_thread(wake, child, None)


# --- Starting ------------------------------------------------------------------------------------


def fork(args, files, options):
    """A Popen; where it cannot be had, nothing of it is left."""
    from subprocess import Popen

    # In two steps, so that a second Ctrl-C in the middle does not lose sight of a child.
    popen = Popen.__new__(Popen)
    try:
        popen.__init__(args, bufsize=0, **files, **options)
    except BaseException:
        if getattr(popen, "pid", None) is not None and popen.returncode is None:
            undo_fork(popen)
        raise
    return popen


def undo_fork(popen):
    """Take back a start."""
    popen.kill()
    popen.wait()
    for pipe in (popen.stdin, popen.stdout, popen.stderr):
        if pipe is not None:
            pipe.close()


# --- Reaping -------------------------------------------------------------------------------------

_children: dict[Kernel, set[Child]] = {}        # that are not reaped yet
_outliving: set[Popen[bytes]] = set()           # that have outlived their kernel


def _children_of(kernel):
    if kernel not in _children:
        _children[kernel] = set()
        kernel.at_exit(_reap_at_exit, kernel)
    return _children[kernel]


def reap_ended(kernel):
    """Reap those that have ended and that nobody has waited for."""
    for child in list(_children_of(kernel)):
        child.returncode  # noqa: B018 - asking reaps
    for popen in list(_outliving):
        if popen.poll() is not None:
            _outliving.discard(popen)


def _reap_at_exit(kernel):
    from subprocess import TimeoutExpired

    # Their owners have ended before, so what is not detached has been killed.
    deadline = time.monotonic() + _AT_EXIT
    for child in _children.pop(kernel):
        try:
            child._popen.wait(0 if child._detached else max(0, deadline - time.monotonic()))
        except TimeoutExpired:
            _outliving.add(child._popen)    # detached, or the system cannot let go of it yet
        except Exception as error:
            _outliving.add(child._popen)    # and on to the others, which it must not cost
            log("ERROR", "%r could not be reaped", child, error=error)
