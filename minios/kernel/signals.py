"""What each signal does to a task: signal(7), table and all.

A signal never interrupts a turn. It reaches a blocked task at the call it is blocked on, whose
wait is undone first. It reaches a ready task at the yield where it stands, unless a result is
due there (an item, a socket, a lock that was handed over): then the result comes first and the
signal at the next yield, so that nothing is lost between the two.
"""

import sys

from syscalls import signums
from syscalls.describe import call_text
from syscalls.errors import Cancelled

from .log import log_handler, log_last_words
from .task import BaseTask

__all__ = ["close_task", "interrupt_task", "send_signal"]


def send_signal(kernel, task, signum, killer, place):
    """Deliver `signum` to a live task; `killer` is the sender's tid or None."""
    if not isinstance(task, BaseTask):
        task.deliver(signum, killer, place)     # of another make: see Lodger.tasks
        return
    action = _ACTIONS.get(signum, _terminate)
    if action is not None and (_is_running(task) or kernel.lodger.runs_for(task)):
        # It signals itself in the middle of its turn: wait until it has yielded.
        kernel.call_from_thread(kernel.send_signal, task, signum, killer, place)
    elif action is not None:
        if kernel.hooks:
            kernel.report("signalled", task, signum, killer, place)
        action(kernel, task, signum, killer, place)


def _terminate(kernel, task, signum, killer, place):
    """Throw Cancelled, once: a second one before the first has arrived changes nothing."""
    if not _is_due(task, Cancelled):
        task.killer = (signum, killer, place)
        interrupt_task(kernel, task, Cancelled(signum, killer, place))


def _interrupt(kernel, task, signum, killer, place):
    """Throw KeyboardInterrupt."""
    if not _is_due(task, KeyboardInterrupt):
        task.killer = (signum, killer, place)
        interrupt_task(kernel, task, _by_signal(KeyboardInterrupt(), task))


def _kill(kernel, task, signum, killer, place):
    """Close the routine, now; it runs its `finally` clauses and may not yield in them."""
    task.killer = (signum, killer, place)
    close_task(kernel, task)


def _by_signal(error, task):
    """Mark an exception as a signal's doing, so that one that the task raises itself differs."""
    error.cancelled = Cancelled(*task.killer)
    return error


def _stop(kernel, task, signum, killer, place):
    """Let the task have no turn until SIGCONT. A wait goes on, and its result is kept."""
    task.stopped = True
    task.stopper = signum, killer, place
    task.aim()


def _continue(kernel, task, signum, killer, place):
    """Undo _stop."""
    task.stopped, task.stopper = False, None
    task.aim()
    if task.halted:
        task.halted = False
        kernel.make_ready(task)


def _print_stack(kernel, task, signum, killer, place):
    """Print where the task is, and let it go on."""
    import traceback

    print(f"{task!r}, spawned at {task.spawned_at or 'unknown'}", file=sys.stderr)
    for frame in task.frames():
        summary = traceback.extract_stack(frame, limit=1)
        print("".join(traceback.format_list(summary)), end="", file=sys.stderr)
    if task.call is not None:
        print(f"  waits in {call_text(task.call)}", file=sys.stderr)


# What is not listed terminates; None is ignored.
_ACTIONS = {
    0: None,
    signums.SIGINT: _interrupt,
    signums.SIGKILL: _kill,
    signums.SIGSTOP: _stop,
    signums.SIGTSTP: _stop,
    signums.SIGTTIN: _stop,
    signums.SIGTTOU: _stop,
    signums.SIGCONT: _continue,
    signums.SIGQUIT: _print_stack,
    signums.SIGCHLD: None,
    signums.SIGURG: None,
    signums.SIGWINCH: None,
}


def interrupt_task(kernel, task, error):
    """Throw `error` into a task, if it lives, at the first yield where no result is lost."""
    if task.done():
        return
    call = task.call
    running = _is_running(task)
    if call is not None and call.interruptible and not running:
        if not _defers(kernel, task, error):
            _cancel(kernel, task)
            kernel.throw(task, error)
    elif call is None and task.value is None and task.error is None and not running:
        task.error = error
        task.aim()
    else:
        task.pending = [*(task.pending or ()), error]
        task.aim()
        if running:     # at the yield that ends this turn, which may be long to wait for
            kernel.call_from_thread(_interrupt_after_turn, kernel, task, error)


def _interrupt_after_turn(kernel, task, error):
    """The turn in which `task` was interrupted is over; it may have had the error already."""
    if kernel.withdraw(task, error):
        interrupt_task(kernel, task, error)


def _defers(kernel, task, error):
    """Whether the call of `task` winds up its wait first; one that fails to say is not asked."""
    try:
        return task.call.defer(kernel, task, error)
    except Exception as failure:
        log_handler(task, task.call, failure)
        return False


def _cancel(kernel, task):
    """Undo the wait of a task; a call that fails to is logged, and the task ends all the same."""
    try:
        task.call.cancel(kernel, task)
    except Exception as error:
        log_handler(task, task.call, error)


def close_task(kernel, task):
    """SIGKILL: undo the wait, close the routines from the innermost out, end the task.

    Cannot be refused, not even by a wait that is not interruptible: what the call is still
    doing outside the kernel then answers to nobody.
    """
    if task.call is not None:
        _cancel(kernel, task)
        task.call = None
    if task.error is not None and not isinstance(task.error, (Cancelled, KeyboardInterrupt)):
        log_last_words(task, task.error)    # it was due, and nobody hears of it any more
    if not task.started:
        task.begin()
    routines = [*(task.stack or ()), task.routine]
    task.stack, task.pending, task.error = None, None, None
    previous, kernel.current = kernel.current, task
    interrupt = None
    while routines:
        task.routine = routines.pop()
        try:
            task.context.run(task.routine.close)
        except KeyboardInterrupt as error:
            interrupt = error               # forced by a second Ctrl-C: close the rest first
        except BaseException as error:      # it yielded, or failed in its `finally`
            log_last_words(task, error)
    kernel.current = previous
    kernel.end_task(task, None, Cancelled(*task.killer))
    if interrupt is not None:
        raise interrupt


def _is_due(task, kind):
    """Whether a signal's exception of this kind is on its way to the task already.

    By the exact type: a subclass is a time limit's or the like, and no reason to drop a kill.
    """
    if type(task.error) is kind:
        return True
    pending = task.pending
    return bool(pending) and any(type(error) is kind for error in pending)


def _is_running(task):
    """Whether it is in the middle of a turn."""
    if task.call is not None:
        return False
    routine = task.routine
    return getattr(routine, "gi_running", False) or getattr(routine, "cr_running", False)
