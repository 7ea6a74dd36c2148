"""asyncio tasks and the loop itself, as ps, kill, stack listings and reports see them."""

import asyncio
import logging
import threading
import time

import pytest

import minios
from minios.aio import EventLoop
from syscalls import Await, Kill, Sleep, Spawn, Tasks, Wait


def run(loop, coro):
    return loop.run_until_complete(asyncio.wait_for(coro, 20))


async def sleeper():
    await asyncio.sleep(3600)


def listed(infos, name):
    (found,) = [info for info in infos if info.name == name]
    return found


def test_ps_lists_asyncio_tasks_beside_generators_and_the_loop_in_brackets(loop):
    def generator():
        yield Sleep(3600)

    async def main():
        asyncio.create_task(sleeper(), name="a coroutine")
        loop.kernel.spawn(generator())
        loop.call_later(3600, int)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        infos = await Tasks()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        return infos

    infos = run(loop, main())
    coroutine = listed(infos, "a coroutine")
    assert coroutine.kind == "asyncio" and coroutine.state == "S"
    assert coroutine.wait == "Await(Future)"
    assert listed(infos, "generator").kind == "generator"
    itself = listed(infos, "[event loop]")
    assert itself.kind == "loop" and "timers" in itself.wait
    tids = [info.tid for info in infos]
    assert tids == sorted(set(tids))


def test_a_tid_stays_with_its_asyncio_task(loop):
    async def main():
        task = asyncio.create_task(sleeper(), name="it")
        await asyncio.sleep(0)
        first = listed(await Tasks(), "it").tid
        await asyncio.sleep(0)
        second = listed(await Tasks(), "it").tid
        task.cancel()
        return first, second

    first, second = run(loop, main())
    assert first == second


@pytest.mark.parametrize("signum", [15, 2, 9], ids=["SIGTERM", "SIGINT", "SIGKILL"])
def test_kill_by_tid_cancels_an_asyncio_task(loop, signum):
    async def main():
        task = asyncio.create_task(sleeper(), name="it")
        await asyncio.sleep(0)
        assert await Kill(listed(await Tasks(), "it").tid, signum)
        done, _ = await asyncio.wait([task], timeout=10)
        assert done
        return task

    assert run(loop, main()).cancelled()


def test_wait_by_tid_hears_how_an_asyncio_task_ended(loop):
    async def answer():
        await asyncio.sleep(0.001)
        return 42

    def waiter(tid):
        return (yield Wait(tid))

    async def main():
        tasks = [asyncio.create_task(answer(), name="it"),
                 asyncio.create_task(sleeper(), name="killed")]
        await asyncio.sleep(0)
        infos = await Tasks()
        first = loop.kernel.spawn(waiter(listed(infos, "it").tid))
        second = loop.kernel.spawn(waiter(listed(infos, "killed").tid))
        assert await first == 42
        tasks[1].cancel()
        with pytest.raises(minios.TaskKilledError):
            await second

    run(loop, main())


def test_sigquit_prints_the_stack_of_an_asyncio_task(loop, capsys):
    async def main():
        task = asyncio.create_task(sleeper(), name="it")
        await asyncio.sleep(0)
        await Kill(listed(await Tasks(), "it").tid, 3)
        task.cancel()

    run(loop, main())
    assert "in sleeper" in capsys.readouterr().err


def test_a_circle_through_asyncio_is_a_deadlock_where_the_kernel_drives():
    async def wait_for(task):
        await task

    def main():
        yield Await(wait_for(minios.current_task()))

    with pytest.raises(minios.DeadlockError) as caught:
        minios.run(main())
    assert len(caught.value.cycle) == 2
    assert "in await task" not in str(caught.value) and "await task" in str(caught.value)


def test_a_circle_is_logged_once_where_the_loop_drives(loop, caplog):
    def one(other):
        yield Wait(other[0])

    async def main():
        others = []
        first = loop.kernel.spawn(one(others))
        others.append(loop.kernel.spawn(one([first])))
        # In silence: nothing is due, and nothing that the kernel knows of will come.
        for _ in range(2):
            woken = loop.create_future()
            thread = threading.Timer(0.05, loop.call_soon_threadsafe, [woken.set_result, None])
            thread.start()
            await woken
        first.kill()

    with caplog.at_level(logging.ERROR, "minios"):
        loop.run_until_complete(main())
    reports = [record for record in caplog.records if "deadlock" in record.getMessage()]
    assert len(reports) == 1 and "cycle: " in reports[0].getMessage()


def test_a_callback_that_holds_the_cpu_is_reported_with_its_name(caplog):
    kernel = minios.Kernel(slow_turn=0.02)
    loop = EventLoop(kernel=kernel)

    def hog():
        deadline = time.monotonic() + 20
        while not caplog.records and time.monotonic() < deadline:
            pass

    async def main():
        loop.call_soon(hog)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    loop.run_until_complete(main())
    loop.close()
    assert "hog" in caplog.text and "has held the CPU" in caplog.text


def test_an_asyncio_task_that_holds_the_cpu_is_reported(caplog):
    kernel = minios.Kernel(slow_turn=0.02)
    loop = EventLoop(kernel=kernel)

    async def main():
        deadline = time.monotonic() + 20
        while not caplog.records and time.monotonic() < deadline:
            pass

    loop.run_until_complete(main())
    loop.close()
    assert "has held the CPU" in caplog.text and "in main" in caplog.text


def test_all_tasks_and_current_task_of_asyncio_know_the_tasks(loop):
    async def child():
        assert asyncio.current_task() is task
        return asyncio.current_task().get_name()

    def generator():
        yield Sleep(0)
        return asyncio.current_task()

    async def main():
        nonlocal task
        task = asyncio.create_task(child(), name="child")
        assert asyncio.all_tasks() == {task, asyncio.current_task()}
        assert await task == "child"
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert await loop.kernel.spawn(generator()) is None

    task = None
    run_plain = loop.run_until_complete
    run_plain(main())


def test_a_spawned_generator_is_the_child_of_the_native_task_that_spawned_it():
    loop = EventLoop(native_tasks=True)

    def generator():
        yield

    async def main():
        child = await Spawn(generator())
        me = listed(await Tasks(), asyncio.current_task().get_name())
        assert child.ptid == me.tid

    loop.run_until_complete(main())
    loop.close()


def test_a_circle_through_asyncio_is_broken_by_killing_or_cancelling_anybody_in_it(loop):
    async def wait_for(task):
        await task

    def generator():
        yield Await(wait_for(minios.current_task()))

    async def main():
        for blow in ("kill", "cancel"):
            known = asyncio.all_tasks()
            task = loop.kernel.spawn(generator())
            await asyncio.sleep(0.001)
            (other,) = asyncio.all_tasks() - known
            task.kill() if blow == "kill" else other.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.sleep(0.001)
            assert other.done()

    async def bounded():
        inner = asyncio.ensure_future(main())
        done, _ = await asyncio.wait([inner], timeout=10)
        assert done, "the circle holds"
        inner.result()

    loop.run_until_complete(bounded())


def test_a_native_task_that_is_cancelled_and_killed_in_one_round_ends_once():
    loop = EventLoop(native_tasks=True)

    async def main():
        for times in range(3):
            task = loop.create_task(sleeper())
            for _ in range(times):
                await asyncio.sleep(0)
            task.cancel()
            task.kill(9)
            done, _ = await asyncio.wait([task], timeout=10)
            assert done and task.cancelled()

    loop.run_until_complete(main())
    loop.close()
