"""Lodging: how an event loop lives on a kernel, as its Lodger (see kernel/lodger.py)."""

from __future__ import annotations

import asyncio
from _thread import get_ident
from asyncio import events

from syscalls.base import running

from ..kernel.lodger import Lodger
from ..kernel.shutdown import shut_down
from .clock import LoopClock

__all__ = ["Lodging", "runs_callbacks"]

_BATCHES = set()    # the code of the functions whose `handle` is the callback that runs


def runs_callbacks(function):
    """Let the watchdog know: in the frame of this function, `handle` is what runs."""
    _BATCHES.add(function.__code__)
    return function


class Lodging(Lodger):
    """What the kernel sees of `loop`."""

    def __init__(self, loop, kernel):
        self.loop, self.kernel = loop, kernel
        self.device = kernel.clock      # what loop.time() reads
        self.kernel_drives = False
        self._closing = False
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

    def run_callbacks(self):
        self.loop._run_ready()

    def running(self, frame):
        while frame is not None:
            if frame.f_code in _BATCHES:
                return frame.f_locals.get("handle")
            frame = frame.f_back
        return None

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

    def is_busy(self):
        return self.kernel_drives and not self._closing and bool(asyncio.all_tasks(self.loop))

    def expects_more(self):
        # Another thread may call call_soon_threadsafe at any time, and tells nobody that it will;
        # so where the loop drives, it waits as asyncio's does.
        if not self.kernel_drives:
            return True
        if len(self.loop._selector.get_map()) > self.loop._internal_fds:
            return True
        return bool(asyncio.all_tasks(self.loop))

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
            shut_down(kernel, at_once=True)
            return
        self._closing = True
        kernel.enter()
        try:
            self.kernel_starts()
            shut_down(kernel)
        finally:
            self.kernel_stops()
            kernel.leave(for_good=False)
