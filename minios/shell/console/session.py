"""One connection to the console: a shell whose terminal is the client's.

Its tasks: one reads what the client says and acts on it at once, one sends what is to be said, and
one is the shell. The first that ends, ends the others: a client that leaves takes what he has
started along, as a terminal that hangs up does (SIGHUP): SIGTERM, and SIGKILL a moment later.
"""

import os
import shlex
import sys
from contextlib import suppress
from contextvars import ContextVar
from signal import SIGCONT, SIGINT, SIGKILL, SIGPIPE, SIGTERM

from syscalls import GetTask, Park, Sleep, Spawn, Wait, WaitAny

from ...lib.timeouts import timeout
from ..shell import Shell
from ..system import System
from ..tty.terminal import Suspended
from .outbox import Outbox
from .protocol import PROTOCOL, ProtocolError, control, field, fields_of, read_frame, split_answer
from .terminal import RemoteTerminal

__all__ = ["Connection"]

_HELLO = 5.0        # seconds in which a client has to say what he wants
_LAST_WORDS = 1.0   # seconds to send what is left, when the connection ends
_COMMAND_LINE = 4096        # characters of it that a hello tells
_GRACE = 1.0        # seconds that what a client has started has to clean up when he leaves

_connection: ContextVar = ContextVar("connection")      # whose task this is


