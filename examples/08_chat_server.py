"""Adds tasks that talk to each other: Park sleeps on a channel until another task Wakes it.

A chat server. What is still to be sent to a client waits in `pending`, and a second task for
that client writes it, so that a slow reader holds up nobody; one who is too slow is dropped.

    python examples/08_chat_server.py --port 25001
    curl -N telnet://127.0.0.1:25001             (or nc, or telnet; more than once)
"""

import argparse
import socket
import sys

import minios
from syscalls import Accept, Close, Kill, Park, Recv, SendAll, Sleep, Spawn, Wake

MAX_LINE = 4096             # bytes that a client may send without a newline
MAX_PENDING = 256 * 1024    # bytes that a client may be behind


class Client:
    """One connection. The client itself is the channel that its writer parks on."""

    def __init__(self, sock):
        self.sock, self.name = sock, None
        self.received, self.pending = bytearray(), bytearray()

    def say(self, text):
        """Queue a line for this client; hang up if it is too far behind."""
        if len(self.pending) > MAX_PENDING:
            yield Close(self.sock)      # its reader wakes up with an error, and leaves
        else:
            self.pending += f"{text}\n".encode()
            yield Wake(self)

    def write_pending(self):
        """A task: send what is queued."""
        try:
            while True:
                while not self.pending:
                    yield Park(self)
                data = bytes(self.pending)
                self.pending.clear()
                yield SendAll(self.sock, data)
        except OSError:
            pass            # the reader sees it too, and cleans up

    def read_line(self):
        """Return the next line without what a terminal might obey, None at the end."""
        while (end := self.received.find(b"\n")) < 0:
            data = yield Recv(self.sock, 4096)
            if not data or len(self.received) > MAX_LINE:
                return None
            self.received += data
        line = self.received[:end].decode(errors="replace")
        del self.received[:end + 1]
        return "".join(filter(str.isprintable, line)).strip()


def announce(room, text, but=None):
    """Say something to everybody in the room except one."""
    for client in list(room):       # a copy: some may come and go while we yield
        if client is not but:
            yield from client.say(text)


def converse(room, client):
    """Ask for a name that is still free, then pass on what the client says until it leaves."""
    yield from client.say("Welcome! What is your name?")
    name = yield from client.read_line()
    if name is None:
        return
    names = {other.name for other in room}
    name = name[:20] or "guest"
    while name in names:
        name += "'"
    client.name = name
    room.add(client)
    yield from client.say(f"* you are {name}; also here: {', '.join(sorted(names)) or 'nobody'}")
    yield from announce(room, f"* {name} has joined", but=client)
    while (line := (yield from client.read_line())) is not None:
        if line:
            yield from announce(room, f"{name}: {line}", but=client)


def handle(room, sock):
    """A task: one client, from its coming to its going."""
    client = Client(sock)
    writer = yield Spawn(client.write_pending())
    try:
        yield from converse(room, client)
    except OSError:
        pass                # it is gone, or was dropped
    finally:
        room.discard(client)
        sock.close()
    yield Kill(writer)
    if client.name is not None:
        yield from announce(room, f"* {client.name} has left")


def main(listener):
    room = set()
    print("chat server on {}:{}".format(*listener.getsockname()), flush=True)
    while True:
        try:
            sock, _ = yield Accept(listener)
        except OSError:
            yield Sleep(0.2)        # out of descriptors, as in step 7
        else:
            yield Spawn(handle(room, sock))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Pass on what each client says to the others.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=25001, help="0 takes a free one")
    options = parser.parse_args()
    try:
        with socket.create_server((options.host, options.port), backlog=1024) as listener:
            minios.run(main(listener))
    except KeyboardInterrupt:
        print("interrupted")
        sys.exit(130)
    except (OSError, OverflowError) as error:
        sys.exit(f"cannot listen on {options.host}:{options.port}: {error}")
