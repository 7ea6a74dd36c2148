"""The loop's selector: the standard interface, on the poller that tasks use as well."""

import asyncio
import os
import select
import selectors
import socket

import pytest

from minios.aio import EventLoop
from minios.kernel.descriptor import READ, WRITE
from syscalls import ReadWait

from .worlds import awaiting, settle


@pytest.fixture
def selector(loop):
    return loop._selector


def test_what_is_registered_is_found_by_object_and_by_number(selector, pair):
    left, right = pair
    key = selector.register(left, READ, "data")
    assert key == (left, left.fileno(), READ, "data")
    assert selector.get_key(left) is key is selector.get_key(left.fileno())
    assert selector.get_map()[left] is key and left.fileno() in list(selector.get_map())
    assert selector.get_map().get(right) is None and selector.get_map().get(right, 1) == 1
    assert selector.modify(left, READ | WRITE, "other").data == "other"
    assert selector.unregister(left).data == "other"
    with pytest.raises(KeyError):
        selector.get_key(left)
    with pytest.raises(KeyError):
        selector.unregister(left)


def test_it_refuses_what_the_standard_ones_refuse(selector, pair):
    standard = selectors.DefaultSelector()
    left, _ = pair
    for each in (selector, standard):
        each.register(left, READ)
    wrong = [lambda s: s.register(left, READ), lambda s: s.register(left, 0),
             lambda s: s.register(-1, READ),
             lambda s: s.register("x", READ), lambda s: s.unregister(10**6),
             lambda s: s.modify(10**6, READ), lambda s: s.get_key(10**6),
             lambda s: s.register(10**6, READ)]
    for call in wrong:
        errors = []
        for each in (selector, standard):
            with pytest.raises(Exception) as caught:
                call(each)
            errors.append(caught.type)
        assert errors[0] is errors[1]
    selector.unregister(left)
    standard.close()


def test_select_tells_what_is_ready(selector, pair):
    left, right = pair
    key = selector.register(left, READ | WRITE, "data")
    assert selector.select(0) == [(key, WRITE)]
    right.send(b".")
    assert selector.select(None) == [(key, READ | WRITE)]
    selector.unregister(left)
    assert selector.select(0) == [] == selector.select(-1)


def test_a_closed_object_can_be_unregistered(selector):
    left, right = socket.socketpair()
    selector.register(left, READ)
    left.close()
    assert selector.unregister(left).fileobj is left
    right.close()


def test_a_reader_hears_in_every_round_in_which_there_is_something_to_read(loop, pair):
    left, right = pair
    rounds = []

    def ready():
        rounds.append(1)
        if len(rounds) == 3:
            left.recv(10)
            loop.call_later(0.001, loop.stop)

    loop.add_reader(left, ready)
    right.send(b".")
    loop.run_forever()
    assert len(rounds) == 3 and loop.remove_reader(left)


def test_reader_and_writer_of_one_descriptor_are_kept_apart(loop, pair):
    left, right = pair
    log = []
    loop.add_writer(left, lambda: (log.append("writer"), loop.remove_writer(left)))
    loop.add_reader(left, lambda: (log.append("reader"), loop.remove_reader(left), loop.stop()))
    loop.call_later(0.001, right.send, b".")
    loop.run_forever()
    assert log == ["writer", "reader"]
    assert not loop.remove_reader(left) and not loop.remove_writer(left)


def test_a_number_that_is_used_again_does_not_reach_the_old_reader(loop):
    async def main():
        for _ in range(10):
            left, right = socket.socketpair()
            loop.add_reader(left, log.append, "reader")
            loop.remove_reader(left)
            number = left.fileno()
            left.close()
            again, other = socket.socketpair()
            try:
                if again.fileno() != number:
                    continue
                other.send(b".")

                def waits(sock):
                    yield ReadWait(sock)

                await loop.kernel.spawn(waits(again))
            finally:
                for sock in (right, again, other):
                    sock.close()

    log = []
    loop.run_until_complete(main())
    assert log == []


def test_a_descriptor_that_is_closed_under_the_loop_s_reader_bothers_nobody(loop, pair):
    """Of select, poll and epoll, two fail on it; the others are served all the same."""
    left, right = pair

    async def main():
        reader, writer = os.pipe()
        loop.add_reader(reader, print)
        os.close(reader)
        right.send(b"data")
        assert await loop.sock_recv(left, 10) == b"data"
        loop.remove_reader(reader)
        os.close(writer)

    left.setblocking(False)
    loop.run_until_complete(main())


@pytest.mark.parametrize("kind", ["SelectSelector", "PollSelector", "EpollSelector"])
def test_a_closed_descriptor_bothers_nobody_on_any_selector(native, kind, pair):
    if not hasattr(selectors, kind):
        pytest.skip("not on this system")
    loop = EventLoop(getattr(selectors, kind)(), native_tasks=native)
    left, right = pair
    left.setblocking(False)

    def closed_behind_his_back():
        reader, writer = os.pipe()
        task = loop.kernel.spawn(waits(reader))
        yield from settle(3)
        os.close(reader)
        with pytest.raises(OSError):
            yield from task
        os.close(writer)

    def waits(reader):
        yield ReadWait(reader)

    async def main():
        await loop.kernel.spawn(closed_behind_his_back())
        right.send(b"data")
        assert await loop.sock_recv(left, 10) == b"data"

    loop.run_until_complete(main())
    loop.close()


def test_a_regular_file_is_refused_to_the_loop_and_given_to_a_task(loop, tmp_path):
    """epoll(7) refuses it with EPERM; for a task it is ready at once, as select(2) has it."""
    if not hasattr(select, "epoll"):
        pytest.skip("epoll alone refuses it")
    with open(tmp_path / "file", "w+b") as file:
        def waits():
            yield ReadWait(file)
            return "ready"

        with pytest.raises(PermissionError):
            loop.add_reader(file, print)
        result = loop.run_until_complete(awaiting(loop.kernel, waits()))
        assert result == "ready"
        # And nothing of it is left that would bother later rounds.
        loop.run_until_complete(asyncio.sleep(0))


def test_more_descriptors_than_are_looked_at_in_one_go_are_served(loop):
    pairs = [socket.socketpair() for _ in range(200)]
    heard = []

    def reads(number, sock):
        yield ReadWait(sock)
        heard.append(number)

    async def main():
        for number, (left, _) in enumerate(pairs):
            if number % 2:
                loop.kernel.spawn(reads(number, left))
            else:
                loop.add_reader(left, lambda n=number, s=left: (heard.append(n),
                                                                loop.remove_reader(s)))
        await asyncio.sleep(0)
        for _, right in pairs:
            right.send(b".")
        while len(heard) < 200:
            await asyncio.sleep(0)

    loop.run_until_complete(main())
    for sock in [sock for each in pairs for sock in each]:
        sock.close()
    assert sorted(heard) == list(range(200))
