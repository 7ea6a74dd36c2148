"""Each call of the table: what it returns, and how it reads in ps."""

import math
import os
import socket

import pytest

import minios
import syscalls
from syscalls import (
    Accept,
    Close,
    Connect,
    GetParent,
    GetTask,
    GetTid,
    Kill,
    Nice,
    Now,
    Park,
    ReadWait,
    Recv,
    RecvFrom,
    RecvInto,
    Send,
    SendAll,
    SendTo,
    SetName,
    SigWait,
    Sleep,
    SleepUntil,
    Spawn,
    Tasks,
    Wait,
    WaitAny,
    Wake,
    WriteWait,
)


def returning(value):
    yield
    return value


def test_a_call_reads_in_ps_as_it_was_written(pair):
    left = pair[0]
    fd = left.fileno()
    expected = {
        Sleep(0.5): "Sleep(0.5)",
        SleepUntil(12): "SleepUntil(12)",
        Now(): "Now()",
        GetTid(): "GetTid()",
        Wait(7): "Wait(task 7)",
        WaitAny([1, 2]): "WaitAny(task 1, task 2)",
        Kill(7): "Kill(task 7, SIGTERM)",
        Kill(7, 9): "Kill(task 7, SIGKILL)",
        Kill(7, 0): "Kill(task 7, 0)",
        Recv(left, 1024): f"Recv(fd {fd}, 1024)",
        RecvInto(left, bytearray(8)): f"RecvInto(fd {fd}, 8)",
        RecvFrom(left, 10): f"RecvFrom(fd {fd}, 10)",
        Send(left, b"hello"): f"Send(fd {fd}, b'hello')",
        SendAll(left, b"x" * 20): f"SendAll(fd {fd}, b'{'x' * 16}'+4)",
        SendTo(left, b"x", ("::1", 1)): f"SendTo(fd {fd}, b'x', ('::1', 1))",
        Accept(left): f"Accept(fd {fd})",
        Connect(left, ("::1", 1)): f"Connect(fd {fd}, ('::1', 1))",
        Close(left): f"Close(fd {fd})",
        ReadWait(5): "ReadWait(fd 5)",
        WriteWait(left): f"WriteWait(fd {fd})",
        Park("door"): "Park('door')",
        Wake("door", 3): "Wake('door', 3, True)",
        SigWait([15, 2]): "SigWait(SIGINT, SIGTERM)",
        Nice(3): "Nice(3)",
        SetName("x"): "SetName('x')",
        Spawn(returning(1)): "Spawn(returning)",
        Tasks(): "Tasks()",
    }
    for call, text in expected.items():
        assert repr(call) == text
    left.close()
    assert repr(ReadWait(left)) == "ReadWait(fd closed)"


def test_every_call_of_the_contract_is_importable_and_documented():
    for name in syscalls.__all__:
        call = getattr(syscalls, name)
        assert issubclass(call, syscalls.SystemCall) and len(call.__doc__) > 20, name
        assert call.__slots__ is not None


def test_a_task_learns_its_own_id_object_and_parent(run):
    def child():
        task = yield GetTask()
        assert task.tid == (yield GetTid()) == 2
        return (yield GetParent())

    def main():
        assert (yield GetParent()) == 0
        return (yield Wait((yield Spawn(child()))))

    assert run(main()) == 1


def test_the_parent_of_an_orphan_has_no_task_any_more(run):
    def child():
        yield Sleep(2)
        task = yield GetTask()
        assert task.parent is None
        return (yield GetParent())

    def parent():
        return (yield Spawn(child()))
        yield

    def main():
        child_task = yield Wait((yield Spawn(parent())))
        return (yield Wait(child_task))

    assert run(main()) == 2


def test_a_task_s_name_is_its_routine_s_unless_it_is_given_or_set(run):
    def main():
        assert (yield Spawn(returning(1))).name == "returning"
        assert (yield Spawn(returning(1), name="given")).name == "given"
        yield SetName("set")
        return minios.current_task().name

    assert run(main()) == "set"


