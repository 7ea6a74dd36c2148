"""An echo server on the library: Accept, Recv and Send, yielded.

Takes the number of connections that it serves; prints its port.
"""
# ruff: noqa: F403, F405

import sys
from socket import *

from minios.legacy.pyos import *


def handle_client(client, addr):
    while True:
        data = yield Recv(client, 65536)
        if not data:
            break
        yield Send(client, data)
    client.close()


def server(connections):
    sock = socket(AF_INET, SOCK_STREAM)
    sock.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", 0))
    sock.listen(16)
    print("port", sock.getsockname()[1], flush=True)
    for _ in range(connections):
        client, addr = yield Accept(sock)
        yield NewTask(handle_client(client, addr))
    sock.close()
    print("no more connections")


sched = Scheduler()
sched.new(server(int(sys.argv[1])))
sched.mainloop()
