"""Outbox: frames that wait to be sent on a connection, in a bounded number.

They are sent by a task of its own. So whoever has something to say never waits for the other side
to read as long as there is room, and one that is killed cuts no frame short.
"""

from collections import deque

from syscalls import Park
from syscalls.parking import wake

from ...lib.channels import Channel

__all__ = ["Outbox"]

_MOST = 262144          # bytes that wait to be sent before who has more to say must wait too
_FAR_TOO_MUCH = 4 * _MOST
_AT_ONCE = 65536        # bytes that are sent together


class Outbox:
    """Frames that wait to be sent."""

    def __init__(self):
        self._frames = deque()
        self._size = 0
        self._finished = self._closed = False
        self._room, self._more = Channel("room in", self), Channel("frames of", self)

    def put(self, data):
        """Send a frame, after all others; a generator that waits while there is no room.

        Raises BrokenPipeError when the client has gone.
        """
        while self._size >= _MOST and not self._closed:
            yield Park(self._room)
        if self._closed or self._finished:
            raise BrokenPipeError("the client has left")
        self._add(data)

    def insert(self, data):
        """The same from a plain function, which does not wait: for the few that are not output.
        Nothing happens once the client has gone."""
        if not (self._closed or self._finished):
            self._add(data)

    def is_far_too_full(self):
        """Whether more is waiting than whoever waits for room could have put there."""
        return self._size >= _FAR_TOO_MUCH

    def finish(self):
        """Nothing more comes: `send` ends when all has been sent."""
        self._finished = True
        wake(self._more)

    def close(self):
        """The client has gone: whoever wants to send is told."""
        self._closed = True
        self._frames.clear()
        wake(self._room, None)

    def send(self, stream):
        """Send what comes until `finish()`, or until the other side has left: the body of the
        connection's writer. A generator."""
        try:
            while self._frames or not self._finished:
                if self._frames:
                    data = self._take()
                    yield from stream.write(data)
                    self._size -= len(data)
                    wake(self._room, None)
                else:
                    yield Park(self._more)
        except OSError:
            self.close()

    def _add(self, data):
        self._frames.append(data)
        self._size += len(data)
        wake(self._more)

    def _take(self):
        """Frames for one write; until it is over, they count as waiting."""
        taken, size = [], 0
        while self._frames and size < _AT_ONCE:
            taken.append(self._frames.popleft())
            size += len(taken[-1])
        return b"".join(taken)

    def __repr__(self):
        return f"<Outbox of {self._size} bytes>"
