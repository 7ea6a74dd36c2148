"""The poller's own way to epoll does what a selector's would, and leaves nothing open."""

import os
import select
import selectors
import socket
import time

import pytest

import minios
from minios.kernel.epoll import READ, WRITE, events_of, raw_poll
from minios.sim import VirtualClock
from syscalls import Now, Recv, Send, Sleep, Spawn, Wait

pytestmark = pytest.mark.skipif(not hasattr(select, "epoll"), reason="there is no epoll here")


def open_descriptors():
    return set(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("bits, mask, events", [
    (select.EPOLLIN, READ, READ),
    (select.EPOLLOUT, WRITE, WRITE),
    (select.EPOLLIN | select.EPOLLOUT, READ | WRITE, READ | WRITE),
    (select.EPOLLIN | select.EPOLLOUT, READ, READ),
    (select.EPOLLHUP, READ, READ),
    (select.EPOLLHUP, READ | WRITE, READ | WRITE),
    (select.EPOLLERR, WRITE, WRITE),
    (select.EPOLLIN | select.EPOLLHUP, WRITE, WRITE),
])
def test_a_hangup_or_an_error_is_news_for_whoever_waits(bits, mask, events):
    assert events_of(bits, mask) == events


def test_what_a_selector_has_registered_is_reported_by_number(pair):
    with selectors.EpollSelector() as selector:
        selector.register(pair[0], selectors.EVENT_READ)
        poll, close = raw_poll(selector)
        assert poll(0, 5) == []
        pair[1].send(b"x")
        assert poll(None, 5) == [(pair[0].fileno(), select.EPOLLIN)]
        close()


def test_only_what_certainly_stands_on_epoll_is_gone_around():
    class Counting(selectors.EpollSelector):
        """One that has reasons of its own for its `select`."""

    for selector in (Counting(), selectors.SelectSelector(), selectors.PollSelector()):
        with selector:
            assert raw_poll(selector) is None


def test_it_closes_its_own_descriptor_and_leaves_the_selectors_alone():
    before = open_descriptors()
    selector = selectors.EpollSelector()
    _, close = raw_poll(selector)
    close()
    close()
    os.fstat(selector.fileno())
    selector.close()
    assert open_descriptors() == before


def test_a_program_leaves_no_descriptor_whether_it_ends_or_fails():
    def main(error):
        left, right = socket.socketpair()
        with left, right:
            task = yield Spawn(receive(left))
            yield Sleep(0)
            yield Send(right, b"x")
            assert (yield Wait(task)) == b"x"
            if error is not None:
                raise error

    def receive(sock):
        return (yield Recv(sock, 1))

    before = open_descriptors()
    minios.run(main(None))
    with pytest.raises(ZeroDivisionError):
        minios.run(main(ZeroDivisionError()))
    assert open_descriptors() == before


@pytest.mark.parametrize("selector", [None, selectors.EpollSelector, selectors.PollSelector])
def test_a_program_does_the_same_on_every_selector(selector):
    def main():
        said = []
        left, right = socket.socketpair()
        with left, right:
            others = []
            for number, sock in enumerate((left, right)):
                others.append((yield Spawn(talk(number, sock, said))))
            for task in others:
                yield Wait(task)
        return said

    def talk(number, sock, said):
        for turn in range(20):
            if (turn + number) % 2:
                said.append((number, (yield Recv(sock, 100))))
            else:
                yield Send(sock, b"%d of %d" % (turn, number))

    given = None if selector is None else selector()
    said = minios.run(main(), selector=given)
    assert len(said) == 20 and said[0] == (1, b"0 of 0")
    if given is not None:
        given.close()


def test_a_clock_that_is_late_does_not_wait_without_end():
    class Late:
        """A device that asks for less than no time."""

        jumps = False
        now = staticmethod(time.monotonic)

        def wait(self, until, poll, outside):
            poll(None if until is None else until - time.monotonic() - 0.01)

    def main():
        for _ in range(3):
            yield Sleep(0.01)
        return "ended"

    assert minios.run(main(), clock=Late()) == "ended"


@pytest.mark.parametrize("selector", [None, selectors.SelectSelector])
def test_a_task_whose_descriptor_was_closed_hears_of_it_before_virtual_time_goes_on(selector):
    def receive(sock):
        try:
            yield Recv(sock, 10)
        except OSError:
            return (yield Now())

    def main():
        left, right = socket.socketpair()
        with right:
            task = yield Spawn(receive(left))
            yield Sleep(1)
            os.close(left.detach())
            closed = yield Now()
            yield Sleep(30)
            return (yield Wait(task)) - closed

    assert minios.run(main(), clock=VirtualClock(), selector=selector) == 0
