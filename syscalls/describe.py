"""How arguments are written in the repr of a call: `task 7`, `fd 5`, `b'GET / HTT'...`."""

import sys


def task_name(task):
    """`task 7`, for a Task or for a tid."""
    return f"task {getattr(task, 'tid', task)}"


def file_name(f):
    """`fd 5` for a descriptor or an object with fileno(), `fd closed` where it is closed."""
    if isinstance(f, int):
        return f"fd {f}"
    try:
        number = f.fileno()
    except Exception:
        number = -1
    return "fd closed" if number < 0 else f"fd {number}"


def bytes_sample(data, limit=16):
    """The first bytes of a payload, and how many more there are."""
    try:
        view = memoryview(data).cast("B")
    except TypeError:
        return repr(data)       # no bytes: the call will say so
    head = repr(bytes(view[:limit]))
    return head if len(view) <= limit else f"{head}+{len(view) - limit}"


def call_text(call):
    """The repr of a call, or its type where the repr fails: an observer must not fail with it."""
    try:
        return repr(call)
    except Exception:
        return f"<{type(call).__name__}>"


def caller_site():
    """The (code, instruction) of whoever constructs the calling object, cheap to keep."""
    frame = sys._getframe(2)
    return frame.f_code, frame.f_lasti


def place_text(place):
    """A place as text: what `caller_site` gave, or a text itself.

    To find the line takes longer than to kill a task, and few ask for it.
    """
    return place if isinstance(place, str) else file_and_line(*place)


def file_and_line(code, lasti):
    """`file.py:12` for what `caller_site` gave; an empty string for None."""
    if code is None:
        return ""
    line = code.co_firstlineno
    for start, end, number in code.co_lines():
        if start <= lasti < end and number is not None:
            line = number
            break
    return f"{code.co_filename}:{line}"
