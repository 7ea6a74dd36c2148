"""Promise 4: a descriptor has one waiter a direction, and never wakes a stranger."""

import errno
import os
import random
import selectors
import socket
import subprocess
import sys
import tempfile

import pytest

import minios
from minios.sim import VirtualClock
from syscalls import (
    Accept,
    Close,
    Kill,
    ReadWait,
    Recv,
    Send,
    SendAll,
    Sleep,
    Spawn,
    Wait,
    WriteWait,
)
from tests.invariants import check_invariants


def registered():
    return {descriptor.fd for descriptor in minios.current_kernel().poller.descriptors()}


def outcome(call):
    """A task that returns what a call gives or raises."""
    try:
        return (yield call)
    except OSError as error:
        return error


def test_a_second_reader_gets_resource_busy_and_the_first_keeps_its_place(run, pair):
    def main():
        first = yield Spawn(outcome(Recv(pair[0], 10)), name="first")
        yield
        with pytest.raises(minios.ResourceBusyError, match=r"read by task 2 \(first\)"):
            yield Recv(pair[0], 10)
        with pytest.raises(minios.ResourceBusyError):
            yield ReadWait(pair[0].fileno())
        pair[1].send(b"data")
        return (yield Wait(first))

    assert run(main()) == b"data"


def test_one_task_may_read_a_descriptor_while_another_writes_it(run, pair):
    def main():
        while True:
            try:
                pair[0].send(b"x" * 65536, socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
        writer = yield Spawn(outcome(Send(pair[0], b"y")))
        reader = yield Spawn(outcome(Recv(pair[0], 10)))
        yield
        with pytest.raises(minios.ResourceBusyError, match="written by task 2"):
            yield WriteWait(pair[0])
        pair[1].send(b"data")
        assert (yield Wait(reader)) == b"data"
        pair[1].setblocking(False)
        while not writer.done():
            yield Recv(pair[1], 1 << 20)
        return (yield Wait(writer))

    assert run(main()) == 1


def test_a_registration_outlives_the_wait_and_goes_when_nobody_comes_back(run, pair):
    def main():
        pair[1].send(b"one")
        assert (yield Recv(pair[0], 10)) == b"one"
        assert registered() == {pair[0].fileno()}       # kept for the next message
        pair[1].send(b"two")
        yield Sleep(0.1)
        yield Sleep(0.1)
        assert registered() == set()                    # became ready, and nobody waited

    run(main())


def test_a_plain_number_is_registered_only_while_somebody_waits(run, pair):
    def main():
        pair[1].send(b"one")
        yield ReadWait(pair[0].fileno())
        assert registered() == set()

    run(main())


@pytest.mark.parametrize("form", [lambda sock: sock, lambda sock: sock.fileno()])
def test_a_waiter_wakes_with_ebadf_when_its_descriptor_is_closed_by_close(run, pair, form):
    def main():
        task = yield Spawn(outcome(ReadWait(form(pair[0]))))
        yield
        yield Close(pair[0])
        error = yield Wait(task)
        assert isinstance(error, OSError) and error.errno == 9
        assert registered() == set()

    run(main())


@pytest.mark.parametrize("form", [lambda sock: sock, lambda sock: sock.fileno()])
def test_a_waiter_wakes_with_ebadf_when_its_descriptor_is_closed_behind_the_kernel(pair, form):
    def main():
        task = yield Spawn(outcome(ReadWait(form(pair[0]))))
        yield
        pair[0].close()
        error = yield Wait(task)
        assert error.errno == 9

    minios.run(main())


def test_a_reused_number_never_wakes_a_stranger(run):
    def main():
        for _ in range(100):
            old, old_peer = socket.socketpair()
            waiter = yield Spawn(outcome(ReadWait(old)))
            yield
            number = old.fileno()
            old.close()
            new, new_peer = socket.socketpair()
            assert new.fileno() == number
            newcomer = yield Spawn(outcome(Recv(new, 100)))
            yield
            new_peer.send(b"for the newcomer")
            assert (yield Wait(waiter)).errno == 9
            assert (yield Wait(newcomer)) == b"for the newcomer"
            for sock in (old_peer, new, new_peer):
                sock.close()

    run(main())


def test_a_kept_registration_of_a_closed_socket_does_not_deafen_its_successor(run):
    def main():
        for _ in range(100):
            old, old_peer = socket.socketpair()
            old_peer.send(b"x")
            yield Recv(old, 10)
            number = old.fileno()
            old.close()
            old_peer.close()
            new, new_peer = socket.socketpair()
            assert new.fileno() == number
            task = yield Spawn(outcome(Recv(new, 100)))
            yield
            new_peer.send(b"heard")
            assert (yield Wait(task)) == b"heard"
            new.close()
            new_peer.close()

    run(main())


def test_a_waiter_by_number_is_not_woken_by_the_number_s_next_owner(run):
    def main():
        old, old_peer = socket.socketpair()
        number = old.fileno()
        waiter = yield Spawn(outcome(ReadWait(number)))
        yield
        old.close()
        new, new_peer = socket.socketpair()
        assert new.fileno() == number
        newcomer = yield Spawn(outcome(Recv(new, 100)))
        yield
        assert (yield Wait(waiter)).errno == 9
        new_peer.send(b"mine")
        assert (yield Wait(newcomer)) == b"mine"
        for sock in (old_peer, new, new_peer):
            sock.close()

    run(main())


@pytest.mark.parametrize("call", [ReadWait, lambda sock: Recv(sock, 100)])
def test_a_duplicate_of_a_closed_socket_neither_wakes_its_number_s_next_owner_nor_spins(call):
    rounds = []

    class Rounds(minios.Hooks):
        def idle_started(self, seconds):
            rounds.append(seconds)

    def main():
        old, old_peer = socket.socketpair()
        ghost = old.dup()       # keeps the old file open, and in epoll, under the old number
        waiter = yield Spawn(outcome(call(old)))
        yield Sleep(0)
        number = old.fileno()
        old.close()
        new, new_peer = socket.socketpair()
        assert new.fileno() == number
        newcomer = yield Spawn(outcome(call(new)))
        yield Sleep(0)
        assert (yield Wait(waiter)).errno == 9
        old_peer.send(b"for nobody")
        yield Sleep(0.05)
        assert not newcomer.done()
        new_peer.send(b"for the newcomer")
        assert (yield Wait(newcomer)) in (None, b"for the newcomer")
        for sock in (ghost, old_peer, new, new_peer):
            sock.close()

    kernel = minios.Kernel()
    kernel.attach(Rounds())
    kernel.run(main())
    assert len(rounds) < 20


def test_a_ghost_whose_number_nobody_took_does_not_spin(pair):
    rounds = []

    class Rounds(minios.Hooks):
        def idle_started(self, seconds):
            rounds.append(seconds)

    def main():
        ghost = pair[0].dup()
        pair[1].send(b"one")
        yield Recv(pair[0], 10)
        pair[0].close()             # registered still, for the next message
        pair[1].send(b"for the duplicate")
        yield Sleep(0.05)
        assert ghost.recv(100) == b"for the duplicate"
        ghost.close()

    kernel = minios.Kernel()
    kernel.attach(Rounds())
    kernel.run(main())
    assert len(rounds) < 20


def test_a_socket_and_its_number_are_one_descriptor(run, pair):
    def main():
        reader = yield Spawn(outcome(ReadWait(pair[0].fileno())))
        yield
        assert (yield WriteWait(pair[0])) is None
        pair[1].send(b"x")
        assert (yield Wait(reader)) is None

    run(main())


def test_a_regular_file_is_always_ready(run):
    def main():
        with tempfile.TemporaryFile() as file:
            yield ReadWait(file)
            yield WriteWait(file.fileno())
            assert registered() == set()

    run(main())


def test_a_pipe_is_waited_for_through_a_file_object(run):
    read_end, write_end = os.pipe()

    def main():
        with open(read_end, "rb", buffering=0) as reader, open(write_end, "wb", 0) as writer:
            task = yield Spawn(outcome(ReadWait(reader)))
            yield
            writer.write(b"x")
            assert (yield Wait(task)) is None

    run(main())


def test_the_end_of_a_stream_is_empty_bytes_and_a_reset_is_an_error(run, pair):
    def main():
        pair[1].close()
        assert (yield Recv(pair[0], 10)) == b""
        with pytest.raises(BrokenPipeError):
            yield Send(pair[0], b"x")

    run(main())


@pytest.mark.parametrize("blocking", [True, False, "timeout"])
def test_no_call_blocks_the_kernel_whatever_the_socket_s_own_mode(run, pair, blocking):
    sock = pair[0]
    sock.setblocking(bool(blocking))
    if blocking == "timeout":
        sock.settimeout(30)
    big = b"x" * 5_000_000

    def main():
        sender = yield Spawn(outcome(SendAll(sock, big)))
        yield
        assert not sender.done()
        received = 0
        while received < len(big):
            received += len((yield Recv(pair[1], 65536)))
        yield Wait(sender)

    run(main())


@pytest.mark.parametrize(
    "make", [selectors.SelectSelector, selectors.PollSelector, selectors.DefaultSelector]
)
def test_any_selector_of_the_standard_interface_serves(pair, make):
    def main():
        task = yield Spawn(outcome(Recv(pair[0], 10)))
        yield
        pair[1].send(b"data")
        assert (yield Wait(task)) == b"data"
        task = yield Spawn(outcome(Recv(pair[0], 10)))
        yield
        pair[0].close()
        assert (yield Wait(task)).errno == 9

    with make() as selector:
        minios.run(main(), selector=selector)
        assert not selector.get_map()


def test_selectors2_is_imported_without_leaving_a_trace_in_collections():
    import collections

    def main():
        yield Sleep(0)

    minios.run(main())
    assert "selectors2" in sys.modules
    assert not hasattr(collections, "Mapping")


def test_a_storm_of_closes_and_kills_leaves_the_table_consistent():
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    dice = random.Random(seed)

    def main():
        kernel = minios.current_kernel()
        alive, tasks = [], []
        for _ in range(3000):
            action = dice.randrange(6)
            if action == 0 or not alive:
                alive.append(socket.socketpair())
            elif action == 1:
                tasks.append((yield Spawn(quiet(dice.choice(alive)[0]))))
            elif action == 2:
                for sock in alive.pop(dice.randrange(len(alive))):
                    sock.close()
            elif action == 3:
                poke(dice.choice(alive)[1])
            elif action == 4 and tasks:
                yield Kill(tasks.pop(dice.randrange(len(tasks))), dice.choice((9, 15)))
            else:
                yield Close(dice.choice(alive)[0])
            yield Sleep(0)
            kernel.poller._sweep()
            yield Sleep(0)
            check_invariants(kernel)
        for both in alive:
            for sock in both:
                yield Close(sock)
        yield Sleep(0)
        assert kernel.poller.descriptors() == []

    def poke(sock):
        try:
            sock.send(b"x", socket.MSG_DONTWAIT)
        except (BrokenPipeError, BlockingIOError):
            pass

    def quiet(sock):
        try:
            while (yield Recv(sock, 10)):
                pass
        except (OSError, minios.ResourceBusyError):
            pass

    # Batches of one, so that no ready task is out of sight in the middle of a batch.
    minios.run(main(), clock=VirtualClock(), order=lambda batch: (batch[:1], batch[1:]))


def test_tasks_that_are_always_ready_starve_neither_descriptors_nor_timers(pair):
    served = []

    def yielder():
        while len(served) < 2:
            yield

    def reader():
        served.append((yield Recv(pair[0], 10)))

    def sleeper():
        yield Sleep(0.001)
        served.append("slept")
        pair[1].send(b"read")

    kernel = minios.Kernel()
    for routine in (yielder(), reader(), sleeper()):
        kernel.spawn(routine)
    kernel.run()
    assert served == ["slept", b"read"]


def test_calls_from_threads_that_never_cease_starve_neither_descriptors_nor_timers(pair):
    served = []

    def again(kernel):
        if len(served) < 2:
            kernel.call_from_thread(again, kernel)

    def reader():
        served.append((yield Recv(pair[0], 10)))

    def sleeper():
        yield Sleep(0.001)
        served.append("slept")
        pair[1].send(b"read")

    kernel = minios.Kernel()
    kernel.call_from_thread(again, kernel)
    kernel.spawn(reader())
    kernel.spawn(sleeper())
    kernel.run()
    assert served == ["slept", b"read"]


def test_accept_serves_connections_that_were_already_waiting(run):
    listener = socket.create_server(("127.0.0.1", 0), backlog=50)
    clients = [socket.create_connection(listener.getsockname()) for _ in range(20)]

    def main():
        accepted = []
        for _ in clients:
            connection, address = yield Accept(listener)
            assert not connection.getblocking()
            accepted.append(address)
            connection.close()
        return accepted

    assert sorted(run(main())) == sorted(client.getsockname() for client in clients)
    for client in clients:
        client.close()
    listener.close()


@pytest.mark.parametrize("close", ["call", "function", "method", "number"])
def test_a_descriptor_closed_while_waited_for_wakes_its_waiter_within_a_round(close):
    """A thousand of a thousand times, and never a stranger who is given the number."""
    from syscalls.sockets import close as close_now

    def waiter(sock):
        yield Recv(sock, 10)

    def stranger(sock):
        return (yield Recv(sock, 10))

    def main():
        kernel = minios.current_kernel()
        rounds = count_rounds(kernel)
        for _ in range(1000):
            left, right = socket.socketpair()
            task = yield Spawn(waiter(left))
            yield Sleep(0)
            fd, before = left.fileno(), rounds[0]
            if close == "call":
                yield Close(left)
            elif close == "function":
                close_now(left)
            elif close == "method":
                left.close()
            else:
                os.close(left.detach())
            with pytest.raises(OSError) as caught:
                yield Wait(task)
            assert caught.value.errno == errno.EBADF
            assert rounds[0] - before <= 1
            other, peer = socket.socketpair()
            assert fd in (other.fileno(), peer.fileno())
            task = yield Spawn(stranger(other))
            yield Sleep(0)
            right.close()
            yield Sleep(0)
            assert not task.done()
            peer.send(b"x")
            assert (yield Wait(task)) == b"x"
            other.close()
            peer.close()

    minios.run(main())


def count_rounds(kernel):
    """A list whose only item is how often the kernel has polled."""
    rounds, poll = [0], kernel.poller.poll

    def counted(seconds):
        rounds[0] += 1
        return poll(seconds)

    kernel.poller.poll = counted
    return rounds


def test_of_many_descriptors_those_closed_behind_the_kernels_back_are_all_found():
    def waiter(sock):
        try:
            yield Recv(sock, 10)
        except OSError as error:
            found.append(error.errno)

    found = []

    def main():
        pairs = [socket.socketpair() for _ in range(300)]
        for left, _ in pairs:
            yield Spawn(waiter(left))
        yield Sleep(0)
        for left, _ in pairs[::2]:
            left.close()
        while len(found) < 150:
            yield Sleep(0.001)
        for _, right in pairs:
            right.close()

    minios.run(main())
    assert set(found) == {errno.EBADF}


def test_a_number_closed_under_a_socket_that_is_waited_for_is_found_out():
    def main():
        left, right = socket.socketpair()
        task = yield Spawn(outcome(Recv(left, 10)))
        yield Sleep(0)
        os.close(left.fileno())
        error = yield Wait(task)
        left.detach()
        right.close()
        return error.errno

    assert minios.run(main()) == errno.EBADF


@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&- 2>&-"])
def test_the_kernels_own_descriptors_do_not_take_the_place_of_the_standard_ones(closed, tmp_path):
    program = """
import os, sys
import minios

def main():
    numbers = [fd for fd in range(3) if os.path.exists(f"/proc/self/fd/{fd}")]
    names = [os.readlink(f"/proc/self/fd/{fd}") for fd in numbers]
    open(sys.argv[1], "w").write(" ".join(names))
    yield

minios.run(main())
"""
    out = tmp_path / "out"
    subprocess.run(
        ["sh", "-c", f'"$0" -c "$1" "$2" {closed}', sys.executable, program, out], timeout=60
    )
    assert out.exists() and "eventpoll" not in out.read_text()


def test_a_number_closed_under_a_waited_for_socket_and_used_again_disturbs_no_stranger():
    def main():
        left, right = socket.socketpair()
        task = yield Spawn(outcome(Recv(left, 10)))
        yield Sleep(0)
        fd = left.fileno()
        os.close(fd)
        other, peer = socket.socketpair()
        assert fd in (other.fileno(), peer.fileno())
        peer.send(b"x"), other.send(b"x")
        assert (yield Recv(other, 10)) == (yield Recv(peer, 10)) == b"x"
        error = yield Wait(task)
        left.detach()
        for sock in (right, other, peer):
            sock.close()
        return error.errno

    assert minios.run(main()) == errno.EBADF


def test_a_socket_that_is_ready_while_its_task_is_busy_stays_registered_for_a_round(pair):
    """Under load a task that has answered is about to come back: epoll need not be told."""
    def main():
        kernel = minios.current_kernel()
        kernel.hurry()              # a poll after every batch
        selector, changes = kernel.poller._selector, []
        for name in ("register", "modify", "unregister"):
            setattr(selector, name, recorded(getattr(selector, name), changes))
        pair[1].send(b"a")
        assert (yield Recv(pair[0], 1)) == b"a"
        assert len(changes) == 1
        for _ in range(3):
            pair[1].send(b"b")
            yield                   # it is reported, and nobody waits
            assert (yield Recv(pair[0], 1)) == b"b"
        assert len(changes) == 1
        pair[1].send(b"c")
        for _ in range(4):
            yield                   # nobody comes back for it
        assert pair[0].fileno() not in registered() and len(changes) == 2
        assert (yield Recv(pair[0], 1)) == b"c"

    def recorded(function, changes):
        def call(*arguments):
            changes.append(arguments)
            return function(*arguments)
        return call

    minios.run(main())
