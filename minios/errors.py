"""The errors of minios, where users look for them; they are defined at the door."""

from syscalls.errors import (
    Cancelled,
    DeadlockError,
    KernelError,
    NoSuchTaskError,
    ResourceBusyError,
    TaskKilledError,
    TaskLimitError,
)

__all__ = [
    "Cancelled",
    "DeadlockError",
    "KernelError",
    "NoSuchTaskError",
    "ResourceBusyError",
    "TaskKilledError",
    "TaskLimitError",
]
