"""Whole programs in the manner of pyos, each run as a process of its own."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parent / "programs"
PATIENCE = 60       # seconds, a safety net

EXPECTED = {
    "one_task": """\
task 1
boil the water
-- the telephone rings --
add the tea
wait
nothing is left to do
""",
    "two_counters": """\
up 1
down 4
up 2
down 3
Task 1 terminated
down 2
down 1
Task 2 terminated
nobody is left
""",
    "who_am_i": """\
task 1 has turn 0
task 2 has turn 0
task 1 has turn 1
Task 2 terminated
task 1 has turn 2
Task 1 terminated
""",
    "create_and_kill": """\
parent has started 2
child 2 works
child 2 works
child 2 works
child 2 puts its tools away
Task 2 terminated
killed: True
killed again: False
parent is done
Task 1 terminated
""",
    "wait_for_child": """\
child 0
waiting for 2
child 1
child 2
Task 2 terminated
waited: True
waited for 4711: False
waited for it again: False
Task 1 terminated
""",
    "own_calls": """\
a is in
started [2, 3, 4] of 4
a is out
b is in
Task 2 terminated
b is out
Task 3 terminated
Task 4 terminated
closed: True
left: 1
Task 1 terminated
""",
    "subroutines": """\
2 + 3 = 5
norm of 3, 4 = 25
other 0
caught no such number
depth 5001
Task 1 terminated
other 1
Task 2 terminated
""",
}


@pytest.mark.parametrize("name", EXPECTED)
def test_the_program_prints_what_it_printed_on_pyos(name):
    done = subprocess.run(
        [sys.executable, PROGRAMS / f"{name}.py"], capture_output=True, text=True,
        timeout=PATIENCE,
    )
    assert (done.stdout, done.stderr, done.returncode) == (EXPECTED[name], "", 0)


def test_every_program_imports_nothing_of_minios_but_the_interface_of_pyos():
    for program in PROGRAMS.glob("*.py"):
        lines = program.read_text().splitlines()
        assert "from minios.legacy.pyos import *" in lines
        assert sum("minios" in line or "syscalls" in line for line in lines) == 1


@pytest.mark.parametrize("name", ["echo_by_hand", "echo_library", "echo_sockwrap"])
def test_the_echo_server_serves_many_clients_at_once_and_then_ends(name):
    server = subprocess.Popen(
        [sys.executable, PROGRAMS / f"{name}.py", "8"], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )
    with server:
        try:
            port = read_port(server.stdout)
            talk_to_echo_server(port, 8)
            output, errors = server.communicate(timeout=PATIENCE)
        finally:
            server.kill()
    assert errors == "" and server.returncode == 0
    lines = output.splitlines()
    assert lines.count("no more connections") == 1
    assert sum(line.endswith(" terminated") for line in lines) >= 9


def test_ctrl_c_ends_a_server_that_waits():
    server = subprocess.Popen(
        [sys.executable, PROGRAMS / "echo_library.py", "1"], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )
    with server:
        try:
            read_port(server.stdout)
            server.send_signal(signal.SIGINT)
            output, errors = server.communicate(timeout=PATIENCE)
        finally:
            server.kill()
    assert output == "Task 1 terminated\n"
    assert errors.splitlines()[-1] == "KeyboardInterrupt"
    assert server.returncode == -signal.SIGINT


def read_port(stream):
    """The number after the word `port`; other tasks may print before."""
    while True:
        line = stream.readline()
        assert line, "the server ended before it listened"
        if line.startswith("port "):
            return int(line.split()[1])


def talk_to_echo_server(port, number):
    """Open connections, and exchange messages on all of them in turns."""
    clients = [
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) for _ in range(number)
    ]
    for size in (1, 100, 200_000):
        for index, client in reversed(list(enumerate(clients))):
            message = bytes([65 + index]) * size
            client.sendall(message)
            assert receive(client, size) == message
    for client in clients:
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""
        client.close()


def receive(client, size):
    data = b""
    while len(data) < size:
        more = client.recv(65536)
        assert more, "the server closed the connection"
        data += more
    return data


def test_the_crawler_finds_every_page_of_its_own_web_server():
    done = subprocess.run(
        [sys.executable, PROGRAMS / "crawler.py"], capture_output=True, text=True,
        timeout=PATIENCE,
    )
    lines = [line for line in done.stdout.splitlines() if not line.endswith(" terminated")]
    assert lines == [
        "/ 200 49", "/cats 200 48", "/cats/tom 200 300000", "/dogs 200 24", "/lost 404 0",
        "descriptors waited for: 0",
    ]
    assert done.stderr == "" and done.returncode == 0
    assert len(done.stdout.splitlines()) - len(lines) == 12
