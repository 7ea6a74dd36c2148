"""Promise 5: when nothing can ever run again, the kernel says so and names everybody."""

import math
import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

import minios
from minios.kernel.deadlock import find_cycle, find_cycles, wait_edges
from minios.sim import VirtualClock
from syscalls import Park, ReadWait, SigWait, Sleep, Spawn, Wait


def test_a_cycle_of_waiting_tasks_is_named_with_file_and_line(kernel):
    def wait_for(tid):
        yield Wait(tid)

    for tid in (2, 3, 1):
        kernel.spawn(wait_for(tid), name=f"waits-for-{tid}")
    with pytest.raises(minios.DeadlockError) as caught:
        kernel.run()
    report = str(caught.value)
    assert caught.value.cycle == [1, 2, 3]
    assert "cycle: 1 -> 2 -> 3 -> 1" in report
    line = wait_for.__code__.co_firstlineno + 1
    for tid, target in ((1, 2), (2, 3), (3, 1)):
        assert (
            f"task {tid} (waits-for-{target}) waits in Wait(task {target}), "
            f"at {__file__}:{line}: yield Wait(tid)"
        ) in report


def test_a_wait_that_nobody_is_left_to_end_is_named_without_a_cycle(run):
    def main():
        yield Park("a channel")

    with pytest.raises(minios.DeadlockError) as caught:
        run(main())
    assert caught.value.cycle == []
    assert "task 1 (main) waits in Park('a channel')" in str(caught.value)


def test_the_owner_of_a_channel_is_followed(kernel):
    class Mutex:
        owner = None

        def __repr__(self):
            return "Mutex()"

    first, second = Mutex(), Mutex()

    def holder(own, wanted):
        own.owner = minios.current_task()
        yield
        yield Park(wanted)

    kernel.spawn(holder(first, second))
    kernel.spawn(holder(second, first))
    with pytest.raises(minios.DeadlockError) as caught:
        kernel.run()
    assert sorted(caught.value.cycle) == [1, 2]


def test_tasks_clean_up_before_the_deadlock_is_raised(run):
    log = []

    def main():
        try:
            yield Park("x")
        finally:
            log.append("cleaned up")

    with pytest.raises(minios.DeadlockError):
        run(main())
    assert log == ["cleaned up"]


def test_a_stopped_task_that_nobody_can_continue_is_a_deadlock(run):
    from syscalls import GetTid, Kill

    def main():
        yield Kill((yield GetTid()), 19)

    with pytest.raises(minios.DeadlockError, match=r"task 1 \(main\) is stopped"):
        run(main())


def test_sleeping_for_ever_on_a_virtual_clock_is_a_deadlock(run):
    def main():
        yield Sleep(math.inf)

    with pytest.raises(minios.DeadlockError, match=r"Sleep\(inf\)"):
        run(main())


def test_a_waited_descriptor_a_signal_a_timer_or_a_thread_is_no_deadlock(pair):
    def reader():
        yield ReadWait(pair[0])

    def main():
        task = yield Spawn(reader())
        yield Spawn(sleeper())
        yield Wait(task)

    def sleeper():
        yield Sleep(0.02)
        pair[1].send(b"x")

    minios.run(main())


def test_a_thread_that_was_announced_is_waited_for(run):
    def main():
        kernel = minios.current_kernel()
        kernel.hold()
        threading.Thread(target=answer, args=(kernel,)).start()
        return (yield Park("thread"))

    def answer(kernel):
        kernel.call_from_thread(deliver, kernel)

    def deliver(kernel):
        kernel.release()
        kernel.parking.wake("thread", 1, "answer")

    assert run(main()) == "answer"


def test_a_task_that_waits_for_a_signal_is_no_deadlock():
    import os
    import signal

    def main():
        kernel = minios.current_kernel()
        # Sent by the system while the kernel blocks with nothing else to wait for.
        timer = threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGUSR1))
        timer.start()
        del kernel
        return (yield SigWait(signal.SIGUSR1))

    assert minios.run(main()) == signal.SIGUSR1


def test_daemons_that_wait_are_no_deadlock(kernel):
    def daemon():
        yield Park("work")

    def main():
        yield Sleep(1)

    kernel.spawn(daemon(), daemon=True)
    kernel.spawn(main())
    kernel.run()


def test_a_deadlock_of_many_tasks_names_the_first_and_counts_the_rest(kernel):
    def stuck():
        yield Park("x")

    for _ in range(1000):
        kernel.spawn(stuck())
    with pytest.raises(minios.DeadlockError, match="and 950 tasks more"):
        kernel.run()


def test_a_chain_of_waiting_tasks_may_be_longer_than_the_recursion_limit(kernel):
    def link(previous):
        yield Wait(previous) if previous else Park("x")

    previous = None
    for _ in range(5000):
        previous = kernel.spawn(link(previous))
    with pytest.raises(minios.DeadlockError) as caught:
        kernel.run()
    assert caught.value.cycle == []


def test_a_cycle_can_be_found_while_others_still_run(run):
    def wait_for(tid):
        yield
        yield Wait(tid)

    def main():
        yield Spawn(wait_for(3))
        yield Spawn(wait_for(2))
        for _ in range(5):
            yield
        cycle = find_cycle(minios.current_kernel())
        assert sorted(task.tid for task in cycle) == [2, 3]

    run(main())


def test_a_server_that_waits_for_clients_is_no_deadlock():
    from syscalls import Accept

    listener = socket.create_server(("127.0.0.1", 0))

    def server():
        connection, _ = yield Accept(listener)
        connection.close()
        return "served"

    def main():
        task = yield Spawn(server())
        yield Sleep(0.01)
        client = socket.create_connection(listener.getsockname())
        result = yield Wait(task)
        client.close()
        return result

    assert minios.run(main()) == "served"
    listener.close()


