"""The client of a console: it runs one program in another process, or attaches to a shell there.

Policy. All that is shown comes from the other side, and what is typed goes there only when it is
asked for. ^C is passed on; said again where nothing comes of it, it leaves. Whatever happens, the
terminal is given back as it was found: see modes.py.
"""

import os
import signal
import sys
from contextlib import ExitStack

from syscalls import Kill, Park, SigWait, Sleep, Spawn, WaitAny
from syscalls.parking import wake

from ...errors import KernelError
from ...kernel import Kernel
from ...lib.streams import Stream
from ...lib.timeouts import timeout
from ..tty.terminal import PlainTerminal
from . import rendezvous
from .outbox import Outbox
from .protocol import (
    LONGEST,
    PROTOCOL,
    ProtocolError,
    answer_frame,
    control,
    field,
    fields_of,
    read_frame,
)

__all__ = ["call", "hello_of"]

_PATIENCE = 10.0        # seconds to wait for the first word of a program
_PIECE = LONGEST - 16   # bytes of one answer


def call(pid, argv=None, rights=()):
    """Run the program `argv` of the shell in the process `pid`, or (None) attach to a shell there.

    `rights` are asked for. Returns the exit status. Raises OSError where there is no console, and
    BrokenPipeError where nobody reads our output.
    """
    sock = rendezvous.connect(pid)
    kernel = Kernel(slow_turn=float("inf"), grace=0.5)
    client = (_Attached if argv is None else _Client)(kernel, pid, sock)
    try:
        return kernel.run(client.main(argv, rights), name=f"console of {pid}")
    finally:
        client.close()


class _Client:
    """One connection, from the client's side, on which one program runs."""

    most_interrupts = 2         # so many ^C since the last prompt leave

    def __init__(self, kernel, pid, sock):
        self._pid, self._stream = pid, Stream(sock)
        self._outbox = Outbox()
        self._terminal = self.make_terminal(kernel)
        self._asked = None          # the task that reads an answer
        self._rest = b""            # of what was typed, and is not asked for yet
        self._keys = None           # the task that passes on keys
        self._steering = ExitStack()        # while they are wanted
        self._has_heard = False     # the program has said something
        self._interrupts = 0        # ^C, since the last prompt
        self._problem = None        # what has ended the connection

    def make_terminal(self, kernel):
        """The Terminal that a person sits at."""
        return PlainTerminal(kernel)

    def close(self):
        """Leave the terminal as it was found, and say what is to be said then. Raises
        BrokenPipeError where nobody reads our output."""
        self._steering.close()
        self._terminal.close()
        if self._problem is not None:
            print(f"minios: {self._pid}: {self._problem}", file=sys.stderr)

    def main(self, argv, rights):
        """The main task. Returns the exit status."""
        self._outbox.insert(control(b"H", protocol=PROTOCOL, rights=list(rights)))
        self._outbox.insert(self._request(argv))
        yield Spawn(self._outbox.send(self._stream), name="send", daemon=True)
        tasks = []
        for routine in (self._listen(), self._watch_signals(), self._expect_hello()):
            tasks.append((yield Spawn(routine)))
        with self._stream:
            ended = yield WaitAny(tasks)
        return ended.result()

    def _request(self, argv):
        columns, lines = self._terminal.size()
        screen = {
            "tty": self._terminal.isatty(), "error_tty": self._terminal.isatty(error=True),
            "keys": self._terminal.interactive, "colors": self._terminal.colors,
            "columns": columns, "lines": lines,
        }
        return control(b"A", **screen) if argv is None else control(b"R", argv=argv, **screen)

    # --- What the program says -----------------------------------------------------------

    def _listen(self):
        """Do what the program says, until it has said its last word. Returns the exit status."""
        while (frame := (yield from self._next_frame())) is not None:
            kind, payload = frame
            self._has_heard = True
            if kind == b"Q":
                return field(fields_of(payload), "status", int, 0)
            if kind == b"X":
                self._problem = field(fields_of(payload), "message", str, "")
                return 1
            action = _ACTIONS.get(kind)
            if action is not None:
                yield from action(self, payload) or ()
        self._problem = "the program has ended"
        return 1

    def _next_frame(self):
        try:
            return (yield from read_frame(self._stream))
        except (ConnectionError, ProtocolError):
            return None         # it was killed, in the middle of a word maybe

    def _expect_hello(self):
        """End if the program says nothing."""
        yield Sleep(_PATIENCE)
        while self._has_heard:
            yield Sleep(3600)
        self._problem = (f"it has not answered within {_PATIENCE:g} seconds; it may be stopped, or "
                         "in a call that lets no other thread run")
        return 1

    def _on_hello(self, payload):
        check_version(self._pid, fields_of(payload))

    def _on_output(self, payload):
        yield from self._terminal.write(payload)

    def _on_error(self, payload):
        yield from self._terminal.write(payload, error=True)

    def _on_mode(self, payload):
        if self._keys is not None:
            yield Kill(self._keys)
            self._keys = None
            self._steering.close()
        if field(fields_of(payload), "mode", str, "") == "keys":
            # Here and not in that task: what is shown from now on is drawn.
            keys = self._steering.enter_context(self._terminal.keys())
            self._keys = yield Spawn(self._pass_keys(keys), name="keys", daemon=True)

    def _on_prompt(self, payload):
        fields = fields_of(payload)
        number, text = field(fields, "id", int, 0), field(fields, "text", str, "")
        self._interrupts = 0
        yield from self._ask(self._answer_line(number, text))

    def _on_need(self, payload):
        yield from self._ask(self._answer_input(field(fields_of(payload), "id", int, 0)))

    def _on_candidates(self, payload):
        """Nobody has asked for any."""

    # --- What is typed -------------------------------------------------------------------

    def _ask(self, routine):
        """Let a task read the answer to a question; one to an older question is not wanted."""
        if self._asked is not None:
            yield Kill(self._asked)
        self._asked = yield Spawn(routine, name="read", daemon=True)

    def _answer_line(self, number, prompt):
        try:
            text = yield from self._terminal.read_line(prompt)
            frame = control(b"L", id=number, text=text)
        except KeyboardInterrupt:
            frame = control(b"S", signal="INT")
        except (ValueError, ProtocolError):
            yield from self._terminal.write(b"minios: the line is too long\n", error=True)
            frame = control(b"L", id=number, text="")
        self._outbox.insert(frame)

    def _answer_input(self, number):
        data = self._rest or (yield from self._terminal.read())
        data, self._rest = data[:_PIECE], data[_PIECE:]
        self._outbox.insert(answer_frame(b"I", number, data))

    def _pass_keys(self, keys):
        while keys is not None:
            key = yield from keys.get()
            if key is None:
                return          # the terminal has gone
            if key == "resize":
                self._tell_size()
            else:
                yield from self._outbox.put(control(b"K", key=key))

    # --- Signals -------------------------------------------------------------------------

    def _watch_signals(self):
        """Pass on what is meant for the program. Returns the exit status where we are to leave."""
        while True:
            signum = yield SigWait({signal.SIGINT, signal.SIGTSTP, signal.SIGWINCH})
            if signum == signal.SIGTSTP:
                self._suspend()
            elif signum == signal.SIGWINCH:
                if self._keys is None:      # who reads keys is told by them
                    self._tell_size()
            else:
                self._interrupts += 1
                if self._interrupts >= self.most_interrupts:
                    return 128 + signum
                self._outbox.insert(control(b"S", signal="INT"))

    def _tell_size(self):
        columns, lines = self._terminal.size()
        self._outbox.insert(control(b"W", columns=columns, lines=lines))

    def _suspend(self):
        """^Z stops this client, with the terminal given back for so long; the program in the other
        process waits when it has said more than fits."""
        self._terminal.pause_keys()
        os.kill(os.getpid(), signal.SIGSTOP)
        self._terminal.resume_keys()
        self._tell_size()


