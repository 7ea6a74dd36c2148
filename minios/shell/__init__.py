"""The shell: a task that reads command lines, and programs that look at the other tasks.

Reading order: shell, parser, lines, jobs, loader, arguments, programs.
"""

from .shell import boot

__all__ = ["boot"]
