"""Lock and RLock: who gets them, who may release them, and what becomes of who waits."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minios
from minios import DeadlockError, KernelError, Lock, OwnerEndedError, RLock, timeout
from minios.sim import VirtualClock
from syscalls import Kill, Sleep, Spawn, Tasks, Wait
from tests.invariants import check_invariants
from tests.lib.giving_up import WAYS, Waiter, end_all, play, schedules, settle

KINDS = pytest.mark.parametrize("kind", [Lock, RLock])


def hold(lock, log, name, turns=1):
    with (yield from lock):
        log.append(f"{name} in")
        for _ in range(turns):
            yield
        log.append(f"{name} out")


async def hold_in_a_coroutine(lock, log, name):
    async with lock:
        log.append(f"{name} in")
        await Sleep(1)
        log.append(f"{name} out")


# --- Who gets it ---------------------------------------------------------------------------


@KINDS
def test_one_task_at_a_time_in_the_order_in_which_they_came(run, kind):
    log = []

    def main():
        lock = kind()
        tasks = []
        for name in "abc":
            tasks.append((yield Spawn(hold(lock, log, name))))
        tasks.append((yield Spawn(hold_in_a_coroutine(lock, log, "d"))))
        for task in tasks:
            yield Wait(task)
        assert not lock.locked() and lock.owner is None

    run(main())
    assert log == [f"{name} {way}" for name in "abcd" for way in ("in", "out")]


@KINDS
def test_a_newcomer_does_not_get_the_lock_before_one_who_waits(run, kind):
    order = []

    def take(lock, name):
        yield from lock.acquire()
        order.append(name)
        lock.release()

    def main():
        lock = kind()
        yield from lock.acquire()
        waiter = yield Spawn(take(lock, "waiter"))
        yield
        lock.release()
        assert lock.owner is waiter         # handed over, though it has not run
        yield from take(lock, "newcomer")

    run(main())
    assert order == ["waiter", "newcomer"]


def test_acquiring_a_free_lock_takes_no_turn(run):
    def main():
        lock = Lock()
        before = minios.current_task().switches
        assert (yield from lock.acquire()) is True
        assert lock.locked() and lock.owner is minios.current_task()
        lock.release()
        with (yield from lock):
            pass
        assert minios.current_task().switches == before
        yield

    run(main())


def test_a_lock_is_spelled_in_each_of_the_ways(run):
    lock = Lock()

    async def coroutine():
        with (await lock):
            assert lock.locked()
        async with lock:
            assert lock.locked()
        assert await lock.acquire()
        lock.release()

    def main():
        with (yield from lock):
            assert lock.locked()
        assert (yield lock.acquire())
        lock.release()
        yield Wait((yield Spawn(coroutine())))
        return lock.locked()

    assert run(main()) is False


def test_a_block_that_fails_releases_the_lock(run):
    async def main():
        lock = Lock()
        with pytest.raises(ZeroDivisionError):
            async with lock:
                _ = 1 / 0
        return lock.locked()

    assert run(main()) is False


def test_a_plain_with_says_what_to_write(run):
    def main():
        with pytest.raises(KernelError, match=r"with \(yield from lock\):.*async with lock:"):
            with Lock():
                pass
        yield

    run(main())


def test_statistics_and_repr_tell_how_the_lock_stands(run):
    def main():
        lock = Lock()
        assert repr(lock) == "<Lock free>"
        assert lock.statistics() == (False, None, 0)
        me = minios.current_task()
        with (yield from lock):
            yield Spawn(hold(lock, [], "a"))
            yield Spawn(hold(lock, [], "b"))
            yield
            assert lock.statistics() == (True, me, 2)
            assert lock.statistics().waiting == 2
            assert [info.wait for info in (yield Tasks())][1:] == [
                "Park(<Lock held by task 1>)"
            ] * 2

    run(main())


def test_a_lock_is_free_of_charge_for_the_kernel_while_nobody_waits(run):
    def main():
        lock = Lock()
        yield from lock.acquire()
        assert not minios.current_task()._waiters
        waiter = yield Spawn(hold(lock, [], "a"))
        yield
        assert len(minios.current_task()._waiters) == 1
        lock.release()
        yield                       # now nobody waits any more
        assert not minios.current_task()._waiters and not waiter._waiters

    run(main())


# --- Mistakes ------------------------------------------------------------------------------


def test_only_the_owner_may_release(run):
    def thief(lock):
        with pytest.raises(KernelError, match=r"only its owner, task 1 \(main\)"):
            lock.release()
        yield

    def main():
        lock = Lock()
        yield from lock.acquire()
        yield Wait((yield Spawn(thief(lock))))
        assert lock.owner is minios.current_task()

    run(main())


@KINDS
def test_a_lock_that_nobody_holds_cannot_be_released(run, kind):
    def main():
        with pytest.raises(KernelError, match="nobody holds it"):
            kind().release()
        yield

    run(main())


def test_acquiring_a_lock_twice_is_refused_at_once(run):
    def main():
        lock = Lock()
        with (yield from lock):
            with pytest.raises(KernelError, match=r"task 1 \(main\) holds this lock.*RLock"):
                yield from lock.acquire()
        assert not lock.locked()

    run(main())


@KINDS
def test_a_lock_belongs_to_tasks(kind):
    with pytest.raises(KernelError, match="no kernel is running"):
        next(kind().acquire())


def test_releasing_the_lock_inside_its_block_is_noticed_when_it_is_left(run):
    def main():
        lock = Lock()
        with pytest.raises(KernelError, match="nobody holds it"):
            with (yield from lock):
                lock.release()

    run(main())


# --- RLock ---------------------------------------------------------------------------------


def test_an_rlock_is_free_when_it_was_released_as_often_as_acquired(run):
    log = []

    def main():
        lock = RLock()
        with (yield from lock):
            with (yield from lock):
                yield Spawn(hold(lock, log, "other"))
                yield from settle()
                assert repr(lock) == "<RLock held by task 1, 2 deep>"
            yield from settle()
            assert log == []
        yield from settle()
        assert log == ["other in", "other out"]

    run(main())


# --- Deadlocks -----------------------------------------------------------------------------


def test_two_locks_taken_in_opposite_order_are_a_deadlock_with_owners_and_cycle(kernel):
    def take(first, second):
        with (yield from first):
            yield
            with (yield from second):
                pass

    one, two = Lock(), Lock()
    kernel.spawn(take(one, two), "left")
    kernel.spawn(take(two, one), "right")
    with pytest.raises(DeadlockError) as caught:
        kernel.run()
    report = str(caught.value)
    assert sorted(caught.value.cycle) == [1, 2]
    assert "cycle: 1 -> 2 -> 1" in report
    assert "task 1 (left) waits in Park(<Lock held by task 2>)" in report
    assert "task 2 (right) waits in Park(<Lock held by task 1>)" in report
    assert not one.locked() and not two.locked()


# --- The owner ends ------------------------------------------------------------------------


def abandon(lock, error=None):
    yield from lock.acquire()
    yield Sleep(1)
    if error is not None:
        raise error


@KINDS
@pytest.mark.parametrize(
    ("error", "how"), [(None, "returned"), (ValueError("oops"), "ended with ValueError: oops")]
)
def test_every_waiter_hears_of_an_owner_that_ended(run, kind, error, how):
    def main():
        lock = kind()
        owner = yield Spawn(abandon(lock, error), "careless")
        yield
        waiters = [Waiter(lock.acquire()) for _ in range(3)]
        with pytest.raises(OwnerEndedError, match=rf"task 2 \(careless\) {how}"):
            yield from lock.acquire()
        yield from settle()
        assert all(isinstance(waiter.error, OwnerEndedError) for waiter in waiters)
        with pytest.raises(OwnerEndedError):
            yield from lock.acquire()
        assert owner.done() and lock.owner is owner
        assert repr(lock) == f"<{kind.__name__} held by task 2, which has ended>"
        lock.release()          # anybody may
        with (yield from lock):
            pass
        assert not lock.locked()

    run(main())


def test_an_rlock_whose_owner_ended_is_freed_at_once_however_deep_it_was(run):
    def abandon_deep(lock):
        yield from lock.acquire()
        yield from lock.acquire()

    def main():
        lock = RLock()
        yield Wait((yield Spawn(abandon_deep(lock))))
        lock.release()
        with (yield from lock):
            pass
        assert not lock.locked()

    run(main())


def test_a_killed_owner_is_named_with_who_killed_it(run):
    def main():
        lock = Lock()
        owner = yield Spawn(abandon(lock), "victim")
        yield
        yield Kill(owner, 9)
        with pytest.raises(OwnerEndedError, match="victim.*was killed by task 1 with signal 9"):
            yield from lock.acquire()

    run(main())


def test_the_end_of_an_owner_that_the_lock_was_handed_to_is_heard_of(run):
    def main():
        lock = Lock()
        yield from lock.acquire()
        owner = yield Spawn(abandon(lock))
        yield
        waiter = Waiter(lock.acquire())
        yield
        lock.release()
        yield Wait(owner)
        yield from settle()
        assert isinstance(waiter.error, OwnerEndedError)

    run(main())


def test_a_waiter_raises_even_if_the_lock_was_freed_before_it_runs(run):
    def main():
        lock = Lock()
        yield Spawn(abandon(lock))
        yield
        waiter = Waiter(lock.acquire())
        yield from settle()
        lock.owner.kill(9)
        lock.release()
        with (yield from lock):
            yield from settle()
            assert isinstance(waiter.error, OwnerEndedError)

    run(main())


# --- Giving up -----------------------------------------------------------------------------


@KINDS
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("woken", [False, True])
def test_a_waiter_that_gives_up_holds_nothing_and_holds_up_nobody(run, kind, way, woken):
    def main():
        lock = kind()
        yield from lock.acquire()
        first, second = Waiter(lock.acquire(), way), Waiter(hold(lock, [], "second"))
        yield from settle()
        if woken:
            lock.release()
            assert lock.owner is first.task
        first.give_up()
        if not woken:
            assert lock.statistics().waiting == 1
            lock.release()
        yield from settle()
        assert first.gave_up
        assert second.task.done() and not second.error
        assert lock.statistics() == (False, None, 0)
        assert lock._waiting == 0 and lock._watched is None
        check_invariants(minios.current_kernel())

    run(main())


@pytest.mark.parametrize("way", WAYS)
def test_the_owner_is_watched_no_more_when_the_last_waiter_gives_up(run, way):
    def main():
        lock = Lock()
        yield from lock.acquire()
        waiter = Waiter(lock.acquire(), way)
        yield from settle()
        assert len(minios.current_task()._waiters) == 1
        waiter.give_up()
        yield from settle()
        assert not minios.current_task()._waiters

    run(main())


@pytest.mark.parametrize("signum", [15, 9])
@pytest.mark.parametrize("holder", [hold, hold_in_a_coroutine])
def test_an_owner_that_is_killed_in_its_block_releases_the_lock(run, signum, holder):
    def main():
        lock = Lock()
        owner = yield Spawn(holder(lock, [], "owner"))
        yield
        assert lock.owner is owner
        yield Kill(owner, signum)
        with timeout(5), (yield from lock):
            pass

    run(main())


def test_a_generator_abandoned_in_its_block_releases_the_lock_for_its_task(run):
    def main():
        lock = Lock()
        abandoned = []

        def other():
            routine = hold(lock, [], "other", 100)
            next(routine)
            abandoned.append(routine)
            yield Sleep(100)

        yield Spawn(other())
        yield
        assert lock.locked()
        abandoned.pop().close()     # by another task than the one that acquired
        assert not lock.locked()

    run(main())


# --- Whatever happens ----------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(
    kind=st.sampled_from((Lock, RLock)),
    schedule=schedules(st.tuples(st.just("user"), st.integers(0, 3))),
)
def test_never_two_inside_and_in_the_order_of_arrival_whatever_happens(kind, schedule):
    arrivals, inside, entered = [], [], []

    def user(lock, turns):
        number = len(arrivals)
        arrivals.append(number)
        with (yield from lock):
            assert not inside
            inside.append(number)
            entered.append(number)
            try:
                for _ in range(turns):
                    yield
            finally:
                inside.remove(number)

    def main():
        lock = kind()

        def check():
            assert lock.locked() or not lock.statistics().waiting

        waiters = yield from play(schedule, lambda _, turns: Waiter(user(lock, turns)), check)
        yield from end_all(waiters)
        assert lock.statistics() == (False, None, 0)
        assert lock._waiting == 0 and lock._watched is None
        assert entered == sorted(entered)

    minios.run(main(), clock=VirtualClock())


def test_a_lock_that_is_acquired_in_another_way_is_so_by_a_block_too(run):
    class Counted(Lock):
        __slots__ = ("count",)

        def acquire(self):
            self.count = getattr(self, "count", 0) + 1
            return (yield from super().acquire())

    def main():
        lock = Counted()
        with (yield from lock):
            assert lock.locked()
        assert lock.count == 1 and not lock.locked()

    run(main())


# --- Where it was taken ---------------------------------------------------------------------


class Subclass(Lock):
    """A lock of a user's own, that acquires as any other."""


