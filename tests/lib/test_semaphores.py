"""Semaphore: permits are handed over in order, and none is lost or made."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minios
from minios import KernelError, Semaphore
from minios.sim import VirtualClock
from syscalls import Sleep, Spawn, Tasks, Wait
from tests.lib.giving_up import WAYS, Waiter, end_all, play, schedules, settle


def use(semaphore, log, name):
    with (yield from semaphore):
        log.append(name)
        yield Sleep(1)


async def use_in_a_coroutine(semaphore, log, name):
    async with semaphore:
        log.append(name)
        await Sleep(1)


def test_as_many_tasks_as_there_are_permits_in_the_order_in_which_they_came(run):
    log = []

    def main():
        semaphore = Semaphore(2)
        for name in "abcd":
            yield Spawn(use(semaphore, log, name))
        yield Spawn(use_in_a_coroutine(semaphore, log, "e"))
        for moment, inside in enumerate(("ab", "abcd", "abcde")):
            yield Sleep(0.5 if moment == 0 else 1)
            assert log == list(inside)
        yield Sleep(1)
        assert semaphore.statistics() == (2, None, 0)

    run(main())


def test_a_newcomer_does_not_get_the_permit_of_one_who_waits(run):
    def main():
        semaphore = Semaphore()
        yield from semaphore.acquire()
        first = Waiter(semaphore.acquire())
        yield from settle()
        semaphore.release()
        assert semaphore.locked() and semaphore.value == 0      # handed over already
        second = Waiter(semaphore.acquire())
        yield from settle()
        assert first.outcome is True and second.outcome is None
        semaphore.release()
        yield from settle()
        assert second.outcome is True

    run(main())


def test_acquiring_a_free_permit_takes_no_turn(run):
    def main():
        semaphore = Semaphore(2)
        before = minios.current_task().switches
        assert (yield from semaphore.acquire()) is True
        with (yield from semaphore):
            assert semaphore.locked()
        assert not semaphore.locked()
        assert minios.current_task().switches == before
        yield

    run(main())


def test_whoever_releases_need_not_have_acquired(run):
    def main():
        semaphore = Semaphore(0)
        waiter = Waiter(semaphore.acquire())
        yield from settle()
        assert semaphore.statistics() == (0, None, 1)
        assert (yield Tasks())[1].wait == "Park(<Semaphore 0 free>)"
        semaphore.release()
        semaphore.release()
        yield from settle()
        assert waiter.outcome is True and semaphore.value == 1

    run(main())


def test_a_bound_is_not_passed():
    semaphore = Semaphore(1, bound=2)
    semaphore.release()
    with pytest.raises(ValueError, match="Semaphore 2 of 2 free.*more often"):
        semaphore.release()
    assert semaphore.value == 2


@pytest.mark.parametrize("arguments", [(-1,), (1.5,), ("1",), (3, 2)])
def test_permits_that_make_no_sense_are_refused(arguments):
    with pytest.raises(ValueError, match="permits"):
        Semaphore(*arguments)


def test_a_plain_with_says_what_to_write():
    with pytest.raises(KernelError, match="yield from"):
        with Semaphore():
            pass


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("woken", [False, True])
@pytest.mark.parametrize("others", [0, 1])
def test_a_waiter_that_gives_up_takes_no_permit_along(run, way, woken, others):
    def main():
        semaphore = Semaphore(1, bound=1)
        yield from semaphore.acquire()
        first = Waiter(semaphore.acquire(), way)
        rest = [Waiter(use(semaphore, [], "second")) for _ in range(others)]
        yield from settle()
        if woken:
            semaphore.release()
        first.give_up()
        if not woken:
            semaphore.release()
        yield Sleep(2)
        assert first.gave_up
        for each in rest:
            yield Wait(each.task)
        assert semaphore.statistics() == (1, 1, 0)
        assert semaphore._waiting == 0 and not semaphore._handed

    run(main())


@settings(max_examples=200, deadline=None)
@given(
    permits=st.integers(1, 3),
    schedule=schedules(st.tuples(st.just("user"), st.integers(0, 3))),
)
def test_no_permit_is_lost_or_made_whatever_happens(permits, schedule):
    inside = []

    def user(semaphore, turns):
        with (yield from semaphore):
            inside.append(turns)
            assert len(inside) <= permits
            try:
                for _ in range(turns):
                    yield
            finally:
                inside.pop()

    def main():
        semaphore = Semaphore(permits, permits)

        def check():
            assert not (semaphore.value and semaphore.statistics().waiting)
            assert semaphore.value + len(inside) + len(semaphore._handed) == permits

        waiters = yield from play(
            schedule, lambda _, turns: Waiter(user(semaphore, turns)), check
        )
        yield from end_all(waiters)
        assert semaphore.statistics() == (permits, permits, 0)
        assert semaphore._waiting == 0 and not semaphore._handed

    minios.run(main(), clock=VirtualClock())
