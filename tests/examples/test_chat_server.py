"""08_chat_server.py, with real TCP clients."""

import socket
from contextlib import ExitStack

import pytest

from .conftest import CURL, PATIENCE, lines_by_curl, reset

PROGRAM = "08_chat_server.py"
WELCOME = "Welcome! What is your name?"


class Guest:
    """A client of the chat server, line by line."""

    def __init__(self, address):
        self.sock = socket.create_connection(address, timeout=PATIENCE)
        self.file = self.sock.makefile("r", encoding="utf-8", newline="\n")

    def say(self, *lines):
        self.sock.sendall("".join(f"{line}\n" for line in lines).encode())

    def hear(self):
        """The next line; an empty string at the end of the connection."""
        return self.file.readline().rstrip("\n")

    def leave(self):
        self.file.close()
        self.sock.close()


@pytest.fixture
def server(start):
    return start(PROGRAM, "--port", 0)


@pytest.fixture
def connect(server):
    """Make a new connection to the server, as often as it is called."""
    address = server.read_address()
    with ExitStack() as stack:
        def connect():
            guest = Guest(address)
            stack.callback(guest.leave)
            return guest

        yield connect


@pytest.fixture
def join(connect):
    """Let a guest with this name join; those in the room hear of it."""
    def join(name, *others):
        guest = connect()
        assert guest.hear() == WELCOME
        guest.say(name)
        here = ", ".join(sorted(other.name for other in others)) or "nobody"
        assert guest.hear() == f"* you are {name}; also here: {here}"
        for other in others:
            assert other.hear() == f"* {name} has joined"
        guest.name = name
        return guest

    return join


def test_a_line_goes_to_all_the_others(join):
    ann = join("ann")
    bob = join("bob", ann)
    eve = join("eve", ann, bob)
    ann.say("hello all")
    assert [bob.hear(), eve.hear()] == ["ann: hello all"] * 2
    bob.say("hi ann", "", "and eve")
    assert [ann.hear(), eve.hear()] == ["bob: hi ann"] * 2
    assert [ann.hear(), eve.hear()] == ["bob: and eve"] * 2


def test_who_leaves_is_missed_by_the_others(join):
    ann = join("ann")
    bob = join("bob", ann)
    bob.leave()
    assert ann.hear() == "* bob has left"
    join("bob", ann)


def test_who_resets_is_missed_by_the_others(join, server):
    ann = join("ann")
    bob = join("bob", ann)
    bob.file.close()
    reset(bob.sock)
    assert ann.hear() == "* bob has left"
    assert server.errors() == ""


def test_who_gives_no_name_is_never_mentioned(join, connect):
    ann = join("ann")
    shy = connect()
    assert shy.hear() == WELCOME
    shy.leave()
    join("bob", ann)


def test_a_name_that_is_taken_is_changed(join, connect):
    ann = join("ann")
    other = connect()
    other.say("ann", "is it me?")
    assert [other.hear(), other.hear()] == [WELCOME, "* you are ann'; also here: ann"]
    assert [ann.hear(), ann.hear()] == ["* ann' has joined", "ann': is it me?"]


def test_what_a_terminal_might_obey_is_left_out(join):
    ann = join("ann")
    bob = join("bob", ann)
    bob.say("\x1b[2Jb\xf6o\x07\r")
    assert ann.hear() == "bob: [2Jb\xf6o"
    bob.sock.sendall(b"no \xff text\n")
    assert ann.hear() == "bob: no \ufffd text"


def test_a_line_without_an_end_is_not_collected_for_ever(join):
    ann = join("ann")
    bob = join("bob", ann)
    bob.sock.sendall(b"x" * 100_000)
    assert ann.hear() == "* bob has left"


def test_a_slow_reader_is_dropped_and_holds_up_nobody(join, server):
    ann = join("ann")
    bob = join("bob", ann)
    join("slow", ann, bob)
    line = "x" * 1000
    heard = "ann: " + line
    # Slow does not read any more. Bob reads what is said before more is, and is never behind.
    while heard == "ann: " + line:
        ann.say(*[line] * 32)
        for _ in range(32):
            heard = bob.hear()
            if heard != "ann: " + line:
                break
    assert heard == "* slow has left"
    assert ann.hear() == "* slow has left"
    assert server.errors() == ""


@pytest.mark.skipif(CURL is None, reason="there is no curl")
def test_the_chat_server_talks_to_curl(server):
    assert lines_by_curl(*server.read_address(), b"ann\n", 2) == [
        b"Welcome! What is your name?\n", b"* you are ann; also here: nobody\n",
    ]


def test_ctrl_c_ends_the_chat_server_and_its_connections(join, server):
    ann = join("ann")
    bob = join("bob", ann)
    server.interrupt()
    assert server.finish() == (130, "interrupted\n")
    assert server.errors() == ""
    assert [ann.hear(), bob.hear()] == ["", ""]
