"""Native tasks as tasks of the kernel: killed, stopped, waited for, on the trampoline."""

import asyncio
import signal

import pytest

import minios
from syscalls import Park, Sleep, Wait

from .worlds import DRIVERS, play_in_world, settle


@pytest.fixture(params=DRIVERS)
def play_native(request):
    """play_in_world with native tasks alone, by each driver."""
    return lambda main: play_in_world(request.param, True, main)


async def forever():
    await asyncio.get_running_loop().create_future()


@pytest.mark.parametrize("wait", [
    lambda: asyncio.get_running_loop().create_future(), lambda: asyncio.sleep(1000),
    lambda: Sleep(1000), lambda: Park("nobody"), lambda: forever(), lambda: minios.Event().wait(),
    lambda: asyncio.get_running_loop().create_task(asyncio.sleep(1000)),
], ids=["future", "sleep", "Sleep", "Park", "coroutine", "Event", "task"])
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT, "cancel"])
def test_a_native_task_is_killed_out_of_any_wait(play_native, wait, signum):
    log = []

    async def victim():
        try:
            await wait()
        except BaseException as error:
            log.append(type(error))
            raise

    def main(kernel, loop):
        task = loop.create_task(victim())
        yield from settle()
        task.cancel() if signum == "cancel" else task.kill(signum)
        yield from settle()
        assert task.done() and task.cancelled()
        if signum == signal.SIGKILL:
            yield Sleep(2000)       # what it had started may live on

    play_native(main)
    assert log == [{signal.SIGTERM: minios.Cancelled, signal.SIGKILL: GeneratorExit,
                    signal.SIGINT: KeyboardInterrupt, "cancel": asyncio.CancelledError}[signum]]


def test_who_waits_for_a_native_task_that_was_killed_hears_of_it(play_native):
    def waits(task):
        with pytest.raises(minios.TaskKilledError):
            yield Wait(task)

    async def awaits(task):
        with pytest.raises(asyncio.CancelledError):
            await asyncio.shield(task)
        with pytest.raises(asyncio.CancelledError):
            await task

    def main(kernel, loop):
        task = loop.create_task(forever())
        waiting, awaiting = kernel.spawn(waits(task)), loop.create_task(awaits(task))
        yield from settle()
        task.kill()
        yield Wait(waiting)
        yield from awaiting

    play_native(main)


def test_a_native_task_that_is_stopped_has_no_turn_until_it_is_continued(play_native):
    log = []

    async def ticks():
        for number in range(100):
            await asyncio.sleep(1)
            log.append(number)

    def main(kernel, loop):
        task = loop.create_task(ticks())
        yield Sleep(3.5)
        task.kill(signal.SIGSTOP)
        yield Sleep(10)
        assert log == [0, 1, 2]
        task.kill(signal.SIGCONT)
        yield Sleep(2)
        assert log == [0, 1, 2, 3, 4]
        task.kill(signal.SIGSTOP)
        task.cancel()
        yield from settle()
        assert not task.done()
        task.kill(signal.SIGCONT)
        yield from settle()
        assert task.cancelled()

    play_native(main)


def test_a_native_task_that_is_stopped_can_be_killed(play_native):
    def main(kernel, loop):
        task = loop.create_task(forever())
        yield from settle()
        task.kill(signal.SIGSTOP)
        task.kill(signal.SIGKILL)
        yield from settle()
        assert task.done()

    play_native(main)


def test_a_native_task_yields_a_routine_to_the_trampoline(play_native):
    """The awaitable of an old library yields a generator: it is run, and its result comes back."""
    def called(n):
        yield Sleep(1)
        return n + 1

    class Old:
        def __await__(self):
            return (yield called(1)) + (yield called(10))

    async def coroutine():
        return await Old()

    def main(kernel, loop):
        return (yield from loop.create_task(coroutine()))

    assert play_native(main) == 13
