"""Lodging: how an event loop lives on a kernel, as its Lodger (see kernel/lodger.py)."""

from __future__ import annotations

import asyncio
from _thread import get_ident
from asyncio import events
from time import monotonic
from weakref import WeakKeyDictionary

from syscalls.base import running
from syscalls.log import log

from ..kernel.deadlock import deadlock_report, find_cycle
from .border import LoopLodger
from .clock import LoopClock
from .futures import loop_of
from .processes import LoopView, TaskView
from .tasks import Task, await_future
from .waiting import FutureWait, Waiting, perform

__all__ = ["Lodging", "join", "runs_callbacks"]

_LOOK = 1.0         # seconds between two looks for a circle of tasks
_BATCHES: set = set()   # the code of the functions whose `handle` is the callback that runs


def runs_callbacks(function):
    """Let the watchdog know: in the frame of this function, `handle` is what runs."""
    _BATCHES.add(function.__code__)
    return function


class Lodging(LoopLodger):
    """What the kernel sees of `loop`."""

    package = __package__

    def __init__(self, loop, kernel, owns_kernel, powers_kernel, given_selector):
        super().__init__(loop, kernel)
        # What is to be undone when the loop is closed.
        self.owns_kernel, self.powers_kernel = owns_kernel, powers_kernel
        self.given_selector = given_selector
        self.run_callbacks = loop.run_callbacks
        self.device = kernel.clock      # what loop.time() reads
        self._loop_view = None
        self._tids = WeakKeyDictionary()    # of asyncio's own tasks, once somebody has asked
        self.kernel_drives = False
        self._closing = False
        self._reported: set = set()     # tids of the circle that has been logged
        self._next_look = 0.0
        self._outer = None              # the loop that ran in the thread before

    def __repr__(self):
        return repr(self.loop)

    def move_in(self, kernel, callbacks):
        super().move_in(kernel, callbacks)
        kernel.set_clock(LoopClock(self.loop, self.device))
        if kernel.thread is not None:
            self.kernel_starts()

    def leave(self):
        """The loop is being closed: the kernel and the loop let go of each other."""
        kernel = self.kernel
        if kernel.lodger is self:
            self.move_out(kernel)
            kernel.set_clock(self.device)
        self._loop_view = None

    def running(self, frame):
        while frame is not None:
            if frame.f_code in _BATCHES:
                return frame.f_locals.get("handle")
            frame = frame.f_back
        return None

    # --- As ps sees it ---------------------------------------------------------------------

    def tasks(self):
        loop = self.loop
        if self._loop_view is None:
            self._loop_view = LoopView(loop, self.kernel.next_tid())
        return [self._loop_view, *(self.view(task) for task in asyncio.all_tasks(loop))]

    def find(self, tid):
        for task in self.tasks():
            if task.tid == tid:
                return task
        return None

    def view(self, task):
        """An asyncio.Task, with the interface of a task of the kernel."""
        if type(task) is Task:
            return task
        tid = self._tids.get(task)
        if tid is None:
            tid = self._tids[task] = self.kernel.next_tid()
        return TaskView(self.kernel, tid, task)

    def tasks_behind(self, future):
        if isinstance(future, asyncio.Task):
            return (self.view(future),)
        return super().tasks_behind(future)

    # --- Awaiting both ways ----------------------------------------------------------------

    def start(self, coro, context):
        return self.loop.create_carrying_task(coro, context)

    def handler_of(self, kind):
        if getattr(kind, "_asyncio_future_blocking", None) is None:
            return None
        return self._wait_for_future

    def _wait_for_future(self, future, kernel, task):
        """The handler of a Future that a task has yielded."""
        if type(task) is Task:
            await_future(future, kernel, task)
            return
        task.call = call = FutureWait(future)
        if loop_of(future) is not self.loop:
            raise RuntimeError(
                f"task {task.tid} ({task.name}) got {future!r} of another event loop"
            )
        blocking = future._asyncio_future_blocking
        future._asyncio_future_blocking = False
        Waiting(kernel, task, call, future, self._context, sends_result=not blocking)

    def carry_out(self, call):
        return perform(self.loop, call)

    def has_stranger(self):
        # A task of asyncio's own that was started eagerly runs on its creator's stack.
        other = asyncio.current_task(self.loop)
        return other is not None and other is not self.kernel.current

    def no_task(self):
        task = asyncio.current_task(self.loop)
        if task is None:
            return super().no_task()
        return (
            f"{task.get_name()} is a task of asyncio's own make: it may await tasks and system "
            "calls of minios, and the library by `await kernel.spawn(queue.get())`; a coroutine "
            "that loop.create_task runs as a native task may use all of it"
        )

    def has_turn(self):
        current = self.kernel.current
        native = current is None or type(current) is Task or self.has_stranger()
        return running.kernel is self.kernel and native

    def runs_for(self, task):
        future = getattr(task.token, "future", None)
        return future is not None and future is asyncio.current_task(self.loop)

    def translated(self, task, error):
        return error if type(task) is Task else super().translated(task, error)

    # --- Where the kernel drives -----------------------------------------------------------

    def kernel_starts(self):
        self.kernel_drives = True
        self.loop._thread_id = get_ident()
        self._outer = events._get_running_loop()
        events._set_running_loop(self.loop)

    def kernel_stops(self):
        self.kernel_drives = False
        self.loop._thread_id = None
        events._set_running_loop(self._outer)
        self._outer = None

    @property
    def drives(self):
        return not self.kernel_drives

    def is_busy(self):
        # The last callbacks of a task that has ended close what it had open.
        drives = self.kernel_drives and not self._closing
        return drives and bool(self.loop._ready or asyncio.all_tasks(self.loop))

    def expects_more(self):
        # Another thread may call call_soon_threadsafe at any time, and tells nobody that it will;
        # so where the loop drives, it waits as asyncio's does.
        if not self.kernel_drives:
            self._look_for_circle()
            return True
        if len(self.loop._selector.get_map()) > self.loop._internal_fds:
            return True
        # Any thread may give what a Future waits for. A circle is certain: no thread can break it.
        pending = self.has_awaiting() or bool(asyncio.all_tasks(self.loop))
        return pending and not find_cycle(self.kernel)

    def _look_for_circle(self):
        """Log, once for each, that tasks wait for each other in a circle: the loop goes on.

        A loop that waits for nothing but other threads does so often, so it looks now and then.
        """
        now = monotonic()
        if now < self._next_look or len(self.loop._selector.get_map()) > self.loop._internal_fds:
            return
        self._next_look = now + _LOOK
        cycle = find_cycle(self.kernel)
        if cycle and self._reported != {task.tid for task in cycle}:
            self._reported = {task.tid for task in cycle}
            log("ERROR", "%s", deadlock_report(self.kernel)[0])

    def ask_to_end(self):
        if self.kernel_drives and not self._closing:
            for task in asyncio.all_tasks(self.loop):
                task.cancel()

    # --- The end ---------------------------------------------------------------------------

    def shut_down(self):
        """The loop is being closed, and nobody drives: end the tasks of its own kernel."""
        kernel = self.kernel
        if not kernel.tasks:
            return
        if running.kernel is not None or events._get_running_loop() is not None:
            # Another one turns in this thread, and there can be no waiting for their last words.
            kernel.shut_down(at_once=True)
            return
        self._closing = True
        kernel.enter()
        try:
            self.kernel_starts()
            kernel.shut_down()
        finally:
            self.kernel_stops()
            kernel.leave(for_good=False)


def join(kernel):
    """Let an event loop move in with `kernel`, and be closed when that ends."""
    from .loop import EventLoop

    kernel.at_exit(EventLoop(kernel=kernel).close)
