"""why: the wait chain to its end, and how the dead have died."""

import json
import re
import socket
import threading

import pytest

import minios
from minios.sim import VirtualClock
from syscalls import Await, Kill, Offload, Park, Recv, Sleep, Spawn, Wait, WriteWait

from ..elsewhere import elsewhere, hogged, three_locks
from ..programs_harness import run


def settle():
    return
    yield


def settled():
    return [settle() for _ in range(10)]


def why(*tids, background=(), status=0, **options):
    """The lines that why prints."""
    options.setdefault("kernel", minios.Kernel(clock=VirtualClock()))
    got, out, err = run("why", *tids, background=[*background, *settled()], **options)
    assert (got, err) == (status, "")
    return out.splitlines()


def sleeper(seconds=10):
    yield Sleep(seconds)


def waits(tid):
    yield Wait(tid)


def line_of(function, offset=1):
    return function.__code__.co_firstlineno + offset


# --- The living ---------------------------------------------------------------------------------


def test_the_chain_is_followed_to_its_timer():
    assert why("4", background=[sleeper(), waits(2), waits(3)]) == [
        "task 4 (waits) waits in Wait(task 3)",
        f"  at {__file__}:{line_of(waits)}: yield Wait(tid)",
        "  for task 3 (waits)",
        "task 3 (waits) waits in Wait(task 2)",
        f"  at {__file__}:{line_of(waits)}: yield Wait(tid)",
        "  for task 2 (sleeper)",
        "task 2 (sleeper) waits in Sleep(10), 10.0 s left",
        f"  at {__file__}:{line_of(sleeper)}: yield Sleep(seconds)",
    ]


def test_a_lock_is_named_with_its_owner_and_the_line_where_it_was_taken():
    lock = minios.Lock()

    def holder():
        with (yield from lock):
            yield Sleep(10)

    lines = why("3", background=[holder(), holder()])
    assert lines[0] == "task 3 (holder) waits in Park(<Lock held by task 2>)"
    assert lines[2] == (f"  held by task 2 (holder), taken at {__file__}:{line_of(holder)}: "
                        "with (yield from lock):")
    assert lines[3] == "task 2 (holder) waits in Sleep(10), 10.0 s left"


def test_a_circle_is_said_to_be_one():
    lines = why("3", background=three_locks()[0])
    assert lines[-1] == "  that closes a circle: 3 -> 4 -> 2 -> 3"
    assert len([line for line in lines if line.startswith("task")]) == 3


def test_a_channel_without_owner_tells_how_many_are_parked_there():
    def parks():
        yield Park("a channel")

    assert why("2", background=[parks()])[-1] == (
        "  until somebody wakes 'a channel': it alone is parked there")
    assert why("2", background=[parks(), parks()])[-1] == (
        "  until somebody wakes 'a channel': 2 tasks are parked there")


def test_a_descriptor_is_named_with_its_peer():
    listener = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(listener.getsockname())
    server, _ = listener.accept()
    ends = [f"127.0.0.1:{sock.getsockname()[1]}" for sock in (server, client)]

    def reader():
        yield Recv(server, 10)

    with listener, client, server:
        lines = why("2", background=[reader()], kernel=minios.Kernel())
        number = server.fileno()
    assert lines[0] == f"task 2 (reader) waits in Recv(fd {number}, 10)"
    assert lines[-1] == (f"  until fd {number} can be read: IPv4 TCP {ends[0]}->{ends[1]} "
                         "(ESTABLISHED)")


def test_a_descriptor_that_is_full_is_to_be_written(pair):
    pair[0].setblocking(False)
    with pytest.raises(BlockingIOError):
        while True:
            pair[0].send(b"x" * 65536)

    def writer():
        yield WriteWait(pair[0])

    lines = why("2", background=[writer()], kernel=minios.Kernel())
    assert lines[-1].startswith(f"  until fd {pair[0].fileno()} can be written: unix")


def test_a_time_limit_shows_how_much_is_left():
    def limited():
        with minios.timeout(5):
            yield Park("x")

    assert why("2", background=[limited()])[0] == "task 2 (limited) waits in Park('x'), 5.0 s left"


def test_a_thread_works_for_who_offloads():
    over = threading.Event()

    def offloads():
        yield Offload(over.wait)

    def release():
        for _ in range(30):
            yield
        over.set()

    lines = why("2", background=[offloads(), release()], kernel=minios.Kernel())
    assert lines[-1] == "  a thread works for it"


