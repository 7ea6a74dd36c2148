"""The loads that servers are under: the clients of echo_load.c, and wrk for HTTP.

Both are in C and take less time over a message than a server in Python does, so it is the server
that is waited for. Its CPU time is read when all clients are connected and it is warm, and again
when the last answer has come: neither connecting nor what is still under way is in the figure.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections import namedtuple
from pathlib import Path

from .effort import cache_folder, times
from .serving import Figure

__all__ = ["Clients", "Run", "load_of_clients", "load_of_wrk"]

_SOURCE = Path(__file__).with_name("echo_load.c")
_WARM_UP, _SECONDS = 0.2, 1.0
_OTHERS = 1200      # descriptors that a server may have beside those of these clients

Run = namedtuple("Run", "messages seconds cpu_time p50 p99")
Run.__doc__ = """What clients have done: how many messages, in how many seconds and seconds of
their own CPU time, and the latency of a message, in seconds."""


# --- Our own clients -------------------------------------------------------------------------


class Clients:
    """Connections to a Server, each after one message there and back; closed with the block.

    `kind`: what they speak, `echo` or `lines`; `size`: bytes of a message. All that comes back is
    compared with what was sent. They are idle between two `run`s.
    """

    def __init__(self, server, connections, size, kind="echo"):
        server.allow_descriptors(connections + _OTHERS)
        self._process = subprocess.Popen(
            [_program(), kind, str(server.port), str(connections), str(size)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        try:
            self._read()
        except BaseException:
            self.__exit__()
            raise

    def run(self, seconds):
        """Keep one message in flight on each connection for so long, at least one; a Run."""
        self._process.stdin.write(f"{seconds}\n")
        self._process.stdin.flush()
        messages, *rest = self._read().split()
        return Run(int(messages), *map(float, rest))

    def _read(self):
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(self._process.stderr.read().strip() or "the clients have died")
        return line

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._process.kill()
        self._process.communicate()


def load_of_clients(server, connections, size, kind="echo"):
    """CPU time of `server` a message, with one in flight on each of `connections`; a Figure."""
    with Clients(server, connections, size, kind) as clients:
        clients.run(_seconds(_WARM_UP))
        before = server.cpu_time()
        run = clients.run(_seconds(_SECONDS))
        spent = server.cpu_time() - before
    return Figure(spent / run.messages, run.messages / run.seconds)


def _seconds(whole):
    """How long a load takes that takes `whole` seconds in a whole measurement."""
    return times(whole * 1000) / 1000


def _program():
    """The path of the compiled clients. They are compiled once, and again for another source."""
    compiler = shlex.split(os.environ.get("CC", "cc"))
    key = hashlib.sha256(f"{os.uname()} {compiler}".encode() + _SOURCE.read_bytes()).hexdigest()
    program = cache_folder() / f"{_SOURCE.stem}-{key[:16]}"
    if not program.exists():
        if shutil.which(compiler[0]) is None:
            raise RuntimeError(f"the load needs a C compiler, and there is no {compiler[0]}: "
                               "apt-get install gcc libc6-dev, or set CC")
        _compile(compiler, program)
    return program


def _compile(compiler, program):
    program.parent.mkdir(parents=True, exist_ok=True)
    # Under another name first: somebody else may compile it, or look for it, just now.
    with tempfile.TemporaryDirectory(dir=program.parent) as folder:
        new = Path(folder) / program.name
        done = subprocess.run(
            [*compiler, "-O2", "-o", str(new), str(_SOURCE)], capture_output=True, text=True
        )
        if done.returncode:
            lines = done.stderr.strip().splitlines() or ["it failed in silence"]
            raise RuntimeError(f"{_SOURCE.name} cannot be compiled: {lines[0]}")
        os.replace(new, program)


# --- wrk -------------------------------------------------------------------------------------


def load_of_wrk(server, connections, path="/", headers=()):
    """CPU time of `server` a request of HTTP/1.1 for `path`, over connections that stay; a Figure.

    wrk connects anew each time, so that is in the figure; it counts whole seconds.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        raise RuntimeError("the load needs wrk: apt-get install wrk")
    command = [wrk, "-t1", f"-c{connections}", "-d1s", f"http://127.0.0.1:{server.port}{path}"]
    for header in headers:
        command += ["-H", header]
    _run_wrk(command)       # warms the server up
    before = server.cpu_time()
    requests, rate = _run_wrk(command)
    return Figure((server.cpu_time() - before) / requests, rate)


def _run_wrk(command):
    """(requests, requests a second). Raises RuntimeError where one of them went wrong."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    told = done.stdout
    requests = re.search(r"(\d+) requests in ", told)
    rate = re.search(r"Requests/sec: +([\d.]+)", told)
    wrong = re.search(r"Socket errors: .*|Non-2xx or 3xx responses: .*", told)
    if wrong:
        raise RuntimeError(f"wrk: {wrong.group()}")
    if done.returncode or not requests or not rate or not int(requests.group(1)):
        raise RuntimeError(f"wrk has failed: {done.stderr.strip() or told.strip()}")
    return int(requests.group(1)), float(rate.group(1))
