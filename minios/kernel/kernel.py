"""The kernel: it boots, owns the tasks, and resumes whichever is ready.

The run loop is at the end of this file. A round takes what other threads have left, polls the
descriptors, fires the timers, and gives every ready task a turn: `send` it its value, and hand
the call that it yields to that call's `handle`. Everything else is reached from there:
trampoline.py (routines that call routines), signals.py (kill), poller.py, timers.py,
parking.py, interrupts.py (Ctrl-C), shutdown.py, deadlock.py, watchdog.py.
"""

from _thread import get_ident
from contextvars import copy_context
from types import CoroutineType, GeneratorType

from syscalls.base import SystemCall, running
from syscalls.describe import caller_site
from syscalls.errors import (
    DeadlockError,
    KernelError,
    NoSuchTaskError,
    TaskKilledError,
    TaskLimitError,
)
from syscalls.signums import SIGTERM, check_signum

from . import watchdog
from .clock import MonotonicClock
from .deadlock import deadlock_report
from .fairness import by_nice
from .inbox import Inbox
from .interrupts import Interrupts
from .log import log_callback, log_handler, log_orphan
from .parking import Parking
from .poller import Poller
from .shutdown import shut_down
from .signals import interrupt_task, send_signal
from .task import HALT, Task, check_routine
from .timers import Timer, Timers
from .trampoline import advance, call_routine

__all__ = ["Kernel", "current_kernel", "current_task", "run"]

_TURNS = 128        # between two polls, if so many tasks become ready one after the other
_REMEMBERED = 64    # ended tasks that nobody waited for, kept for a later Wait


