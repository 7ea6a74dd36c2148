"""close(): what is ended and what is left alone; and that nothing keeps a closed loop alive."""

import asyncio
import gc
import os
import sys
import weakref

import pytest

import minios
from minios.aio import EventLoop
from minios.aio import run as aio_run
from minios.sim import VirtualClock
from syscalls import ReadWait, Sleep

from .mixture import all_kinds
from .worlds import awaiting, heard, open_descriptors, put_away, settle


@pytest.fixture
def no_collector():
    """What dies here dies by its own reference count."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_generator_tasks_are_shut_down_children_before_parents(native):
    loop, log = EventLoop(native_tasks=native), []

    def routine(name, child=None):
        if child is not None:
            loop.kernel.spawn(child, name="child")
        try:
            yield Sleep(1000)
        finally:
            log.append(name)
            yield
            log.append(f"{name} again")

    loop.kernel.spawn(routine("parent", routine("child")))
    loop.run_until_complete(asyncio.sleep(0.001))
    loop.close()
    assert log == ["child", "parent", "child again", "parent again"] and not loop.kernel.tasks


def test_a_task_that_has_not_begun_is_ended_too(native):
    loop = EventLoop(native_tasks=native)
    task = loop.kernel.spawn(settle())
    loop.close()
    assert task.done()
    with pytest.raises(minios.TaskKilledError):
        task.result()


def test_a_loop_that_never_ran_is_closed_and_leaves_no_descriptor(native):
    before = open_descriptors()
    for _ in range(3):
        EventLoop(native_tasks=native).close()
    assert open_descriptors() == before


@pytest.mark.parametrize("main", [lambda: asyncio.sleep(1), lambda: settle(3)],
                         ids=["coroutine", "generator"])
def test_a_kernel_that_was_given_to_run_leaves_no_descriptor(main):
    before = open_descriptors()
    for _ in range(3):
        aio_run(main(), kernel=minios.Kernel(clock=VirtualClock()))
    assert open_descriptors() == before


def test_a_kernel_that_was_given_to_a_loop_leaves_no_descriptor(native):
    before = open_descriptors()
    for drives in (False, True):
        kernel = minios.Kernel(clock=VirtualClock())
        loop = EventLoop(kernel=kernel, native_tasks=native)
        if drives:
            kernel.run(settle(3))
        else:
            loop.run_until_complete(awaiting(kernel, settle(3)))
        loop.close()
        del kernel, loop
    assert open_descriptors() == before


def test_closing_twice_is_harmless_and_what_follows_is_refused(native):
    loop = EventLoop(native_tasks=native)
    loop.close()
    loop.close()
    assert loop.is_closed()
    for call in (lambda: loop.call_soon(print), lambda: loop.call_later(1, print),
                 loop.run_forever, lambda: loop.add_reader(0, print)):
        with pytest.raises(RuntimeError, match="closed"):
            call()
    coroutine = asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="closed"):
        loop.run_until_complete(coroutine)
    coroutine.close()


def test_a_kernel_of_another_keeps_its_tasks_timers_and_descriptors(native, pipe):
    """The loop takes along its own, and nothing else."""
    kernel, log = minios.Kernel(clock=VirtualClock()), []
    reader, writer = pipe

    def reads():
        yield ReadWait(reader)
        log.append(os.read(reader, 10))

    def sleeps():
        yield Sleep(10)
        log.append("slept")

    loop = EventLoop(kernel=kernel, native_tasks=native)
    tasks = [kernel.spawn(reads()), kernel.spawn(sleeps())]
    loop.run_until_complete(asyncio.sleep(1))
    loop.add_reader(reader, log.append, "never")
    loop.call_later(5, log.append, "never")
    loop.close()
    assert not any(task.done() for task in tasks)
    assert kernel.timers.owners() == [tasks[1]]
    os.write(writer, b"data")
    kernel.run()
    assert log == [b"data", "slept"] and kernel.now() == 10
    put_away(kernel)


def test_a_task_of_asyncio_that_is_left_is_told_of_as_by_asyncio(native):
    async def forever():
        await asyncio.get_running_loop().create_future()

    with heard() as hearing:
        loop = EventLoop(native_tasks=native)
        loop.create_task(forever(), name="left")
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
        del loop
        gc.collect()
    assert len(hearing.texts) == 1
    assert hearing.texts[0].startswith("Task was destroyed but it is pending!")


def test_the_loop_is_closed_while_another_runs_in_the_thread(native):
    log = []

    def routine():
        try:
            yield Sleep(1000)
        finally:
            log.append("cleaned up")

    async def main():
        inner.close()

    inner, outer = EventLoop(native_tasks=native), EventLoop(native_tasks=native)
    inner.kernel.spawn(routine())
    inner.run_until_complete(asyncio.sleep(0))
    outer.run_until_complete(main())
    outer.close()
    assert log == ["cleaned up"] and inner.is_closed()


# --- Nothing is kept alive -------------------------------------------------------------------


def test_a_loop_that_is_dropped_after_close_is_gone_at_once(native, no_collector):
    loop = EventLoop(native_tasks=native)
    kernel = loop.kernel
    dying = weakref.ref(loop)
    loop.run_until_complete(all_kinds(kernel))
    kernel.spawn(receives_for_ever := settle(10**6))
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    del loop, kernel, receives_for_ever
    if sys.version_info >= (3, 12):
        gc.collect()    # frames in a traceback keep those that they were called by
    assert dying() is None


def test_a_loop_that_never_ran_is_gone_at_once_after_close(native, no_collector):
    loop = EventLoop(native_tasks=native)
    dying = weakref.ref(loop)
    loop.close()
    del loop
    assert dying() is None


class Outcome:
    """Something that can be watched dying."""


@pytest.mark.parametrize("others", [0, 3])
def test_a_task_that_has_ended_is_not_kept_by_the_loop_that_goes_on(native, no_collector, others):
    """Neither a task, nor its result, error or arguments, while the next callbacks run."""
    loop = EventLoop(native_tasks=native)
    alive = []

    async def returns(outcome):
        return outcome

    async def fails(outcome):
        raise ValueError(outcome)

    async def main():
        others_too = [asyncio.create_task(asyncio.sleep(0)) for _ in range(others)]
        for coroutine in (returns, fails):
            outcome = Outcome()
            watched = [weakref.ref(outcome)]
            task = asyncio.create_task(coroutine(outcome))
            watched.append(weakref.ref(task))
            others_too += [asyncio.create_task(asyncio.sleep(0)) for _ in range(others)]
            await asyncio.wait([task])
            if coroutine is fails:
                task.exception()
            del task, outcome
            await asyncio.sleep(0)
            alive.append([each() for each in watched])
        await asyncio.gather(*others_too)

    loop.run_until_complete(main())
    loop.close()
    assert alive == [[None, None]] * 2


def test_the_argument_of_a_callback_that_has_run_is_not_kept(native, no_collector):
    loop, alive = EventLoop(native_tasks=native), []

    async def main():
        outcome = Outcome()
        watched = weakref.ref(outcome)
        loop.call_soon(id, outcome)
        del outcome
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        alive.append(watched())

    loop.run_until_complete(main())
    loop.close()
    assert alive == [None]


def test_a_generator_s_result_is_not_kept_after_it_was_awaited(native, no_collector):
    loop, alive = EventLoop(native_tasks=native), []

    def returns():
        yield
        return Outcome()

    async def main():
        outcome = await loop.kernel.spawn(returns())
        watched = weakref.ref(outcome)
        del outcome
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        alive.append(watched())

    loop.run_until_complete(main())
    loop.close()
    assert alive == [None]
