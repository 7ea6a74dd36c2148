"""The line editor: prompt_toolkit, on the screen of prompt.py.

It runs on the kernel's event loop, and only while a line is edited: then it reads the keyboard in
raw mode, where ^C and ^Z are keys, and draws the prompt. What others write meanwhile is shown
above: the prompt is erased, the text is written, and the prompt is drawn anew. (prompt_toolkit's
own patch_stdout does that from a thread, some time later, so the order and the last words of a
program could be lost, and the terminal is in cooked mode meanwhile, which echoes what is typed.)
"""

import asyncio
import codecs
import os
import select
import signal
import sys
from itertools import takewhile

from prompt_toolkit import PromptSession
from prompt_toolkit.application.current import get_app
from prompt_toolkit.completion import Completer, Completion
from prompt_toolkit.data_structures import Size
from prompt_toolkit.filters import Condition, is_searching
from prompt_toolkit.formatted_text import ANSI, to_formatted_text
from prompt_toolkit.history import History
from prompt_toolkit.input.typeahead import get_typeahead, store_typeahead
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.input.vt100_parser import Vt100Parser
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.bindings.search import accept_search_and_accept_input
from prompt_toolkit.keys import Keys
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.styles import Style

__all__ = ["Editor", "Interrupted"]

_STYLE = Style.from_dict({"shell": "ansigreen bold"})
_LONGEST_TAIL = 4096    # bytes of an unfinished line that are shown above the prompt


class Interrupted(Exception):
    """^C, which is no KeyboardInterrupt before it has left the event loop."""


class Editor:
    """Reads lines from the keyboard, on `terminal`; `draw` writes bytes to its screen,
    `complete(text, cursor)` gives the candidates, or a routine that does (see completion.py), or is
    None; `history` is a HistoryFile."""

    def __init__(self, terminal, draw, complete, history):
        self._draw = draw
        self._size = terminal.size
        self._prompt = []
        self._tail = b""        # the unfinished line that was written last, above the prompt
        self._input = _Input(sys.__stdin__)
        self._output = _Output(
            _Paper(draw), self._screen_size, term=os.environ.get("TERM"), enable_cpr=False)
        self._session = PromptSession(
            self._message, input=self._input, output=self._output, style=_STYLE,
            color_depth=None if terminal.colors else ColorDepth.DEPTH_1_BIT,
            completer=None if complete is None else _Completer(complete, terminal.kernel.spawn),
            complete_while_typing=False, history=_History(history), key_bindings=_bindings(),
            interrupt_exception=Interrupted,
        )
        # The window tells when its size changes, so nobody has to look.
        self._session.app.terminal_size_polling_interval = None
        self._session.app.after_render += self._rendered

    async def edit(self, prompt):
        """A line. Raises Interrupted for ^C, EOFError for ^D or when the terminal has gone."""
        self._prompt = (to_formatted_text(ANSI(prompt)) if "\033" in prompt
                        else [("class:shell", prompt)])
        handlers = _Handlers()
        try:
            return await self._session.prompt_async(
                set_exception_handler=False, handle_sigint=False, pre_run=self._begin)
        finally:
            self._tail = b""
            handlers.restore()

    def show(self, data):
        """Show bytes above the prompt."""
        app = self._session.app
        if not app.is_running:
            self._draw(data)
            return
        lines, newline, tail = (self._tail + data).rpartition(b"\n")
        if len(tail) > _LONGEST_TAIL:
            lines, newline, tail = lines + newline + tail, b"\n", b""
        self._output.keeps_brackets = True
        try:
            app.renderer.erase()
        finally:
            self._output.keeps_brackets = False
        self._draw(lines + newline)
        self._tail = tail
        app.invalidate()

    def typed_ahead(self):
        """What was typed while the line was edited, behind its end, as a program reads it: (the
        bytes of the next line, whether Enter or ^D has ended it)."""
        keys = get_typeahead(self._input)
        taken = list(takewhile(lambda key: key.key not in _ENDS, keys))
        text = "".join(key.data for key in taken)
        end = keys[len(taken):][:1]
        if end and end[0].key is not Keys.ControlD:
            text += "\n"
        store_typeahead(self._input, keys[len(taken) + 1:])
        return text.replace("\r", "\n").encode(errors="surrogateescape"), bool(end)

    def send_signals(self):
        """What was typed behind the line may be ^C or ^Z, meant for the program that the line
        starts: let it be the signal, which throws away what was typed before (termios(3))."""
        keys = get_typeahead(self._input)
        last = max((i for i, key in enumerate(keys) if key.key in _SIGNALS), default=-1)
        store_typeahead(self._input, keys[last + 1:])
        if last >= 0:
            signum = _SIGNALS[keys[last].key]
            if signal.getsignal(signum) is not signal.SIG_DFL:
                os.kill(os.getpid(), signum)

    def type(self, data):
        """Let bytes be typed before all that will be: they were typed, and nobody has read them."""
        keys = []
        parser = Vt100Parser(keys.append)
        parser.feed(data.decode(errors="surrogateescape"))
        parser.flush()
        store_typeahead(self._input, [*keys, *get_typeahead(self._input)])

    def _begin(self):
        """The prompt is about to be drawn, and has to begin a line of its own: as many spaces as
        the screen is wide end in the next line, unless they begin at the start of this one."""
        self._draw(b" " * self._size()[0] + b"\r")

    def _rendered(self, app):
        """The line is done: take in what has been typed behind it while the terminal is raw, which
        a program that reads it in cooked mode would get with carriage returns."""
        while app.is_done and (keys := self._input.read_keys()):
            app.key_processor.feed_multiple(keys)

    def _message(self):
        if not self._tail:
            return self._prompt
        tail = self._tail.decode(errors="replace").rstrip("\r").rpartition("\r")[2]
        return [*to_formatted_text(ANSI(tail)), ("", "\n"), *self._prompt]

    def _screen_size(self):
        columns, lines = self._size()
        return Size(rows=lines, columns=columns)


