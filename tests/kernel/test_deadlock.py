"""Promise 5: when nothing can ever run again, the kernel says so and names everybody."""

import math
import socket
import threading

import pytest

import minios
from minios.kernel.deadlock import find_cycle
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
