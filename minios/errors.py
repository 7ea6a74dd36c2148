"""The errors of minios, where users look for them; they are defined at the door."""

from syscalls.errors import (
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

__all__ = [
    "BrokenBarrierError",
    "Cancelled",
    "DeadlockError",
    "IncompleteReadError",
    "KernelError",
    "LimitOverrunError",
    "NoSuchTaskError",
    "OwnerEndedError",
    "QueueClosedError",
    "QueueEmptyError",
    "QueueFullError",
    "ResourceBusyError",
    "ScopeError",
    "TaskKilledError",
    "TaskLimitError",
]