def test_the_line_that_is_named_is_the_users_and_not_the_librarys(run):
    def taker(first, second):
        with (yield from first):
            yield Sleep(1)
            with (yield from second):
                pass

    def main():
        first, second = minios.Lock(), minios.Lock()
        yield from minios.gather(taker(first, second), taker(second, first))

    with pytest.raises(minios.DeadlockError) as caught:
        run(main())
    line = taker.__code__.co_firstlineno + 3
    assert str(caught.value).count(f"{__file__}:{line}: with (yield from second):") == 2
    assert "minios/lib" not in str(caught.value)


# --- The graph -------------------------------------------------------------------------------


class Node:
    """What is no task, and has a tid."""

    call = None

    def __init__(self, tid):
        self.tid = tid

    def __repr__(self):
        return f"Node({self.tid})"


def cycles_of(edges):
    """find_cycles on numbers: a dict of tid -> tids."""
    nodes = {tid: Node(tid) for tid in {*edges, *(each for all in edges.values() for each in all)}}
    graph = {nodes[tid]: [nodes[each] for each in targets] for tid, targets in edges.items()}
    return [[node.tid for node in cycle] for cycle in find_cycles(graph)]


@pytest.mark.parametrize(("edges", "cycles"), [
    ({}, []),
    ({1: [2], 2: [3]}, []),
    ({3: [1], 1: [2], 2: [3]}, [[1, 2, 3]]),
    ({1: [1]}, [[1]]),
    ({5: [1], 1: [2], 2: [1]}, [[1, 2]]),                       # one who waits behind it
    ({1: [2], 2: [1], 3: [4], 4: [3]}, [[1, 2], [3, 4]]),
    ({1: [2], 2: [1, 3], 3: [4]}, [[1, 2]]),                    # 2 waits for 3 too, which is free
    ({1: [2], 2: [1, 3], 3: [2]}, [[1, 2, 3]]),                 # two circles that share a task
    ({1: [2, 3], 2: [4], 3: [4], 4: [1]}, [[1, 2, 4, 3]]),      # 3 is off the shortest
])
def test_each_circle_is_found_once_in_the_order_of_waiting(edges, cycles):
    assert cycles_of(edges) == cycles


@given(st.dictionaries(st.integers(1, 12), st.lists(st.integers(1, 12), unique=True, max_size=3)))
def test_those_who_reach_themselves_and_no_others_are_in_a_circle(edges):
    def reaches_itself(tid):
        seen, queue = set(), list(edges.get(tid, ()))
        while queue:
            each = queue.pop()
            if each not in seen:
                seen.add(each)
                queue += edges.get(each, ())
        return tid in seen

    cycles = cycles_of(edges)
    found = [tid for cycle in cycles for tid in cycle]
    assert sorted(found) == [tid for tid in sorted(edges) if reaches_itself(tid)]
    for cycle in cycles:
        assert cycle[0] == min(cycle)


def test_a_circle_of_a_hundred_thousand_is_found_without_recursion():
    n = 100_000
    edges = {tid: [tid + 1] for tid in range(1, n)}
    edges[n] = [1]
    (cycle,) = cycles_of(edges)
    assert cycle == list(range(1, n + 1))


def test_who_waits_for_any_of_several_is_stuck_only_if_all_of_them_are(kernel):
    from syscalls import WaitAny

    def waits_for_any(*tids):
        yield WaitAny(tids)

    def wait_for(tid):
        yield Wait(tid)

    def sleeper():
        yield Sleep(1)

    def main():
        yield
        assert find_cycle(kernel) == []
        yield Sleep(2)
        assert [task.tid for task in find_cycle(kernel)] in ([5, 6], [5, 7])

    for routine in (sleeper(), waits_for_any(1, 3), wait_for(2), sleeper(),
                    waits_for_any(6, 7), wait_for(5), wait_for(5)):
        kernel.spawn(routine)
    with pytest.raises(minios.DeadlockError):
        kernel.spawn(main())
        kernel.run()


def test_the_edges_of_a_task_never_raise():
    class Bad(Park):
        def waits_for(self, kernel, task):
            raise ValueError("a mistake in it")

    def waits(call):
        yield call

    def main():
        kernel = minios.current_kernel()
        bad = yield Spawn(waits(Bad("x")))
        good = yield Spawn(waits(Wait(bad)))
        ended = yield Spawn(waits(Sleep(0)))
        yield Sleep(1)
        assert wait_edges(bad) == [] and wait_edges(good) == [bad]
        assert wait_edges(ended) == [] and wait_edges(kernel.main_task) == []
        bad.kill()
        good.kill()

    minios.run(main(), clock=VirtualClock())


def test_the_edges_can_be_looked_at_from_another_thread_while_the_tasks_run():
    over, failures = threading.Event(), []

    def looks(kernel):
        while not over.is_set():
            try:
                edges = {task: wait_edges(task) for task in kernel.all_tasks()}
                find_cycles({task: targets for task, targets in edges.items() if targets})
            except Exception as error:
                failures.append(error)
                return

    def child():
        yield Sleep(0)

    def parent():
        for _ in range(200):
            yield Wait((yield Spawn(child())))

    def main():
        thread = threading.Thread(target=looks, args=(minios.current_kernel(),))
        thread.start()
        try:
            yield from minios.gather(*(parent() for _ in range(10)))
        finally:
            over.set()
            thread.join()

    minios.run(main())
    assert not failures
