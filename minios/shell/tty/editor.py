"""The line editor: prompt_toolkit, on the screen of prompt.py.

It runs on the kernel's event loop, and only while a line is edited: then it reads the keyboard in
raw mode, where ^C and ^Z are keys, and draws the prompt. What others write meanwhile is shown
above: the prompt is erased, the text is written, and the prompt is drawn anew. (prompt_toolkit's
own patch_stdout does that from a thread, some time later, so the order and the last words of a
program could be lost, and the terminal is in cooked mode meanwhile, which echoes what is typed.)
"""

import asyncio
import os
import signal
import sys
import termios
from itertools import takewhile

from prompt_toolkit import PromptSession
from prompt_toolkit.application.current import get_app
from prompt_toolkit.completion import Completer, Completion
from prompt_toolkit.data_structures import Size
from prompt_toolkit.filters import Condition, is_searching
from prompt_toolkit.formatted_text import ANSI, to_formatted_text
from prompt_toolkit.history import History
from prompt_toolkit.input.typeahead import get_typeahead, store_typeahead
from prompt_toolkit.input.vt100_parser import Vt100Parser
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.bindings.search import accept_search_and_accept_input
from prompt_toolkit.keys import Keys
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.styles import Style

from .devices import Handlers, Keyboard, Paper, Screen
from .modes import set_modes

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
        self._draw, self._size, self._kernel = draw, terminal.size, terminal.kernel
        self._prompt = []
        self._tail = b""        # the unfinished line that was written last, above the prompt
        self._raw = None        # the modes of the terminal while it is edited
        self._input = Keyboard(sys.__stdin__)
        self._output = Screen(Paper(draw), self._screen_size, term=os.environ.get("TERM"))
        self._session = PromptSession(
            self._message, input=self._input, output=self._output, style=_STYLE,
            color_depth=None if terminal.colors else ColorDepth.DEPTH_1_BIT,
            completer=None if complete is None else _Completer(complete, terminal.kernel.spawn),
            complete_while_typing=False, history=_History(history), key_bindings=_bindings(),
        )
        # The window tells when its size changes, so nobody has to look.
        self._session.app.terminal_size_polling_interval = None
        self._session.app.before_render += self._begin
        self._session.app.after_render += self._rendered
        _use_no_tids(self._session.app)

    async def edit(self, prompt):
        """A line. Raises Interrupted for ^C, EOFError for ^D or when the terminal has gone."""
        self._prompt = (to_formatted_text(ANSI(prompt)) if "\033" in prompt
                        else [("class:shell", prompt)])
        self._raw = None
        handlers = Handlers({signal.SIGINT: self._interrupted, signal.SIGCONT: self._continued})
        try:
            return await self._session.prompt_async(
                set_exception_handler=False, handle_sigint=False)
        finally:
            self._tail = b""
            handlers.restore()
            self._end_search()

    def _end_search(self):
        """One that ^C has ended with its line would have the keys of the next."""
        layout = self._session.app.layout
        if layout.is_searching:
            layout.search_links.clear()
            layout.focus(self._session.default_buffer)
            self._session.search_buffer.reset()

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
                self._draw(b"^C" if signum == signal.SIGINT else b"^Z")
                os.kill(os.getpid(), signum)

    def type(self, data):
        """Let bytes be typed before all that will be: they were typed, and nobody has read them."""
        keys = []
        parser = Vt100Parser(keys.append)
        parser.feed(data.decode(errors="surrogateescape"))
        parser.flush()
        store_typeahead(self._input, [*keys, *get_typeahead(self._input)])

    def _begin(self, app):
        """The prompt is about to be drawn. It has to begin a line of its own: as many spaces as
        the screen is wide end in the next line, unless they begin at the start of this one. (From
        now on the terminal is raw, and what is typed is not echoed in between.)"""
        if self._raw is not None:
            return
        try:
            self._raw = termios.tcgetattr(self._input.fileno())
        except termios.error:
            self._raw = []      # the terminal has gone, as the keyboard will say
        self._draw(b" " * self._size()[0] + b"\r")

    def _rendered(self, app):
        """The prompt has been drawn. When the line is done, take in what has been typed behind it
        while the terminal is raw: a program that reads it in cooked mode would get it with
        carriage returns."""
        while app.is_done and (keys := self._input.read_keys()):
            app.key_processor.feed_multiple(keys)

    def _interrupted(self, signum, before):
        """SIGINT, which nobody has typed here. The kernel's own handler, when a second one comes,
        would raise in the middle of prompt_toolkit."""
        self._kernel.call_from_thread(self._give_up, signum, before)

    def _give_up(self, signum, before):
        app = self._session.app
        if app.is_running and app.future is not None and not app.future.done():
            app.exit(exception=Interrupted(), style="class:aborting")
        elif callable(before):
            before(signum, None)

    def _continued(self, signum, before):
        """The whole process was stopped, and somebody else had the terminal meanwhile."""
        self._kernel.call_from_thread(self._draw_again)

    def _draw_again(self):
        app = self._session.app
        if app.is_running and self._raw:
            set_modes(self._input.fileno(), self._raw)
            app.renderer.reset()
            self._raw = None        # it begins anew
            app.invalidate()

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
            super().append_string(string)

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


def _use_no_tids(app):
    """Let what `app` runs beside itself, which is a task for each key, be tasks of asyncio's own
    make: a native one is a task of the kernel, and would use up a tid."""
    create = app.create_background_task

    def create_background_task(coroutine):
        loop = asyncio.get_running_loop()
        factory = loop.get_task_factory()
        loop.set_task_factory(lambda loop, coro, **options: asyncio.Task(
            coro, loop=loop, **options))
        try:
            return create(coroutine)
        finally:
            loop.set_task_factory(factory)

    app.create_background_task = create_background_task


def _bindings():
    bindings = KeyBindings()

    @bindings.add("c-c")
    @bindings.add("<sigint>")
    def _(event):
        event.app.exit(exception=Interrupted(), style="class:aborting")

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
