"""add_signal_handler: call a function each time a Unix signal is sent to the program."""

from __future__ import annotations

from syscalls import SigWait
from syscalls.describe import caller_site
from syscalls.signums import signal_name

from ..kernel.current import current_kernel
from .log import log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..kernel import Task

__all__ = ["add_signal_handler"]


def add_signal_handler(signum: int, function: Callable[..., object], *args: Any) -> Task:
    """Call `function(*args)` in a task each time `signum` arrives. Returns that task.

    It is a daemon, which runs until it is killed or the kernel ends. The function may be a
    generator function or an async one: then what it returns is run to its end. What it raises
    is logged, and the handler stays; SystemExit ends the program, as in every task.

    Signals that arrive while the function runs, or many at once, may be one call; at least one
    call comes after the last of them. SIGINT is Ctrl-C: it goes to the handler while that
    waits, and is a KeyboardInterrupt of the main task as ever while the function still runs,
    so that an impatient second Ctrl-C gets through.
    Raises ValueError for what is no signal or cannot be caught, TypeError for what is no
    function, KernelError where no kernel runs or not in the main thread (see SigWait).
    """
    if not callable(function):
        raise TypeError(f"add_signal_handler takes a function and its arguments, not {function!r}")
    wait = SigWait(signum)
    kernel = current_kernel()
    for each in wait.signums:
        # From now on, and not from the task's first turn on: until then, a signal would do
        # what it does by default, which is mostly the end. Also raises what SigWait raises,
        # here, where somebody hears of it.
        kernel.interrupts.catch(each)
    name = f"on {' '.join(map(signal_name, sorted(wait.signums)))}"
    return kernel.spawn_from(caller_site(), _serve(wait, function, args), name, True)


def _serve(wait, function, args):
    while True:
        yield wait
        try:
            outcome = function(*args)
            if hasattr(outcome, "send") and hasattr(outcome, "throw"):
                yield outcome
        except Exception as error:
            log("ERROR", "a handler of %r failed: %r", wait, function, error=error)
