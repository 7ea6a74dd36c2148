"""TaskGroup: nobody outlives the block, and no error is lost."""

import logging
import signal

import pytest

import minios
from minios import ScopeError, TaskGroup, TaskKilledError, timeout
from syscalls import Kill, Now, Park, Sleep, Spawn, Tasks, Wait
from tests.invariants import check_invariants


def sleeper(seconds, result=None):
    yield Sleep(seconds)
    return result


def failing(seconds, error):
    yield Sleep(seconds)
    raise error


def slow_to_die(seconds, log):
    try:
        yield Sleep(1000)
    finally:
        yield Sleep(seconds)
        log.append((yield Now()))


def test_leaving_an_async_group_waits_for_its_tasks(run):
    async def main():
        async with TaskGroup() as group:
            tasks = [group.spawn(sleeper(n, n)) for n in range(4)]
        return [task.result() for task in tasks], await Now()

    assert run(main()) == ([0, 1, 2, 3], 3)


def test_a_generator_joins_its_group(run):
    def main():
        with TaskGroup() as group:
            tasks = [group.spawn(sleeper(n, n)) for n in range(4)]
            yield from group.join()
            return [task.result() for task in tasks], (yield Now())

    assert run(main()) == ([0, 1, 2, 3], 3)


def test_an_empty_group_is_left_at_once(run):
    async def main():
        async with TaskGroup():
            pass

    run(main())


def test_the_first_failure_kills_the_rest_and_waits_for_them(run):
    log = []

    async def main():
        with pytest.raises(ValueError, match="first"):
            async with TaskGroup() as group:
                group.spawn(slow_to_die(5, log))
                group.spawn(failing(1, ValueError("first")))
        assert len(await Tasks()) == 1
        return await Now()

    assert run(main()) == 6 and log == [6]


def test_several_errors_arrive_together(run):
    def fails_when_killed():
        try:
            yield Sleep(1000)
        finally:
            raise KeyError("second")

    def main():
        with pytest.raises(ExceptionGroup) as caught:
            with TaskGroup() as group:
                group.spawn(fails_when_killed())
                group.spawn(failing(1, ValueError("first")))
                yield from group.join()
        return [type(error) for error in caught.value.exceptions]

    assert run(main()) == [ValueError, KeyError]


def test_an_owner_that_is_busy_in_the_block_is_interrupted_when_the_others_have_ended(run):
    log = []

    def main():
        with pytest.raises(ValueError):
            with TaskGroup() as group:
                group.spawn(slow_to_die(5, log))
                group.spawn(failing(1, ValueError()))
                yield Sleep(1000)
        return (yield Now())

    assert run(main()) == 6 and log == [6]


def test_an_error_of_the_body_kills_the_tasks(run):
    log = []

    async def main():
        with pytest.raises(ZeroDivisionError):
            async with TaskGroup() as group:
                group.spawn(slow_to_die(5, log))
                await Sleep(1)
                raise ZeroDivisionError
        return await Now()

    assert run(main()) == 6 and log == [6]


def test_an_error_of_the_body_and_one_of_a_task_arrive_together(run):
    def fails_when_killed():
        try:
            yield Sleep(1000)
        finally:
            raise KeyError

    async def main():
        with pytest.raises(ExceptionGroup) as caught:
            async with TaskGroup() as group:
                group.spawn(fails_when_killed())
                await Sleep(1)
                raise ZeroDivisionError
        return [type(error) for error in caught.value.exceptions]

    assert run(main()) == [ZeroDivisionError, KeyError]


def test_an_error_that_two_tasks_share_is_told_once(run):
    def waits_for(task):
        yield Wait(task)

    def main():
        with pytest.raises(ValueError):
            with TaskGroup() as group:
                task = group.spawn(failing(1, ValueError("one")))
                group.spawn(waits_for(task))
                yield from group.join()

    run(main())


def test_a_child_that_somebody_kills_is_a_failure(run):
    def main():
        with pytest.raises(TaskKilledError):
            with TaskGroup() as group:
                task = group.spawn(sleeper(100))
                group.spawn(sleeper(100))
                yield Kill(task)
                yield from group.join()
        assert len((yield Tasks())) == 1

    run(main())


@pytest.mark.parametrize("joining", [True, False])
def test_an_owner_that_is_killed_takes_its_tasks_along(run, joining):
    log = []

    async def owner():
        async with TaskGroup() as group:
            group.spawn(slow_to_die(3, log))
            if not joining:
                await Sleep(100)

    def main():
        task = yield Spawn(owner())
        yield Sleep(1)
        yield Kill(task)
        with pytest.raises(TaskKilledError):
            yield Wait(task)
        return (yield Now()), len((yield Tasks()))

    assert run(main()) == (4, 1) and log == [4]


