"""Unix signals that are sent to the whole program: Ctrl-C, and the kernel side of SigWait.

Python calls a signal handler between any two bytecodes of the main thread, so in the middle of
the kernel as well as of a task. The handlers here therefore only put a note into the inbox,
and the kernel acts on it between two turns. The exception is a second Ctrl-C before the first
has been delivered: somebody holds the CPU, and it raises on the spot.
"""

import _signal as signal  # the C half: see syscalls/signums.py
from collections import OrderedDict

from syscalls.errors import KernelError

__all__ = ["Interrupts", "kernel_in", "restore_all"]

_FORCE = signal.SIGURG      # which does nothing by default, and hardly anybody uses
_TASKS, _LODGERS, _KERNELS = "a task's", "a lodger's", "the kernel's"

# The functions of the kernel that run a task's code, or a call's handle.
_RESUMES = ("_run_batch", "advance", "answer", "_first_turn", "_detour", "close_task")


_installed: set = set()     # the Interrupts of the kernels that run


def restore_all():
    """Give all signals back: this is a forked child, where none of the kernels runs."""
    for interrupts in list(_installed):
        interrupts.wake_by(-1)
        interrupts.restore()


def kernel_in(thread):
    """The kernel that runs in the thread of this ident; None where none does."""
    for interrupts in list(_installed):
        if interrupts.kernel.thread == thread:
            return interrupts.kernel
    return None


