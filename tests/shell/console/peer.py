"""A client of a console that speaks the protocol by hand, and programs to be looked into."""

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

import minios
from minios.shell.console import rendezvous
from minios.shell.console.server import open_console
from syscalls import Sleep

HEADER = struct.Struct(">Ic")
ROOT = Path(__file__).parents[3]
PATIENCE = 30       # seconds, after which a test has failed


def frame(kind, payload=b"", **fields):
    payload = json.dumps(fields).encode() if fields else payload
    return HEADER.pack(len(payload), kind) + payload


HELLO = frame(b"H", protocol=1)


class Peer:
    """One connection to the console at `path`."""

    def __init__(self, path, hello=True, rights=()):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(path)     # waits where many do
        self.sock.settimeout(PATIENCE)
        self._data = b""
        if hello:
            self.send(frame(b"H", protocol=1, rights=list(rights)))

    def send(self, *frames):
        self.sock.sendall(b"".join(frames))

    def run(self, *argv, **screen):
        self.send(frame(b"R", argv=list(argv), **screen))

    def attach(self, **screen):
        self.send(frame(b"A", tty=False, **screen))

    def read(self):
        """The next (kind, payload); None at the end."""
        while True:
            if len(self._data) >= HEADER.size:
                length, kind = HEADER.unpack_from(self._data)
                end = HEADER.size + length
                if len(self._data) >= end:
                    payload, self._data = self._data[HEADER.size:end], self._data[end:]
                    return kind, payload
            try:
                data = self.sock.recv(65536)
            except ConnectionError:
                return None
            if not data:
                return None
            self._data += data

    def expect(self, kind):
        """Read until a frame of this kind; its payload, JSON decoded where it is JSON."""
        while (found := self.read()) is not None:
            if found[0] == kind:
                return found[1] if kind in b"OE" else json.loads(found[1])
        raise AssertionError(f"the connection has ended before a frame {kind}")

    def frames(self):
        """All that comes until the end."""
        found = []
        while (each := self.read()) is not None:
            found.append(each)
        return found

    def result(self):
        """(status, output, error) of what runs, once it has ended."""
        out, err, status = b"", b"", None
        for kind, payload in self.frames():
            if kind == b"O":
                out += payload
            elif kind == b"E":
                err += payload
            elif kind == b"Q":
                status = json.loads(payload)["status"]
            elif kind == b"X":
                err += json.loads(payload)["message"].encode()
        return status, out.decode(), err.decode()

    def close(self):
        self.sock.close()


class Program:
    """A kernel in a thread of this process, with a console."""

    def __init__(self, *routines, rights=True, **options):
        self.kernel = minios.Kernel(**options)
        self._started, self._rights = threading.Event(), rights
        self._routines, self._end = routines, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._started.wait(PATIENCE)
        self.path = os.path.join(rendezvous.folder(), f"{os.getpid()}.sock")

    def _run(self):
        console = open_console(self.kernel, self._rights)
        try:
            self.kernel.run(self._main(), name="main")
        finally:
            console.close()

    def _main(self):
        for routine in self._routines:
            self.kernel.spawn(routine)
        yield
        self._started.set()
        while not self._end.is_set():
            yield Sleep(0.005)

    def peer(self, **options):
        return Peer(self.path, **options)

    def end(self):
        self._end.set()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()


PREAMBLE = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import minios
from minios.shell.console.server import open_console
from syscalls import *

def with_console(routine, rights=True, **options):
    kernel = minios.Kernel(**options)
    console = open_console(kernel, rights)
    try:
        return kernel.run(routine, name="main")
    finally:
        console.close()

def ready():
    print("ready", flush=True)
"""


class Process:
    """A program in a process of its own, which has said that it is ready."""

    def __init__(self, folder, text, ready=True):
        path = Path(folder, "program.py")
        path.write_text(PREAMBLE + text)
        self.process = subprocess.Popen(
            [sys.executable, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        self.pid = self.process.pid
        if ready:
            assert self.process.stdout.readline() == "ready\n", self.process.communicate()
        self.path = os.path.join(rendezvous.folder(), f"{self.pid}.sock")

    def peer(self, **options):
        return Peer(self.path, **options)

    def kill(self, signum=signal.SIGKILL):
        self.process.send_signal(signum)
        return self.process.communicate()


def command(*arguments, stdin="", **options):
    """Run `minios ARG ...` of the console; (status, standard output, standard error)."""
    text = ("import sys; from minios.shell.console.commands import main; "
            "sys.exit(main(sys.argv[1], sys.argv[2:]))")
    done = subprocess.run(
        [sys.executable, "-c", text, *map(str, arguments)], cwd=ROOT, input=stdin,
        capture_output=True, text=True, timeout=PATIENCE, **options,
    )
    return done.returncode, done.stdout, done.stderr
