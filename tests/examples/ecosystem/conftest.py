"""The real servers that the programs of the ecosystem talk to, each on a port of its own."""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from ...lib.test_redis import redis
from ..conftest import EXAMPLES, PATIENCE

__all__ = ["redis"]     # the fixture: the port of a Redis server


@pytest.fixture(autouse=True)
def minios_is_found(monkeypatch):
    """The programs run where the suite does, also if minios is not installed there."""
    path = os.environ.get("PYTHONPATH")
    root = str(EXAMPLES.parent)
    monkeypatch.setenv("PYTHONPATH", f"{root}{os.pathsep}{path}" if path else root)


def _postgres_programs():
    """The folder of initdb and postgres, which distributions hide from PATH; None without them."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for place in places:
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    return None


@pytest.fixture(scope="module")
def postgres():
    """The DSN of a Postgres server on loopback, made for one file of tests and gone with it."""
    programs = _postgres_programs()
    if programs is None:
        pytest.skip("NOT TESTED: Postgres is not installed (Debian: apt-get install postgresql)")
    options = {}
    if os.geteuid() == 0:       # as whom it refuses to run
        nobody = pwd.getpwnam("nobody")
        options = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    # Not in pytest's own folder, which no other user may enter.
    with tempfile.TemporaryDirectory(prefix="minios-postgres-") as folder:
        if options:
            shutil.chown(folder, options["user"])
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        options |= {"cwd": folder, "stdin": subprocess.DEVNULL}
        password = _make_database(programs, Path(folder), options)
        server = subprocess.Popen(
            [programs / "postgres", "-D", f"{folder}/data", "-h", "127.0.0.1", "-p", str(port),
             "-k", folder, "-F"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options,
        )
        try:
            _wait_until_ready(programs, port, server)
            yield f"postgresql://minios:{password}@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(signal.SIGINT)       # "fast": it throws its clients out
            try:
                server.wait(PATIENCE)
            finally:
                server.kill()
                server.wait()


def _make_database(programs, folder, options):
    """Run initdb; returns the password of the user minios."""
    password = secrets.token_hex(16)
    secret = folder / "password"
    secret.write_text(password)
    if "user" in options:
        shutil.chown(secret, options["user"])
    made = subprocess.run(
        [programs / "initdb", "-D", folder / "data", "-U", "minios", "--pwfile", secret,
         "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options,
    )
    if made.returncode:
        pytest.skip(f"NOT TESTED: initdb fails here: {made.stdout}")
    return password


def _wait_until_ready(programs, port, server):
    deadline = time.monotonic() + PATIENCE
    while subprocess.run(
        [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)], check=False
    ).returncode:
        assert server.poll() is None, "postgres has ended"
        assert time.monotonic() < deadline, "postgres does not get ready"
        time.sleep(0.02)
