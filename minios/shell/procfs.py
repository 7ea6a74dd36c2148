"""/proc: what the kernel tells of a task, as files that `cat` reads (proc(5))."""

__all__ = ["open_proc"]


def open_proc(system, path):
    """The text of `/proc/TID/NAME`; None where `path` is no such name.

    Raises FileNotFoundError where there is no such task, or no such file of one.
    """
    return None