class Kernel:
    """A machine of its own: tasks, a ready queue, timers, descriptors.

    `selector`: any object with the interface of the standard `selectors` (default: the best
    of selectors2). `clock`: a device with `now` and `wait` (default: MonotonicClock).
    `order`: a function that splits a list of ready tasks into those that run in this round,
    in order, and those that wait for the next (default: all, first come first served).
    `grace`: seconds that tasks have to clean up at shutdown. `slow_turn`: seconds after which
    a task that does not yield is reported. `max_tasks`: how many may be alive (None: no limit).
    """

    def __init__(self, selector=None, clock=None, *, order=None, grace=5.0, slow_turn=0.5,
                 max_tasks=None):
        self.clock = MonotonicClock() if clock is None else clock
        self.now = self.clock.now
        self.order = order
        if not slow_turn > 0 or not grace >= 0:
            raise ValueError(f"slow_turn must be > 0 and grace >= 0, not {slow_turn} and {grace}")
        self.grace, self.slow_turn, self.max_tasks = grace, slow_turn, max_tasks
        self.tasks = {}             # tid -> Task, the live ones
        self.ready = []             # the ready queue
        self.timers = Timers()
        self.poller = Poller(self, selector)
        self.parking = Parking(self)
        self.interrupts = Interrupts(self)
        self.current = None         # the task whose turn it is
        self.main_task = None       # the one that run() was given
        self.thread = None          # the thread it runs in, while it runs
        self.host = None            # the kernel that runs this one's tasks: see hosting.py
        self.impatient = False      # a Ctrl-C has cut the shutdown short
        self.booted_at = self.now()
        self.devices_given = not (selector is None and clock is None and order is None)
        self._inbox = Inbox()
        self._handlers = {}         # type of what is yielded -> handler(request, kernel, task)
        self._hooks = []
        self._ended = {}            # tid -> Task, the last few that nobody waited for
        self._last_tid = 0
        self._alive = 0             # tasks that keep the kernel running: all but daemons
        self._held = 0              # answers that other threads owe
        self._turns = _TURNS        # between two polls
        self._fatal = None          # what run() raises in the end
        self._ending = False

    # --- Tasks ---------------------------------------------------------------------------

    def spawn(self, routine, name=None, daemon=False):
        """Start `routine` (a generator or a coroutine object) as a task; return the Task.

        For before the kernel runs, and for plain functions that tasks call; a task itself
        would rather `yield Spawn(routine)`. Raises as Spawn does, and KernelError in a thread
        that is not the kernel's.
        """
        if self.thread not in (None, get_ident()):
            raise KernelError(
                "spawn belongs to the kernel's own thread; elsewhere say "
                "kernel.call_from_thread(kernel.spawn, routine)"
            )
        return self.start_task(routine, name, daemon, self.current, caller_site())

    def start_task(self, routine, name, daemon, parent, site):
        """Make a Task and let it be ready; what Spawn and spawn stand on."""
        check_routine(routine)
        if self.max_tasks is not None and len(self.tasks) >= self.max_tasks:
            raise TaskLimitError(
                f"the process table is full: {len(self.tasks)} tasks are alive; wait for some "
                "to end, or give the kernel a higher max_tasks"
            )
        if parent is None:
            context = copy_context()
        else:
            context = parent.context.copy()
        if name is None:
            name = getattr(routine, "__name__", None) or type(routine).__name__
        self._last_tid = tid = self._last_tid + 1
        task = Task(self, tid, routine, name, daemon, parent, context, site)
        self._admit(task)
        return task

    def _admit(self, task):
        self.tasks[task.tid] = task
        if not task.daemon:
            self._alive += 1
        self.ready.append(task)
        if self._hooks:
            self._report("task_spawned", task)

    def adopt(self, task, parent):
        """Take over a task of another kernel that has not started, as a child of `parent`."""
        self._last_tid = tid = self._last_tid + 1
        task.kernel, task.tid = self, tid
        task.ptid, task.group, task.nice = parent.tid, parent.group, parent.nice
        self._admit(task)

    def move_out(self):
        """Give up the tasks, none of which has started: another kernel adopts them."""
        tasks = list(self.tasks.values())
        self.tasks.clear()
        self.ready.clear()
        self._alive = 0
        return tasks

    def find_task(self, task):
        """The Task for a Task or a tid. Raises NoSuchTaskError, TypeError, KernelError."""
        if isinstance(task, Task):
            if task.kernel is not self:
                raise KernelError(f"{task!r} belongs to another kernel")
            return task
        if not isinstance(task, int):
            raise TypeError(f"{task!r} is no task: give a Task or a tid")
        found = self.tasks.get(task) or self._ended.get(task)
        if found is None:
            raise NoSuchTaskError(f"there is no task {task}; `yield Tasks()` lists those there are")
        return found

    def kill(self, task, signum=SIGTERM):
        """Send a signal from a plain function; True, or False where there is no such task.

        In another thread it is passed on to the kernel's, and True means no more than that.
        """
        signum = check_signum(signum, zero_too=True)
        if self.thread not in (None, get_ident()):
            self.call_from_thread(self.kill, task, signum)
            return True
        try:
            task = self.find_task(task)
        except NoSuchTaskError:
            return False
        if task.done():
            return False
        self.send_signal(task, signum, None if self.current is None else self.current.tid)
        return True

    def send_signal(self, task, signum, killer=None, place=""):
        """Deliver `signum` to `task`, from the task with tid `killer`; nothing if it has ended."""
        if not task.done():
            send_signal(self, task, signum, killer, place)

    def set_nice(self, task, nice):
        """Set the nice value of `task`, within -20 to 19."""
        task.nice = max(-20, min(19, nice))
        if self.order is None:
            self.order = by_nice

    def end_task(self, task, result, error):
        """Give `task` its outcome, and let everybody know who has to."""
        del self.tasks[task.tid]
        if not task.daemon:
            self._alive -= 1
        if task is self.main_task or not self._alive:
            self._turns = 1     # it may be over: let nobody have turns that are not due
        task.end(result, error)
        if self._hooks:
            self._report("task_ended", task)
        heard = task is self.main_task
        for waiter in task.take_waiters():
            # False is the answer of one who only watches, and takes no error.
            heard |= waiter.call.task_ended(self, waiter, task) is not False
        if not heard:
            self._bury(task, error)

    def forget_ended(self, task):
        """Somebody has waited for `task` after its end."""
        self._ended.pop(task.tid, None)

    def _bury(self, task, error):
        """Nobody waits for `task`: keep its outcome for a while; an error goes to the log."""
        if isinstance(task.exception(), (SystemExit, KeyboardInterrupt)):
            self._leave_program(task, error)
        elif error is not None and not isinstance(task.exception(), TaskKilledError):
            log_orphan(task, error)
        self._ended[task.tid] = task
        if len(self._ended) > _REMEMBERED:
            del self._ended[next(iter(self._ended))]

    def _leave_program(self, task, error):
        """sys.exit() in a task ends the program that it belongs to: its group, or all."""
        leader = self.tasks.get(task.group) or self.main_task
        if leader is not None and not leader.done():
            interrupt_task(self, leader, error)
        elif self._fatal is None:
            self._fatal = error

    def interrupt_main(self, error):
        """Ctrl-C: throw `error` into the main task; without one, end the program with it."""
        if self._ending:
            self.impatient = True
        elif self.main_task is not None and not self.main_task.done():
            interrupt_task(self, self.main_task, error)
        else:
            self._fatal = error

    # --- What calls are built from -------------------------------------------------------

    def resume(self, task, value=None):
        """Let a blocked `task` go on, with `value` as the result of its call."""
        if task.call is None:
            raise KernelError(f"{task!r} is not blocked, so it cannot be resumed")
        task.call = None
        task.value = value
        self.ready.append(task)

    def throw(self, task, error):
        """Let a blocked `task` go on by raising `error` at its yield."""
        if task.call is None:
            raise KernelError(f"{task!r} is not blocked, so nothing can be thrown into it")
        task.call = task.token = None
        task.error = error
        task.aim()
        self.ready.append(task)

    def make_ready(self, task):
        """Put a task that is not blocked back into the ready queue."""
        self.ready.append(task)

    def start_timer(self, task, when):
        """Let the blocked `task`'s call expire when the clock reads `when`."""
        self.timers.start(task, when)

    def cancel_timer(self, task):
        """Undo start_timer."""
        self.timers.cancel(task)

    def call_at(self, when, function, *arguments):
        """Call a function when the clock reads `when`; returns a Timer with `cancel()`."""
        timer = Timer(self.timers, function, arguments)
        self.timers.start(timer, when)
        return timer

    def call_from_thread(self, function, *arguments):
        """Let the kernel call `function(*arguments)` between two turns, waking it if it sleeps.

        The one method that is safe in every thread and signal handler. A thread that will
        call it must be expected with `hold()`, or the kernel may end, or see a deadlock,
        before it does.
        """
        self._inbox.put(function, arguments)

    def hold(self):
        """Expect an answer from outside the kernel: no deadlock while it has not come."""
        self._held += 1

    def release(self):
        """The answer expected since `hold()` has come."""
        self._held -= 1

    def run_callback(self, function, arguments):
        """Call a function on the kernel's own behalf; what it raises is logged."""
        try:
            function(*arguments)
        except Exception as error:
            log_callback(function, error)

    # --- Hooks ---------------------------------------------------------------------------

    def attach(self, hooks):
        """Report to `hooks` (see Hooks) from now on."""
        self._hooks = [*self._hooks, hooks]
        self._handlers.clear()      # learned anew, with the report of each call
        hooks.attached(self)

    def detach(self, hooks):
        """Report to `hooks` no more; harmless if it was not attached."""
        self._hooks = [each for each in self._hooks if each is not hooks]
        self._handlers.clear()

    def _report(self, event, *arguments):
        for hooks in self._hooks:
            try:
                getattr(hooks, event)(*arguments)
            except Exception as error:
                self.detach(hooks)
                log_callback(hooks, error)

    # --- The run loop --------------------------------------------------------------------

    def run(self, routine=None, *, name=None):
        """Run until no task is left, or, given a `routine`, until that one ends.

        Then the tasks that are left are shut down. Returns what the routine returned and
        raises what it raised. Raises DeadlockError when nothing can ever run again,
        KernelError if a kernel already runs in this thread.
        """
        return self.run_from(caller_site(), routine, name)

    def run_from(self, site, routine, name):
        """`run`, with the place that it was called from."""
        if running.host is not None and not self.devices_given:
            from .hosting import run_as_guest  # only what a shell loads needs it

            return run_as_guest(self, site, routine, name)
        self._check_idle()
        if routine is not None:
            self.main_task = self.start_task(routine, name, False, None, site)
        main = self.main_task
        self._boot()
        try:
            self._run_until_end(main)
        finally:
            self._power_off()
        if self._fatal is not None:
            fatal, self._fatal = self._fatal, None
            raise fatal
        return None if main is None else main.result()

    def _check_idle(self):
        if self.thread is not None:
            raise KernelError("this kernel is already running; spawn the routine instead")
        if running.kernel is not None:
            raise KernelError(
                "a kernel is already running in this thread; yield the routine, or Spawn it, "
                "instead of running another"
            )

    def _boot(self):
        self._inbox.open()
        try:
            self.poller.open(self._inbox)
        except BaseException:
            self._inbox.close()
            raise
        self.thread = get_ident()
        self._ending = self.impatient = False
        self._turns = _TURNS
        running.kernel = self
        self.interrupts.install()
        watchdog.watch(self)

    def _power_off(self):
        watchdog.unwatch(self)
        self.interrupts.restore()
        running.kernel = self.thread = self.current = self.main_task = None
        self.poller.close()
        self._inbox.close()

    def _run_until_end(self, main):
        try:
            while self._fatal is None and (self._alive if main is None else not main.done()):
                self.turn_round()
        except BaseException as error:
            self._ending = True
            shut_down(self, at_once=not isinstance(error, DeadlockError))
            raise
        self._ending = True
        shut_down(self)

    def turn_round(self):
        """One round: the inbox, the descriptors, the timers, and a turn for who is ready."""
        if self._inbox.calls:
            self._inbox.run(self)   # may have ended the program: do not block in this round
        elif not self.ready:
            self._idle()
        elif not self.poller.is_idle():
            self.poller.poll(0)
        if self.timers:
            self.timers.expire(self.now(), self)
        turns, calls = 0, self._inbox.calls
        while self.ready and turns < self._turns and not calls:
            batch, self.ready = self.ready, []
            if self.order is not None:
                batch, later = self.order(batch)
                self.ready += later
            turns += len(batch) or _TURNS
            if self._hooks:
                self._run_observed(batch)
            else:
                self._run_batch(batch)

    def _idle(self):
        """Nothing is ready: let time pass until a timer, a descriptor or a thread is."""
        due = self.timers.next_due()
        if not self.can_go_on():
            report, cycle = deadlock_report(self)
            raise DeadlockError(report, cycle)
        if self._hooks:
            self._report("idle_started", None if due is None else max(0.0, due - self.now()))
        self._inbox.blocking = True
        if self._inbox.calls:
            self.poller.poll(0)
        else:
            self.clock.wait(due, self.poller.poll, self._held > 0)
        self._inbox.blocking = False
        if self._hooks:
            self._report("idle_ended")

    def can_go_on(self, besides=None):
        """Whether anything can still happen by itself, the timer `besides` left out."""
        if self.ready or self._inbox.calls or self._held or self.interrupts.has_waiters():
            return True
        if len(self.timers) > (besides is not None):
            due = self.timers.next_due()
            if due is not None and not (self.clock.jumps and due == float("inf")):
                return True
        return self.poller.has_waiters()

    def _run_batch(self, batch):
        """Give every task of `batch` its turn: the hot path."""
        handlers, append = self._handlers, self.ready.append
        turns = iter(batch)
        try:
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
                        handlers[type(request)](request, self, task)
                        continue
                    except Exception as error:
                        failed = error
                # Outside of the `except` clauses, or else whatever is raised from here on
                # would name this one as its context.
                if request is None:
                    advance(self, task, error=failed)
                else:
                    self.refuse(task, request, failed)
                failed = None
        finally:
            self.current = None
            self.ready[:0] = turns      # where a second Ctrl-C has cut the batch short

    def _run_observed(self, batch):
        """The same with hooks: batches of one, and a report around each."""
        for task in batch:
            self._report("turn_started", task)
            self._run_batch([task])
            self._report("turn_ended", task)

    def answer(self, task, request):
        """Carry out what `task` has yielded, outside the hot path."""
        if request is None:
            self.make_ready(task)
            return
        task.call = request
        try:
            self.handler_of(type(request))(request, self, task)
            return
        except Exception as error:
            failed = error
        self.refuse(task, request, failed)

    def handler_of(self, kind):
        """The handler for what is of type `kind`; learned at its first sight."""
        handler = self._handlers.get(kind)
        if handler is None:
            if issubclass(kind, SystemCall):
                handler = self._observed(kind.handle) if self._hooks else kind.handle
            elif issubclass(kind, (GeneratorType, CoroutineType)):
                handler = call_routine
            elif kind is type(HALT):
                handler = _halt
            elif kind is type(None):
                return None
            else:
                return _not_a_call
            self._handlers[kind] = handler
        return handler

    def _observed(self, handle):
        def report_and_handle(request, kernel, task):
            self._report("call_made", task, request)
            handle(request, kernel, task)

        return report_and_handle

    def refuse(self, task, request, error):
        """The handler of `request` has failed: raise it at the task's yield."""
        if type(request) not in self._handlers and isinstance(error, KeyError):
            self.answer(task, request)      # its type is seen for the first time
        elif task.done() or (task.call is None and task in self.ready):
            log_handler(task, request, error)
        else:
            task.call = request
            self.throw(task, error)


def _halt(request, kernel, task):
    """A detour let the task have no turn: it is stopped, or has ended."""
    task.call = None
    task.switches -= 1


def _not_a_call(request, kernel, task):
    """The handler of everything that is neither a call nor a routine."""
    if isinstance(request, Task):
        hint = "`yield Wait(task)` waits for a task"
    elif callable(request):
        hint = "call the function, and yield what it returns"
    else:
        hint = "yield a system call, a generator or coroutine, or nothing"
    raise TypeError(f"task {task.tid} ({task.name}) yielded {request!r}, no system call: {hint}")


def run(routine, *, name=None, **kernel_options):
    """Boot a kernel, run `routine` in it until it ends, and return what it returns.

    The options are those of Kernel. Tasks that are left are shut down.
    """
    return Kernel(**kernel_options).run_from(caller_site(), routine, name)


def current_kernel():
    """The kernel that runs in this thread. Raises KernelError where none does."""
    if running.kernel is None:
        raise KernelError("no kernel is running in this thread; minios.run(routine()) runs one")
    return running.kernel


def current_task():
    """The task whose turn it is. Raises KernelError outside a task."""
    task = current_kernel().current
    if task is None:
        raise KernelError("no task is running: this is the kernel's own code")
    return task
