"""minios.aio.run: an asyncio program, or a generator, on a kernel of its own."""

import asyncio
import logging

import pytest

import minios
from minios.aio import EventLoop, aio, run
from minios.sim import VirtualClock
from syscalls import GetTask, Now, Sleep


def virtual():
    return minios.Kernel(clock=VirtualClock())


def test_a_coroutine_runs_as_asyncio_would_run_it():
    async def main():
        loop = asyncio.get_running_loop()
        assert isinstance(loop, EventLoop) and isinstance(asyncio.current_task(), asyncio.Task)
        await asyncio.sleep(10)
        return loop

    loop = run(main(), kernel=virtual())
    assert loop.is_closed()


def test_a_generator_runs_as_a_task_of_the_kernel():
    def main():
        task = yield GetTask()
        yield from aio(asyncio.sleep(10))
        assert asyncio.get_running_loop().kernel is task.kernel
        return task.kind, (yield Now())

    assert run(main(), kernel=virtual()) == ("generator", 10)


@pytest.mark.parametrize("main", ["coroutine", "generator"])
@pytest.mark.parametrize("error", [ValueError("mine"), SystemExit(3), KeyboardInterrupt()],
                         ids=lambda error: type(error).__name__)
def test_what_main_raises_is_raised(main, error):
    async def coroutine():
        await asyncio.sleep(1)
        raise error

    def generator():
        yield Sleep(1)
        raise error

    with pytest.raises(type(error)) as caught:
        run(coroutine() if main == "coroutine" else generator(), kernel=virtual())
    assert caught.value is error


def test_what_main_leaves_behind_is_ended(caplog):
    log = []

    async def coroutine():
        try:
            await asyncio.sleep(1000)
        finally:
            log.append("coroutine")

    def generator():
        try:
            yield Sleep(1000)
        finally:
            log.append("generator")

    async def agen():
        try:
            while True:
                yield 1
        finally:
            log.append("asynchronous generator")

    async def main():
        loop = asyncio.get_running_loop()
        tasks.append(loop.create_task(coroutine()))
        loop.kernel.spawn(generator())
        iterating.append(agen())
        await anext(iterating[0])
        await asyncio.sleep(1)

    tasks, iterating = [], []
    run(main())
    assert sorted(log) == ["asynchronous generator", "coroutine", "generator"]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_debug_is_asyncio_s():
    async def main():
        return asyncio.get_running_loop().get_debug()

    assert run(main(), debug=True) is True and run(main(), debug=False) is False


def test_it_does_not_run_inside_of_another():
    async def main():
        coroutine = asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="cannot be called from a running event loop"):
            run(coroutine)
        coroutine.close()

    run(main())


def test_what_is_no_routine_is_refused():
    for wrong in (17, asyncio.sleep, lambda: None):
        with pytest.raises((TypeError, ValueError)):
            run(wrong)


def test_a_kernel_serves_one_program_after_the_other():
    kernel = virtual()

    def generator():
        yield Sleep(1)

    for _ in range(2):
        run(asyncio.sleep(1), kernel=kernel)
        run(generator(), kernel=kernel)
        kernel.run(generator())
    assert kernel.now() == 6


def test_a_kill_is_a_cancellation_for_asyncio_s_code():
    assert issubclass(minios.Cancelled, asyncio.CancelledError)
    assert not issubclass(minios.Cancelled, Exception)


@pytest.mark.skipif(not hasattr(asyncio, "Runner"), reason="Python 3.11 has it")
def test_a_runner_of_asyncio_takes_the_loop(native):
    def generator(n):
        yield Sleep(0)
        return n

    async def main(n):
        return await asyncio.get_running_loop().kernel.spawn(generator(n))

    with asyncio.Runner(loop_factory=lambda: EventLoop(native_tasks=native)) as runner:
        assert [runner.run(main(n)) for n in range(3)] == [0, 1, 2]
