"""What is looked at outside of a kernel: the log, warnings, descriptors, child processes, time."""

import contextlib
import logging
import os
import signal
import sys
import time
import warnings


@contextlib.contextmanager
def recorded(logged, warned):
    """Call `logged(record, text)` and `warned(text)` for what is logged or warned of meanwhile."""

    class Recorder(logging.Handler):
        def emit(self, record):
            logged(record, self.format(record))

    log, recorder = logging.getLogger("minios"), Recorder()
    propagated, log.propagate = log.propagate, False
    log.addHandler(recorder)
    unraisable = sys.unraisablehook
    sys.unraisablehook = lambda each: warned(f"{each.exc_value!r} in {each.object!r}")
    try:
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            yield
        for warning in found:
            warned(str(warning.message))
    finally:
        sys.unraisablehook = unraisable
        log.removeHandler(recorder)
        log.propagate = propagated


@contextlib.contextmanager
def bounded(seconds, give_up):
    """Call `give_up()`, in the middle of whatever happens, if that takes longer than `seconds`."""
    previous = signal.signal(signal.SIGALRM, lambda signum, frame: give_up())
    signal.setitimer(signal.ITIMER_REAL, seconds, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def open_descriptors():
    """What is open: {number: what it is}."""
    found = {}
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):      # that of listdir itself
            found[int(name)] = os.readlink(f"/proc/self/fd/{name}")
    return found


def changed_descriptors(before, seconds):
    """What is open now and was not `before`, and what was closed by mistake, as texts. Waits up to
    `seconds`: a thread that works for a task that was killed may still have a file to close."""
    deadline = time.monotonic() + seconds
    while (after := open_descriptors()) != before and time.monotonic() < deadline:
        time.sleep(0.001)
    new = {fd: what for fd, what in after.items() if before.get(fd) != what}
    gone = before.keys() - after.keys()
    return [f"left open: {new}"] * bool(new) + [f"closed by mistake: {gone}"] * bool(gone)


def children():
    """The numbers of our child processes, zombies included."""
    found = []
    for thread in os.listdir("/proc/self/task"):
        with contextlib.suppress(OSError), open(f"/proc/self/task/{thread}/children") as file:
            found += file.read().split()
    return found
