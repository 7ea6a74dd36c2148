"""Victims that wait for each other: locks, events, conditions, semaphores, barriers."""

from minios import Barrier, BrokenBarrierError, Condition, Event, Lock, RLock, Semaphore
from syscalls import Sleep, Wait

from ..suspension_points import scenario


def holds(lock, seconds=1, taken=None):
    """A task that holds `lock` for a while."""
    with (yield from lock):
        if taken is not None:
            taken.append(True)
        yield Sleep(seconds)


def is_free(world, lock):
    """The lock is nobody's, and can be had."""
    world.expect("locks", not lock.locked(), f"{lock!r}")
    if not lock.locked():
        with (yield from lock):
            pass


@scenario
def a_lock_that_is_free(world):
    lock = Lock()

    def victim():
        yield from lock.acquire()
        try:
            yield Sleep(1)
        finally:
            lock.release()
        with (yield from lock):
            yield Sleep(1)

    yield from world.victim(victim())
    yield from is_free(world, lock)


def contended(world, lock, victim):
    """One task holds the lock, the victim waits, and another one waits behind it."""
    others, taken = [], []
    others.append(world.spawn(holds(lock, taken=taken)))
    yield       # so that it comes first

    def behind():
        yield Sleep(0.5)
        yield from holds(lock, taken=taken)

    others.append(world.spawn(behind()))
    yield from world.victim(victim)
    for task in others:
        yield Wait(task)
    world.expect("locks", len(taken) == 2, "not everybody has had the lock")
    yield from is_free(world, lock)


@scenario
def a_lock_that_another_holds(world):
    lock = Lock()

    def victim():
        with (yield from lock):
            yield Sleep(1)

    yield from contended(world, lock, victim())


@scenario
def a_lock_in_a_coroutine(world):
    lock = Lock()

    async def victim():
        async with lock:
            await Sleep(1)
        with (await lock):
            await Sleep(1)
        await lock.acquire()
        lock.release()

    yield from contended(world, lock, victim())


@scenario
def an_rlock(world):
    lock = RLock()

    def victim():
        with (yield from lock):
            yield Sleep(1)
            with (yield from lock):
                yield Sleep(1)
            yield Sleep(1)

    yield from contended(world, lock, victim())


@scenario
def an_rlock_in_a_coroutine(world):
    lock = RLock()

    async def victim():
        async with lock, lock:
            await Sleep(1)

    yield from contended(world, lock, victim())


@scenario
def a_lock_in_turns(world):
    """Every waiter is woken while the one before it has just let go."""
    lock = Lock()
    turns = []

    def takes(times):
        for _ in range(times):
            with (yield from lock):
                turns.append(True)
                yield

    others = [world.spawn(takes(5)) for _ in range(3)]
    yield from world.victim(takes(5))
    for task in others:
        yield Wait(task)
    world.expect("locks", len(turns) >= 15)
    yield from is_free(world, lock)


@scenario
def an_event(world):
    event, seen = Event(), []

    def waits():
        assert (yield from event.wait())
        seen.append(True)

    def sets():
        yield Sleep(1)
        event.set()
        event.clear()
        yield Sleep(1)
        event.set()

    def victim():
        yield from event.wait()
        yield from event.wait()

    others = [world.spawn(waits()) for _ in range(2)] + [world.spawn(sets())]
    yield from world.victim(victim())
    for task in others:
        yield Wait(task)
    world.expect("items", len(seen) == 2)
    world.expect("parked", event.statistics().waiting == 0 and event._waiting == 0)


@scenario
def a_condition_that_is_notified_of_one_item(world):
    """A notification that was given to the victim is not lost: the next waiter hears of it."""
    condition, items, got = Condition(), [], []

    def consumes(times):
        for _ in range(times):
            with (yield from condition):
                while not items:
                    yield from condition.wait()
                got.append(items.pop())

    def produces():
        for item in range(4):
            yield Sleep(1)
            with (yield from condition):
                items.append(item)
                condition.notify()
                yield Sleep(0.5)

    others = [world.spawn(produces())]
    yield from world.victim(consumes(2))
    others.append(world.spawn(consumes(4 - len(got))))
    for task in others:
        yield Wait(task)
    world.expect("items", sorted(got) == [0, 1, 2, 3], f"{got}")
    yield from is_free(world, condition)


