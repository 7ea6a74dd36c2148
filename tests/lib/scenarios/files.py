"""Victims that work with files, whose operations wait in threads."""

import os
import tempfile

from minios import open_file
from minios.kernel.clock import MonotonicClock
from syscalls import Sleep, Wait

from ..suspension_points import scenario

# Virtual time stands still while a thread works: where others act meanwhile, time is real.
real_time = {"clock": MonotonicClock}


def folder(world):
    made = tempfile.TemporaryDirectory()
    world.resources.callback(made.cleanup)
    return made.name


@scenario
def a_file(world):
    path = os.path.join(folder(world), "file")

    def victim():
        with (yield from open_file(path, "w+b")) as file:
            yield from file.write(b"one\ntwo\nthree\n")
            yield from file.flush()
            yield from file.seek(4)
            assert (yield from file.readline()) == b"two\n"
            assert (yield from file.tell()) == 8
            assert (yield from file.truncate(13)) == 13
            assert (yield from file.read()) == b"three"
            yield from file.close()

    yield from world.victim(victim())


@scenario
def a_file_in_a_coroutine(world):
    path = os.path.join(folder(world), "file")
    with open(path, "w") as file:
        file.write("one\ntwo\n")

    async def victim():
        async with await open_file(path) as file:
            assert [line async for line in file] == ["one\n", "two\n"]

    yield from world.victim(victim())


@scenario(**real_time)
def a_file_that_several_use(world):
    path = os.path.join(folder(world), "file")
    opened = []

    def writes(file, letter, times=4):
        for _ in range(times):
            yield from file.write(letter * 100 + b"\n")
            yield Sleep(0)

    file = yield from open_file(path, "ab")
    opened.append(file)
    others = [world.spawn(writes(file, letter)) for letter in (b"a", b"b")]
    yield from world.victim(writes(file, b"v"))
    for task in others:
        yield Wait(task)
    yield from file.close()
    with open(path, "rb") as written:
        lines = written.read().split(b"\n")[:-1]
    world.expect("items", all(len(set(line)) == 1 and len(line) == 100 for line in lines))
    world.expect("items", lines.count(b"a" * 100) == lines.count(b"b" * 100) == 4)
    world.expect("locks", not file._busy and not file._waiting)


@scenario(**real_time)
def a_fifo_that_nobody_writes_to(world):
    """Its thread blocks in open(2) until somebody comes; the struck task does not wait for it."""
    path = os.path.join(folder(world), "fifo")
    os.mkfifo(path)

    def writes():
        yield Sleep(0.001)
        fd = os.open(path, os.O_RDWR)
        world.resources.callback(os.close, fd)
        os.write(fd, b"hello\n")

    def victim():
        with (yield from open_file(path)) as file:
            yield from file.readline()

    writer = world.spawn(writes())
    yield from world.victim(victim())
    yield Wait(writer)