def line(function, offset):
    return f"{__file__}:{function.__code__.co_firstlineno + offset}"


PLACES = pytest.mark.parametrize("make", [
    Lock, RLock, Subclass, lambda: minios.Condition(), lambda: minios.Condition(RLock()),
], ids=["Lock", "RLock", "Subclass", "Condition", "Condition of an RLock"])


@PLACES
def test_the_line_where_it_was_taken_is_kept_however_it_was_spelled(run, make):
    found = []

    def generator(thing, lock):
        with (yield from thing):
            found.append(lock.taken_at)
        yield from thing.acquire()
        found.append(lock.taken_at)
        thing.release()
        yield thing.acquire()
        found.append(lock.taken_at)
        thing.release()

    async def coroutine(thing, lock):
        async with thing:
            found.append(lock.taken_at)
        with (await thing):
            found.append(lock.taken_at)
        await thing.acquire()
        found.append(lock.taken_at)
        thing.release()

    def main():
        thing = make()
        lock = getattr(thing, "_lock", thing)
        assert lock.taken_at == ""
        yield from generator(thing, lock)
        yield coroutine(thing, lock)
        assert lock.taken_at == ""

    run(main())
    assert found == [line(generator, offset) for offset in (1, 3, 6)] + [
        line(coroutine, offset) for offset in (1, 3, 5)]


