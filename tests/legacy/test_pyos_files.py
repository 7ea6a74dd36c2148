"""Waiting for descriptors: ReadWait, WriteWait, calls that wait for many, and iopoll."""

import errno
import os
import socket

import pytest

import minios
from minios.legacy.pyos import (
    Accept,
    GetTid,
    KillTask,
    NewTask,
    ReadWait,
    Recv,
    Scheduler,
    Send,
    SystemCall,
    WaitTask,
    WriteWait,
)
from syscalls import Close, Kill

from .tasks import OwnLoop, sending


def descriptors():
    """The descriptors that the running kernel has registered for somebody."""
    return [each.fd for each in minios.current_kernel().poller.descriptors()
            if each.has_waiters()]


def test_read_wait_returns_none_when_there_is_something_to_read(pyos, pair):
    left, right = pair
    got = []

    def reader():
        yield GetTid()
        got.append((yield ReadWait(left)))
        got.append(left.recv(100))

    pyos(reader(), sending(right, b"data"))
    assert got == [None, b"data"]


def test_write_wait_returns_none_when_there_is_room(pyos, pair):
    got = []

    def writer():
        yield GetTid()
        got.append((yield WriteWait(pair[0])))

    pyos(writer())
    assert got == [None]


def test_a_plain_number_may_be_waited_for(pyos):
    reader, writer = os.pipe()
    got = []

    def main():
        yield WriteWait(writer)
        os.write(writer, b"x")
        yield ReadWait(reader)
        got.append(os.read(reader, 10))

    try:
        pyos(main())
    finally:
        os.close(reader)
        os.close(writer)
    assert got == [b"x"]


def test_a_plain_file_is_always_ready(pyos, tmp_path):
    path = tmp_path / "file"
    path.write_text("content")
    got = []

    def main():
        with open(path) as file:
            yield ReadWait(file)
            got.append(file.read())

    sched = pyos(main())
    assert got == ["content"] and sched.read_waiting == {}


def test_who_waits_is_listed_by_descriptor(pyos, pair):
    left, right = pair
    sched = Scheduler()
    seen = []

    def reader():
        yield Recv(left, 10)

    def main():
        yield
        seen.append({fd: task.tid for fd, task in sched.read_waiting.items()})
        right.send(b"x")

    pyos(main(), reader(), sched=sched)
    assert seen == [{left.fileno(): 2}] and sched.read_waiting == {}


def test_one_task_reads_while_another_writes_the_same_descriptor(pyos, pair):
    left, right = pair
    left.setblocking(False)
    right.setblocking(False)
    size = 2_000_000
    got = []

    def sender(sock):
        yield Send(sock, b"x" * size)
        sock.shutdown(socket.SHUT_WR)

    def receiver(sock):
        total = 0
        while True:
            data = yield Recv(sock, 65536)
            if not data:
                break
            total += len(data)
        got.append(total)

    pyos(sender(left), sender(right), receiver(left), receiver(right))
    assert got == [size, size]


def test_the_second_reader_of_a_descriptor_is_refused_and_the_first_goes_on(pyos, pair):
    left, right = pair
    got = []

    def first():
        got.append((yield Recv(left, 10)))

    def second():
        try:
            yield ReadWait(left)
        except minios.ResourceBusyError as error:
            got.append("busy")
            assert "first" in str(error)
        yield
        right.send(b"x")

    sched = pyos(first(), second())
    assert got == ["busy", b"x"] and sched.read_waiting == {}


@pytest.mark.parametrize("call", [ReadWait, lambda sock: Recv(sock, 10), Accept])
@pytest.mark.parametrize("kill", [KillTask, lambda tid: Kill(tid), lambda tid: Kill(tid, 9)])
def test_a_killed_task_leaves_no_descriptor(pyos, pair, call, kill):
    left, right = pair
    sched = Scheduler()

    def reader():
        yield call(left)

    def main():
        yield
        assert descriptors() == [left.fileno()]
        yield kill(2)
        yield
        assert sched.read_waiting == {} and not minios.current_kernel().poller.descriptors()
        yield NewTask(reader_of_what_comes())

    def reader_of_what_comes():
        right.send(b"x")
        assert (yield Recv(left, 10)) == b"x"

    pyos(main(), reader(), sched=sched)


def test_a_closed_descriptor_cannot_be_waited_for(pyos):
    sock = socket.socket()
    sock.close()
    got = []

    def main():
        for call in (ReadWait(sock), ReadWait(123456), Recv(sock, 1)):
            try:
                yield call
            except OSError as error:
                got.append(error.errno)

    pyos(main())
    assert got == [errno.EBADF] * 3


