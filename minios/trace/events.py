"""Chrome trace events: the JSON array that Perfetto and chrome://tracing open, as it is written.

The format (Trace Event Format, "JSON Array Format") allows the closing bracket to be missing, so a
file that is cut off is still good. Several kernels in several threads may write to one file. It is
bounded: behind `max_events` or `max_bytes`, a note that says so is the last event.
"""

from __future__ import annotations

import json
import os
from threading import Lock
from time import monotonic

__all__ = ["EventFile"]

_END = "\n]\n"
_PIECE = 400            # events that are written at once
_PATIENCE = 1.0         # seconds that events may wait to be written
_ALL_NAMES = 10_000     # encoded names that are kept


class EventFile:
    """A file of trace events. `file` is a text file; it is closed by `close`.

    `cut` is None, or says which limit has been reached. Once it is `over`, what comes is dropped.
    """

    def __init__(self, file, max_events=None, max_bytes=None):
        self.events = self.bytes = 0
        self.cut, self.over = None, False
        self.error = None           # the OSError that has ended the writing
        self._file, self._max_events, self._max_bytes = file, max_events, max_bytes
        self._waiting = []
        self._lock = Lock()
        self._next_write = monotonic() + _PATIENCE
        self._names = {}
        self._pids = self._flows = 0
        self._process = os.getpid()
        self._put("[")

    def next_pid(self):
        """A number for one more kernel."""
        with self._lock:
            self._pids += 1
            return self._pids

    def next_flow(self):
        """A number for one more arrow."""
        self._flows += 1
        return self._flows

    def quote(self, text):
        """`text` as JSON."""
        quoted = self._names.get(text)
        if quoted is None:
            if len(self._names) >= _ALL_NAMES:
                self._names.clear()
            quoted = self._names[text] = json.dumps(text)
        return quoted

    def add(self, *events):
        """Add events, each an object as JSON text. What an event refers to comes before it."""
        if self.over:
            return
        waiting = self._waiting
        waiting += events
        if len(waiting) >= _PIECE or monotonic() >= self._next_write:
            try:
                self.flush()
            except OSError as error:    # a full disk: the program is not to be bothered
                self.error, self.over = error, True

    def flush(self):
        """Write what waits. Raises OSError."""
        with self._lock:
            self._next_write = monotonic() + _PATIENCE
            waiting, self._waiting = self._waiting, []
            if os.getpid() != self._process:
                self._disown()
            if self._file is None or not waiting:
                return
            self._write(waiting)
            self._end_for_now()

    def close(self):
        """Write the rest and the closing bracket. Harmless the second time. Raises OSError."""
        if self._file is None:
            return
        if self.error is None:
            self.flush()
        with self._lock:
            file, self._file = self._file, None
            self.over = True
            if file is not None:
                with file:
                    if self.error is not None:
                        raise self.error
                    file.write(_END)

    def _end_for_now(self):
        """Close the array, and go on before its end: whoever is killed leaves a whole file."""
        file = self._file
        if file.seekable():
            place = file.tell()
            file.write(_END)
            file.flush()
            file.seek(place)
        else:
            file.flush()

    def _disown(self):
        """This is a forked child: the file is the parent's, who goes on writing to it."""
        self._file, self.over = None, True

    def _write(self, events):
        left = None if self._max_events is None else self._max_events - self.events
        if left is not None and len(events) > left:
            events = events[:left]
            self.cut = f"{self._max_events} events"
        text = ("\n" if not self.events else ",\n") + ",\n".join(events) if events else ""
        if self._max_bytes is not None and self.bytes + len(text) > self._max_bytes:
            text, events = "", []
            self.cut = f"{self._max_bytes / 1e6:g} MB"
        self.events += len(events)
        self._put(text)
        if self.cut is not None:
            self.over = True
            note = {"name": f"trace cut off: {self.cut}", "ph": "i", "s": "g", "pid": 0, "tid": 0,
                    "ts": _time_of(events) if events else 0.0}
            self._put((",\n" if self.events else "\n") + json.dumps(note))

    def _put(self, text):
        self.bytes += len(text)
        self._file.write(text)


def _time_of(events):
    """The last time that some event of these tells."""
    for event in reversed(events):
        moment = json.loads(event).get("ts")
        if moment is not None:
            return moment
    return 0.0
