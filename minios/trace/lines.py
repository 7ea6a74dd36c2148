"""Lines: the events of Strace as strace(1) prints them.

A call that blocks leaves its line open. If the next that happens is its end, the line goes on;
anything else cuts it off with `<unfinished ...>`, and the end is a line of its own, `<... name
resumed>`.
"""

from __future__ import annotations

import time

from .strace import CALL, ENTER, EXIT, GONE

__all__ = ["Lines"]


class Lines:
    """Turns events into text; `epoch` is what to add to their times to get seconds since 1970.

    `stamps`: how many -t were given; `relative`: -r; `durations`: -T; `to_file`: the tids are
    written as strace does in a file, with no brackets.
    """

    def __init__(self, epoch, *, stamps=0, relative=False, durations=False, to_file=False):
        self._epoch, self._stamps, self._relative = epoch, stamps, relative
        self._durations, self._to_file = durations, to_file
        self._open = None           # the label of the task whose line is open
        self._last = None           # when the last line began

    def text(self, event):
        """What an event adds to the output."""
        kind, label, several, when, name, text, seconds = event
        if kind == EXIT and self._open == label:
            self._open = None
            return f") = {text}{self._duration(seconds)}\n"
        if kind == GONE and self._open == label:
            self._open = None
            return " <unfinished ...>) = ?\n"
        head = self.cut() + self._prefix(label, several) + self._stamp(when)
        if kind == CALL:
            return f"{head}{name}({text}{self._duration(seconds)}\n"
        if kind == ENTER:
            self._open = label
            return f"{head}{name}({text}"
        if kind == EXIT:
            return f"{head}<... {name} resumed>) = {text}{self._duration(seconds)}\n"
        if kind == GONE:
            return f"{head}<... {name} resumed>) = ?\n"
        return f"{head}{text}\n"

    def cut(self, why="unfinished"):
        """End the line that is open, if one is."""
        if self._open is None:
            return ""
        self._open = None
        return f" <{why} ...>\n"

    def _prefix(self, label, several):
        if not several:
            return ""
        return f"{label:<5} " if self._to_file else f"[tid {label}] "

    def _stamp(self, when):
        stamp = ""
        if self._stamps:
            moment = when + self._epoch
            if self._stamps > 2:
                stamp = f"{moment:.6f} "
            else:
                clock = time.strftime("%H:%M:%S", time.localtime(moment))
                stamp = f"{clock}.{int(moment % 1 * 1e6):06} " if self._stamps == 2 else f"{clock} "
        if self._relative:
            passed = 0.0 if self._last is None else when - self._last
            stamp += f"{passed:13.6f} "
        self._last = when
        return stamp

    def _duration(self, seconds):
        return f" <{seconds:.6f}>" if self._durations else ""
