"""The kernel: it boots, owns the tasks, and resumes whichever is ready.

The run loop is at the end of this file. A round takes what other threads have left, polls the
descriptors, fires the timers, and gives every ready task a turn: `send` it its value, and hand
the call that it yields to that call's `handle`. Everything else is reached from there:
primitives.py (resume, throw, timers), trampoline.py (routines that call routines), signals.py
(kill), poller.py, parking.py, interrupts.py (Ctrl-C), shutdown.py, deadlock.py, watchdog.py.
"""

from __future__ import annotations

import os
from _thread import get_ident

from syscalls.base import running
from syscalls.describe import caller_site
from syscalls.errors import DeadlockError, KernelError, NoSuchTaskError
from syscalls.signums import SIGTERM, check_signum

from . import watchdog
from .asyncgens import AsyncGenerators
from .boot import report_boot
from .clock import MonotonicClock
from .deadlock import deadlock_report
from .descriptor import fill_standard_ones
from .fairness import by_nice
from .hooks import ObservedBatch
from .interrupts import Interrupts
from .parking import Parking
from .poller import Poller
from .primitives import Primitives
from .shutdown import shut_down
from .signals import interrupt_task, send_signal
from .trampoline import advance, handler_of, refuse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .clock import Clock
    from .task import Routine, Task

__all__ = ["Kernel"]

_NEVER = float("inf")
_TURNS = 128        # between two polls, if so many tasks become ready one after the other


