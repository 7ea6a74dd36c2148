"""Load averages, as getloadavg(3) has them."""

from math import exp

import pytest

import minios
from minios.sim import VirtualClock
from minios.trace import LoadAverage
from syscalls import Kill, Sleep


def spinner():
    while True:
        yield


def test_a_kernel_on_which_nothing_is_ready_has_no_load(kernel):
    load = LoadAverage(kernel)

    def main():
        yield Sleep(60)

    kernel.spawn(main())
    kernel.run()
    load.sample()
    assert load.averages() == (0.0, 0.0, 0.0)


def test_the_averages_approach_the_number_of_ready_tasks_as_linux_has_it():
    clock = VirtualClock()
    kernel = minios.Kernel(clock=clock)
    load = LoadAverage(kernel)

    def main():
        for _ in range(3):
            kernel.spawn(spinner(), daemon=True)
        yield
        for _ in range(12):
            clock.advance(5)
            load.sample()
        kernel.hurry()

    kernel.run(main())      # which is one of four that are ready
    assert load.averages() == pytest.approx([4 * (1 - exp(-60 / t)) for t in (60, 300, 900)])


def test_samples_may_be_taken_at_any_intervals():
    def averages(*steps):
        clock = VirtualClock()
        kernel = minios.Kernel(clock=clock)
        load = LoadAverage(kernel)

        def main():
            yield
            for step in steps:
                clock.advance(step)
                load.sample()

        kernel.run(main())
        return load.averages()

    assert averages(60) == pytest.approx(averages(*[5] * 12))


def test_tasks_that_wait_or_are_stopped_do_not_count(kernel):
    load = LoadAverage(kernel)

    def sleeper():
        yield Sleep(100)

    def main():
        for _ in range(5):
            kernel.spawn(sleeper(), daemon=True)
        stopped = kernel.spawn(spinner(), daemon=True)
        yield
        assert load.count_ready() == 2
        yield Kill(stopped, 19)
        yield
        return load.count_ready()

    assert kernel.run(main()) == 1


def test_the_callbacks_and_native_tasks_of_an_event_loop_count():
    import asyncio

    from minios.aio import EventLoop

    loop = EventLoop(native_tasks=True)
    load = LoadAverage(loop.kernel)

    async def worker():
        await asyncio.sleep(0)

    async def main():
        tasks = [loop.create_task(worker()) for _ in range(4)]
        ready = load.count_ready()
        await asyncio.gather(*tasks)
        return ready

    try:
        assert loop.run_until_complete(main()) == 5
    finally:
        loop.close()
