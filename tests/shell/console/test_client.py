"""client.py: a person at a terminal of his own, who looks into another program."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

import pytest

from .peer import PATIENCE, ROOT

_CALM = """
def sleeper():
    while True:
        yield Sleep(1000)
def main():
    yield Spawn(sleeper())
    ready()
    yield from sleeper()
with_console(main())
"""

_CLIENT = """
import sys
sys.path.insert(0, {root!r})
from minios.shell.console.commands import main
sys.exit(main(sys.argv[1], sys.argv[2:]))
"""


class Screen:
    """A client at a pseudo terminal: `type` keys, and `wait_for` what it shall show."""

    def __init__(self, *arguments, term="dumb"):
        self._master, self._slave = pty.openpty()
        self.resize(30, 100)
        self.found = termios.tcgetattr(self._slave)
        self.process = subprocess.Popen(
            [sys.executable, "-c", _CLIENT.format(root=str(ROOT)), *map(str, arguments)],
            stdin=self._slave, stdout=self._slave, stderr=self._slave, start_new_session=True,
            env={**os.environ, "TERM": term}, preexec_fn=self._take,
        )
        self.text = ""
        self._seen = 0

    def _take(self):
        fcntl.ioctl(self._slave, termios.TIOCSCTTY, 0)

    def type(self, keys):
        os.write(self._master, keys.encode())

    def resize(self, lines, columns):
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("4H", lines, columns, 0, 0))

    def wait_for(self, pattern):
        """Read until `pattern` shows behind what was waited for last; the match."""
        deadline = time.monotonic() + PATIENCE
        while not (match := re.search(pattern, self.text[self._seen:])):
            ready = self._read_for(max(0, deadline - time.monotonic()))
            assert ready, f"{pattern!r} never showed in:\n{self.text}"
        self._seen += match.end()
        return match

    def status(self):
        """The exit status of the client, whose output is read meanwhile."""
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.text
            self._read_for(0.01)
        while self._read_for(0):
            pass
        return self.process.returncode

    def _read_for(self, seconds):
        """Read what comes within some seconds; whether there was something."""
        if not select.select([self._master], [], [], seconds)[0]:
            return False
        self.text += os.read(self._master, 65536).decode(errors="replace")
        return True

    def is_as_found(self):
        return termios.tcgetattr(self._slave) == self.found

    def wait_until(self, condition):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, self.text
            time.sleep(0.005)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._master)
        os.close(self._slave)


@pytest.fixture
def screen():
    made = []

    def screen(*arguments, **options):
        made.append(Screen(*arguments, **options))
        return made[-1]

    yield screen
    for each in made:
        each.close()


# --- attach ----------------------------------------------------------------------------------


@pytest.mark.parametrize("term", ["dumb", "xterm"])
def test_a_shell_in_the_program_reads_lines_and_leaves_it_running(process, screen, term):
    target = process(_CALM)
    one = screen("attach", target.pid, term=term)
    one.wait_for(r"minios\$ ")
    one.type("ps -o tid,cmd | grep sleeper\r")
    one.wait_for(r"2 +sleeper")
    one.wait_for(r"minios\$ ")
    one.type("\x04")
    assert one.status() == 0 and one.is_as_found()
    assert target.process.poll() is None


@pytest.mark.parametrize("term", ["dumb", "xterm"])
def test_an_interrupt_at_the_prompt_gives_another(process, screen, term):
    one = screen("attach", process(_CALM).pid, term=term)
    # The line editor draws a prompt often; a new one begins with brackets around what is pasted.
    prompt = r"minios\$ " if term == "dumb" else r"(?s)\x1b\[\?2004h.*?minios\$ "
    for _ in range(6):
        one.wait_for(prompt)
        one.type("nonsens")
        one.wait_for("nonsens")
        one.type("\x03")
    one.wait_for(prompt)
    one.type("exit 3\r")
    assert one.status() == 3


def test_an_interrupt_ends_what_runs_there(process, screen):
    one = screen("attach", process(_CALM).pid)
    for _ in range(3):
        one.wait_for(r"minios\$ ")
        one.type("cat\r")
        one.wait_for("cat")
        one.type("echo\r")
        one.wait_for("echo\r\necho")
        one.type("\x03")
    one.wait_for(r"minios\$ ")
    one.type("exit $?\r")
    assert one.status() == 130


def test_a_stop_makes_a_job_there_that_goes_on(process, screen):
    one = screen("attach", process(_CALM).pid)
    one.wait_for(r"minios\$ ")
    one.type("cat\r")
    one.wait_for("cat\r\n")
    one.type("one\r")
    one.wait_for("one\r\none")
    one.type("\x1a")
    one.wait_for("Stopped")
    one.wait_for(r"minios\$ ")
    one.type("fg\r")
    one.wait_for("cat")
    one.type("two\r")
    one.wait_for("two\r\ntwo")
    one.type("\x04")
    one.wait_for(r"minios\$ ")


def test_candidates_come_from_the_program(process, screen):
    pytest.importorskip("prompt_toolkit")
    one = screen("attach", process(_CALM).pid, term="xterm")
    one.wait_for(r"minios\$ ")
    one.type("upti\t")
    one.wait_for("me")          # what was missing
    one.type("\r")
    one.wait_for("up .*task")


def test_a_paste_of_many_characters_arrives_whole(process, screen):
    pytest.importorskip("prompt_toolkit")
    one = screen("attach", process(_CALM).pid, term="xterm")
    one.wait_for(r"minios\$ ")
    one.type("\x1b[200~echo " + "x" * 10_000 + " | wc -c\x1b[201~\r")
    one.wait_for("10001")


@pytest.mark.parametrize("term", ["dumb", "xterm"])
def test_the_end_of_the_program_while_a_line_is_read_gives_the_terminal_back(
    process, screen, term
):
    target = process(_CALM)
    one = screen("attach", target.pid, term=term)
    one.wait_for(r"minios\$ ")
    target.kill()
    assert one.status() == 1 and one.is_as_found()
    assert f"minios: {target.pid}: the program has ended" in one.text


def test_a_program_that_comes_to_its_end_while_a_line_is_read_is_said_to_have_ended(
    process, screen, tmp_path
):
    target = process("""
