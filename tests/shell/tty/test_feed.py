"""Feed: what a program's thread reads from an Input, which only a task can."""

import threading

import pytest

import minios
from minios.shell.streams import PipeInput, TextInput
from minios.shell.tty.feed import Feed
from minios.shell.tty.redirect import input_from
from syscalls import Park, Sleep


def read_in_thread(source, read):
    """What `read(file)` returns in a thread, where `file` reads from the Input `source`."""
    found = []

    def main():
        kernel = minios.current_kernel()
        channel = object()
        feed = Feed(kernel, source(), lambda: kernel.parking.wake(channel, None, None))

        def run():
            try:
                found.append(read(input_from(feed)))
            finally:
                kernel.call_from_thread(finish)

        def finish():
            kernel.release()
            kernel.parking.wake(channel, None, None)

        kernel.hold()
        thread = threading.Thread(target=run)
        thread.start()
        while thread.is_alive():
            if feed.asked:
                yield from feed.answer()
            elif not found:
                yield Park(channel)
            else:
                yield Sleep(0.001)
        thread.join()

    minios.run(main())
    return found[0]


def text(data):
    return lambda: TextInput(data, "-")


def test_lines_are_read_one_by_one_until_the_end():
    def four_lines(file):
        return [file.readline() for _ in range(4)]

    assert read_in_thread(text(b"a\nb\nc"), four_lines) == ["a\n", "b\n", "c", ""]


def test_all_is_read_and_iterated():
    assert read_in_thread(text(b"x\n" * 50_000), lambda file: len(file.read())) == 100_000
    assert read_in_thread(text(b"1\n2\n"), list) == ["1\n", "2\n"]


def test_bytes_are_read_as_they_are():
    data = bytes(range(256))
    assert read_in_thread(text(data), lambda file: file.buffer.read()) == data


def test_a_pipe_is_waited_for():
    pipe = minios.Pipe()

    def source():
        def write():
            yield Sleep(0.01)
            yield from pipe.write(b"late\n")
            pipe.write_eof()

        minios.current_kernel().spawn(write())
        return PipeInput(pipe)

    assert read_in_thread(source, lambda file: file.read()) == "late\n"


def test_in_the_kernel_s_own_thread_it_is_an_error_and_no_deadlock():
    def main():
        feed = Feed(minios.current_kernel(), TextInput(b"x", "-"), lambda: None)
        with pytest.raises(OSError, match="to_thread"):
            input_from(feed).readline()
        yield

    minios.run(main())


def test_a_read_that_is_cut_short_gives_the_thread_the_end_of_input():
    class Endless(TextInput):
        def _receive(self):
            yield Sleep(1000)

    answers = []

    def main():
        kernel = minios.current_kernel()
        channel = object()
        feed = Feed(kernel, Endless(b"", "-"), lambda: kernel.parking.wake(channel, None, None))
        thread = threading.Thread(target=lambda: answers.append(feed.read(10)))
        kernel.hold()
        thread.start()
        while not feed.asked:
            yield Sleep(0.001)

        def answer():
            yield from feed.answer()

        task = kernel.spawn(answer(), "answer")
        yield
        yield
        task.kill()
        while thread.is_alive():
            yield Sleep(0.001)
        kernel.release()

    minios.run(main())
    assert answers == [b""]
