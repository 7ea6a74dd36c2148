"""What is asked of a Future of any make: its loop, whether it was cancelled, what to call it."""

from __future__ import annotations

import asyncio
from asyncio import CancelledError

__all__ = ["abandon", "future_text", "hear_of_cancellation", "loop_of", "was_cancelled"]


def abandon(future):
    """Cancel what nobody waits for any more, nor hears of."""
    future.add_done_callback(hear_of_cancellation)
    future.cancel()


def was_cancelled(future):
    """Whether a Future that is done was cancelled; gather()'s has that for an exception."""
    return future.cancelled() or isinstance(getattr(future, "_exception", None), CancelledError)


def hear_of_cancellation(future):
    """Ask for it, or the Future would log that nobody has."""
    if future.done() and not future.cancelled() and was_cancelled(future):
        future.exception()


def future_text(future):
    """What is awaited, in a few words: the repr of a Future tells of all that hangs on it."""
    task = getattr(future, "kernel_task", None)
    if task is not None:
        return f"task {task.tid}"
    if isinstance(future, asyncio.Task):
        return future.get_name()
    return type(future).__name__


def loop_of(future):
    """The loop of anything that passes for a Future."""
    try:
        return future.get_loop()
    except AttributeError:
        return future._loop     # one from before Python 3.7