import os
def main():
    ready()
    while not os.path.exists(__file__ + ".go"):
        yield Sleep(0.01)
with_console(main())
""")
    one = screen("attach", target.pid)
    one.wait_for(r"minios\$ ")
    (tmp_path / "program.py.go").touch()
    assert one.status() == 1 and one.is_as_found()
    assert f"minios: {target.pid}: the program has ended" in one.text
    target.process.wait(PATIENCE)
    assert target.process.returncode == 0


# --- Single keys -----------------------------------------------------------------------------


_PIANO = """
from types import SimpleNamespace
from minios.shell import interpreter
from minios.shell.arguments import Arguments

def play(process, options):
    with process.terminal.keys() as keys:
        yield from process.write("\\x1b[?1049h")
        key = "first"
        while key != "q":
            yield from process.say(f"<{key} {process.terminal.size()}>")
            key = yield from keys.get()
        yield from process.write("\\x1b[?1049l")
    yield from process.say("played")

piano = SimpleNamespace(parser=lambda: Arguments("top", "Play."), main=play)
find_program = interpreter.find_program
interpreter.find_program = lambda name: piano if name == "top" else find_program(name)
""" + _CALM


def test_a_program_there_is_steered_by_keys_and_the_terminal_is_given_back(process, screen):
    one = screen("top", process(_PIANO).pid, term="xterm")
    one.wait_for(r"<first \(100, 30\)>")
    assert not one.is_as_found()
    one.type("a")
    one.wait_for("<a ")
    one.type("\x1b[A")
    one.wait_for("<up ")
    one.type("q")
    one.wait_for("played")
    assert one.status() == 0 and one.is_as_found()


def test_a_program_that_is_steered_by_keys_hears_that_the_window_has_changed(process, screen):
    one = screen("top", process(_PIANO).pid, term="xterm")
    one.wait_for(r"<first \(100, 30\)>")
    one.resize(20, 60)
    one.wait_for(r"<resize \(60, 20\)>")
    one.type("q")
    assert one.status() == 0


@pytest.mark.parametrize("end", ["the program", signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_however_single_keys_end_the_terminal_is_given_back(process, screen, end):
    target = process(_PIANO)
    one = screen("top", target.pid, term="xterm")
    one.wait_for("<first")
    if end == "the program":
        target.kill()
    else:
        one.process.send_signal(end)
    assert one.status() != 0
    assert one.is_as_found()
    assert one.text.rfind("\x1b[?1049l") > one.text.rfind("\x1b[?1049h") >= 0


def test_a_stop_suspends_the_client_with_the_terminal_given_back_and_it_goes_on(process, screen):
    one = screen("top", process(_PIANO).pid, term="xterm")
    one.wait_for("<first")
    one.type("\x1a")
    one.wait_until(lambda: os.waitpid(one.process.pid, os.WNOHANG | os.WUNTRACED)[0] != 0)
    assert one.is_as_found()
    one.process.send_signal(signal.SIGCONT)
    one.wait_for("<resize")
    assert not one.is_as_found()
    one.type("q")
    assert one.status() == 0 and one.is_as_found()


def test_two_clients_may_be_steered_by_keys_at_once(process, screen):
    target = process(_PIANO)
    one, other = screen("top", target.pid, term="xterm"), screen("top", target.pid, term="xterm")
    one.wait_for("<first")
    other.wait_for("<first")
    one.type("a")
    one.wait_for("<a ")
    other.type("b")
    other.wait_for("<b ")
    assert "<b " not in one.text and "<a " not in other.text


def catches(pid, signum):
    """Whether a process has a handler for a signal (proc(5), SigCgt)."""
    with open(f"/proc/{pid}/status") as file:
        mask = next(line.split()[1] for line in file if line.startswith("SigCgt"))
    return bool(int(mask, 16) >> (signum - 1) & 1)


# --- One program -----------------------------------------------------------------------------


def test_an_interrupt_is_passed_on_and_a_second_one_leaves(process, screen):
    one = screen("watch", process(_CALM).pid, "-n", "1000", "ps")
    one.wait_for("sleeper")
    one.type("\x03")
    assert one.status() == 130


def test_a_program_that_is_stopped_does_not_hold_up_who_leaves(process, screen):
    target = process(_CALM)
    os.kill(target.pid, signal.SIGSTOP)
    one = screen("ps", target.pid)
    one.wait_until(lambda: catches(one.process.pid, signal.SIGTSTP))
    for _ in range(100):        # two that come at once are one
        if one.process.poll() is None:
            one.type("\x03")
            time.sleep(0.05)
    assert one.status() in (130, -signal.SIGINT)    # one more may come while it leaves
    os.kill(target.pid, signal.SIGCONT)
