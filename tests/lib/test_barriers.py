"""Barrier: tasks go on together, round after round, and hear of it when one does not come."""

import pytest

import minios
from minios import Barrier, BrokenBarrierError
from syscalls import Sleep, Spawn, Tasks, Wait
from tests.invariants import check_invariants
from tests.lib.giving_up import WAYS, Waiter, settle


def test_all_go_on_when_the_last_has_come_each_with_its_place(run):
    places = []

    def party(barrier, seconds):
        yield Sleep(seconds)
        places.append((yield from barrier.wait()))

    async def party_in_a_coroutine(barrier, seconds):
        await Sleep(seconds)
        async with barrier as place:
            places.append(place)

    def main():
        barrier = Barrier(3)
        tasks = [
            (yield Spawn(party(barrier, 1))),
            (yield Spawn(party_in_a_coroutine(barrier, 2))),
        ]
        yield Sleep(5)
        assert places == [] and barrier.n_waiting == 2
        assert barrier.statistics() == (3, 2, False)
        assert (yield Tasks())[1].wait == "Park(<Barrier 2 of 3>)"
        assert (yield from barrier.wait()) == 2
        for task in tasks:
            yield Wait(task)
        assert barrier.n_waiting == 0

    run(main())
    assert places == [0, 1]


def test_it_is_used_again_in_the_next_round(run):
    log = []

    def party(barrier, name):
        for number in range(3):
            yield from barrier.wait()
            log.append(number)
            yield Sleep(name)       # they come to the next round at different times

    def main():
        barrier = Barrier(3)
        tasks = []
        for name in range(3):
            tasks.append((yield Spawn(party(barrier, name))))
        for task in tasks:
            yield Wait(task)

    run(main())
    assert log == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_one_may_come_to_the_next_round_before_others_have_left_this_one(run):
    def main():
        barrier = Barrier(2)
        first = Waiter(barrier.wait())
        yield
        yield
        assert (yield from barrier.wait()) == 1
        again = Waiter(barrier.wait())      # `first` has not run since
        yield from settle()
        assert first.outcome == 0 and again.outcome is None
        yield from barrier.wait()
        yield from settle()
        assert again.outcome == 0

    run(main())


def test_a_barrier_of_one_lets_everybody_pass(run):
    def main():
        barrier = Barrier(1)
        assert (yield from barrier.wait()) == 0
        assert (yield from barrier.wait()) == 0

    run(main())


@pytest.mark.parametrize("way", WAYS)
def test_one_that_gives_up_breaks_it_for_the_others(run, way):
    def main():
        barrier = Barrier(3)
        first, second = Waiter(barrier.wait(), way), Waiter(barrier.wait())
        yield from settle()
        first.give_up()
        yield from settle()
        assert first.gave_up
        assert isinstance(second.error, BrokenBarrierError)
        assert barrier.broken and repr(barrier) == "<Barrier broken>"
        with pytest.raises(BrokenBarrierError, match="reset"):
            yield from barrier.wait()
        barrier.reset()
        assert not barrier.broken and barrier.statistics() == (3, 0, False)
        check_invariants(minios.current_kernel())

    run(main())


@pytest.mark.parametrize("way", WAYS)
def test_who_gives_up_after_the_barrier_has_opened_breaks_nothing(run, way):
    def main():
        barrier = Barrier(2)
        first = Waiter(barrier.wait(), way)
        yield from settle()
        yield from barrier.wait()
        later = Waiter(barrier.wait())
        first.give_up()
        yield from settle()
        assert first.task.done() and not barrier.broken
        yield from barrier.wait()
        yield from settle()
        assert later.outcome == 0

    run(main())


@pytest.mark.parametrize("end", [Barrier.abort, Barrier.reset])
def test_aborting_and_resetting_tell_those_who_wait(run, end):
    def main():
        barrier = Barrier(3)
        waiters = [Waiter(barrier.wait()) for _ in range(2)]
        yield from settle()
        end(barrier)
        assert barrier.broken is (end is Barrier.abort)
        barrier.reset()
        fresh = [Waiter(barrier.wait()) for _ in range(3)]
        yield from settle()
        assert all(isinstance(each.error, BrokenBarrierError) for each in waiters)
        assert [each.outcome for each in fresh] == [0, 1, 2]

    run(main())


@pytest.mark.parametrize("parties", [0, -1, 1.5, "2"])
def test_parties_that_make_no_sense_are_refused(parties):
    with pytest.raises(ValueError, match="parties"):
        Barrier(parties)