_ACTIONS = {
    b"H": _Client._on_hello, b"O": _Client._on_output, b"E": _Client._on_error,
    b"M": _Client._on_mode, b"P": _Client._on_prompt, b"N": _Client._on_need,
    b"D": lambda client, payload: client._on_candidates(payload),
}


class _Attached(_Client):
    """One connection with a shell at its other end."""

    most_interrupts = 4         # the shell there kills what does not heed the first ones

    def make_terminal(self, kernel):
        from ..tty.prompt import make_terminal

        self._questions = {}    # number -> the _Question that waits for candidates
        return make_terminal(kernel, self._complete)

    def _complete(self, text, cursor):
        """The candidates for a line: a routine that asks for them (see make_terminal)."""
        question = _Question()
        number = id(question)   # no other is asked under it as long as this one waits
        self._questions[number] = question
        try:
            frame = control(b"C", id=number, text=text, cursor=cursor)
            yield from self._outbox.put(frame)
            while question.candidates is None:
                yield Park(question)
        except ProtocolError:
            return []           # a line that is too long to be sent
        finally:
            del self._questions[number]
        return question.candidates

    def _on_candidates(self, payload):
        fields = fields_of(payload)
        question = self._questions.get(field(fields, "id", int, 0))
        if question is not None:
            question.candidates = fields.get("candidates") or []
            wake(question)

    def _suspend(self):
        self._outbox.insert(control(b"S", signal="TSTP"))


class _Question:
    """What may stand there?"""

    candidates = None

    def __repr__(self):
        return "the program's candidates"


def check_version(pid, hello):
    """Raise KernelError unless the program that says `hello` speaks our version."""
    version = field(hello, "protocol", int, 0)
    if version != PROTOCOL:
        raise KernelError(
            f"the console of {pid} speaks version {version} of the protocol (it runs minios "
            f"{hello.get('minios', '?')}), and this minios version {PROTOCOL}: use the minios "
            "that the program uses"
        )


def hello_of(sock, patience):
    """What a program says of itself to who has connected, a dict; {} if it says nothing within
    `patience` seconds. A generator. Raises OSError, ProtocolError."""
    with Stream(sock) as stream:
        try:
            with timeout(patience):
                frame = yield from read_frame(stream)
        except TimeoutError:
            return {}
    kind, payload = frame or (b"", b"")
    if kind == b"X":
        raise ProtocolError(field(fields_of(payload), "message", str, ""))
    return fields_of(payload) if kind == b"H" else {}
