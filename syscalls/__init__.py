"""The door: every call that a task may yield to the kernel, one concept a file.

    from syscalls import Sleep, Spawn, Wait

    def main():
        child = yield Spawn(worker())
        yield Sleep(0.5)
        result = yield Wait(child)

Reading order: base, identity, clock, process, kill, parking, readiness, sockets, files,
signals, offload, threads, awaiting.
"""

from .awaiting import Await
from .base import SystemCall
from .clock import Now, Sleep, SleepUntil
from .files import Read, Write
from .identity import GetParent, GetTask, GetTid, SetName
from .kill import Kill
from .offload import Offload
from .parking import Park, Wake
from .process import Nice, Spawn, Tasks, Wait, WaitAny
from .readiness import ReadWait, WriteWait
from .signals import SigWait
from .sockets import Accept, Close, Connect, Recv, RecvFrom, RecvInto, Send, SendAll, SendTo

__all__ = [
    "Accept", "Await", "Close", "Connect", "GetParent", "GetTask", "GetTid", "Kill", "Nice", "Now",
    "Offload", "Park", "Read", "ReadWait", "Recv", "RecvFrom", "RecvInto", "Send", "SendAll",
    "SendTo", "SetName", "SigWait", "Sleep", "SleepUntil", "Spawn", "SystemCall", "Tasks",
    "Wait", "WaitAny", "Wake", "Write", "WriteWait",
]
