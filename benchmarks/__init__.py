"""The benchmarks: what minios costs beside every other scheduler a Python user can pick.

`minios bench` runs the suite, a work a file in `work/`. A work is one thing to do (a switch, an
echo), done with each scheduler by a function of its own, side by side in the same file. Each is
measured in a fresh process, the contenders take turns, and what counts is the ratio to minios in
one run: absolute times depend on the machine.

    work/           what is measured
    contenders.py   by whom
    effort.py       how long
    one.py          one measurement, in a process of its own
    serving.py      one measurement of a server, under a load from another process
    loads.py        that load, by echo_load.c and wrk
    processes.py    how none of these processes is left behind
    rounds.py       several measurements of each, interleaved
    report.py plot.py targets.py    what is told of them

The scripts beside them stand alone: loops.py (the event loop beside asyncio's and uvloop),
million.py (a million tasks), faults.py (what faults and cheats do), newer_pythons.py, ecosystem/.
NOTES.md keeps what was tried for speed, and what it gave.
"""