class Interrupts:
    """The signal handlers of one kernel, from `install` to `restore`."""

    __slots__ = ("kernel", "_previous", "_waiters", "_kept", "_requested", "_thrown", "_forced",
                 "_wakeup_fd")

    def __init__(self, kernel):
        self.kernel = kernel
        self._previous = {}             # signum -> the handler before ours
        self._waiters = OrderedDict()   # task -> the signums it waits for
        self._kept = set()              # arrived while nobody waited
        self._wakeup_fd = -1            # of set_wakeup_fd, while it is ours
        self._requested = False         # Ctrl-C is in the inbox
        self._thrown = None             # the KeyboardInterrupt on its way to a task
        self._forced = None             # (task, error) of `force`, until the signal has come

    def install(self):
        """Take over Ctrl-C, in the main thread and where nobody else has taken it."""
        _installed.add(self)
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            try:
                self._previous[signal.SIGINT] = signal.signal(signal.SIGINT, self._on_ctrl_c)
            except ValueError:
                pass        # not the main thread

    def wake_by(self, fd):
        """Let every signal also write a byte to `fd`, or (-1) no more.

        Python calls our handlers when it runs again, which one that arrives just before the
        kernel blocks would not make it do. Somebody else's descriptor is left in its place: an
        event loop that lives on this kernel has its own among those that the kernel polls.
        """
        try:
            if fd < 0:
                fd, self._wakeup_fd = self._wakeup_fd, -1
                if fd >= 0:
                    _exchange_wakeup_fd(fd, -1)
            elif _exchange_wakeup_fd(-1, fd):
                self._wakeup_fd = fd
        except ValueError:
            pass        # not the main thread

    def restore(self):
        """Give every signal back to the handler it had.

        Returns whether a Ctrl-C has come too late to be delivered.
        """
        _installed.discard(self)
        previous, self._previous = self._previous, {}
        self._kept.clear()
        late, self._requested, self._thrown = self._requested, False, None
        # Ctrl-C last: from then on, Python's own handler may raise at any moment.
        for signum in sorted(previous, key=lambda signum: signum == signal.SIGINT):
            handler = previous[signum]
            signal.signal(signum, signal.SIG_DFL if handler is None else handler)
        return late

    def give_back(self):
        """Restore the signals that nobody waits for, but Ctrl-C: a hosted program has ended."""
        waited = frozenset().union(*self._waiters.values(), {signal.SIGINT, _FORCE})
        for signum in set(self._previous) - waited:
            handler = self._previous.pop(signum)
            signal.signal(signum, signal.SIG_DFL if handler is None else handler)
            self._kept.discard(signum)

    def has_waiters(self):
        """Whether any task waits for a signal, which may arrive at any time."""
        return bool(self._waiters)

    # --- SigWait -------------------------------------------------------------------------

    def wait(self, signums, task):
        """Block `task` until one of `signums` arrives."""
        for signum in signums:
            self.catch(signum)
        kept = self._kept & signums
        if kept:
            signum = min(kept)
            self._kept.discard(signum)
            self.kernel.resume(task, signum)
        else:
            self._waiters[task] = signums

    def leave(self, task):
        """Undo the wait of `task`."""
        del self._waiters[task]

    def catch(self, signum):
        """From now on, keep `signum` for who waits, instead of what it does by default."""
        if signum in self._previous:
            return
        handler = self._on_ctrl_c if signum == signal.SIGINT else self._on_signal
        try:
            self._previous[signum] = signal.signal(signum, handler)
        except ValueError:
            raise KernelError(
                "SigWait needs a kernel that runs in the main thread: Python gives signals to "
                "no other"
            ) from None

    def _on_signal(self, signum, frame):
        self.kernel.call_from_thread(self._arrived, signum)

    def _arrived(self, signum):
        """Hand `signum` to the first who waits for it, or keep it."""
        if not self._hand_over(signum):
            self._kept.add(signum)

    def _hand_over(self, signum):
        for task, signums in self._waiters.items():
            if signum in signums:
                del self._waiters[task]
                self.kernel.resume(task, signum)
                return True
        return False

    # --- Ctrl-C --------------------------------------------------------------------------

    def force(self, task, error):
        """From another thread: raise `error` in `task` on the spot, in the middle of its turn.

        As an impatient Ctrl-C, by a signal, whose handler sees whether it is still the task's code
        that runs. False where `allow_force` has not been said, or not in the main thread.
        """
        if _FORCE not in self._previous:
            return False
        self._forced = task, error
        signal.pthread_kill(self.kernel.thread, _FORCE)
        return True

    def allow_force(self):
        """In the kernel's thread, while it runs: let `force` work, if its signal is nobody's."""
        if signal.getsignal(_FORCE) is not signal.SIG_DFL or _FORCE in self._previous:
            return
        try:
            self._previous[_FORCE] = signal.signal(_FORCE, self._on_force)
        except ValueError:
            pass        # not the main thread

    def _on_force(self, signum, frame):
        forced, self._forced = self._forced, None
        if forced is not None:
            task, error = forced
            whose = _whose_code(frame, self.kernel.lodger.package)
            if self.kernel.current is task and whose is _TASKS:
                raise error

    def _on_ctrl_c(self, signum, frame):
        task = self.kernel.main_task
        on_its_way = task is not None and not task.done() and self._thrown is not None and (
            task.error is self._thrown or self._thrown in (task.pending or ())
        )
        whose = _whose_code(frame, self.kernel.lodger.package)
        awaited = any(signal.SIGINT in signums for signums in self._waiters.values())
        if whose is _LODGERS and self.kernel.lodger.drives and not awaited:
            raise KeyboardInterrupt     # as asyncio has it: at once, in whatever callback runs
        if self._requested or on_its_way:
            if whose is not _KERNELS:
                raise KeyboardInterrupt
            return      # the kernel itself runs, and is about to deliver the first one
        self._requested = True
        self.kernel.call_from_thread(self._deliver_ctrl_c)

    def _deliver_ctrl_c(self):
        if not self._requested:
            return      # left in the inbox by an earlier run, which has raised it
        self._requested = False
        if not self._hand_over(signal.SIGINT):
            self._thrown = KeyboardInterrupt()
            self.kernel.interrupt_main(self._thrown)


def _exchange_wakeup_fd(expected, fd):
    """Compare and swap, as far as set_wakeup_fd allows; whether it was `expected`."""
    current = signal.set_wakeup_fd(fd, warn_on_full_buffer=False)
    if current == expected:
        return True
    try:
        signal.set_wakeup_fd(current)
    except ValueError:
        return True     # a stale one: its owner has closed it and not said so
    return False


def _whose_code(frame, loop):
    """Whose code `frame` is, which a signal has interrupted: a task's, or called by one; likewise
    a lodger's; or the kernel's own, and that of the package `loop`, or what that is made of, which
    is no better.

    Raised in the middle of the kernel, an exception would leave its tables half changed.
    """
    inside, name = False, ""
    while frame is not None:
        package = frame.f_globals.get("__package__")
        if package in (__package__, "syscalls"):
            if inside and frame.f_code.co_name in _RESUMES:
                return _TASKS
            return _LODGERS if inside and name == "run_callbacks" else _KERNELS
        name = frame.f_code.co_name
        inside |= not loop or package not in (loop, "asyncio")
        frame = frame.f_back
    return _KERNELS
