"""An echo server that waits by hand: ReadWait and WriteWait around the socket's own methods.

Takes the number of connections that it serves; prints its port.
"""
# ruff: noqa: F403, F405

import sys
from socket import *

from minios.legacy.pyos import *


def handle_client(client):
    while True:
        yield ReadWait(client)
        data = client.recv(65536)
        if not data:
            break
        while data:
            yield WriteWait(client)
            sent = client.send(data)
            data = data[sent:]
    client.close()


def server(connections):
    sock = socket(AF_INET, SOCK_STREAM)
    sock.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", 0))
    sock.listen(16)
    print("port", sock.getsockname()[1], flush=True)
    for _ in range(connections):
        yield ReadWait(sock)
        client, addr = sock.accept()
        yield NewTask(handle_client(client))
    sock.close()
    print("no more connections")


def alive():
    for _ in range(3):
        print("I'm alive")
        yield


sched = Scheduler()
sched.new(alive())
sched.new(server(int(sys.argv[1])))
sched.mainloop()
