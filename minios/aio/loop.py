"""EventLoop: asyncio's event loop (PEP 3156), standing on a kernel.

It is asyncio's own loop for Unix in all that is protocol: transports, TLS, subprocesses, signal
handlers, the exception handler. What it stands on is the kernel's: the timers are entries in the
kernel's heap, the selector is a view of its poller, and the ready queue is one that the kernel
runs a batch of once a round. So `_run_once`, of which asyncio's loop is made, is one round of the
kernel, in which generator tasks have their turns as well.

Who drives? Mostly the loop: run_forever() enters the kernel, turns its rounds, and leaves it when
it is stopped; tasks that are left stay where they are until it runs again, or is closed. Where the
kernel runs already, the loop has moved in with it (see lodging.py) and just gets its share.
"""

from __future__ import annotations

import asyncio
import selectors
import sys
from asyncio import Handle, base_events, format_helpers
from contextvars import copy_context

from ..kernel import Kernel
from .lodging import Lodging, runs_callbacks
from .selector import PollerSelector
from .tasks import Task
from .timers import ScheduledView, TimerHandle
from .turns import run_tasks
from .waiting import carrying_task

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["EventLoop"]


class EventLoop(asyncio.SelectorEventLoop):
    """An event loop of asyncio that is also a kernel of minios.

    `selector`: as for asyncio.SelectorEventLoop (default: the kernel's own choice). `kernel`: the
    Kernel to live on, running or not; without one, the loop makes its own, which is shut down when
    the loop is closed. A kernel has room for one loop; KernelError where it has one.
    `native_tasks`: whether its tasks are native (see tasks.py) or asyncio's own; by default they
    are native up to Python 3.13, and asyncio's own from 3.14 on, which looks into them.
    """

    _ready: Any             # what asyncio's stubs leave out
    _process_events: Any
    _selector: Any
    _closed = True          # until it is open: asyncio's __del__ asks

    def __init__(
        self, selector: Any = None, *, kernel: Kernel | None = None,
        native_tasks: bool | None = None,
    ) -> None:
        self._native = _PLAIN if native_tasks is None else native_tasks
        owns = kernel is None
        if kernel is None:
            # asyncio has imported the standard selectors, which are quicker than selectors2.
            kernel = Kernel(selectors.DefaultSelector if selector is None else selector)
        kernel.lodger.check_vacant()
        powers = not kernel.powered
        kernel.power_on()
        # What is seldom asked for is kept with the lodging: an object of at most thirty attributes
        # is quicker to look into, and asyncio's loop has 24.
        self._kernel, self._lodging = kernel, Lodging(self, kernel, owns, powers, selector)
        self._device_now = self._lodging.device.now
        try:
            # Now asyncio registers its self-pipe, for which all has to be in place.
            super().__init__(PollerSelector(kernel.poller, self._process_events))
        except BaseException:
            self._closed = True     # there is nothing that __del__ could close
            if powers:
                kernel.power_off()
            raise
        self._selector.queue = self._ready
        self._scheduled = ScheduledView(self, kernel.timers)
        self._lodging.move_in(kernel, self._ready)

    @property
    def kernel(self) -> Kernel:
        """The Kernel that the loop lives on; its `spawn` starts a generator task."""
        return self._kernel

    # --- Running -------------------------------------------------------------------------

    def run_forever(self):
        """Run until stop() is called."""
        self._check_closed()
        self._check_running()
        self._kernel.enter()
        try:
            super().run_forever()
        finally:
            self._kernel.leave(for_good=False)

    def _run_once(self):
        """One round of the kernel: descriptors, timers, tasks, and a batch of callbacks."""
        kernel = self._kernel
        kernel.turn_round(not self._stopping)
        if kernel.fatal is not None:
            raise kernel.take_fatal()

    def stop(self):
        """Stop after the round that is going on.

        Raises RuntimeError where the kernel runs by itself: it ends with its main task.
        """
        if self._lodging is not None and self._lodging.kernel_drives:
            raise RuntimeError(
                "this loop lives on a kernel that runs by itself, and ends when its main task "
                "does: end that one instead"
            )
        super().stop()

    @runs_callbacks
    def run_callbacks(self):
        """Run what is ready now; what gets ready meanwhile waits for the next round."""
        ready = self._ready
        if self._debug:
            self._run_callbacks_timed()
            return
        popleft, left = ready.popleft, len(ready)
        while left:
            left -= 1
            handle = popleft()
            if handle.__class__ is Task:
                left = run_tasks(self._kernel, self, handle, left)
            elif handle._cancelled:
                continue
            elif handle.__class__ is not Handle:
                handle._run()   # a timer's, or one for threads, which locks (Python 3.14)
            else:
                try:        # what Handle._run does, without the call: the loop's hot path
                    handle._context.run(handle._callback, *handle._args)
                except (SystemExit, KeyboardInterrupt):
                    raise
                except BaseException as error:
                    self._report(handle, error)
            handle = None       # it is not to be kept alive by this frame

    def _report(self, handle, error):
        """A callback has failed."""
        source = format_helpers._format_callback_source(handle._callback, handle._args)
        context = {
            "message": f"Exception in callback {source}", "exception": error, "handle": handle,
        }
        if handle._source_traceback:
            context["source_traceback"] = handle._source_traceback
        self.call_exception_handler(context)

    @runs_callbacks
    def _run_callbacks_timed(self):
        """The same in debug mode, which reports what takes long."""
        ready = self._ready
        for _ in range(len(ready)):
            handle = ready.popleft()
            is_task = handle.__class__ is Task
            if not is_task and handle._cancelled:
                continue
            began = self.time()
            self._current_handle = handle
            try:
                if is_task:
                    run_tasks(self._kernel, self, handle, 0)
                else:
                    handle._run()
            finally:
                self._current_handle = None
            took = self.time() - began
            if took >= self.slow_callback_duration:
                _log_slow(handle, took)
            handle = None

    def close(self):
        """Close the loop; a kernel of its own is shut down, with the tasks that are left."""
        if self.is_running():
            raise RuntimeError("Cannot close a running event loop")
        if self.is_closed():
            return
        kernel, lodging = self._kernel, self._lodging
        try:
            if lodging.owns_kernel:
                lodging.shut_down()
        finally:        # a Ctrl-C that comes now is raised, and the loop is closed all the same
            lodging.leave()
            super().close()
            if lodging.powers_kernel and kernel.thread is None and not kernel.tasks:
                kernel.power_off()
            if lodging.owns_kernel and lodging.given_selector is not None:
                lodging.given_selector.close()
            # What refers to the loop: dropped, it is to be gone at once, without the collector.
            lodging.run_callbacks = self._lodging = self._scheduled = None

    # --- Callbacks and tasks ---------------------------------------------------------------

    def call_soon(self, callback, *args, context=None):
        """Call `callback(*args)` in the next round; returns a Handle."""
        if callback.__class__ is Task:
            # A Future is done that it awaits: it stands in the queue itself.
            future = args[0]
            if (_PLAIN and callback._seldom is None and callback.call
                    and callback.token is future and not callback.must_cancel
                    and (future.__class__ is not Task or future._seldom is None)):
                callback.call = None
                self._ready.append(callback)
            else:
                callback.wake(future)
            return None
        if self._debug or self._closed:
            handle = super().call_soon(callback, *args, context=context)
            if handle._source_traceback:
                del handle._source_traceback[-1]
            return handle
        # Handle(callback, args, self, context), without the calls of its constructor.
        handle = _new(Handle)
        handle._context = copy_context() if context is None else context
        handle._loop, handle._callback, handle._args = self, callback, args
        handle._cancelled, handle._repr, handle._source_traceback = False, None, None
        self._ready.append(handle)
        return handle

    def create_task(self, coro, *, name=None, context=None, **options):
        """Run `coro` as a task: an asyncio.Task, native or asyncio's own; see `native_tasks`."""
        if not self._native or self._task_factory is not None or options.get("eager_start"):
            given = {"name": name, "context": context}      # a factory may not know what is not
            options.update((key, value) for key, value in given.items() if value is not None)
            task = super().create_task(coro, **options)
            if getattr(task, "_source_traceback", None):
                del task._source_traceback[-1]
            return task
        if self._closed:
            self._check_closed()
        frame = sys._getframe(1)
        if frame.f_code is _CREATE_TASK or frame.f_code is _GROUP_CREATE_TASK:
            frame = frame.f_back
        task = Task(self, coro, name, context, (frame.f_code, frame.f_lasti))
        if task._source_traceback:
            del task._source_traceback[-2:]     # this function, and the constructor
        return task

    def create_carrying_task(self, coro, context):
        """A task whose SystemExit and KeyboardInterrupt concern nobody but who waits for it."""
        if self._native and self._task_factory is None:
            task = Task(self, coro, None, context)
            task.carries = True
            return task
        return carrying_task(self, coro, context)

    def run_in_executor(self, executor, func, *args):
        """Call `func(*args)` in a thread, or on `executor`; a Future of what it returns."""
        future = super().run_in_executor(executor, func, *args)
        # Meanwhile nothing is deadlocked, and virtual time stands still.
        self._kernel.hold()
        future.add_done_callback(lambda _: self._kernel.release())
        return future

    # --- Time ----------------------------------------------------------------------------

    def time(self):
        """The kernel's clock, in seconds."""
        return self._device_now()

    def call_at(self, when, callback, *args, context=None):
        """Call `callback(*args)` when time() is `when`; returns a TimerHandle."""
        if when is None:
            raise TypeError("when cannot be None")
        self._check_closed()
        if self._debug:
            self._check_thread()
            self._check_callback(callback, "call_at")
        timer = TimerHandle(when, callback, args, self, context)
        if timer._source_traceback:
            del timer._source_traceback[-1]
        self._kernel.timers.start(timer, when)
        timer._scheduled = True
        return timer

    def _timer_handle_cancelled(self, handle):
        if handle._scheduled and isinstance(handle, TimerHandle):
            self._kernel.timers.cancel(handle)
            handle._scheduled = False


# From Python 3.14 on, asyncio keeps call graphs, and `python -m asyncio ps PID` reads the C
# structures of its own tasks out of another process, where those of a native one are empty.
_PLAIN = sys.version_info < (3, 14)

_new = object.__new__

# Whoever calls these is who creates the task.
_CREATE_TASK = asyncio.create_task.__code__
_GROUP_CREATE_TASK = asyncio.TaskGroup.create_task.__code__


def _log_slow(handle, took):
    what = repr(handle) if handle.__class__ is Task else base_events._format_handle(handle)
    base_events.logger.warning("Executing %s took %.3f seconds", what, took)
