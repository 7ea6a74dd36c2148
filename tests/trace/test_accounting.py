"""Accounting: what tasks use, and where the time goes, while somebody wants to know."""

import threading
import time

import pytest

import minios
from minios.sim import VirtualClock
from minios.trace import Accounting, release, running_for, use
from syscalls import Await, GetTid, Kill, Sleep, Spawn, Wait


def burn():
    """Use the CPU for as long as the thread's clock can tell."""
    end = time.thread_time() + 0.005
    while time.thread_time() < end:
        pass


def test_nobody_counts_until_accounting_is_attached(kernel):
    def main():
        burn()
        yield

    task = kernel.spawn(main())
    kernel.run()
    assert task.cpu_time is None
    assert task.account is None
    assert task.info().cpu_time is None


def test_the_cpu_time_of_each_task_is_its_own(kernel):
    def busy():
        burn()
        yield
        burn()

    def idle():
        yield Sleep(1000)

    def main():
        tasks = [(yield Spawn(busy())), (yield Spawn(idle()))]
        for task in tasks:
            yield Wait(task)
        return tasks

    kernel.attach(Accounting())
    busy_task, idle_task = kernel.run(main())
    assert busy_task.cpu_time >= 0.01 > idle_task.cpu_time >= 0.0


def test_accounting_may_begin_in_the_middle_of_a_run(kernel):
    def main():
        task = yield Spawn(busy())
        yield
        kernel.attach(Accounting())
        assert task.cpu_time == 0.0
        yield Wait(task)
        return task.cpu_time

    def busy():
        for _ in range(5):
            yield
        burn()

    assert kernel.run(main()) >= 0.005


def test_turns_calls_and_waits_are_counted(kernel):
    def main():
        yield Sleep(3)
        yield GetTid()
        yield
        yield Sleep(4)

    kernel.attach(Accounting())
    task = kernel.spawn(main())
    kernel.run()
    account = task.account
    assert (account.turns, account.calls, account.waited) == (5, 3, 7.0)
    assert account.scheduled == 0.0     # in virtual time, nothing that runs takes time
    assert account.delay_p99() == 0.0


def test_a_wait_that_goes_on_is_counted_up_to_now(kernel):
    def sleeper():
        yield Sleep(100)

    def main():
        task = yield Spawn(sleeper())
        yield Sleep(30)
        return task.account.waited, task.account.scheduled

    kernel.attach(Accounting())
    assert kernel.run(main()) == (30.0, 0.0)


def test_a_wait_that_had_begun_counts_from_the_moment_of_attaching(kernel):
    def sleeper():
        yield Sleep(100)

    def main():
        task = yield Spawn(sleeper())
        yield Sleep(40)
        use(kernel)
        yield Wait(task)
        return task.account.waited

    assert kernel.run(main()) == 60.0


def test_a_task_that_is_ready_while_another_has_the_cpu_is_scheduled():
    clock = VirtualClock()
    kernel = minios.Kernel(clock=clock)

    def hog():
        yield
        clock.advance(2)        # a turn of two seconds

    def victim():
        yield
        yield

    def main():
        tasks = [(yield Spawn(hog())), (yield Spawn(victim()))]
        for task in tasks:
            yield Wait(task)
        return tasks[1].account

    kernel.attach(Accounting())
    account = kernel.run(main())
    assert account.scheduled == 2.0
    assert 2.0 <= account.delay_p99() <= 4.2


def test_a_timer_that_is_due_while_another_has_the_cpu_is_a_delay_from_then_on():
    clock = VirtualClock()
    kernel = minios.Kernel(clock=clock)

    def hog():
        yield
        clock.advance(5)

    def sleeper():
        yield Sleep(1)

    def main():
        task = yield Spawn(sleeper())
        other = yield Spawn(hog())
        yield Wait(task)
        yield Wait(other)
        return task.account

    kernel.attach(Accounting())
    account = kernel.run(main())
    assert (account.waited, account.scheduled) == (1.0, 4.0)


def test_whoever_is_killed_in_a_wait_has_waited_until_then(kernel):
    def sleeper():
        yield Sleep(100)

    def main():
        task = yield Spawn(sleeper())
        yield Sleep(5)
        yield Kill(task, 9)
        yield Sleep(5)
        return task.account

    kernel.attach(Accounting())
    account = kernel.run(main())
    assert (account.waited, account.ended) == (5.0, True)


def test_the_longest_turn_is_known_with_the_line_where_it_ended(kernel):
    def main():
        yield
        burn()
        yield           # here
        yield Sleep(1)
        return None

    kernel.attach(Accounting())
    task = kernel.spawn(main())
    kernel.run()
    line = main.__code__.co_firstlineno + 3
    assert task.account.longest >= 0.005
    assert task.account.longest_at == f"{__file__}:{line}"


def test_who_hears_of_the_end_of_a_task_reads_its_last_turn_too(kernel):
    heard = []

    class Reader(minios.Hooks):
        def task_ended(self, task):
            heard.append((task.account.turns, task.account.cpu))

    def main():
        burn()
        return None
        yield

    kernel.attach(Accounting())
    kernel.attach(Reader())
    task = kernel.spawn(main())
    kernel.run()
    [(turns, cpu)] = heard
    assert turns == 1 and cpu >= 0.005
    assert task.account.turns == 1 and task.account.cpu == cpu


