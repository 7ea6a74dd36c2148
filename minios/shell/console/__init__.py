"""The console: how another terminal looks into a running program, and steers it.

A program that has one (`minios run FILE`, or `Kernel(console=True)`) listens on a Unix socket in a
folder that is its user's alone, and answers from a thread of its own: also while a task holds the
CPU. `minios ps`, `minios where PID TID`, `minios attach PID` are the other side.

Reading order: protocol (what is said), rendezvous (where they meet), server (the thread in the
program), session and terminal (one connection), client, keyboard and commands (the other side).
"""

from .server import open_console

__all__ = ["open_console"]
