"""aiomonitor_demo.py, looked at by telnet and over HTTP."""

import http.client
import json
import re
import socket
from contextlib import closing, suppress

import pytest

from ..conftest import PATIENCE, wait_until
from .terminal import plain

pytest.importorskip("aiomonitor", reason="NOT TESTED: aiomonitor is not installed")

PROGRAM = "ecosystem/aiomonitor_demo.py"
PROMPT = "monitor >>> "
IAC, SB, SE, NAWS, TTYPE = b"\xff", b"\xfa", b"\xf0", b"\x1f", b"\x18"      # RFC 854, 1073, 1091


class Telnet:
    """A telnet client that says what it must of its terminal, and then commands of the monitor."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self._received = b""
        self._seen = 0
        size = (200).to_bytes(2, "big") + (40).to_bytes(2, "big")
        self._socket.sendall(IAC + SB + NAWS + size + IAC + SE
                             + IAC + SB + TTYPE + b"\0xterm" + IAC + SE)
        self.wait_for(PROMPT)

    def wait_for(self, pattern):
        """Read until `pattern` comes behind what was waited for last; the match."""
        while not (match := re.search(pattern, plain(self._received)[self._seen:])):
            data = self._socket.recv(65536)
            assert data, f"the monitor left before {pattern!r}: {plain(self._received)}"
            self._received += data
        self._seen += match.end()
        return match

    def send(self, command):
        """Type a command."""
        self._socket.sendall(command.encode() + b"\r")

    def run(self, command):
        """The output of a command."""
        self.send(command)
        return self.wait_for(rf"(?s){command}\n(.*?){PROMPT}").group(1)

    def ps(self):
        """Name -> the other columns of the tasks that run."""
        rows = [[cell.strip() for cell in line.strip("| ").split("  ") if cell.strip()]
                for line in self.run("ps").splitlines() if line.startswith("| ")]
        assert rows[0] == ["Task ID", "State", "Name", "Coroutine", "Created Location", "Since"]
        return {row[2]: dict(zip(rows[0], row, strict=True)) for row in rows[1:]}

    def close(self):
        self._socket.close()


@pytest.fixture
def ports():
    with closing(socket.create_server(("127.0.0.1", 0))) as one:
        with closing(socket.create_server(("127.0.0.1", 0))) as other:
            return one.getsockname()[1], other.getsockname()[1]


@pytest.fixture
def kitchen(start, ports, monkeypatch):
    """The program, with the pie out of the oven and the rest in it."""
    monkeypatch.setenv("PROMPT_TOOLKIT_NO_CPR", "1")    # our client cannot tell where its cursor is
    program = start(PROGRAM, "--port", ports[0], "--webui-port", ports[1])
    assert program.read_line() == f"telnet 127.0.0.1:{ports[0]}, or http://127.0.0.1:{ports[1]}/"
    assert program.read_line() == "the pie is served golden brown"
    return program


@pytest.fixture
def telnet(kitchen, ports):
    with closing(Telnet(ports[0])) as telnet:
        yield telnet


def assert_gone(ports):
    for port in ports:
        with suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), PATIENCE).close()
            pytest.fail(f"somebody still listens on {port}")


def test_the_tasks_of_asyncio_are_listed(telnet):
    listed = telnet.ps()
    assert {"roast", "stew"} <= set(listed) and "pie" not in listed
    for name in "roast", "stew":
        assert listed[name]["State"] == "PENDING"
        assert re.fullmatch(r"00:\d\d\.\d+", listed[name]["Since"])
    wait_until(lambda: " pie " in telnet.run("ps-terminated"))     # it is told a little later


def test_the_place_where_a_task_waits_is_shown(telnet):
    stack = telnet.run("where " + telnet.ps()["roast"]["Task ID"])
    assert re.search(r'aiomonitor_demo\.py", line \d+, in oven\n', stack)


def test_a_task_that_is_cancelled_there_is_cancelled_here(kitchen, telnet):
    stew, roast = (telnet.ps()[name]["Task ID"] for name in ("stew", "roast"))
    telnet.send(f"cancel {stew}")
    telnet.wait_for(f"Cancelled task {stew}")
    assert kitchen.read_line() == "the stew is served raw"
    telnet.wait_for(PROMPT)
    assert "stew" not in telnet.ps()
    telnet.send(f"cancel {roast}")      # the last: the program may end before the monitor replies
    assert kitchen.read_line() == "the roast is served raw"
    assert kitchen.finish() == (0, "")
    assert kitchen.errors() == ""


def test_the_pages_for_browsers_list_the_same(kitchen, ports):
    with closing(http.client.HTTPConnection("127.0.0.1", ports[1], timeout=PATIENCE)) as client:
        client.request("POST", "/api/live-tasks")
        listed = {task["name"]: task for task in json.load(client.getresponse())["tasks"]}
    assert {"roast", "stew"} <= set(listed) and "pie" not in listed
    assert listed["stew"]["state"] == "PENDING"


def test_ctrl_c_ends_the_program_and_its_monitor(kitchen, telnet, ports):
    kitchen.interrupt()
    assert kitchen.finish() == (130, "interrupted\n")
    assert kitchen.errors() == ""
    assert_gone(ports)
