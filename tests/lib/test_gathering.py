"""gather, race and shield."""

import pytest

import minios
from minios import TaskKilledError, gather, race, shield, timeout
from syscalls import Kill, Now, Sleep, Spawn, Tasks, Wait


def sleeper(seconds, result=None):
    yield Sleep(seconds)
    return result


async def async_sleeper(seconds, result=None):
    await Sleep(seconds)
    return result


def failing(seconds, error):
    yield Sleep(seconds)
    raise error


def slow_to_die(seconds):
    try:
        yield Sleep(1000)
    finally:
        yield Sleep(seconds)


def test_gather_gives_the_results_in_the_order_of_its_arguments(run):
    def main():
        results = yield from gather(sleeper(2, "a"), async_sleeper(1, "b"), Sleep(3))
        return results, (yield Now())

    assert run(main()) == (["a", "b", None], 3)


def test_gather_can_be_awaited_and_yielded(run):
    async def main():
        return await gather(sleeper(1, 1), sleeper(1, 2))

    def by_trampoline():
        return (yield gather(sleeper(1, 1), sleeper(1, 2)))

    assert run(main()) == run(by_trampoline()) == [1, 2]


def test_gather_of_nothing_is_an_empty_list(run):
    def main():
        return (yield from gather())

    assert run(main()) == []


def test_gather_waits_for_a_task_that_runs_already(run):
    def main():
        task = yield Spawn(sleeper(5, "task"))
        return (yield from gather(task, sleeper(1, "routine")))

    assert run(main()) == ["task", "routine"]


def test_a_failure_kills_the_others_and_has_waited_for_them(run):
    def main():
        with pytest.raises(ValueError):
            yield from gather(slow_to_die(2), failing(1, ValueError()))
        return (yield Now()), len((yield Tasks()))

    assert run(main()) == (3, 1)


def test_killing_who_gathers_kills_what_is_gathered(run):
    def main():
        task = yield Spawn(gather(slow_to_die(2), sleeper(100)))
        yield Sleep(1)
        yield Kill(task)
        with pytest.raises(TaskKilledError):
            yield Wait(task)
        return (yield Now()), len((yield Tasks()))

    assert run(main()) == (3, 1)


def test_a_timeout_ends_a_gather(run):
    def main():
        with pytest.raises(TimeoutError):
            with timeout(1):
                yield from gather(sleeper(100), slow_to_die(1))
        return (yield Now()), len((yield Tasks()))

    assert run(main()) == (2, 1)


def test_gather_refuses_what_is_no_routine_and_leaves_nobody(run):
    def main():
        with pytest.raises(TypeError, match="no routine"):
            yield from gather(sleeper(100), 42)
        with pytest.raises(TypeError, match=r"gather\(\*routines\)"):
            yield from gather([sleeper(1)])
        yield
        return len((yield Tasks()))

    assert run(main()) == 1


def test_what_is_gathered_was_spawned_where_gather_was_called(run):
    def where():
        yield
        return minios.current_task().spawned_at

    def main():
        return (yield from gather(where()))

    assert "test_gathering.py" in run(main())[0]


def test_a_race_is_won_by_the_first_and_the_others_have_ended(run):
    def main():
        winner = yield from race(sleeper(2, "slow"), sleeper(1, "fast"), slow_to_die(5))
        return winner, (yield Now()), len((yield Tasks()))

    assert run(main()) == ("fast", 6, 1)


def test_a_race_whose_first_fails_raises_that(run):
    def main():
        with pytest.raises(KeyError):
            yield from race(sleeper(2), failing(1, KeyError()))
        return (yield Now()), len((yield Tasks()))

    assert run(main()) == (1, 1)


def test_what_a_loser_raises_goes_to_the_log(run, caplog):
    def sore_loser():
        try:
            yield Sleep(100)
        finally:
            raise ValueError("unfair")

    def main():
        return (yield from race(sleeper(1, "won"), sore_loser()))

    assert run(main()) == "won"
    assert [record.exc_info[0] for record in caplog.records] == [ValueError]


def test_killing_who_waits_for_a_race_ends_the_race(run):
    def main():
        with pytest.raises(TimeoutError):
            with timeout(1):
                yield from race(slow_to_die(1), slow_to_die(2))
        return (yield Now()), len((yield Tasks()))

    assert run(main()) == (3, 1)


def test_a_race_of_nobody_is_refused(run):
    def main():
        with pytest.raises(ValueError, match="at least one"):
            yield from race()
        yield

    run(main())


def test_what_is_shielded_goes_on_when_the_caller_is_killed(run):
    done = []

    def work():
        yield Sleep(5)
        done.append((yield Now()))

    def main():
        with pytest.raises(TimeoutError):
            with timeout(1):
                yield from shield(work())
        assert (yield Now()) == 1
        yield Sleep(10)

    run(main())
    assert done == [5]


def test_a_shield_gives_the_result_and_the_error(run):
    def main():
        assert (yield from shield(sleeper(1, "result"))) == "result"
        with pytest.raises(ValueError):
            yield from shield(failing(1, ValueError()))

    run(main())


def test_what_a_shielded_routine_raises_after_its_caller_is_gone_goes_to_the_log(run, caplog):
    def main():
        with pytest.raises(TimeoutError):
            with timeout(1):
                yield from shield(failing(2, ValueError("late")))
        yield Sleep(10)

    run(main())
    assert [record.exc_info[0] for record in caplog.records] == [ValueError]


def test_a_task_can_be_shielded(run):
    def main():
        task = yield Spawn(sleeper(3, "done"))
        with pytest.raises(TimeoutError):
            with timeout(1):
                yield from shield(task)
        return (yield Wait(task))

    assert run(main()) == "done"


def test_a_task_that_fails_before_its_waiter_has_a_turn_is_heard_and_not_logged(run, caplog):
    def failing():
        yield
        raise ValueError("too soon")

    def main():
        task = yield Spawn(failing())
        with pytest.raises(ValueError, match="too soon"):
            yield from gather(task, Sleep(1))

    run(main())
    assert not caplog.records


def test_a_task_whose_gather_was_killed_is_logged_when_it_fails_later(run, caplog):
    def failing():
        yield Sleep(5)
        raise ValueError("later")

    def main():
        task = yield Spawn(failing())
        waiter = yield Spawn(gather(task, Sleep(9)))
        yield
        waiter.kill()
        yield Sleep(6)

    run(main())
    assert "failed and nobody waits for it" in caplog.text