_SIGNALS = {Keys.ControlC: signal.SIGINT, Keys.ControlZ: signal.SIGTSTP}
_ENDS = {Keys.Enter, Keys.ControlM, Keys.ControlJ, Keys.ControlD}


class _History(History):
    def __init__(self, file):
        super().__init__()
        self._file = file

    def load_history_strings(self):
        return reversed(self._file.load())

    def append_string(self, string):
        if self._file.append(string):
            self._loaded_strings.insert(0, string)

    def store_string(self, string):
        """It is the file that decides."""


class _Completer(Completer):
    """Asks `complete(text, cursor)` in a thread, since to look at 100,000 tasks, or into a folder
    of a slow disk, takes a while. It may return a routine, which `spawn` runs on the kernel."""

    def __init__(self, complete, spawn):
        self._complete, self._spawn = complete, spawn

    def get_completions(self, document, complete_event):
        return ()               # prompt_toolkit asks for those below

    async def get_completions_async(self, document, complete_event):
        cursor = document.cursor_position
        found = await asyncio.to_thread(self._complete, document.text, cursor)
        if hasattr(found, "send"):
            found = await self._spawn(found, "completion")
        for text, start, description in found:
            yield Completion(text, start - cursor, display=text.rstrip(),
                             display_meta=description)


class _Input(Vt100Input):
    """The keyboard, of which is also heard that it has gone."""

    def __init__(self, stdin):
        super().__init__(stdin)
        self.stdin_reader = _Reader(stdin.fileno())


class _Reader:
    """Reads what has been typed, without ever waiting; `closed` at the end of input."""

    def __init__(self, fd):
        self._fd = fd
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self.closed = False

    def read(self, count=1024):
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        if self.closed or not poll.poll(0):
            return ""
        try:
            data = os.read(self._fd, count)
        except BlockingIOError:
            return ""
        except OSError:
            data = b""          # EIO: the line has been hung up
        self.closed = not data
        return self._decoder.decode(data)


class _Output(Vt100_Output):
    """The screen. `keeps_brackets`: what is pasted stays in brackets, although the prompt is
    erased, since it will be drawn again at once."""

    keeps_brackets = False

    def disable_bracketed_paste(self):
        if not self.keeps_brackets:
            super().disable_bracketed_paste()


class _Paper:
    """The file that Vt100_Output writes to."""

    encoding = "utf-8"

    def __init__(self, draw):
        self._draw = draw

    def write(self, text):
        self._draw(text.encode(errors="replace"))

    def flush(self):
        """Nothing is kept here."""

    def fileno(self):
        return sys.__stdout__.fileno()

    def isatty(self):
        return True


def _bindings():
    bindings = KeyBindings()

    @bindings.add("c-z")
    def _(event):
        """There is nothing to suspend."""

    @Condition
    def is_choosing():
        state = get_app().current_buffer.complete_state
        return state is not None and state.current_completion is not None

    # As in other shells, a line that the search has found is carried out at once.
    bindings.add("enter", filter=is_searching)(accept_search_and_accept_input)

    @bindings.add("enter", filter=is_choosing)
    def _(event):
        """Take the candidate, and go on with the line."""
        event.current_buffer.complete_state = None

    return bindings


class _Handlers:
    """The signal handlers as they are before a line is edited. prompt_toolkit listens to SIGWINCH
    through the event loop, which, when it stops, leaves neither an older handler nor the wakeup
    descriptor of the kernel in its place."""

    def __init__(self):
        self._wakeup_fd, self._handler = -1, signal.getsignal(signal.SIGWINCH)
        try:
            self._wakeup_fd = signal.set_wakeup_fd(-1)
            signal.set_wakeup_fd(self._wakeup_fd, warn_on_full_buffer=False)
        except ValueError:
            self._handler = None        # not the main thread: nobody has changed anything

    def restore(self):
        if self._handler is None:
            return
        signal.signal(signal.SIGWINCH, self._handler)
        now = signal.set_wakeup_fd(self._wakeup_fd, warn_on_full_buffer=False)
        if now not in (-1, self._wakeup_fd):
            signal.set_wakeup_fd(now, warn_on_full_buffer=False)    # the loop has more to hear of
