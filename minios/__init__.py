"""minios: a mini operating system whose processes are plain Python generators.

    import minios
    from syscalls import Sleep

    def hello():
        yield Sleep(0.5)
        return "hello"

    print(minios.run(hello()))

The calls that a task may yield are in the package `syscalls`. The library (locks, queues, task
groups, streams ...) is in `minios.lib`, and each of its names is here too; its modules are
imported when one of their names is first used.
"""

from __future__ import annotations

from .errors import (
    BrokenBarrierError,
    Cancelled,
    DeadlockError,
    IncompleteReadError,
    KernelError,
    LimitOverrunError,
    NoSuchTaskError,
    OwnerEndedError,
    QueueClosedError,
    QueueEmptyError,
    QueueFullError,
    ResourceBusyError,
    ScopeError,
    TaskKilledError,
    TaskLimitError,
)
from .kernel import Hooks, Kernel, Task, TaskInfo, current_kernel, current_task, run
from .lib import home_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .lib.barriers import Barrier
    from .lib.conditions import Condition
    from .lib.connections import open_connection, open_unix_connection
    from .lib.datagrams import Datagram, open_datagram
    from .lib.deferreds import Deferred, when
    from .lib.events import Event
    from .lib.executors import to_thread
    from .lib.files import File, open_file
    from .lib.filestreams import FileStream
    from .lib.gathering import gather, race, shield
    from .lib.groups import TaskGroup
    from .lib.locks import Lock, RLock
    from .lib.pipes import Pipe
    from .lib.queues import LifoQueue, PriorityQueue, Queue
    from .lib.resolver import getaddrinfo
    from .lib.semaphores import Semaphore
    from .lib.servers import Server, start_server, start_unix_server
    from .lib.signals import add_signal_handler
    from .lib.stdio import open_stderr, open_stdin, open_stdout
    from .lib.streams import Stream
    from .lib.subprocesses import Process, run_process, start_process
    from .lib.timeouts import timeout
    from .lib.tls import TLSStream, start_tls

__version__ = "0.1.0"

__all__ = [
    "Barrier", "BrokenBarrierError", "Cancelled", "Condition", "Datagram", "DeadlockError",
    "Deferred", "Event", "File", "FileStream", "Hooks", "IncompleteReadError", "Kernel",
    "KernelError",
    "LifoQueue", "LimitOverrunError", "Lock", "NoSuchTaskError", "OwnerEndedError", "Pipe",
    "PriorityQueue", "Process", "Queue", "QueueClosedError", "QueueEmptyError",
    "QueueFullError", "RLock", "ResourceBusyError", "ScopeError", "Semaphore", "Server",
    "Stream", "TLSStream", "Task", "TaskGroup", "TaskInfo", "TaskKilledError",
    "TaskLimitError", "add_signal_handler", "current_kernel", "current_task", "gather",
    "getaddrinfo", "open_connection", "open_datagram", "open_file", "open_stderr", "open_stdin",
    "open_stdout", "open_unix_connection", "race", "run", "run_process", "shield",
    "start_process", "start_server", "start_tls", "start_unix_server", "timeout", "to_thread",
    "when",
]


def __getattr__(name: str) -> Any:
    """A name of the library, whose module is imported now (PEP 562)."""
    module = home_of(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
