"""Following: a file whose end somebody still writes, for `tail -f`.

Files tell nobody that they have grown, so they are looked at again and again. One that is shorter
than it was has been truncated, and is read from its start; one that is not there is waited for.
"""

import os

from syscalls import Offload

from .operands import reason

__all__ = ["Followed"]

_PIECE = 65536      # bytes that are read at once


class Followed:
    """The file `name`. With `by_name`, a new file of that name is gone on with, as when a log is
    rotated; without, the file that was opened stays the one, whatever becomes of its name."""

    def __init__(self, process, name, by_name):
        self.name = name
        self._process, self._by_name = process, by_name
        self._source = None
        self._position = 0
        self._was_there = True      # the name, when it was last looked for

    def take(self, source):
        """Go on with `source`, a FileInput that has been read to its end; a generator."""
        self._source = source
        self._position = yield from source.file.tell()

    def close(self):
        """Close the file."""
        source, self._source = self._source, None
        if source is not None:
            source.close()

    def news(self):
        """What has been written since the last time; b"" for nothing. A generator."""
        if self._source is None:
            yield from self._look_for_it()
        elif self._by_name and (yield from self._is_replaced()):
            yield from self._say("has been replaced;  following new file")
            self.close()
            yield from self._open()
        if self._source is None:
            return b""
        try:
            return (yield from self._read())
        except OSError as error:
            yield from self._say(reason(error))
            self.close()
            return b""

    def _read(self):
        file = self._source.file
        size = os.fstat(file.fileno()).st_size
        if size < self._position:
            yield from self._say("file truncated")
            self._position = yield from file.seek(0)
        if size == self._position:
            return b""
        data = yield from file.read(_PIECE)
        self._position += len(data)
        return data

    def _look_for_it(self):
        yield from self._open()
        if self._source is not None:
            yield from self._say("has appeared;  following new file")

    def _open(self):
        try:
            self._source = yield from self._process.open_input(self.name)
            self._position = 0
        except (OSError, ValueError):
            pass        # it has been said already, or will be no news

    def _is_replaced(self):
        """Whether the name means another file now, and all of the old one has been read."""
        path = self._process.path(self.name)
        try:
            found = yield Offload(os.stat, path)
        except OSError as error:
            if self._was_there:
                yield from self._say(f"has become inaccessible: {reason(error)}")
            self._was_there = False
            return False
        self._was_there = True
        mine = os.fstat(self._source.file.fileno())
        is_other = (found.st_dev, found.st_ino) != (mine.st_dev, mine.st_ino)
        return is_other and mine.st_size <= self._position

    def _say(self, text):
        yield from self._process.complain(f"{self.name}: {text}")
