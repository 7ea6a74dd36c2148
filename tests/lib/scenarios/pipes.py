"""Victims that read and write pipes of the system, and the standard streams."""

import os
import socket
import tempfile

from minios import Stream, open_stderr, open_stdin, open_stdout
from minios.lib.filestreams import FileStream
from syscalls import Sleep, Wait

from ..suspension_points import scenario
from .streams import BIG, Closing, reading, says, writes, writing


def pipe_ends(world):
    ends = [FileStream(fd) for fd in os.pipe()]
    for end in ends:
        world.keep(Closing(end))
    return ends


@scenario
def reading_from_a_pipe_of_the_system(world):
    ours, theirs = pipe_ends(world)
    yield from reading(world, ours, theirs)


@scenario
def writing_to_a_pipe_of_the_system(world):
    theirs, ours = pipe_ends(world)
    yield from writing(world, ours, theirs, writes(ours))


@scenario
def sending_a_file_into_a_pipe(world):
    theirs, ours = pipe_ends(world)
    file = world.keep(tempfile.TemporaryFile())
    file.write(BIG)
    file.flush()

    def victim():
        yield from ours.sendfile(file)
        yield from ours.sendfile(file)

    yield from writing(world, ours, theirs, victim())


class Standing:
    """While it is open, `ends` stand where the standard streams 0, 1 and 2 were."""

    def __init__(self, ends):
        self._saved = {number: os.dup(number) for number in ends}
        for number, fd in ends.items():
            os.dup2(fd, number)

    def close(self):
        """Put back what was there."""
        for number, fd in self._saved.items():
            os.dup2(fd, number)
            os.close(fd)


def standard_streams(world, make):
    """What `make` gives, twice, as the standard streams; and a stream at the other end of each.

    The victim's copies are closed, so that the other ends see it when the victim closes its own.
    """
    input_reader, input_writer = make()
    output_reader, output_writer = make()
    standing = Standing({0: input_reader, 1: output_writer, 2: output_writer})
    os.close(input_reader)
    os.close(output_writer)
    world.keep(standing)
    return input_writer, output_reader


def echoes(opens_errors=True):
    """A routine that copies lines from standard input to standard output."""
    with (yield from open_stdin()) as source, (yield from open_stdout()) as target:
        with (yield from open_stderr()) as errors:
            while line := (yield from source.readline()):
                yield from target.write(line)
                yield from errors.write(b"!\n")
            yield from target.write(b"end\n")


def serve_standard_streams(world, source, target):
    got = bytearray()

    def reads():
        while b"end\n" not in got:
            got.extend((yield from target.read(1000)))

    reader = world.spawn(reads())
    speaker = world.spawn(says(source, b"one\ntwo\n"))
    yield from world.victim(echoes())
    yield Wait(speaker)
    reader.kill()
    yield Sleep(1)
    source.abort()
    target.abort()


@scenario
def standard_streams_that_are_pipes(world):
    source, target = standard_streams(world, os.pipe)
    yield from serve_standard_streams(world, FileStream(source), FileStream(target))


@scenario
def standard_streams_that_are_sockets(world):
    def make():
        return [end.detach() for end in socket.socketpair()]

    source, target = (
        Stream(socket.socket(fileno=fd)) for fd in standard_streams(world, make)
    )
    yield from serve_standard_streams(world, source, target)


@scenario
def standard_streams_that_are_fifos(world):
    """With a name: they get the flag O_NONBLOCK meanwhile, which must be gone afterwards."""
    folder = tempfile.TemporaryDirectory()
    world.resources.callback(folder.cleanup)

    def make():
        path = os.path.join(folder.name, str(len(os.listdir(folder.name))))
        os.mkfifo(path)
        both = os.open(path, os.O_RDWR)
        reader, writer = os.open(path, os.O_RDONLY), os.open(path, os.O_WRONLY)
        os.close(both)
        return reader, writer

    source, target = standard_streams(world, make)
    yield from serve_standard_streams(world, FileStream(source), FileStream(target))
    world.expect("descriptors", os.get_blocking(0) and os.get_blocking(1), "still O_NONBLOCK")