def test_an_owner_that_is_killed_again_closes_its_tasks(run):
    log = []

    def owner():
        with TaskGroup() as group:
            group.spawn(slow_to_die(300, log))
            yield from group.join()

    def main():
        task = yield Spawn(owner())
        yield Sleep(1)
        yield Kill(task)
        yield Sleep(1)
        yield Kill(task)
        with pytest.raises(TaskKilledError):
            yield Wait(task)
        return (yield Now()), len((yield Tasks()))

    assert run(main()) == (2, 1) and log == []


def test_an_owner_that_is_closed_by_sigkill_leaves_nobody(run, caplog):
    def owner():
        with TaskGroup() as group:
            group.spawn(sleeper(300))
            group.spawn(sleeper(300), daemon=True)
            yield from group.join()

    async def async_owner():
        async with TaskGroup() as group:
            group.spawn(sleeper(300))

    def main():
        for routine in (owner(), async_owner()):
            task = yield Spawn(routine)
            yield Sleep(1)
            yield Kill(task, signal.SIGKILL)
            assert len((yield Tasks())) == 1
            check_invariants(minios.current_kernel())

    run(main())
    assert not caplog.records


def test_a_timeout_around_a_group_arrives_as_a_timeout(run):
    log = []

    async def main():
        with pytest.raises(TimeoutError):
            with timeout(1):
                async with TaskGroup() as group:
                    group.spawn(slow_to_die(2, log))
        return await Now()

    assert run(main()) == 3 and log == [3]


def test_errors_that_a_kill_overtakes_go_to_the_log(run, caplog):
    def fails_when_killed():
        try:
            yield Sleep(1000)
        finally:
            raise KeyError("in the log")

    async def main():
        with pytest.raises(TimeoutError):
            with timeout(1):
                async with TaskGroup() as group:
                    group.spawn(fails_when_killed())

    run(main())
    assert [record.exc_info[0] for record in caplog.records] == [KeyError]


def test_services_end_when_the_others_have(run):
    log = []

    def service():
        try:
            yield Sleep(1000)
        finally:
            log.append(("service ended", (yield Now())))

    async def main():
        async with TaskGroup() as group:
            group.spawn(service(), daemon=True)
            group.spawn(sleeper(5))
        log.append("left")

    run(main())
    assert log == [("service ended", 5), "left"]


def test_a_service_that_fails_kills_the_rest(run):
    async def main():
        with pytest.raises(ValueError):
            async with TaskGroup() as group:
                group.spawn(failing(1, ValueError()), daemon=True)
                group.spawn(sleeper(100))
        return await Now()

    assert run(main()) == 1


def test_a_task_of_the_group_may_spawn_another_in_it(run):
    def parent(group):
        yield Sleep(1)
        group.spawn(sleeper(5))

    def main():
        with TaskGroup() as group:
            group.spawn(parent(group))
            yield from group.join()
        return (yield Now())

    assert run(main()) == 6


def test_nothing_can_be_spawned_in_a_group_that_is_over(run):
    def main():
        group = TaskGroup()
        with pytest.raises(minios.KernelError, match="not entered"):
            group.spawn(sleeper(1))
        with group:
            yield
        with pytest.raises(minios.KernelError, match="over"):
            group.spawn(sleeper(1))

    run(main())


def test_nothing_can_be_spawned_in_a_group_that_fails(run):
    def late(group, log):
        try:
            yield Sleep(100)
        finally:
            with pytest.raises(minios.KernelError, match="failing"):
                group.spawn(sleeper(1))
            log.append("refused")

    def main():
        log = []
        with pytest.raises(ValueError):
            with TaskGroup() as group:
                group.spawn(late(group, log))
                group.spawn(failing(1, ValueError()))
                yield from group.join()
        return log

    assert run(main()) == ["refused"]


def test_a_generator_that_leaves_its_group_without_join_is_told_where(run):
    def main():
        with pytest.raises(ScopeError, match=r"test_groups.py:\d+ was left while 1 of its tasks"):
            with TaskGroup() as group:
                group.spawn(sleeper(100))
                yield
        yield
        assert len((yield Tasks())) == 1

    run(main())


def test_a_group_is_joined_by_its_owner_alone(run):
    def stranger(group):
        with pytest.raises(minios.KernelError, match="by the task that entered it"):
            yield from group.join()

    def main():
        with TaskGroup() as group:
            task = yield Spawn(stranger(group))
            yield Wait(task)
            yield from group.join()

    run(main())


def test_a_deadlock_report_names_whom_a_group_waits_for(run):
    def stuck():
        yield Park("the other side")

    def main():
        with TaskGroup() as group:
            group.spawn(stuck(), name="stuck")
            yield from group.join()

    with pytest.raises(minios.DeadlockError, match=r"stuck.*\n?.*"):
        run(main())


