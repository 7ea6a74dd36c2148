"""Asynchronous generators that are dropped in the middle are closed, and may await meanwhile."""

import gc
import sys

import minios
from syscalls import Kill, Now, Sleep, Spawn, Tasks, Wait


async def numbers(log):
    try:
        for number in range(10):
            yield number
    finally:
        await Sleep(1)
        log.append(await Now())


def test_one_that_is_left_by_break_cleans_up_in_a_task(run):
    log = []

    async def main():
        async for number in numbers(log):
            if number == 3:
                break
        await Sleep(10)
        assert len(await Tasks()) == 1

    run(main())
    assert log == [1]


def test_one_that_is_dropped_as_the_program_ends_cleans_up(run):
    log = []

    async def main():
        await Sleep(5)
        async for _ in numbers(log):
            return "done"

    assert run(main()) == "done"
    assert log == [6]


def test_one_that_somebody_still_holds_at_the_end_cleans_up(run):
    log, kept = [], []

    async def main():
        kept.append(numbers(log))
        await kept[0].__anext__()

    run(main())
    assert log == [1]


def test_one_whose_reader_is_killed_cleans_up(run):
    log = []

    async def reader():
        async for _ in numbers(log):
            await Sleep(100)

    async def main():
        task = await Spawn(reader())
        await Sleep(1)
        await Kill(task)
        try:
            await Wait(task)
        except minios.TaskKilledError:
            await Sleep(10)

    run(main())
    assert log == [2]


def test_what_it_raises_meanwhile_goes_to_the_log(run, caplog):
    async def fails():
        try:
            yield 1
        finally:
            await Sleep(1)
            raise ValueError("in finally")

    async def main():
        async for _ in fails():
            break
        await Sleep(10)

    run(main())
    assert [record.exc_info[0] for record in caplog.records] == [ValueError]


def test_one_that_outlives_its_kernel_runs_what_it_can(run):
    log, kept = [], []

    async def simple():
        try:
            yield 1
        finally:
            log.append("closed")

    async def main():
        generator = simple()
        await generator.__anext__()
        kept.append(generator)
        kept.append(simple())           # has not begun

    run(main())
    assert log == ["closed"]
    kept.clear()
    gc.collect()
    assert log == ["closed"]


def test_the_hooks_of_the_thread_are_given_back(run):
    before = sys.get_asyncgen_hooks()

    async def main():
        assert sys.get_asyncgen_hooks() != before

    run(main())
    assert sys.get_asyncgen_hooks() == before


def test_a_thousand_that_are_dropped_leave_nothing(run):
    log = []

    async def main():
        for _ in range(1000):
            async for _ in numbers(log):
                break
        await Sleep(10)
        assert len(await Tasks()) == 1
        assert not minios.current_kernel().asyncgens._begun

    run(main())
    assert len(log) == 1000