class Kernel(Primitives):
    """A machine of its own: tasks, a ready queue, timers, descriptors.

    `selector`: any object with the interface of the standard `selectors`, or a function that
    makes one (default: the best of selectors2). `clock`: a device with `now` and `wait`
    (default: MonotonicClock).
    `order`: a function that splits a list of ready tasks into those that run in this round,
    in order, and those that wait for the next (default: all, first come first served).
    `grace`: seconds that tasks have to clean up at shutdown. `slow_turn`: seconds after which
    a task that does not yield is reported. `max_tasks`: how many may be alive (None: no limit).
    `console`: let other terminals of the same user look in while it runs (`minios ps`,
    `minios attach`); "rw" lets them change something too, "py" run Python code, "rw,py" both.
    """

    def __init__(
        self,
        selector: Any = None,
        clock: Clock | None = None,
        *,
        order: Callable[[list[Task]], tuple[list[Task], list[Task]]] | None = None,
        grace: float = 5.0,
        slow_turn: float = 0.5,
        max_tasks: int | None = None,
        console: bool | str = False,
    ) -> None:
        self.set_clock(MonotonicClock() if clock is None else clock)
        self.order = order
        if not slow_turn > 0 or not grace >= 0:
            raise ValueError(f"slow_turn must be > 0 and grace >= 0, not {slow_turn} and {grace}")
        if max_tasks is not None and not (isinstance(max_tasks, int) and max_tasks > 0):
            raise ValueError(f"max_tasks must be a whole number > 0 or None, not {max_tasks!r}")
        self.console = _rights(console)     # None: there is none
        super().__init__(max_tasks)
        self.grace, self.slow_turn = grace, slow_turn
        self.poller = Poller(self, selector)
        self.parking = Parking(self)
        self.interrupts = Interrupts(self)
        self.asyncgens = AsyncGenerators(self)
        self.thread = None          # the thread it runs in, while it runs
        self.host = None            # the kernel that runs this one's tasks: see hosting.py
        self.callbacks: Any = ()    # what the lodger has to run, one batch a round
        self.impatient = False      # a Ctrl-C has cut the shutdown short
        self.booted_at = self.now()
        # Whether anything but the time it grants is this kernel's own: see hosting.py.
        self.devices_given = any(
            each is not None for each in (selector, clock, order, max_tasks)
        )
        self.rounds = 0
        self._turns = _TURNS        # between two polls
        self._ending = False
        self._at_stop: Any = ()     # what is to be called when it stops: see boot.py
        self.consoles = 0           # how many are open, by which others may look in and steer

    def set_clock(self, clock):
        """Go by another clock, which reads the same: an event loop puts its own before it."""
        self.clock = clock
        self.now = clock.now

    # --- What users ask ------------------------------------------------------------------

    def spawn(self, routine: Routine, name: str | None = None, daemon: bool = False) -> Task:
        """Start `routine` (a generator or a coroutine object) as a task; return the Task.

        For before the kernel runs, and for plain functions that tasks call; a task itself
        would rather `yield Spawn(routine)`. Raises as Spawn does, and KernelError in a thread
        that is not the kernel's.
        """
        return self.spawn_from(caller_site(), routine, name, daemon)

    def spawn_from(self, site, routine, name, daemon):
        """`spawn`, with the place that it was called from."""
        if self.thread not in (None, get_ident()):
            raise KernelError(
                "spawn belongs to the kernel's own thread; elsewhere say "
                "kernel.call_from_thread(kernel.spawn, routine)"
            )
        parent = self.current
        if parent is not None and parent.done():
            parent = None       # it has just ended, and a hook or a destructor spawns
        task = self.new_task(routine, name, daemon, parent, site)
        self.make_ready(task)
        return task

    def kill(self, task: Task | int, signum: int = SIGTERM) -> bool:
        """Send a signal from a plain function; True, or False where there is no such task.

        In another thread it is passed on to the kernel's, and True means no more than that.
        """
        return self.kill_from(caller_site(), task, check_signum(signum, zero_too=True))

    def kill_from(self, site, task, signum):
        """`kill`, with the place that it was called from."""
        if self.thread not in (None, get_ident()):
            self.call_from_thread(self.kill_from, site, task, signum)
            return True
        try:
            task = self.find_task(task)
        except NoSuchTaskError:
            return False
        if task.done():
            return False
        killer = None if self.current is None else self.current.tid
        self.send_signal(task, signum, killer, site)
        return True

    def send_signal(self, task, signum, killer=None, place=""):
        """Deliver `signum` to `task`, from the task with tid `killer` at `place`, a text or
        what caller_site() gave; nothing if it has ended."""
        if not task.done():
            send_signal(self, task, signum, killer, place)

    def set_nice(self, task, nice):
        """Set the nice value of `task`, within -20 to 19."""
        task.nice = max(-20, min(19, nice))
        if self.order is None:
            self.order = by_nice

    def hurry(self):
        """The program may be over: let nobody have turns that are not due."""
        self._turns = 1

    def interrupt_main(self, error):
        """Ctrl-C: throw `error` into the main task; without one, end the program with it."""
        if self._ending:
            self.impatient = True
        elif self.main_task is not None and not self.main_task.done():
            interrupt_task(self, self.main_task, error)
        else:
            self.fatal = error

    # --- The run loop --------------------------------------------------------------------

    def run(self, routine: Routine | None = None, *, name: str | None = None) -> Any:
        """Run until no task is left, or, given a `routine`, until that one ends.

        Then the tasks that are left are shut down. Returns what the routine returned and
        raises what it raised. Raises DeadlockError when nothing can ever run again,
        KernelError if a kernel already runs in this thread.
        """
        return self.run_from(caller_site(), routine, name)

    def run_from(self, site, routine, name):
        """`run`, with the place that it was called from."""
        if running.host is not None and not self.devices_given and not self.hooks:
            from .hosting import run_as_guest  # only what a shell loads needs it

            return run_as_guest(self, site, routine, name)
        self._check_idle()
        main, powered = None, not self.powered
        self.enter()
        try:
            self.lodger.kernel_starts()
            if routine is not None:
                main = self.main_task = self.new_task(routine, name, False, None, site)
                self.make_ready(main)
            self._run_until_end(main)
        finally:
            self.lodger.kernel_stops()
            self.leave(powered)
        return None if main is None else main.result()

    def enter(self):
        """Let this be the kernel that runs in this thread; `leave` ends it.

        In between, whoever called this has rounds turned. Raises KernelError where a kernel runs
        already, OSError where no descriptors are left.
        """
        self._check_idle()
        # Our handler stands first and goes last: Python's own would raise in the middle of
        # what happens between.
        self.interrupts.install()
        try:
            self.power_on()
        except BaseException:
            self.interrupts.restore()
            raise
        self.interrupts.wake_by(self._inbox.wakeup_fd)
        self.thread = get_ident()
        self._ending = self.impatient = False
        self._turns = _TURNS
        running.kernel = self
        self.asyncgens.install()
        watchdog.watch(self)
        self._at_stop = report_boot(self)
        if self.console is not None:
            console = self.request_module("console")
            self._at_stop = [*self._at_stop, console.close]

    def leave(self, for_good):
        """Undo `enter`; `for_good` also gives back the descriptors of the kernel itself.

        Raises what ended the program: SystemExit, or a Ctrl-C that nobody was left to hear.
        """
        for function in self._at_stop:
            self.run_callback(function, ())
        self._at_stop = ()
        watchdog.unwatch(self)
        self.interrupts.wake_by(-1)
        if for_good:
            self.power_off()
        self.asyncgens.restore()
        running.kernel = self.thread = self.current = self.main_task = None
        late = self.interrupts.restore()
        fatal = self.take_fatal()
        if late and fatal is None:
            fatal = KeyboardInterrupt()
        if fatal is not None:
            raise fatal

    def take_fatal(self):
        """What ends the program, once: SystemExit or KeyboardInterrupt; None if nothing does."""
        fatal, self.fatal = self.fatal, None
        return fatal

    @property
    def powered(self):
        """Whether the kernel has its descriptors: between power_on and power_off."""
        return self.poller.is_open()

    def power_on(self):
        """Open the inbox and the poller, if they are not. Raises OSError."""
        if self.powered:
            return
        filled = fill_standard_ones()
        try:
            self._inbox.open()
            self.poller.open(self._inbox)
        except BaseException:
            self._close_devices()
            raise
        finally:
            for fd in filled:
                os.close(fd)

    def power_off(self):
        """Call what was to be called at exit, and give back all that the kernel has open."""
        while self._at_exit:
            self.run_callback(*self._at_exit.pop())
        self._close_devices()

    def _close_devices(self):
        self.poller.close()
        self._inbox.close()

    def _check_idle(self):
        if self.thread is not None:
            raise KernelError("this kernel is already running; spawn the routine instead")
        if running.kernel is not None:
            raise KernelError(
                "a kernel is already running in this thread; yield the routine, or Spawn it, "
                "instead of running another"
            )

    def abandon(self, error):
        """This is a forked child: have nothing to do with the others' tasks, and end by `error`."""
        self.poller.abandon()
        for task in [each for each in self.tasks.values() if each is not self.current]:
            del self.tasks[task.tid]
        self.ready.clear()
        self.fatal = error

    def _run_until_end(self, main):
        try:
            while self.fatal is None and (self.is_busy() if main is None else not main.done()):
                self.turn_round()
        except BaseException as error:
            self.shut_down(at_once=not isinstance(error, DeadlockError))
            raise
        self.shut_down()

    def shut_down(self, at_once=False):
        """End all tasks: see shutdown.py. From now on, Ctrl-C cuts the grace period short."""
        self._ending = True
        shut_down(self, at_once)

    def turn_round(self, wait=True):
        """One round: the inbox, the descriptors, the timers, and a turn for who is ready.

        `wait`: block where nothing is.
        """
        self.rounds += 1
        if self._inbox.calls:
            self._inbox.run(self)   # may have ended the program: do not block in this round
            self.poller.poll(0)
        elif wait and not self.ready and not self.callbacks:
            self._idle()
        elif not self.poller.is_idle():
            self.poller.poll(0)
        if self.timers:
            self.timers.expire(self.now(), self)
        if self.ready:
            self.poller.lookout.stale = True
            self._run_ready()
        if self.callbacks:
            self.lodger.run_callbacks()

    def _idle(self):
        """Nothing is ready: let time pass until a timer, a descriptor or a thread is."""
        due = self.timers.next_due()
        if (due is None or due == _NEVER) and not self.can_go_on():
            report, cycle = deadlock_report(self)
            raise DeadlockError(report, cycle)
        if self.hooks:
            self.report("idle_started", None if due is None else max(0.0, due - self.now()))
        if self.doze():
            self.poller.poll(0)
        else:
            self.clock.wait(due, self.poller.poll, self._held > 0)
        self._inbox.blocking = False
        if self.hooks:
            self.report("idle_ended")

    def can_go_on(self, besides=None):
        """Whether anything can still happen by itself, the timer `besides` left out."""
        if self.ready or self.callbacks or self._inbox.calls or self._held:
            return True
        if self.interrupts.has_waiters():
            return True
        if len(self.timers) > (besides is not None):
            due = self.timers.next_due()
            if due is not None and not (self.clock.jumps and due == float("inf")):
                return True
        if self.poller.has_waiters() or self.lodger.expects_more():
            return True
        # Whoever has stopped a task by the console will let it go on.
        return self.consoles > 0 and any(task.stopped for task in self.tasks.values())

    def _run_ready(self):
        """Give turns to whoever is ready, until nobody is or it is time to poll."""
        if self.order is None and not self.hooks:
            # No name here for the batch, or its tasks would live on while later ones run.
            self._run_batch(self._take_ready(), self.ready.append, True)
            return
        turns = 0
        while self.ready and turns < self._turns:
            batch = self._take_ready()
            if self.order is not None:
                batch, later = self.order(batch)
                self.ready += later
            turns += len(batch) or _TURNS
            self.run_batch(batch, self.ready.append)
            if self._inbox.calls or self.callbacks:
                break

    def _take_ready(self):
        batch, self.ready = self.ready, []
        return batch

    def run_batch(self, batch, give_way):
        """Give every task of `batch` its turn; `give_way(task)` queues one that gives it up."""
        if self.hooks:
            self.report("batch_started", batch)
            batch = ObservedBatch(self, batch)
        self._run_batch(batch, give_way, False)

    def _run_batch(self, batch, append, go_on):
        """The same without observers: the hot path. `go_on`: with the batches that follow, too."""
        handlers, had = self.handlers, 0
        turns = iter(batch)
        try:
            while True:
                for task in turns:
                    self.current = task
                    task.switches += 1
                    value = task.value
                    task.value = None
                    try:
                        request = task.context.run(task.send, value)
                    except BaseException as error:
                        request, failed = None, error
                    else:
                        if request is None:
                            append(task)
                            continue
                        task.call = request
                        try:
                            handle = handlers[type(request)]
                        except Exception:   # not seen before; zero-cost otherwise
                            handle = handler_of(self, type(request))
                        try:
                            handle(request, self, task)
                            continue
                        except Exception as error:
                            failed = error
                    # Outside of the `except` clauses, or else whatever is raised from here on
                    # would name this one as its context.
                    if request is None:
                        if task.stack or type(failed) is not StopIteration:
                            advance(self, task, error=failed)
                        else:
                            self.end_task(task, failed.value, None)
                    else:
                        refuse(self, task, request, failed)
                    failed = None
                had += len(batch)
                if (not go_on or not self.ready or had >= self._turns or self._inbox.calls
                        or self.callbacks or self.hooks or self.order is not None):
                    return
                batch, self.ready = self.ready, []
                append, turns = self.ready.append, iter(batch)
        except BaseException:           # a second Ctrl-C cuts the batch short
            self.ready[:0] = batch.rest() if type(batch) is ObservedBatch else turns
            raise
        finally:
            self.current = None
            task = None     # the traceback of an error that has ended one leads to this frame


def _rights(console):
    """What `Kernel(console=...)` grants to other terminals, a frozenset; None for no console."""
    if console is False or console is None:
        return None
    words = set() if console is True else set(str(console).replace(",", " ").split())
    if not words <= {"rw", "py"}:
        raise ValueError(f'console is True, False, "rw", "py" or "rw,py", not {console!r}')
    return frozenset(words)