def test_a_descriptor_closed_while_it_is_waited_for_wakes_its_waiter(pyos, pair):
    left = pair[0]
    got = []

    def reader():
        try:
            yield ReadWait(left)
        except OSError as error:
            got.append(error.errno)

    def main():
        yield
        yield Close(left)

    sched = pyos(main(), reader())
    assert got == [errno.EBADF] and sched.read_waiting == {}


def test_a_task_scheduled_before_its_descriptor_is_ready_waits_no_more(pyos, pair):
    sched = Scheduler()
    got = []

    def reader():
        got.append((yield ReadWait(pair[0])))
        assert sched.read_waiting == {} and descriptors() == []

    def main():
        yield
        sched.schedule(sched.taskmap[2])

    pyos(main(), reader(), sched=sched)
    assert got == [None]


def test_a_subclass_of_read_wait_may_keep_its_file_under_another_name(pyos, pair):
    class Readable(ReadWait):
        def __init__(self, sock):
            self.sock = sock

        def handle(self):
            self.sched.waitforread(self.task, self.sock.fileno())

    got = []

    def reader():
        yield Readable(pair[0])
        got.append(pair[0].recv(10))

    def main():
        yield
        got.append(repr(minios.current_kernel().find_task(1).call))
        pair[1].send(b"x")

    pyos(reader(), main())
    assert got == [f"Readable(fd {pair[0].fileno()})", b"x"]


class Select(SystemCall):
    """Wait until the first of some sockets can be read."""

    def __init__(self, *socks):
        self.socks = socks

    def handle(self):
        for sock in self.socks:
            self.sched.waitforread(self.task, sock.fileno())


@pytest.mark.parametrize("ready", [0, 1, 2])
def test_a_call_may_wait_for_many_descriptors_at_once(pyos, ready):
    pairs = [socket.socketpair() for _ in range(3)]
    sched = Scheduler()
    got = []

    def main():
        got.append((yield Select(*[left for left, _ in pairs])))
        assert sched.read_waiting == {} and descriptors() == []
        got.append((yield Recv(pairs[ready][0], 10)))

    pyos(main(), sending(pairs[ready][1], b"x"), sched=sched)
    for left, right in pairs:
        left.close()
        right.close()
    assert got == [None, b"x"]


def test_a_task_killed_while_it_waits_for_many_descriptors_leaves_none(pyos, pair):
    sched = Scheduler()

    def reader():
        yield Select(*pair)

    def main():
        yield
        yield
        assert len(sched.read_waiting) == 2
        yield KillTask(2)
        yield
        assert sched.read_waiting == {} and descriptors() == []

    pyos(main(), reader(), sched=sched)


def test_a_busy_descriptor_among_many_is_an_error_in_the_call(pyos, pair):
    left, right = pair
    sched = Scheduler()
    got = []

    def reader():
        yield ReadWait(right)

    def main():
        yield
        try:
            yield Select(left, right)
        except minios.ResourceBusyError:
            got.append("busy")
        assert list(sched.read_waiting) == [right.fileno()]
        yield KillTask(2)

    pyos(main(), reader(), sched=sched)
    assert got == ["busy"]


# --- iopoll ----------------------------------------------------------------------------------


def test_iopoll_without_anybody_waiting_returns_at_once(pyos):
    sched = Scheduler()
    sched.iopoll(None)

    def main():
        sched.iopoll(None)
        yield

    pyos(main(), sched=sched)


def test_iopoll_schedules_who_has_something_to_read(pyos, pair):
    left, right = pair
    sched = Scheduler()
    log = []

    def reader():
        log.append((yield Recv(left, 10)))

    def main():
        yield
        right.send(b"x")
        sched.iopoll(None)
        log.append(sched.ready.qsize())
        yield

    pyos(main(), reader(), sched=sched)
    assert log == [1, b"x"]


def test_an_iotask_of_ones_own_may_do_all_the_polling(pyos, pair):
    left, right = pair
    got = []

    class Polling(Scheduler):
        def iotask(self):
            while True:
                self.iopoll(None if self.ready.empty() else 0)
                yield

    def reader():
        got.append((yield Recv(left, 10)))

    pyos(reader(), sending(right, b"x"), sched=Polling())
    assert got == [b"x"]


def test_a_mainloop_of_ones_own_polls_by_iotask(pyos, pair):
    left, right = pair
    got = []

    def reader():
        got.append((yield Recv(left, 10)))

    def main():
        child = yield NewTask(reader())
        yield
        yield Send(right, b"x")
        yield WaitTask(child)

    pyos(main(), sched=OwnLoop())
    assert got == [b"x"]
