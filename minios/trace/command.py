"""`minios trace FILE [ARG ...] -o trace.json`: run a program, and write a timeline of its kernels.

The program runs as by `minios run FILE`, to whatever end, and the file is closed all the same.
"""

from __future__ import annotations

import os
import sys
import threading
from time import monotonic

from ..mainfile import run_file
from .recorder import Recorder

__all__ = ["main"]

_USAGE = """\
usage: minios trace FILE [ARG ...] [-o TRACE] [--max-events N] [--max-size MB]

Run a Python file as `minios run` does, and write a timeline of its kernels, which Perfetto
(https://ui.perfetto.dev) and chrome://tracing open: a track a task, a slice a turn, and arrows from
who woke a task to the turn that it had then.

  -o TRACE          the file to write (default: trace.json)
  --max-events N    stop recording after so many events
  --max-size MB     stop recording at so many megabytes (default: 1000)

What stands behind `--` is the program's, whatever it looks like.
"""
_LOOK = 0.5         # seconds between two lines of progress
_MAX_SIZE = 1000.0  # megabytes


class _UsageError(Exception):
    """The arguments make no sense; the message says why."""


def main(arguments):
    """Carry out the command line behind the word `trace`; returns the exit status. What the program
    raises is raised."""
    try:
        options, words = _parse(list(arguments))
    except _UsageError as error:
        print(f"minios trace: {error}\n{_USAGE.partition(chr(10))[0]}", file=sys.stderr)
        return 2
    if options is None:
        print(_USAGE, end="")
        return 0
    if not os.path.isfile(words[0]):
        print(f"minios: {words[0]}: no such file", file=sys.stderr)
        return 2
    try:
        file = open(options["-o"], "w", encoding="utf-8")
    except OSError as error:
        print(f"minios trace: {options['-o']}: {error.strerror}", file=sys.stderr)
        return 1
    recorder = Recorder(file, options["--max-events"], int(options["--max-size"] * 1e6))
    recorder.start()
    status = 1
    try:
        with _Progress(recorder.file, options["-o"]):
            run_file(words)
        status = 0
    finally:
        # In this order: what the program has raised is not to be hidden by a full disk.
        closed = _close(recorder, options["-o"])
    return status if closed else 1


def _parse(arguments):
    """(options, the program and its arguments); (None, []) where help is asked for."""
    options = {"-o": "trace.json", "--max-events": None, "--max-size": _MAX_SIZE}
    words = []
    while arguments:
        word = arguments.pop(0)
        if word == "--":
            words += arguments
            break
        name, equals, value = word.partition("=")
        if word in ("-h", "--help") and not words:
            return None, []
        if name in options:
            if not equals:
                if not arguments:
                    raise _UsageError(f"{name} takes a value")
                value = arguments.pop(0)
            options[name] = value if name == "-o" else _number(name, value)
        elif word.startswith("-") and not words:
            raise _UsageError(f"no such option: {word}")
        else:
            words.append(word)
    if not words:
        raise _UsageError("give a FILE to run")
    return options, words


def _number(name, text):
    try:
        number = int(text) if name == "--max-events" else float(text)
        if not 0 < number < float("inf"):
            raise ValueError
    except ValueError:
        raise _UsageError(f"{name} takes a number above 0, not {text!r}") from None
    return number


def _close(recorder, path):
    """Close the file; False, and a line that says why, where that fails."""
    try:
        recorder.stop()
    except OSError as error:
        print(f"minios trace: {path}: {error.strerror}", file=sys.stderr)
        return False
    if recorder.file.cut is not None:
        print(f"minios trace: {path}: cut off at {recorder.file.cut}", file=sys.stderr)
    return True


class _Progress:
    """At a terminal, a line on standard error that says how far it is."""

    def __init__(self, file, path):
        self._file, self._path = file, path
        self._began = monotonic()
        self._over = threading.Event()
        self._thread = None

    def __enter__(self):
        if sys.stderr is not None and sys.stderr.isatty():
            self._thread = threading.Thread(target=self._show, name="progress", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *error):
        if self._thread is not None:
            self._over.set()
            self._thread.join()
            print(f"\r{self._text()}", file=sys.stderr)

    def _show(self):
        while not self._over.wait(_LOOK):
            print(f"\r{self._text()}", end="", file=sys.stderr, flush=True)

    def _text(self):
        return (f"{self._path}: {self._file.events:,} events, {self._file.bytes / 1e6:.1f} MB, "
                f"{monotonic() - self._began:.1f} s")
