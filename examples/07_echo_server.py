"""Adds the network: Accept, Recv and SendAll wait for a socket, and only the task that asks.

An echo server with a task for each connection, and room for as many as the system gives
descriptors. What goes wrong with one client ends that client's task and no other.

    python examples/07_echo_server.py --port 25000
    curl -N telnet://127.0.0.1:25000             (or nc, or telnet: type, and it answers)
"""

import argparse
import resource
import socket
import sys
from contextlib import suppress

import minios
from syscalls import Accept, Recv, SendAll, Sleep, Spawn

PATIENCE = 0.2      # seconds until we try again where the system has no descriptor left


def echo(sock):
    """A task: send everything back that one client sends, until it hangs up."""
    try:
        while data := (yield Recv(sock, 65536)):
            yield SendAll(sock, data)
    except OSError:
        pass                # the client has gone without a goodbye, which is its right
    finally:
        sock.close()        # also where this task is killed, as at shutdown


def serve(listener):
    """Give every client that connects a task of its own."""
    while True:
        try:
            sock, _ = yield Accept(listener)
        except OSError as error:
            # Out of descriptors: the client waits in the listener's queue until others leave.
            print(f"cannot accept: {error.strerror}; trying again", file=sys.stderr, flush=True)
            yield Sleep(PATIENCE)
        else:
            yield Spawn(echo(sock))


def main(listener):
    host, port = listener.getsockname()
    print(f"echo server on {host}:{port}", flush=True)
    yield from serve(listener)


def raise_descriptor_limit():
    """Every connection takes a descriptor; the usual soft limit is a modest 1024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):     # macOS says that there is no limit, and then objects
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Send back what clients send.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=25000, help="0 takes a free one")
    options = parser.parse_args()
    raise_descriptor_limit()
    try:
        # A long backlog, for thousands of clients may knock before the first Accept.
        with socket.create_server((options.host, options.port), backlog=4096) as listener:
            minios.run(main(listener))
    except KeyboardInterrupt:
        print("interrupted")
        sys.exit(130)
    except (OSError, OverflowError) as error:
        sys.exit(f"cannot listen on {options.host}:{options.port}: {error}")
