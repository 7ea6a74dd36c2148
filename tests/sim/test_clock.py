"""The virtual clock: time jumps to the next timer when nothing is ready."""

import math
import socket
import threading

import pytest

import minios
from minios.sim import VirtualClock
from syscalls import Now, Park, Recv, Sleep, SleepUntil, Spawn, Wait


def test_time_stands_still_while_anything_runs():
    def main():
        for _ in range(1000):
            yield
        return (yield Now())

    assert minios.run(main(), clock=VirtualClock(start=5)) == 5.0


def test_time_jumps_from_timer_to_timer_and_stays_with_the_kernel():
    seen = []

    def sleeper(seconds):
        yield Sleep(seconds)
        seen.append((yield Now()))

    def main():
        for seconds in (30, 10, 20.5):
            yield Spawn(sleeper(seconds))
        yield SleepUntil(1000)

    clock = VirtualClock()
    minios.run(main(), clock=clock)
    assert seen == [10, 20.5, 30] and clock.now() == 1000


def test_descriptors_that_are_ready_come_before_a_jump(pair):
    order = []

    def reader():
        while True:
            order.append(((yield Recv(pair[0], 10)), (yield Now())))

    def main():
        yield Spawn(reader(), daemon=True)
        yield
        pair[1].send(b"x")
        yield Sleep(100)
        order.append("slept")

    minios.run(main(), clock=VirtualClock())
    assert order == [(b"x", 0.0), "slept"]


def test_a_wait_for_a_real_client_is_real():
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)

    def client():
        with socket.create_connection(listener.getsockname()) as sock:
            sock.sendall(b"hello")

    def main():
        from syscalls import Accept

        thread = threading.Thread(target=client)
        thread.start()
        connection, _ = yield Accept(listener)
        data = yield Recv(connection, 10)
        connection.close()
        thread.join()
        return data, (yield Now())

    assert minios.run(main(), clock=VirtualClock()) == (b"hello", 0.0)
    listener.close()


def test_time_can_be_advanced_by_hand():
    clock = VirtualClock()

    def main():
        task = yield Spawn(sleeper())
        yield
        clock.advance(10)
        for _ in range(200):        # timers are looked at once in so many turns
            yield
        assert task.done()
        for wrong in (-1, math.inf, math.nan):
            with pytest.raises(ValueError, match="finite number"):
                clock.advance(wrong)

    def sleeper():
        yield Sleep(10)

    minios.run(main(), clock=clock)


def test_the_smallest_and_the_largest_times_work(run):
    def main():
        for seconds in (5e-324, 1e-9, 1e15, 1e300, 10**30, True):
            yield Sleep(seconds)

    run(main())


def test_the_order_of_wakeups_is_that_of_their_times_however_small_the_difference(run):
    order = []

    def sleeper(name, seconds):
        yield Sleep(seconds)
        order.append(name)

    def main():
        tasks = []
        for name, seconds in (("b", 0.1 + 0.2), ("a", 0.3), ("c", 0.30000000000000010)):
            tasks.append((yield Spawn(sleeper(name, seconds))))
        for task in tasks:
            yield Wait(task)

    run(main())
    assert order == ["a", "b", "c"]


def test_a_task_that_parks_for_ever_beside_a_daemon_that_ticks_lets_virtual_time_run(run):
    ticks = []

    def daemon():
        while len(ticks) < 100:
            yield Sleep(3600)
            ticks.append((yield Now()))
        minios.current_kernel().parking.wake("done", 1, True)

    def main():
        yield Spawn(daemon(), daemon=True)
        yield Park("done")

    run(main())
    assert ticks[-1] == 360_000
