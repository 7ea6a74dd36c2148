"""run_kernel: a program of minios inside an asyncio program, on whatever loop that runs on.

    async def handler(request):
        return await minios.aio.run_kernel(generator())     # on uvloop, on asyncio's own, on any

No thread, and no second loop: the kernel has a round when its turn comes among the loop's
callbacks. Between two rounds the loop watches what the kernel would sleep on: its poller, which is
one descriptor (epoll(7) can be watched by another epoll), and its next timer. It is a kernel of its
own on the loop of minios as well, with tasks, a deadlock and an end of its own; what is to be among
the tasks that are there already is started by `loop.kernel.spawn(routine)`.
"""

from __future__ import annotations

import asyncio
from _thread import get_ident

from syscalls.base import running
from syscalls.errors import DeadlockError, KernelError

from ..kernel import Kernel, watchdog
from ..kernel.deadlock import deadlock_report
from ..kernel.shutdown import ask_to_end, kill_all
from ..kernel.task import check_routine
from .border import LoopLodger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..kernel.task import Routine

__all__ = ["run_kernel"]

_SWEEP = 1.0    # seconds between two rounds at most, to see what was closed without Close


async def run_kernel(routine: Routine, *, name: str | None = None, **kernel_options: Any) -> Any:
    """Run `routine` in a kernel of its own on the running event loop, and return what it returns.

    The options are those of Kernel; the clock must be a real one. What its tasks await runs on the
    host's loop, as a coroutine of that: it may await their tasks, and makes no system calls. Tasks
    that are left at its end are shut down; where the awaiting coroutine is cancelled, the routine
    is killed and waited for.
    Raises what the routine raises, DeadlockError, TypeError as minios.run; KernelError where
    the kernel's selector has no descriptor of its own to be watched by.
    """
    check_routine(routine)
    guest = _Guest(asyncio.get_running_loop(), Kernel(**kernel_options))
    return await guest.run(routine, name)


class _Guest(LoopLodger):
    """The kernel's view of the loop that it is a guest of, and the loop's of the kernel."""

    def __init__(self, loop, kernel):
        super().__init__(loop, kernel)
        self._next = None               # the handle of the next round
        self._due = None                # the handle of the round at the next timer
        self._watched = -1              # the descriptor of the poller
        self._ended = loop.create_future()
        self._main = None
        self._ending = None             # the shutdown, while it goes on
        self._error = None

    def __repr__(self):
        return f"run_kernel on {self.loop!r}"

    async def run(self, routine, name):
        """Run the kernel to its end."""
        kernel = self.kernel
        kernel.power_on()
        try:
            self._watch_poller()
            self.move_in(kernel, ())
            watchdog.watch(kernel)
            main = self._main = kernel.main_task = kernel.spawn(routine, name)
            self._soon()
            await self._wait()
            if self._error is not None:
                raise self._error
            return main.result()
        finally:
            self._stop_watching()
            with _Entered(self.kernel):
                kill_all(kernel)
            kernel.main_task = None
            self.move_out(kernel)
            watchdog.unwatch(kernel)
            kernel.interrupts.restore()
            kernel.power_off()

    async def _wait(self):
        """Until all is over; a cancellation kills the main task, and is raised then."""
        cancelled = None
        while not self._ended.done():
            try:
                await asyncio.shield(self._ended)
            except asyncio.CancelledError as error:
                cancelled = error
                self._main.kill()
                self._soon()
        if cancelled is not None:
            raise cancelled

    # --- Rounds --------------------------------------------------------------------------

    def _soon(self):
        """Have a round in the loop's next."""
        if self._next is None and not self._ended.done():
            self._next = self.loop.call_soon(self._round)

    def _round(self):
        """One round, and what has to be watched until the next."""
        self._next = None
        if self._due is not None:
            self._due.cancel()
            self._due = None
        kernel = self.kernel
        try:
            with _Entered(self.kernel):
                self._turn()
        except BaseException as error:
            self._error = self._error or error
            self._finish()
            if not isinstance(error, Exception):
                raise
            return
        if self._ended.done():
            return
        self._watch_poller()
        # From now on, a call from another thread makes the poller readable.
        if kernel.ready or kernel.doze():
            self._soon()
            return
        wait = None if kernel.poller.is_idle() else _SWEEP
        due = kernel.timers.next_due()
        if due is not None:
            wait = min(max(0.0, due - kernel.now()), _SWEEP if wait is None else wait)
        if wait is not None:
            self._due = self.loop.call_later(wait, self._soon)

    def _turn(self):
        kernel = self.kernel
        if kernel.poller.is_idle():
            kernel.poller.poll(0)       # a call that has been served may leave its wakeup behind
        kernel.turn_round(wait=False)
        fatal = kernel.take_fatal()
        if fatal is not None:
            raise fatal
        if self._ending is None:
            if not self._main.done():
                if not kernel.can_go_on():
                    self._error = DeadlockError(*deadlock_report(kernel))
                    self._finish()
                return
            self._ending = ask_to_end(kernel)
        if next(self._ending, self) is self:
            self._finish()

    def _finish(self):
        if not self._ended.done():
            self._ended.set_result(None)

    def _watch_poller(self):
        """Have a round whenever a descriptor of the kernel's is ready. Its poller may have begun
        anew, with another descriptor, to get rid of ghosts."""
        fd = self.kernel.poller.fileno()
        if fd is None:
            raise KernelError("run_kernel needs a selector that can be watched by another: one "
                              "with a descriptor of its own, as those of epoll and kqueue have")
        if fd != self._watched:
            if self._watched >= 0:
                self.loop.remove_reader(self._watched)
            self.loop.add_reader(fd, self._soon)
            self._watched = fd

    def _stop_watching(self):
        if self._watched >= 0:
            self.loop.remove_reader(self._watched)
        for handle in (self._next, self._due):
            if handle is not None:
                handle.cancel()

    # --- As lodger -----------------------------------------------------------------------

    drives = True

    def woken(self):
        self._soon()

    def has_turn(self):
        return running.kernel is not self.kernel and not self._ended.done()

    def expects_more(self):
        # What a task waits for on the loop may come at any time.
        return self.has_awaiting()


class _Entered:
    """The length of a round, in which the kernel is that of the thread."""

    def __init__(self, kernel):
        self._kernel, self._outer = kernel, None

    def __enter__(self):
        self._outer, running.kernel = running.kernel, self._kernel
        self._kernel.thread = get_ident()

    def __exit__(self, *error):
        running.kernel, self._kernel.thread = self._outer, None