@scenario
def a_condition_beside_other_waiters(world):
    condition, items, got = Condition(RLock()), [], []

    def consumes():
        with (yield from condition):
            yield from condition.wait_for(lambda: items)
            got.append(items.pop())

    def produces():
        yield Sleep(1)
        with (yield from condition):
            items.append("only")
            condition.notify()
        yield Sleep(1)
        if not got:
            raise AssertionError("nobody has heard")
        while len(got) < 3:
            with (yield from condition):
                items.append("more")
                condition.notify()
            yield Sleep(1)
            if consumer.done() and world.assassin.victim.done():
                break

    producer = world.spawn(produces())

    async def victim():
        async with condition:
            await condition.wait_for(lambda: items)
            got.append(items.pop())

    def begins_later():
        yield Sleep(0.5)
        yield from consumes()

    consumer = world.spawn(begins_later())
    yield from world.victim(victim())
    yield Wait(consumer)
    yield Wait(producer)
    yield from is_free(world, condition)
    world.expect("parked", condition._waiting == 0 and not condition._notified)


@scenario
def a_condition_acquired_by_hand(world):
    condition = Condition()

    def victim():
        yield from condition.acquire()
        try:
            yield from condition.wait()
        finally:
            if condition._lock.owner is world.assassin.victim:
                condition.release()

    def notifies():
        yield Sleep(1)
        with (yield from condition):
            condition.notify_all()
            yield Sleep(1)

    notifier = world.spawn(notifies())
    yield from world.victim(victim())
    yield Wait(notifier)
    yield from is_free(world, condition)


@scenario
def a_semaphore(world):
    semaphore, taken = Semaphore(2, bound=2), []

    def victim():
        with (yield from semaphore):
            yield Sleep(1)
        yield from semaphore.acquire()
        try:
            yield Sleep(1)
        finally:
            semaphore.release()

    others = [world.spawn(holds(semaphore, taken=taken)) for _ in range(3)]
    yield
    yield from world.victim(victim())
    for task in others:
        yield Wait(task)
    world.expect("locks", len(taken) == 3 and semaphore.value == 2, f"{semaphore!r}")
    world.expect("parked", semaphore._waiting == 0 and not semaphore._handed)


@scenario
def a_semaphore_in_a_coroutine(world):
    semaphore = Semaphore(1)

    async def victim():
        async with semaphore:
            await Sleep(1)
        with (await semaphore):
            await Sleep(1)

    others = [world.spawn(holds(semaphore)) for _ in range(2)]
    yield
    yield from world.victim(victim())
    for task in others:
        yield Wait(task)
    world.expect("locks", semaphore.value == 1, f"{semaphore!r}")


def meeting(world, barrier, arrived, victim):
    """The others pass the barrier, or hear that it was broken by a victim that came and left."""
    outcomes = []

    def meets(seconds):
        yield Sleep(seconds)
        try:
            outcomes.append((yield from barrier.wait()))
        except BrokenBarrierError:
            outcomes.append("broken")

    others = [world.spawn(meets(seconds)) for seconds in (0.5, 1)]
    yield from world.victim(victim)
    in_time = world.kernel.now() >= 1       # it was there when the last one came
    if not arrived:
        barrier.abort()     # it will never come
    for task in others:
        yield Wait(task)
    wanted = {1, 2} if in_time else {"broken"}
    world.expect("items", set(outcomes) == wanted and len(outcomes) == 2, f"{outcomes}")
    world.expect("parked", barrier.n_waiting == 0)


@scenario
def a_barrier(world):
    barrier, arrived = Barrier(3), []

    def victim():
        arrived.append(True)
        yield from barrier.wait()
        yield Sleep(1)

    yield from meeting(world, barrier, arrived, victim())


@scenario
def a_barrier_in_a_coroutine(world):
    barrier, arrived = Barrier(3), []

    async def victim():
        arrived.append(True)
        async with barrier as index:
            assert index == 0
            await Sleep(1)

    yield from meeting(world, barrier, arrived, victim())
