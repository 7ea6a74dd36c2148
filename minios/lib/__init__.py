"""User mode: what programs are written with, built on system calls alone.

Every blocking operation is one generator function (see blocking.py), which works with `yield
from` in a generator and with `await` in a coroutine. Reading order: blocking, forgotten; holding,
locks, events, conditions, semaphores, barriers; channels, queues, sorted_items, pipes; scopes,
timeouts, groups, gathering; callbacks, deferreds; buffers, streams, tls, resolver, connections,
listeners, servers, datagrams; executors, files, filestreams, stdio, children, subprocesses,
signals, log.
"""

__all__ = ["home_of"]

# Each module's public names. They are imported when they are first asked for, so that a program
# pays for what it uses: the whole library would double the time that `import minios` takes.
_MODULES = {
    "barriers": "Barrier",
    "conditions": "Condition",
    "connections": "open_connection open_unix_connection",
    "datagrams": "Datagram open_datagram",
    "deferreds": "Deferred when",
    "events": "Event",
    "executors": "to_thread",
    "files": "File open_file",
    "filestreams": "FileStream",
    "gathering": "gather race shield",
    "groups": "TaskGroup",
    "locks": "Lock RLock",
    "pipes": "Pipe",
    "queues": "LifoQueue PriorityQueue Queue",
    "resolver": "getaddrinfo",
    "semaphores": "Semaphore",
    "servers": "Server start_server start_unix_server",
    "signals": "add_signal_handler",
    "stdio": "open_stderr open_stdin open_stdout",
    "streams": "Stream",
    "subprocesses": "Process run_process start_process",
    "timeouts": "timeout",
    "tls": "TLSStream start_tls",
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names.split()}


def home_of(name):
    """The module of the library that defines `name`, imported; None where none does."""
    module = _HOMES.get(name)
    if module is None:
        return None
    # Not importlib.import_module, whose own import takes longer than most of ours.
    return __import__(f"{__name__}.{module}", fromlist=[name])
