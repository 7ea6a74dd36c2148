"""What an epoll selector has to report, without the selector's own loop over it.

A selector of the standard interface makes a key and a pair for every descriptor that is ready, in
several calls each, which for a small message is a fifth of the work. The kernel of the system gives
the number and the bits; that is all the poller needs. Registering stays the selector's own affair.
"""

import os
import select
from math import ceil

__all__ = ["READ", "WRITE", "events_of", "raw_poll"]

READ, WRITE = 1, 2      # EVENT_READ and EVENT_WRITE of every selector
_KINDS = [("selectors2", "EpollSelector"), ("selectors", "EpollSelector")]


def raw_poll(selector):
    """(function, close) for a selector that is known to stand on epoll(7), else None.

    `function(seconds, most)` (None: no limit) returns up to `most` pairs of a descriptor and its
    EPOLL bits. It has a duplicate of the selector's descriptor, which `close()` gives back: only
    the number is public, and an epoll object closes the one that it has.
    """
    kind = type(selector)
    if (kind.__module__, kind.__name__) not in _KINDS or selector.fileno() < 0:
        return None
    epoll = select.epoll.fromfd(os.dup(selector.fileno()))
    poll = epoll.poll

    def poll_for(seconds, most):
        # Rounded up to its milliseconds: a timer's moment must have come.
        # A negative time, of a clock that is late, means none; to epoll it would mean no limit.
        return poll(-1 if seconds is None else ceil(max(0.0, seconds) * 1e3) * 1e-3, most)

    return poll_for, epoll.close


def events_of(bits, mask):
    """READ, WRITE or both, of those in `mask`: a hangup or an error is news for either."""
    read = READ if bits & ~select.EPOLLOUT else 0
    write = WRITE if bits & ~select.EPOLLIN else 0
    return (read | write) & mask