def test_wait_returns_at_once_for_a_task_that_has_ended(run):
    def main():
        task = yield Spawn(returning(5))
        yield Sleep(1)
        assert (yield Wait(task)) == 5
        return (yield Wait(task))

    assert run(main()) == 5


def test_wait_any_returns_the_first_to_end_and_forgets_the_others(run):
    def sleeper(seconds):
        yield Sleep(seconds)
        return seconds

    def main():
        tasks = []
        for seconds in (3, 1, 2):
            tasks.append((yield Spawn(sleeper(seconds))))
        first = yield WaitAny(tasks)
        assert first.result() == 1
        assert (yield WaitAny([tasks[0].tid, tasks[1]])) is first
        assert (yield Now()) == 1
        yield Sleep(5)

    run(main())


def test_park_returns_what_wake_hands_over_first_come_first_served(run):
    got = []

    def parker(n):
        got.append((n, (yield Park("door"))))

    def main():
        for n in range(4):
            yield Spawn(parker(n))
        yield
        assert (yield Wake("other door")) == 0
        assert (yield Wake("door", n=2, value="a")) == 2
        assert (yield Wake("door", n=0)) == 0
        assert (yield Wake("door", n=None, value="b")) == 2
        yield

    run(main())
    assert got == [(0, "a"), (1, "a"), (2, "b"), (3, "b")]


def test_sleep_for_ever_ends_only_by_a_kill(run):
    def forever():
        yield Sleep(math.inf)

    def main():
        task = yield Spawn(forever())
        yield Sleep(10**9)
        assert task.state == "S"
        yield Kill(task)
        with pytest.raises(minios.TaskKilledError):
            yield Wait(task)

    run(main())


def test_data_crosses_tcp_by_connect_accept_send_and_recv(run):
    listener = socket.create_server(("127.0.0.1", 0))

    def server():
        connection, _ = yield Accept(listener)
        data = b""
        while chunk := (yield Recv(connection, 100)):
            data += chunk
        yield SendAll(connection, data.upper())
        yield Close(connection)

    def main():
        yield Spawn(server())
        sock = socket.socket()
        assert (yield Connect(sock, listener.getsockname())) is None
        assert (yield Send(sock, b"hello, ")) == 7
        yield SendAll(sock, memoryview(b"world"))
        sock.shutdown(socket.SHUT_WR)
        buffer = bytearray(100)
        count = yield RecvInto(sock, buffer)
        yield Close(sock)
        yield Close(sock)       # harmless
        return bytes(buffer[:count])

    assert run(main()) == b"HELLO, WORLD"
    listener.close()


def test_connecting_to_a_closed_port_is_refused_in_the_task(run):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()

    def main():
        with socket.socket() as sock:
            with pytest.raises(ConnectionRefusedError, match=str(address[1])):
                yield Connect(sock, address)

    run(main())


def test_datagrams_cross_udp_with_their_addresses(run):
    def main():
        with socket.socket(type=socket.SOCK_DGRAM) as one, socket.socket(
            type=socket.SOCK_DGRAM
        ) as two:
            one.bind(("127.0.0.1", 0))
            two.bind(("127.0.0.1", 0))
            assert (yield SendTo(one, b"hi", two.getsockname())) == 2
            return (yield RecvFrom(two, 100)) == (b"hi", one.getsockname())

    assert run(main())


def test_a_megabyte_crosses_a_small_buffer_whole_and_in_order(run, pair):
    payload = os.urandom(1_000_000)

    def sender():
        yield SendAll(pair[0], payload)
        pair[0].shutdown(socket.SHUT_WR)

    def main():
        yield Spawn(sender())
        received = b""
        while chunk := (yield Recv(pair[1], 65536)):
            received += chunk
        return received

    assert run(main()) == payload


def test_sending_nothing_is_done_at_once(run, pair):
    def main():
        yield SendAll(pair[0], b"")
        return "done"

    assert run(main()) == "done"


def test_every_call_is_a_chance_for_the_others_to_run(kernel):
    order = []

    def worker(name):
        for _ in range(2):
            order.append(name)
            yield GetTid()

    kernel.spawn(worker("a"))
    kernel.spawn(worker("b"))
    kernel.run()
    assert order == ["a", "b", "a", "b"]
