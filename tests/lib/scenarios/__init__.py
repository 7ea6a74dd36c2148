"""The scenarios of test_kill_everywhere.py, by what their victims do.

Importing this package enters all of them into `suspension_points.SCENARIOS`.
"""

from . import (
    awaiting,
    calls,
    children,
    connections,
    files,
    handing_over,
    pipes,
    streams,
    synchronizing,
    tasks,
    tls,
)

__all__ = [
    "awaiting", "calls", "children", "connections", "files", "handing_over", "pipes", "streams",
    "synchronizing", "tasks", "tls",
]
