"""Ctrl-C: SIGINT at random moments to a program of fifty tasks, each with a `finally`.

Every task writes a line to a pipe when it begins and one in its `finally`. A program that has not
ended ten seconds after its SIGINT hangs; one that shows any other error than KeyboardInterrupt, or
a line of the log, is counted too.
"""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from _child import Row

import minios
from minios import Event, Lock, Queue, Semaphore, Stream, TaskGroup, timeout, to_thread
from syscalls import Recv, Sleep, Spawn, Wait

NAME = "Ctrl-C"
_HANGS = 10.0       # seconds
_WITHIN = 0.05      # seconds after the start in which the signal is sent
_AT_ONCE = 2        # programs


def measure(quick):
    """Rows: hangs, skipped `finally` clauses, errors."""
    times, seed = (30, 20) if quick else (300, random.randrange(2**32))
    dice = random.Random(seed)
    moments = [dice.uniform(0, _WITHIN) for _ in range(times)]
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        outcomes = list(threads.map(interrupt_once, moments))
    begun = sum(outcome["begun"] for outcome in outcomes)
    done = f"{times} times SIGINT 0-{_WITHIN * 1000:.0f} ms after the start, seed {seed}"
    yield Row(NAME, done, f"{begun} tasks had begun", "", None)
    for what in ("hangs", "skipped finally", "other errors", "other exits"):
        count = sum(outcome[what] for outcome in outcomes)
        yield Row(NAME, "", f"{count} {what}", "0", count == 0)
    for outcome in outcomes:
        if outcome["text"]:
            print(outcome["text"], file=sys.stderr)


def interrupt_once(moment):
    """Run the victim, interrupt it `moment` seconds after its start; how that went."""
    reader, writer = os.pipe()
    victim = subprocess.Popen(
        [sys.executable, __file__, str(writer)], pass_fds=[writer], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )
    os.close(writer)
    with open(reader) as records:
        records.readline()      # it is about to start
        time.sleep(moment)
        victim.send_signal(signal.SIGINT)
        hangs = 0
        try:
            errors = victim.communicate(timeout=_HANGS)[1]
        except subprocess.TimeoutExpired:
            hangs = 1
            victim.kill()
            errors = victim.communicate()[1]
        begun, ended = set(), set()
        for line in records:
            word, name = line.split()
            (begun if word == "begin" else ended).add(name)
    # A program that Ctrl-C ends says so with the signal, as Python itself does.
    strange = other_errors(errors)
    exits = victim.returncode not in (-signal.SIGINT, 130)
    return {
        "begun": len(begun), "hangs": hangs, "skipped finally": 0 if hangs else len(begun - ended),
        "other errors": strange, "other exits": int(exits and not hangs),
        "text": errors if strange or exits or hangs or begun - ended else "",
    }


def other_errors(errors):
    """How many tracebacks and lines of the log are none of KeyboardInterrupt's."""
    lines = [line for line in errors.splitlines() if line and not line.startswith((" ", "^"))]
    return sum(
        line not in ("Traceback (most recent call last):", "KeyboardInterrupt") for line in lines
    )


# --- The victim ------------------------------------------------------------------------------


def program(fd):
    """The main task: fifty others of mixed kinds."""
    shared = {
        "lock": Lock(), "queue": Queue(1), "event": Event(), "semaphore": Semaphore(2), "fd": fd,
    }
    kinds = [sleeps, locks, puts, gets, waits, acquires, reads, offloads, groups, limits]
    tasks = []
    for number in range(50):
        kind = kinds[number % len(kinds)]
        tasks.append((yield Spawn(recorded(f"{kind.__name__}-{number}", kind, shared))))
    for task in tasks:
        yield Wait(task)


def recorded(name, kind, shared):
    """Run a routine of `kind`, and record begin and end; some tasks take time to clean up."""
    fd = shared["fd"]
    os.write(fd, f"begin {name}\n".encode())
    try:
        yield kind(shared)
    finally:
        if len(name) % 2:
            try:
                yield Sleep(0.001)
            finally:
                os.write(fd, f"end {name}\n".encode())
        else:
            os.write(fd, f"end {name}\n".encode())


def sleeps(shared):
    while True:
        yield Sleep(0.001)


def locks(shared):
    while True:
        with (yield from shared["lock"]):
            yield Sleep(0.001)


def puts(shared):
    while True:
        yield from shared["queue"].put("item")


def gets(shared):
    while True:
        yield from shared["queue"].get()
        yield Sleep(0.002)


async def waits(shared):
    await shared["event"].wait()


async def acquires(shared):
    while True:
        async with shared["semaphore"]:
            await Sleep(0.001)


def reads(shared):
    left, right = socket.socketpair()
    with Stream(left) as ours, right:
        yield from ours.write(b"x")
        yield Recv(right, 1)
        yield from ours.read()


def offloads(shared):
    while True:
        yield from to_thread(time.sleep, 0.003)


async def groups(shared):
    async with TaskGroup() as group:
        for number in range(2):
            name = f"child-{number}-of-{id(group)}"
            group.spawn(recorded(name, sleeps, shared))
        await Sleep(30)


def limits(shared):
    while True:
        try:
            with timeout(0.002):
                yield Sleep(1)
        except TimeoutError:
            pass


if __name__ == "__main__":
    records = int(sys.argv[1])
    os.write(records, b"ready\n")
    minios.run(program(records))
