"""An echo server on Socket, whose methods are yielded; one level down, `yield from` does.

Takes the number of connections that it serves; prints its port.
"""
# ruff: noqa: F403, F405

import sys
from socket import *

from minios.legacy.pyos import *


def echo(client):
    data = yield from client.recv(65536)
    if data:
        yield from client.send(data)
    return bool(data)


def handle_client(client):
    while (yield echo(client)):
        pass
    yield client.close()


def server(connections):
    listener = socket(AF_INET, SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.listen(16)
    print("port", listener.getsockname()[1], flush=True)
    sock = Socket(listener)
    for _ in range(connections):
        client, addr = yield sock.accept()
        yield NewTask(handle_client(client))
    yield sock.close()
    print("no more connections")


sched = Scheduler()
sched.new(server(int(sys.argv[1])))
sched.mainloop()