def test_what_an_asyncio_task_awaits_is_followed():
    async def waits_in_asyncio():
        import asyncio
        await asyncio.get_running_loop().create_future()

    def main():
        yield Await(waits_in_asyncio())

    lines = why("2", background=[main()], kernel=minios.Kernel())
    assert any(line.startswith("  for task") for line in lines)
    assert lines[-1] == "  what it awaits belongs to asyncio, and to no task"


def test_one_that_runs_or_is_ready_or_is_stopped_is_said_to():
    def spins():
        while True:
            yield

    def stops():
        yield Kill(2, 19)

    assert why("1")[0] == "task 1 (why) runs at this moment"
    assert why("2", background=[spins()])[0] == "task 2 (spins) is ready to run"
    assert why("2", background=[sleeper(), stops()])[0].startswith("task 2 (sleeper) is stopped")


def test_a_chain_of_ten_thousand_is_followed():
    n = 10_000
    routines = [sleeper(), *(waits(2 + number) for number in range(n))]
    lines = why(str(n + 2), background=routines)
    assert len([line for line in lines if line.startswith("task ")]) == n + 1
    assert lines[-2] == "task 2 (sleeper) waits in Sleep(10), 10.0 s left"


def test_one_who_waits_for_many_names_the_first_of_them():
    def group():
        with minios.TaskGroup() as group:
            for _ in range(15):
                group.spawn(sleeper())
            yield from group.join()

    lines = why("2", background=[group()])
    assert len([line for line in lines if line.startswith("  held by task")]) == 10
    assert "  and 5 tasks more" in lines


# --- The dead -----------------------------------------------------------------------------------


def test_a_killed_task_tells_who_has_killed_it_and_from_where():
    def victim():
        yield Sleep(1000)

    def killer():
        task = yield Spawn(victim(), name="victim")
        yield Sleep(0)
        yield Kill(task)
        yield Sleep(1000)

    lines = why("13", background=[killer()])
    assert lines[0] == (f"task 13 (victim) was killed by task 2 at {__file__}:"
                        f"{line_of(killer, 3)}, with SIGTERM")
    assert lines[1] == f"  spawned at {__file__}:{line_of(killer)}"
    assert lines[2] == "  ended 0.0 s ago, where it was:"
    assert lines[3].startswith(f"    {__file__}:{line_of(victim)} in ")


def test_a_failed_task_tells_its_error_and_where_it_was_raised():
    def inner():
        raise ValueError("a wrong value")

    def fails():
        yield
        inner()

    lines = why("2", background=[fails()])
    assert lines[0] == "task 2 (fails) has failed: ValueError: a wrong value"
    assert f"{__file__}:{line_of(fails, 2)} in" in lines[-2]
    assert f"{__file__}:{line_of(inner)} in" in lines[-1]


def test_a_dead_task_that_somebody_has_waited_for_is_known_too():
    def fails():
        yield
        raise ValueError("heard")

    def hears():
        with pytest.raises(ValueError):
            yield Wait(2)

    lines = why("2", background=[fails(), hears()])
    assert lines[0] == "task 2 (fails) has failed: ValueError: heard"


def test_a_task_that_has_returned_tells_what():
    def returns():
        return "a result"
        yield

    assert why("2", background=[returns()]) == [
        "task 2 (returns) has ended, and returned 'a result'",
    ]


def test_a_task_of_which_nothing_is_known_is_one_line():
    assert run("why", "99") == (1, "", "why: 99: no such task\n")


# --- Forms --------------------------------------------------------------------------------------


def test_json_has_the_chain():
    text = "\n".join(why("--json", "3", background=[sleeper(), waits(2)]))
    (story,) = json.loads(text)
    assert story["tid"] == 3
    assert [(link["tid"], link["for"]) for link in story["chain"]] == [(3, [2]), (2, [])]


def test_a_task_of_another_thread_is_explained_even_while_it_holds_the_cpu():
    with elsewhere(sleeper(), waits(2)) as system:
        lines = run("why", "3", system=system)[1].splitlines()
    assert re.fullmatch(r"task 2 \(sleeper\) waits in Sleep\(10\), (10|9).\d s left", lines[-2])
    with hogged() as (system, hog):
        lines = run("why", "2", system=system)[1].splitlines()
    assert lines[0] == "task 2 (routine) runs at this moment"
