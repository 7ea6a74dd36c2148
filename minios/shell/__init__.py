"""The shell: a task that reads command lines, and programs that look at the other tasks.

Reading order: boot, shell, interpreter, parser, expansion, jobs; process, streams, running,
arguments, getopt, programs; system, pace, rest; loader. The packages: tty (the terminal), programs,
listing and inspection (what they look with), text, console (for other terminals).
"""
