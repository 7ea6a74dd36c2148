"""Generators and async/await side by side: the same program twice, run and measured.

`minios compare NAME` shows both sources in two columns, what each prints, and what it took.
Reading order: pairs, runner (in the program's process), measure (outside of it), comparison,
columns, report, command.
"""

from .command import main

__all__ = ["main"]