@PLACES
@pytest.mark.parametrize("way", ["yield from", "yield"])
def test_one_to_whom_it_was_handed_took_it_where_he_waited(run, make, way):
    def waits(thing):
        if way == "yield":
            yield thing.acquire()
        else:
            yield from thing.acquire()
        yield
        thing.release()

    def main():
        thing = make()
        lock = getattr(thing, "_lock", thing)
        yield from thing.acquire()
        task = yield Spawn(waits(thing))
        yield Sleep(1)
        thing.release()
        place = line(waits, 2 if way == "yield" else 4)
        assert lock.owner is task
        assert lock.taken_at == place       # he has not run since
        yield
        assert lock.owner is task and lock.taken_at == place
        yield Wait(task)

    run(main())


def test_an_rlock_keeps_the_place_of_the_first_time(run):
    def main():
        lock = RLock()
        with (yield from lock):
            first = lock.taken_at
            with (yield from lock):
                assert lock.taken_at == first == line(main, 2)
            assert lock.taken_at == first

    run(main())


def test_who_has_it_back_after_a_condition_took_it_where_he_waited(run):
    def waits(condition):
        with (yield from condition):
            yield from condition.wait()
            return condition._lock.taken_at

    def main():
        condition = minios.Condition()
        task = yield Spawn(waits(condition))
        yield Sleep(1)
        with (yield from condition):
            condition.notify()
        assert (yield Wait(task)) == line(waits, 2)

    run(main())


def test_a_lock_keeps_no_frame_of_who_took_it(run):
    import gc
    import weakref

    class Local:
        pass

    def takes(lock):
        local = Local()
        yield from lock.acquire()
        return weakref.ref(local)

    def main():
        lock = Lock()
        reference = yield from takes(lock)
        gc.collect()
        assert reference() is None and lock.taken_at == line(takes, 2)
        lock.release()

    run(main())
