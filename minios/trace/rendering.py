"""Calls, results and errors in the words of strace(1): `recv(5, 1024) = 12 ("hello wor"...)`.

A call has the name of its class in lower case and the arguments of its repr, descriptors as bare
numbers. Bytes are a count and a sample, tasks `task 9`, None is 0, errors are -1. Whatever an
object's own repr does, nothing here raises, and no text is longer than a line.
"""

from __future__ import annotations

from errno import errorcode
from reprlib import Repr

from syscalls.describe import call_text
from syscalls.errors import Cancelled

__all__ = ["arguments_text", "call_name", "error_text", "name_of", "result_text", "signal_of"]

_LONGEST = 200      # characters of anything

_short = Repr()
_short.maxstring = _short.maxother = 60
_short.maxlevel = 3

_names: dict[type, str] = {}


def name_of(kind):
    """What a class of calls is called: `recv`. What asyncio has a task wait for is `await`."""
    name = _names.get(kind)
    if name is None:
        is_future = hasattr(kind, "_asyncio_future_blocking")
        name = _names[kind] = "await" if is_future else kind.__name__.strip("_").lower()
    return name


def call_name(call):
    """The name of a call, or of a Future that a task awaits."""
    return name_of(type(call))


def arguments_text(call):
    """What stands between the parentheses."""
    try:
        if hasattr(call, "_asyncio_future_blocking"):
            return _future_text(call)
        return ", ".join(map(_argument_text, call.arguments()))[:_LONGEST]
    except Exception:
        return "..."


def _argument_text(text):
    return text[3:] if text.startswith("fd ") else text


def _future_text(future):
    tid = getattr(future, "tid", None)
    if tid is not None:
        return f"task {tid}"
    get_name = getattr(future, "get_name", None)
    return get_name() if get_name is not None else type(future).__name__


def result_text(result, sample):
    """What a call returned; of bytes, the first `sample` of them."""
    if result is None:
        return "0"
    if result.__class__ is int or result.__class__ is bool:
        return str(result)
    if isinstance(result, (bytes, bytearray)):
        return f"{len(result)} ({_bytes_text(result, sample)})" if sample else str(len(result))
    try:
        return _object_text(result)[:_LONGEST]
    except Exception:
        return call_text(result)[:_LONGEST]


def _bytes_text(data, sample):
    inside = repr(bytes(data[:sample]))[2:-1]
    # Python chooses the quotes by what is inside; here they are always double.
    inside = inside.replace("\\'", "'").replace('"', '\\"')
    return f'"{inside}"' + ("..." if len(data) > sample else "")


def _object_text(result):
    if hasattr(result, "tid"):
        return f"task {result.tid}"
    if isinstance(result, tuple) and not hasattr(result, "_fields"):
        return "(" + ", ".join(map(_object_text, result)) + ("," if len(result) == 1 else "") + ")"
    if hasattr(result, "fileno"):
        return str(result.fileno())
    return _short.repr(result)


def error_text(error):
    """What a call raised: `-1 ECONNRESET (Connection reset by peer)`."""
    signum = signal_of(error)
    if signum is not None:
        return "? EINTR (Interrupted by a signal)"
    number = getattr(error, "errno", None)
    try:
        if isinstance(error, OSError) and number in errorcode:
            text = f"-1 {errorcode[number]} ({error.strerror})"
        else:
            text = f"-1 {type(error).__name__} ({error})"
    except Exception:
        text = f"-1 {type(error).__name__}"
    return " ".join(text.split("\n"))[:_LONGEST]


def signal_of(error):
    """The number of the signal that has raised `error`; None if none did."""
    cancelled = getattr(error, "cancelled", None)       # of a KeyboardInterrupt
    if isinstance(cancelled, BaseException):
        error = cancelled
    return error.signum if isinstance(error, Cancelled) else None