def test_the_shares_add_up_to_the_time_since_it_was_attached():
    clock = VirtualClock()
    kernel = minios.Kernel(clock=clock)
    accounting = Accounting()

    def main():
        clock.advance(3)
        yield Sleep(10)
        clock.advance(2)
        return accounting.shares()

    kernel.attach(accounting)
    assert kernel.run(main()) == {"user": 5.0, "kernel": 0.0, "poll": 0.0, "idle": 10.0}


def test_the_active_tasks_are_those_that_had_a_turn_and_live(kernel):
    def short():
        yield

    def long():
        for _ in range(3):
            yield Sleep(10)

    def main():
        accounting = use(kernel)
        others = [(yield Spawn(short())), (yield Spawn(long()))]
        yield Sleep(5)
        first = set(accounting.take_active())
        second = set(accounting.take_active())
        yield Sleep(10)
        third = set(accounting.take_active())
        for task in others:
            yield Wait(task)
        return others, first, second, third

    main_task = kernel.spawn(main())
    kernel.run()
    (short_task, long_task), first, second, third = main_task.result()
    assert first == {main_task, long_task}      # the short one has ended
    assert second == set()
    assert third == {main_task, long_task}
    assert short_task.done()


def test_a_kernel_has_one_accounting_which_the_last_user_detaches(kernel):
    first = use(kernel)
    assert use(kernel) is first
    release(kernel)
    assert kernel.accounting is first
    release(kernel)
    assert kernel.accounting is None and not kernel.hooks
    release(kernel)         # harmless


def test_a_second_accounting_is_refused(kernel):
    kernel.attach(Accounting())
    with pytest.raises(minios.KernelError, match="use"):
        kernel.attach(Accounting())


def test_who_counts_anew_begins_anew(kernel):
    def main():
        use(kernel)
        yield Sleep(5)
        release(kernel)
        assert task.account is None
        yield Sleep(5)
        use(kernel)
        yield Sleep(2)

    task = kernel.spawn(main())
    kernel.run()
    assert task.account.waited == 2.0


def test_native_tasks_of_an_event_loop_are_counted(kernel):
    asyncio = pytest.importorskip("asyncio")
    from minios.aio import EventLoop

    loop = EventLoop(native_tasks=True)
    accounting = Accounting()
    loop.kernel.attach(accounting)

    async def child(future):
        burn()
        return await future

    async def main():
        future = loop.create_future()
        task = loop.create_task(child(future))
        await asyncio.sleep(0)
        future.set_result(7)
        assert await task == 7
        return task

    try:
        task = loop.run_until_complete(main())
        assert task.account.turns == 2
        assert task.account.calls == 1
        assert task.cpu_time >= 0.005
    finally:
        loop.close()


def test_a_generator_that_awaits_asyncio_has_waited(kernel):
    import asyncio

    def main():
        yield Await(asyncio.sleep(3))

    kernel.attach(Accounting())
    task = kernel.spawn(main())
    kernel.run()
    assert task.account.waited == 3.0


@pytest.mark.skipif(not hasattr(time, "pthread_getcpuclockid"), reason="no such clock here")
def test_another_thread_sees_how_long_the_turn_goes_on_and_what_it_costs():
    kernel = minios.Kernel()
    kernel.attach(Accounting())
    go_on, seen = threading.Event(), []

    def hog():
        yield
        while not go_on.is_set():
            pass

    def look():
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and not (running_for(kernel) or 0) > 0.02:
            pass
        task = kernel.current
        seen.append((running_for(kernel), task.name, kernel.accounting.shares()["user"]))
        go_on.set()

    watcher = threading.Thread(target=look)
    watcher.start()
    kernel.run(hog())
    watcher.join()
    [(cpu, name, user)] = seen
    assert cpu > 0.02 and name == "hog" and user > 0.0
    assert running_for(kernel) is None


def test_a_nice_task_that_others_overtake_is_scheduled_meanwhile():
    clock = VirtualClock()
    kernel = minios.Kernel(clock=clock)
    accounts = {}

    def worker(name, nice):
        kernel.set_nice((yield from own()), nice)
        for _ in range(40):
            clock.advance(1)
            yield
        accounts[name] = minios.current_task().account.scheduled

    def own():
        yield
        return minios.current_task()

    kernel.attach(Accounting())
    kernel.spawn(worker("nice", 19))
    kernel.spawn(worker("normal", 0))
    kernel.run()
    assert accounts["nice"] > 0 and accounts["normal"] > 0
    assert accounts["nice"] + 40 <= clock.now()


def test_a_task_reads_in_its_own_turn_how_long_it_has_waited_and_been_ready():
    clock = VirtualClock()
    kernel = minios.Kernel(clock=clock)

    def reader():
        yield Sleep(3)
        account = minios.current_task().account
        return account.waited, account.scheduled

    def hog():
        yield
        clock.advance(5)

    def main():
        task = yield Spawn(reader())
        yield Spawn(hog())
        return (yield Wait(task))

    kernel.attach(Accounting())
    assert kernel.run(main()) == (3.0, 2.0)


def test_a_task_that_is_ready_and_has_not_run_yet_is_known_to_be():
    clock = VirtualClock()
    kernel = minios.Kernel(clock=clock)

    def sleeper():
        yield

    def main():
        task = yield Spawn(sleeper())
        clock.advance(4)
        before = task.account.scheduled
        yield Kill(task, 9)
        return before, task.account.scheduled, task.account.waited

    kernel.attach(Accounting())
    assert kernel.run(main()) == (4.0, 4.0, 0.0)
