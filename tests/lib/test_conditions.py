"""Condition: the lock is held again whatever happened, and no notification is lost."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minios
from minios import Condition, KernelError, Lock, OwnerEndedError, RLock, timeout
from minios.sim import VirtualClock
from syscalls import Sleep, Spawn, Tasks, Wait
from tests.invariants import check_invariants
from tests.lib.giving_up import WAYS, Waiter, end_all, play, schedules, settle


def wait_in_block(condition, log=None):
    with (yield from condition):
        yield from condition.wait()
        assert condition._lock.owner is minios.current_task()
    return True


async def wait_in_a_coroutine(condition):
    async with condition:
        assert await condition.wait() is True
    return True


def notify(condition, n=1):
    with (yield from condition):
        condition.notify(n)


def test_notify_lets_the_longest_waiter_go_on_and_notify_all_the_rest(run):
    def main():
        condition = Condition()
        waiters = [Waiter(wait_in_block(condition)) for _ in range(4)]
        coroutine = yield Spawn(wait_in_a_coroutine(condition))
        yield from settle()
        assert condition.statistics() == (5, (False, None, 0))
        assert not condition.locked()
        assert (yield Tasks())[1].wait == "Park(<Condition of <Lock free>>)"
        yield from notify(condition)
        yield from settle()
        assert [each.outcome for each in waiters] == [True, None, None, None]
        yield from notify(condition, 2)
        yield from settle()
        assert [each.outcome for each in waiters] == [True, True, True, None]
        with (yield from condition):
            condition.notify_all()
        assert (yield Wait(coroutine)) is True
        assert [each.outcome for each in waiters] == [True] * 4
        yield from notify(condition)        # to nobody: forgotten
        late = Waiter(wait_in_block(condition))
        yield from settle()
        assert late.outcome is None

    run(main())


def test_wait_for_looks_again_until_it_is_true(run):
    items, looks = [], []

    def look():
        looks.append(len(items))
        return items

    async def consumer(condition):
        async with condition:
            return list(await condition.wait_for(look))

    def main():
        condition = Condition()
        task = yield Spawn(consumer(condition))
        yield from settle()
        yield from notify(condition)
        yield from settle()
        items.append("item")
        yield from notify(condition)
        return (yield Wait(task))

    assert run(main()) == ["item"]
    assert looks == [0, 0, 1]


def test_the_lock_is_released_while_a_task_waits_and_held_when_it_goes_on(run):
    def main():
        condition = Condition()
        waiter = Waiter(wait_in_block(condition))
        yield from settle()
        yield from condition.acquire()
        assert condition.locked()
        condition.notify()
        yield from settle()
        assert waiter.outcome is None       # it waits for the lock
        condition.release()
        yield from settle()
        assert waiter.outcome is True

    run(main())


def test_an_rlock_is_released_wholly_and_held_as_deep_as_before(run):
    def main():
        lock = RLock()
        condition = Condition(lock)

        def deep():
            with (yield from condition):
                with (yield from condition):
                    yield from condition.wait()
                    assert lock._count == 2
                assert lock.locked()

        waiter = Waiter(deep())
        yield from settle()
        assert not lock.locked()
        yield from notify(condition)
        yield from settle()
        assert waiter.task.done() and waiter.error is None and not lock.locked()

    run(main())


def test_conditions_may_share_a_lock(run):
    def main():
        lock = Lock()
        full, empty = Condition(lock), Condition(lock)
        waiters = Waiter(wait_in_block(full)), Waiter(wait_in_block(empty))
        yield from settle()
        yield from notify(empty)
        yield from settle()
        assert [each.outcome for each in waiters] == [None, True]

    run(main())


@pytest.mark.parametrize("lock", [5, "lock", Condition()])
def test_what_is_no_lock_is_refused(lock):
    with pytest.raises(TypeError, match="Lock or an RLock"):
        Condition(lock)


@pytest.mark.parametrize("held_by_another", [False, True])
def test_waiting_and_notifying_need_the_lock(run, held_by_another):
    def main():
        condition = Condition()
        if held_by_another:
            Waiter(condition.acquire())
            yield
            yield
        with pytest.raises(KernelError, match="wait.*acquired by its caller first"):
            yield from condition.wait()
        with pytest.raises(KernelError, match="notify.*acquired"):
            condition.notify()
        with pytest.raises(KernelError, match="notify_all.*acquired"):
            condition.notify_all()

    run(main())


# --- Giving up -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Lock, RLock])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("routine", [wait_in_block, wait_in_a_coroutine])
def test_a_waiter_that_gives_up_leaves_its_block_as_any_other(run, kind, way, routine):
    def main():
        condition = Condition(kind())

        def operation():
            return (yield routine(condition))

        waiter = Waiter(operation(), way)
        yield from settle()
        waiter.give_up()
        yield from settle()
        assert waiter.gave_up
        assert condition.statistics() == (0, (False, None, 0))
        assert condition._waiting == 0

    run(main())


@pytest.mark.parametrize("way", WAYS)
def test_a_waiter_that_gives_up_does_not_release_what_another_holds(run, way, caplog):
    def main():
        condition = Condition()
        waiter = Waiter(wait_in_block(condition), way)
        yield from settle()
        with (yield from condition):
            waiter.give_up()
            yield from settle()
            assert condition._lock.owner is minios.current_task()
            # SIGKILL does not wait; the others leave their block when they have the lock.
            assert waiter.task.done() is (way == 9)
        yield from settle()
        assert waiter.gave_up and not condition.locked()

    run(main())
    assert not caplog.records


@pytest.mark.parametrize("way", WAYS)
def test_a_waiter_that_gives_up_without_a_notification_wakes_nobody(run, way):
    def main():
        condition = Condition()
        first, second = (Waiter(wait_in_block(condition), each) for each in (way, "timeout"))
        yield from settle()
        first.give_up()
        yield from settle()
        assert first.gave_up
        assert second.outcome is None and condition.statistics().waiting == 1

    run(main())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("where", ["woken", "waiting for the lock", "handed the lock"])
def test_the_notification_of_one_that_gives_up_goes_to_the_next(run, way, where):
    def main():
        condition = Condition()
        first, second = (Waiter(wait_in_block(condition), each) for each in (way, "timeout"))
        yield from settle()
        with (yield from condition):
            condition.notify()
            if where != "woken":
                yield from settle()
                assert condition._lock.statistics().waiting == 1
            if where != "handed the lock":
                first.give_up()
        if where == "handed the lock":
            assert condition._lock.owner is first.task
            first.give_up()
        yield from settle()
        assert first.gave_up
        assert second.outcome is True
        assert not condition.locked() and not condition._notified
        check_invariants(minios.current_kernel())

    run(main())


def test_a_waiter_killed_again_while_it_waits_for_the_lock_still_gets_it(run):
    def main():
        condition = Condition()
        left = []

        def wait():
            with (yield from condition):
                try:
                    yield from condition.wait()
                except minios.Cancelled as error:
                    assert condition._lock.owner is minios.current_task()
                    left.append(error.signum)
                    raise

        waiter = Waiter(wait())
        yield from settle()
        with (yield from condition):
            for signum in (10, 15, 12):
                waiter.task.kill(signum)
                yield from settle()
        yield from settle()
        assert left == [10] and not condition.locked()

    run(main())


def test_nested_time_limits_that_are_over_while_it_waits_for_the_lock_each_raise(run):
    def main():
        condition = Condition()
        log = []

        def wait():
            try:
                with timeout(2) as outer:
                    try:
                        with (yield from condition), timeout(1):
                            yield from condition.wait()
                    except TimeoutError:
                        log.append("inner")
                        yield Sleep(100)
            except TimeoutError:
                assert outer.expired()
                log.append("outer")

        task = yield Spawn(wait())
        yield Sleep(0.5)
        with (yield from condition):
            yield Sleep(10)
        yield Wait(task)
        return log

    assert run(main()) == ["inner", "outer"]


def test_a_lock_whose_owner_ended_is_not_waited_for_for_ever(run):
    def main():
        condition = Condition()
        waiter = Waiter(wait_in_block(condition))
        yield from settle()
        careless = Waiter(notify_and_end(condition))
        yield from careless.end()
        yield from settle()
        assert isinstance(waiter.error, OwnerEndedError)

    def notify_and_end(condition):
        yield from condition.acquire()
        condition.notify()
        yield from settle()

    run(main())


def test_a_kill_goes_on_though_the_lock_cannot_be_had_back(run):
    def main():
        condition = Condition()
        waiter = Waiter(wait_in_block(condition), 15)
        yield from settle()
        careless = Waiter(condition.acquire())
        yield from careless.end()
        waiter.give_up()
        yield from waiter.end()
        assert waiter.gave_up
        assert condition._lock.owner is careless.task

    run(main())


def test_a_waiter_that_needs_the_lock_back_before_it_can_go_is_shown_as_uninterruptible(run):
    def main():
        condition = Condition()
        waiter = Waiter(wait_in_block(condition), 15)
        yield from settle()
        with (yield from condition):
            waiter.give_up()
            yield from settle()
            info = (yield Tasks())[1]
            assert info.state == "D" and info.wait == "_ParkFirmly(<Lock held by task 1>)"
            waiter.task.kill(9)
            assert waiter.gave_up

    run(main())


# --- Whatever happens ----------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(
    schedule=schedules(
        st.tuples(st.just("consumer"), st.integers(0, 2)),
        st.tuples(st.just("producer"), st.integers(0, 2)),
    )
)
def test_while_there_are_items_nobody_sleeps_beside_them(schedule):
    """One notification an item: if one got lost, a consumer would sleep beside an item."""
    items = []

    def consumer(condition, turns):
        with (yield from condition):
            yield from condition.wait_for(lambda: items)
            items.pop()
            for _ in range(turns):
                yield

    def producer(condition, turns):
        with (yield from condition):
            items.append("item")
            condition.notify()
            for _ in range(turns):
                yield

    def main():
        condition = Condition()

        def act(what, turns):
            return Waiter((consumer if what == "consumer" else producer)(condition, turns))

        waiters = yield from play(schedule, act, lambda: None)
        for _ in range(10 * len(waiters)):
            yield
        assert not (items and condition.statistics().waiting)
        assert not condition.locked() and not condition._notified
        yield from end_all(waiters)
        assert condition._waiting == 0 and not condition.locked()

    minios.run(main(), clock=VirtualClock())