class Connection:
    """One client, from his hello to his end."""

    def __init__(self, stream, console):
        self._stream, self._console = stream, console
        self._rights = console.rights
        self._outbox = Outbox()
        self._has_said_hello = False
        self._terminal = self._shell = self._work = None

    def serve(self):
        """The connection's task; a generator."""
        _connection.set(self)       # and so it is in all tasks that come from this one
        self._me = yield GetTask()
        self._outbox.insert(control(b"H", **self._hello()))
        writer = yield Spawn(self._outbox.send(self._stream), name="send")
        reader = yield Spawn(self._listen(), name="listen")
        watch = yield Spawn(self._expect_request(), name="expect a request")
        try:
            ended = yield WaitAny([reader, writer, watch])
            self._outbox.finish()
            with suppress(TimeoutError), timeout(_LAST_WORDS):
                yield Wait(writer)
            if ended.exception() is not None:
                raise ended.exception()
        finally:
            self._outbox.close()
            self._hang_up()

    def _hello(self):
        from ... import __version__

        first = self._console.first
        kernels = [first, *list(self._console.programs.values())]
        return {
            "protocol": PROTOCOL, "minios": __version__, "python": sys.version.split()[0],
            "pid": os.getpid(), "argv": _command_line(self._console.argv),
            "rights": sorted(self._console.rights),
            "up": round(first.now() - self._console.started_at, 3),
            "tasks": sum(len(kernel.tasks) for kernel in kernels),
        }

    def _expect_request(self):
        """End, and with it the connection, if nothing is asked for in time."""
        yield Sleep(_HELLO)
        if self._work is not None:
            yield Wait(self._work)
            yield Park(self)        # the writer ends when it has sent the last of it
        self._refuse(f"nothing was asked for within {_HELLO:g} seconds")

    def _refuse(self, message):
        self._outbox.insert(control(b"X", message=message))

    # --- What the client says ------------------------------------------------------------
    #
    # Each of these acts on one kind of frame; one that has to wait is a generator.

    def _listen(self):
        """Act on what the client says, until he leaves or says what he must not."""
        try:
            while (frame := (yield from read_frame(self._stream))) is not None:
                kind, payload = frame
                action = _ACTIONS.get(kind)
                if action is not None:
                    if kind != b"H" and not self._has_said_hello:
                        raise ProtocolError("the first frame is a hello")
                    yield from action(self, payload) or ()
        except ProtocolError as error:
            self._refuse(str(error))
        except OSError:
            pass        # he has left

    def _on_hello(self, payload):
        fields = fields_of(payload)
        version = field(fields, "protocol", int, 0)
        if version != PROTOCOL:
            raise ProtocolError(
                f"this program's console speaks version {PROTOCOL} of the protocol, and the client "
                f"version {version}"
            )
        if "rw" in field(fields, "rights", list, []):
            self._rights = self._rights | {"rw"}
        self._has_said_hello = True
        yield from self._outbox.put(control(b"G", rights=sorted(self._rights)))

    def _on_run(self, payload):
        fields = fields_of(payload)
        argv = field(fields, "argv", list, [])
        if not argv:
            raise ProtocolError("nothing to run")
        yield from self._begin(fields, argv)

    def _on_attach(self, payload):
        yield from self._begin(fields_of(payload), None)

    def _begin(self, fields, argv):
        if self._work is not None:
            raise ProtocolError("something runs already on this connection")
        kernel = self._console.kernel
        screen = {name: field(fields, name, bool, False)
                  for name in ("tty", "error_tty", "keys", "colors")}
        self._terminal = RemoteTerminal(kernel, self._outbox, **screen)
        self._resize(fields)
        system = System(self._console.first, self._rights)
        system.programs = self._console.programs
        self._shell = Shell(kernel, system, self._terminal, folder=_folder())
        self._work = yield Spawn(self._run(argv), name=argv[0] if argv else "shell")

    def _on_line(self, payload):
        fields = fields_of(payload)
        text = None if fields.get("text") is None else field(fields, "text", str, None)
        self._answer(b"P", field(fields, "id", int, 0), text)

    def _on_input(self, payload):
        self._answer(b"N", *split_answer(payload))

    def _answer(self, kind, number, value):
        if self._terminal is not None:
            self._terminal.answer(kind, number, value)

    def _on_signal(self, payload):
        word = field(fields_of(payload), "signal", str, "")
        if self._work is not None and not self._work.done():
            if word == "INT":
                self._shell.interrupt()
            elif word == "TSTP":
                self._shell.suspend()

    def _on_size(self, payload):
        self._resize(fields_of(payload))

    def _resize(self, fields):
        columns, lines = field(fields, "columns", int, 80), field(fields, "lines", int, 24)
        if self._terminal is not None:
            self._terminal.resize(columns, lines)

    def _on_key(self, payload):
        key = field(fields_of(payload), "key", str, "")
        if self._terminal is not None and key:
            self._terminal.press(key[:32])

    def _on_complete(self, payload):
        from ..tty.completion import complete

        fields = fields_of(payload)
        number, text = field(fields, "id", int, 0), field(fields, "text", str, "")
        cursor = max(0, min(field(fields, "cursor", int, 0), len(text)))
        found = []
        if self._shell is not None:     # what fails there is logged, and is no candidate
            found = self._console.kernel.run_callback(complete, (self._shell, text, cursor)) or []
        yield from self._outbox.put(_candidates(number, found))

    # --- What he has asked for -----------------------------------------------------------

    def _run(self, argv):
        """The task of the shell: one command, or a session. The exit status is its last word."""
        me, status = (yield GetTask()), 1
        try:
            status = yield from self._work_of(me, argv)
        except BrokenPipeError:
            status = 128 + SIGPIPE      # the client has left
        finally:
            self._outbox.insert(control(b"Q", status=status))
            self._outbox.finish()

    def _work_of(self, me, argv):
        if argv is not None:
            return (yield from self._shell.run_script(me, shlex.join(argv)))
        while True:
            try:
                return (yield from self._shell.session(me))
            except (KeyboardInterrupt, Suspended):
                if self._shell.leaving:
                    return 128 + SIGINT
                # Two that came together, the second in the middle of what the first one does.

    def _hang_up(self):
        """End all that this connection has started, in a moment if need be by force."""
        kernel = self._console.kernel
        for task in self._tasks():
            task.kill(SIGCONT)
            task.kill(SIGTERM)
        kernel.call_at(kernel.now() + _GRACE, self._force)

    def _force(self):
        for task in self._tasks():
            task.kill(SIGKILL)

    def _tasks(self):
        """What this connection has started, from the last on."""
        tasks = reversed(list(self._console.kernel.tasks.values()))
        return [each for each in tasks
                if each.context.get(_connection) is self and each is not self._me]


_ACTIONS = {
    b"H": Connection._on_hello, b"R": Connection._on_run, b"A": Connection._on_attach,
    b"L": Connection._on_line, b"I": Connection._on_input, b"S": Connection._on_signal,
    b"W": Connection._on_size, b"K": Connection._on_key, b"C": Connection._on_complete,
}


def _command_line(argv):
    """The words of the program's command line, as far as they fit."""
    words, left = [], _COMMAND_LINE
    for word in argv:
        words.append(str(word)[:left])
        left -= len(words[-1]) + 1
        if left <= 0:
            break
    return words


def _candidates(number, found):
    """The answer to a question for candidates: as many of them as fit."""
    while True:
        try:
            return control(b"D", id=number, candidates=found)
        except ProtocolError:
            found = found[:len(found) // 2]


def _folder():
    try:
        return os.getcwd()
    except OSError:
        return "/"      # it has been removed