def test_two_tasks_that_wait_for_each_others_group_are_a_circle(run):
    def child(parent):
        yield Wait(parent)

    def main():
        with TaskGroup() as group:
            group.spawn(child(minios.current_task()))
            yield from group.join()

    with pytest.raises(minios.DeadlockError) as caught:
        run(main())
    assert sorted(caught.value.cycle) == [1, 2]


def test_sys_exit_in_a_task_of_a_group_means_it(run):
    def leaves():
        yield Sleep(1)
        raise SystemExit(3)

    def main():
        with TaskGroup() as group:
            group.spawn(leaves())
            group.spawn(sleeper(100))
            yield from group.join()

    with pytest.raises(SystemExit) as caught:
        run(main())
    assert caught.value.code == 3


def test_groups_nest(run):
    log = []

    async def inner():
        async with TaskGroup() as group:
            group.spawn(slow_to_die(1, log))
            group.spawn(slow_to_die(2, log))

    async def main():
        with pytest.raises(ValueError):
            async with TaskGroup() as group:
                group.spawn(inner())
                group.spawn(failing(1, ValueError()))
        return await Now()

    assert run(main()) == 3 and log == [2, 3]


def test_ending_a_group_is_no_failure(run):
    def main():
        with TaskGroup() as group:
            group.spawn(sleeper(100))
            yield Sleep(1)
            group.end()
            yield from group.join()
        return (yield Now())

    assert run(main()) == 1


def test_ten_thousand_tasks_end_with_their_group(run, caplog):
    caplog.set_level(logging.ERROR)

    async def main():
        with pytest.raises(ValueError):
            async with TaskGroup() as group:
                for n in range(10_000):
                    group.spawn(sleeper(100 + n))
                group.spawn(failing(1, ValueError()))
        assert len(await Tasks()) == 1

    run(main())
    assert not caplog.records


def test_a_group_whose_tasks_are_killed_with_their_owner_is_no_news(run, caplog):
    def owner():
        with TaskGroup() as group:
            group.spawn(sleeper(100))
            group.spawn(sleeper(100))
            yield from group.join()

    def main():
        yield Spawn(owner())        # it is shut down with main, children before parents
        yield Sleep(1)

    run(main())
    assert not caplog.records


def test_an_owner_whose_own_doing_fails_the_group_is_interrupted_at_its_next_yield(run):
    def main():
        with pytest.raises(TaskKilledError):
            with TaskGroup() as group:
                task = group.spawn(sleeper(1000))
                yield
                task.kill(signal.SIGKILL)       # ends it at once, in the owner's own turn
                yield Sleep(100)
        return (yield Now())

    assert run(main()) == 0


def test_a_group_takes_calls_and_tasks_as_well(run):
    def main():
        other = yield Spawn(sleeper(2, "other"))
        with TaskGroup() as group:
            group.spawn(Sleep(3))
            task = group.spawn(other)
            yield from group.join()
        return task.result(), (yield Now())

    assert run(main()) == ("other", 3)


def kill_at_2(task):
    yield Sleep(2)
    yield Kill(task)


@pytest.mark.parametrize("how", ["gather", "join", "aexit", "race"])
def test_a_kill_that_comes_while_a_group_cleans_up_after_a_timeout_is_not_lost(run, how):
    async def in_a_coroutine():
        async with TaskGroup() as group:
            group.spawn(slow_to_die(5, []))

    def in_a_generator():
        with TaskGroup() as group:
            group.spawn(slow_to_die(5, []))
            yield from group.join()

    def victim():
        for _ in range(3):
            try:
                with timeout(1):
                    if how == "gather":
                        yield from minios.gather(slow_to_die(5, []))
                    elif how == "race":
                        yield from minios.race(slow_to_die(5, []))
                    else:
                        yield in_a_coroutine() if how == "aexit" else in_a_generator()
            except TimeoutError:
                pass
        return "survived"

    def main():
        task = yield Spawn(victim())
        yield from kill_at_2(task)
        with pytest.raises(TaskKilledError):
            yield Wait(task)
        return (yield Now())

    assert run(main()) == 2


def test_a_kill_that_comes_while_a_group_cleans_up_after_its_body_failed_is_not_lost(run):
    async def victim():
        for _ in range(3):
            try:
                async with TaskGroup() as group:
                    group.spawn(slow_to_die(5, []))
                    await Sleep(1)
                    raise KeyError
            except KeyError:
                pass
        return "survived"

    def main():
        task = yield Spawn(victim())
        yield from kill_at_2(task)
        with pytest.raises(TaskKilledError):
            yield Wait(task)

    run(main())


def test_an_outer_limit_that_is_reached_while_a_group_cleans_up_is_not_lost(run):
    def main():
        with pytest.raises(TimeoutError):
            with timeout(2) as outer:
                try:
                    with timeout(1):
                        yield from minios.gather(slow_to_die(5, []))
                except TimeoutError:
                    yield Sleep(100)
        return outer.expired(), (yield Now())

    assert run(main()) == (True, 2)
