"""Processes that are measured, one after the other: none outlives its measurement, or ours.

Each has a process group of its own, which is killed as a whole when it has ended, or has taken too
long, or we are to end: what it has started itself, a server or a load, goes with it. A Ctrl-C on
the terminal reaches us alone then. It raises nothing, and is looked at between two processes, so
that there is no moment at which a process is there and not known.
"""

from __future__ import annotations

import os
import signal
import subprocess

__all__ = ["Processes"]

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Processes:
    """Runs processes, and ends the one that runs at a signal that would end us.

    A context manager, for the main thread. `signal` is the number of the signal that has come.
    """

    def __init__(self):
        self.signal = None
        self._running = None
        self._handlers = {}

    def output_of(self, command, environment=None, limit=None):
        """Run `command` and return what it printed.

        Raises RuntimeError, with the last that it said, where it fails, and TimeoutError where it
        has not ended after `limit` seconds.
        """
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, errors="replace", env=environment, process_group=0,
        ) as process:
            self._running = process
            try:
                if self.signal is not None:     # it came before the process was known
                    _kill(process)
                output, complaint = process.communicate(timeout=limit)
            except subprocess.TimeoutExpired:
                raise TimeoutError(f"it was ended after {limit:g} s") from None
            finally:
                self._running = None
                _kill(process)
        if process.returncode:
            raise RuntimeError(_reason(process.returncode, complaint))
        return output

    def _hear(self, number, frame):
        self.signal = number
        if self._running is not None:
            _kill(self._running)

    def __enter__(self):
        for number in _ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:      # as under nohup
                self._handlers[number] = signal.signal(number, self._hear)
        return self

    def __exit__(self, *error):
        for number, handler in self._handlers.items():
            signal.signal(number, handler)


def _kill(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):       # nobody is left, or nobody but the dead
        pass


def _reason(status, complaint):
    """Why a process has failed, a line: the last that it said, which is the exception."""
    said = [line.strip(" |+-") for line in complaint.splitlines()]      # in a group, it has a frame
    said = [line for line in said if line]
    if said:
        return said[-1]
    if status < 0:
        return f"it was ended by {signal.Signals(-status).name}"
    return f"it ended with status {status}, in silence"
