"""Recorder: a Timeline for every kernel that begins to run in this process, all in one file."""

from __future__ import annotations

from time import perf_counter_ns
from weakref import WeakKeyDictionary

from ..kernel.boot import on_boot
from .events import EventFile
from .timeline import Timeline

__all__ = ["Recorder"]


class Recorder:
    """Records from `start` to `stop`. `file` is a text file, which `stop` closes; the limits are
    EventFile's; `wanted` is the Timelines'."""

    def __init__(self, file, max_events=None, max_bytes=None, wanted=None):
        self.file = EventFile(file, max_events, max_bytes)
        self._wanted = wanted
        self._start = perf_counter_ns()
        self._timelines = WeakKeyDictionary()       # of each kernel
        self._undo = None

    def start(self):
        """From now on, observe each kernel from its first turn."""
        self._undo = on_boot(self.observe)

    def observe(self, kernel):
        """Observe `kernel`, in its thread; returns the function that ends it."""
        timeline = self._timelines.get(kernel)
        if timeline is None:
            timeline = Timeline(self.file, self._start, self._wanted)
            self._timelines[kernel] = timeline
        kernel.attach(timeline)
        return lambda: kernel.detach(timeline)

    def stop(self):
        """Observe no more, and close the file. Raises OSError. Harmless the second time."""
        if self._undo is not None:
            self._undo()
            self._undo = None
        self.file.close()
