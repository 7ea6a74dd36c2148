"""How the examples are run: as their users run them, each in a process of its own."""

import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PROC = os.path.isdir("/proc/self/fd")
CURL = shutil.which("curl")
PATIENCE = 60.0     # seconds: a safety net for a program that hangs, never what a test measures


def wait_until(condition):
    """Wait until `condition()` holds, and fail if it never does."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it has not happened"
        time.sleep(0.01)


def open_descriptors(program):
    """How many descriptors it has, by /proc."""
    return len(os.listdir(f"/proc/{program.process.pid}/fd"))


def reset(sock):
    """Hang up without a goodbye: the other side gets ECONNRESET."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def lines_by_curl(host, port, data, count):
    """Send `data` with curl, and return the first `count` lines that it prints."""
    with subprocess.Popen(
        [CURL, "-sN", "--max-time", str(PATIENCE), f"telnet://{host}:{port}"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as curl:
        os.write(curl.stdin.fileno(), data)
        lines = [curl.stdout.readline() for _ in range(count)]
        curl.kill()
    return lines


class Program:
    """An example that runs, with its output as it comes."""

    def __init__(self, name, *arguments):
        # As if in a terminal of its own: the output buffered, unless the program flushes it.
        env = {key: os.environ[key] for key in os.environ if key != "PYTHONUNBUFFERED"}
        self._errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [sys.executable, EXAMPLES / name, *map(str, arguments)], env=env, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._errors,
        )
        self._alarm = threading.Timer(PATIENCE, self.process.kill)
        self._alarm.start()

    def read_line(self):
        """The next line of its output, without the newline."""
        return self.process.stdout.readline().rstrip("\n")

    def read_address(self):
        """The (host, port) in the first line of a server's output."""
        line = self.read_line()
        host, port = re.search(r"([\d.]+):(\d+)", line).groups()
        return host, int(port)

    def errors(self):
        """What it has written to stderr so far."""
        self._errors.seek(0)
        return self._errors.read()

    def interrupt(self):
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def finish(self):
        """Wait for its end; the exit status, and the output that has not been read yet."""
        output = self.process.stdout.read()
        return self.process.wait(), output

    def stop(self):
        """End it, whatever it does."""
        self.process.kill()
        self.process.wait()
        self._alarm.cancel()
        self.process.stdout.close()
        self._errors.close()


@pytest.fixture(scope="session", autouse=True)
def ctrl_c_reaches_programs():
    """A shell that starts the suite in the background lets it ignore Ctrl-C, and its children."""
    previous = signal.getsignal(signal.SIGINT)
    if previous is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


@pytest.fixture
def start():
    """Start an example in the background; it is ended with the test."""
    programs = []

    def start(name, *arguments):
        programs.append(Program(name, *arguments))
        return programs[-1]

    yield start
    for program in programs:
        program.stop()


@pytest.fixture
def output_of(start):
    """Run an example to its end, which must be a good one, and return its output."""

    def output_of(name, *arguments):
        program = start(name, *arguments)
        status, output = program.finish()
        assert (status, program.errors()) == (0, "")
        return output

    return output_of
