"""Hooks: how accounting, strace and other observers look into the kernel.

Nobody listening costs nothing: the run loop looks for hooks once a batch, calls find their handlers
bare, and the poller is polled as it is. While somebody does, the run loop is given a batch that
reports between the turns, the handlers of calls are wrapped, and so is the poller's `poll`; of all
of that only what some hook overrides. Hooks observe: an exception in one is logged, and the hook
is detached. One that is detached while an event is being reported may still hear of that one.
"""

from __future__ import annotations

from .log import log_callback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from syscalls.base import SystemCall

    from .kernel import Kernel
    from .task import Task

__all__ = ["Heard", "Hooks", "ObservedBatch", "observed_handler", "observed_poll"]


class Hooks:
    """What can be observed. A subclass overrides what it wants, and pays for no more; attach it
    with `kernel.attach(hooks)`, and let go with `kernel.detach(hooks)`."""

    def attached(self, kernel: Kernel) -> None:
        """The kernel has begun to report to this object."""

    def detached(self, kernel: Kernel) -> None:
        """The kernel reports to this object no more."""

    def task_spawned(self, task: Task) -> None:
        """`task` exists and will have its first turn."""

    def batch_started(self, tasks: list[Task]) -> None:
        """Each of `tasks` is ready, and their turns come now, one after the other."""

    def turn_started(self, task: Task) -> None:
        """`task` is about to be resumed: with `task.value`, or by raising `task.error`."""

    def call_made(self, task: Task, call: SystemCall) -> None:
        """`task` has yielded `call`; it has not been handled yet."""

    def fault(self, task: Task, call: SystemCall) -> BaseException | None:
        """What `call` is to fail with, raised at the yield of `task` instead of handling the call;
        None to let it be handled. (Not asked of a Future of asyncio, which is no call.)"""

    def turn_ended(self, task: Task) -> None:
        """`task` has yielded or ended, and what it yielded has been handled: if its `call` is None
        now, the answer is there already."""

    def task_ended(self, task: Task) -> None:
        """`task` has its outcome."""

    def signalled(self, task: Task, signum: int, killer: int | None, place: object) -> None:
        """A signal is about to act on `task`; `killer` and `place` as in Kernel.send_signal."""

    def poll_started(self) -> None:
        """The kernel is about to look at the descriptors, or to block there while it is idle."""

    def poll_ended(self) -> None:
        """It has, and the tasks whose descriptors are ready have been resumed."""

    def idle_started(self, seconds: float | None) -> None:
        """The kernel is about to block for at most `seconds` (None: without end)."""

    def idle_ended(self) -> None:
        """The kernel goes on."""


_EVENTS = [name for name in vars(Hooks) if not name.startswith("_")]


class Heard:
    """For each event, the methods of the hooks that override it, in the order of attachment."""

    __slots__ = tuple(_EVENTS)

    def __init__(self, hooks=()):
        for event in _EVENTS:
            setattr(self, event, tuple(
                getattr(each, event) for each in hooks if _overrides(each, event)
            ))

    def polls(self):
        """Whether anybody wants to hear of polls."""
        return bool(self.poll_started or self.poll_ended)


def _overrides(hooks, event):
    method = getattr(hooks, event, None)
    return method is not None and getattr(method, "__func__", method) is not getattr(Hooks, event)


class ObservedBatch:
    """The tasks of a batch for the run loop, with reports before, between and after the turns.

    To the loop it is a list of tasks that takes its time. What it has not given away is in
    `left`, for the case that a second Ctrl-C cuts the batch short.
    """

    __slots__ = ("left", "_kernel", "_length", "_cut")

    def __init__(self, kernel, tasks):
        self.left = iter(tasks)
        self._kernel, self._length, self._cut = kernel, len(tasks), ()

    def __len__(self):
        return self._length

    def __iter__(self):
        kernel = self._kernel
        for task in self.left:
            try:
                for hear in kernel.heard.turn_started:
                    try:
                        hear(task)
                    except Exception as error:
                        fail(kernel, hear, error)
            except BaseException:
                self._cut = (task,)     # it has not had its turn
                raise
            yield task
            kernel.current = None
            for hear in kernel.heard.turn_ended:
                try:
                    hear(task)
                except Exception as error:
                    fail(kernel, hear, error)

    def rest(self):
        """The tasks that have not had their turn."""
        return [*self._cut, *self.left]


def fail(kernel, hear, error):
    """The method `hear` of a hook has failed: do without that hook."""
    hooks = getattr(hear, "__self__", None)
    if hooks is not None:
        kernel.detach(hooks)
    log_callback(hear if hooks is None else hooks, error)


def observed_handler(kernel, handle, is_call):
    """The handler `handle`, with a report first; `handle` itself where nobody listens.

    `is_call`: whether it is for system calls, which may be made to fail.
    """
    heard = kernel.heard.call_made
    faults = kernel.heard.fault if is_call else ()
    if not heard and not faults:
        return handle

    def report_and_handle(request, kernel, task):
        for hear in heard:
            try:
                hear(task, request)
            except Exception as error:
                fail(kernel, hear, error)
        fault = _fault(kernel, faults, task, request) if faults else None
        if fault is None:
            handle(request, kernel, task)
        else:
            request.discard()
            kernel.throw(task, fault)

    return report_and_handle


def _fault(kernel, faults, task, request):
    """The first error that a hook wants `request` to fail with."""
    for ask in faults:
        try:
            fault = ask(task, request)
        except Exception as error:
            fail(kernel, ask, error)
        else:
            if fault is not None:
                return fault
    return None


def observed_poll(kernel, poll):
    """The poller's method `poll`, with reports before and after."""
    def report_and_poll(seconds):
        kernel.report("poll_started")
        try:
            return poll(seconds)
        finally:
            kernel.report("poll_ended")

    return report_and_poll
