"""The random-kill test: seeded operations, and the invariants checked after every turn."""

import logging
import os
import random
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minios
from minios.kernel.hooks import Hooks
from minios.sim import VirtualClock
from syscalls import (
    Kill,
    Nice,
    Park,
    ReadWait,
    Recv,
    SendAll,
    Sleep,
    Spawn,
    Tasks,
    Wait,
    WaitAny,
    Wake,
    WriteWait,
)
from tests.invariants import check_invariants

SIGNALS = (2, 9, 15, 15, 15, 19, 18, 18, 18)
MAIN = 1    # left alone by the actors, so that a world lasts until its operations are done


class Checker(Hooks):
    """Looks at the whole kernel after every turn; `turns` counts them."""

    def __init__(self):
        self.turns = 0
        self.failure = None

    def attached(self, kernel):
        self.kernel = kernel

    def turn_ended(self, task):
        self.turns += 1
        try:
            check_invariants(self.kernel)
        except BaseException as failure:
            self.failure = failure
            raise


class World:
    """What the tasks of one run share: the dice, the sockets, how many operations are left."""

    def __init__(self, seed, operations, population=14):
        self.random = random.Random(seed)
        self.left = operations
        self.population = population
        self.sockets = [end for _ in range(4) for end in socket.socketpair()]
        for end in self.sockets:
            end.setblocking(False)

    def close(self):
        for end in self.sockets:
            end.close()


def actor(world, depth=0):
    """A task that does one random thing after another, and now and then ends or fails."""
    dice = world.random
    try:
        while world.left > 0:
            world.left -= 1
            yield from act(world, dice, depth)
            if dice.random() < 0.05:
                return dice.random()
            if dice.random() < 0.02:
                raise RuntimeError("an actor fails")
    except minios.Cancelled:
        if dice.random() < 0.3:
            yield Sleep(dice.random())      # cleans up before it goes
        if dice.random() < 0.9:
            raise


def act(world, dice, depth):
    tasks = [info.tid for info in (yield Tasks()) if info.tid != MAIN]
    other = dice.choice(tasks)
    action = dice.randrange(14)
    try:
        if action == 0 and len(tasks) < world.population:
            yield Spawn(actor(world))
        elif action == 1:
            yield Sleep(dice.choice((0, 0, 0.5, 3)))
        elif action == 2:
            yield Wait(other)
        elif action == 3:
            yield WaitAny(dice.sample(tasks, min(2, len(tasks))))
        elif action in (4, 5):
            yield Kill(other, dice.choice(SIGNALS))
        elif action == 6:
            yield Park(dice.randrange(3))
        elif action in (7, 8):
            yield Wake(dice.randrange(3), dice.choice((1, None)), dice.choice((None, "item")))
        elif action == 9:
            yield dice.choice((Recv, lambda end, n: ReadWait(end)))(dice.choice(world.sockets), 64)
        elif action == 10:
            yield SendAll(dice.choice(world.sockets), b"x" * dice.choice((1, 5000)))
        elif action == 11:
            yield WriteWait(dice.choice(world.sockets).fileno())
        elif action == 12 and depth < 5:
            yield actor(world, depth + 1)   # a routine on this task's own stack
        else:
            yield
    except (minios.KernelError, RuntimeError, OSError):
        pass


def medic(world):
    """The main task: wakes, continues, spawns, and ends those who wait for each other."""
    dice = world.random
    while world.left > 0:
        tasks = (yield Tasks())[1:]
        for info in tasks:
            yield Kill(info.tid, 18)
        if len(tasks) >= world.population - 1:
            yield Kill(dice.choice(tasks).tid, dice.choice((9, 15)))
        for channel in range(3):
            yield Wake(channel, None)
        for end in world.sockets:
            drain(end)
            end.send(b"wake up")
        if len(tasks) < world.population:
            yield Spawn(actor(world), daemon=dice.random() < 0.2)
        yield Nice(dice.choice((-1, 0, 1)))
        yield Sleep(1)


def drain(end):
    try:
        while end.recv(65536):
            pass
    except BlockingIOError:
        pass


def play(seed, operations):
    """Play one world to its end; the number of turns that were checked."""
    world = World(seed, operations)
    kernel = minios.Kernel(
        clock=VirtualClock(), grace=5, order=lambda batch: (batch[:1], batch[1:])
    )
    checker = Checker()
    kernel.attach(checker)

    try:
        kernel.run(medic(world))
        if checker.failure is not None:
            raise checker.failure
        assert not kernel.tasks and not kernel.timers and not kernel.parking.parked()
        return checker.turns
    finally:
        world.close()


@pytest.fixture
def quiet(caplog):
    caplog.set_level(logging.CRITICAL, logger="minios")


def test_the_invariants_hold_after_each_of_hundreds_of_thousands_of_operations(quiet):
    seed = int(os.environ.get("MINIOS_SEED", "20"))
    turns = 0
    while turns < 250_000:
        print(f"seed {seed}")       # shown by pytest where this fails
        turns += play(seed, 20_000)
        seed += 1


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), operations=st.integers(1, 300))
def test_the_invariants_hold_in_small_worlds_too(seed, operations):
    logging.getLogger("minios").setLevel(logging.CRITICAL)
    try:
        play(seed, operations)
    finally:
        logging.getLogger("minios").setLevel(logging.NOTSET)


def test_nothing_is_left_when_every_task_was_killed(kernel, pair):
    left, right = pair

    def sleeper(call):
        yield call

    def main():
        calls = [Sleep(9), Park("x"), Recv(left, 1), ReadWait(right), WriteWait(left)]
        tasks = []
        for call in calls:
            tasks.append((yield Spawn(sleeper(call))))
        tasks.append((yield Spawn(sleeper(Wait(tasks[0])))))
        yield
        for task in reversed(tasks):
            assert (yield Kill(task))
        yield Sleep(1)
        assert len(kernel.tasks) == 1
        assert not kernel.timers and not kernel.parking.parked()
        assert kernel.poller.descriptors() == []

    kernel.run(main())


def test_a_kernel_that_has_run_holds_nothing(kernel):
    def main():
        yield Spawn(iter_sleep())
        yield Sleep(1)

    def iter_sleep():
        yield Sleep(100)

    checks = []
    kernel.attach(type("End", (Hooks,), {"task_ended": lambda self, task: checks.append(task)})())
    kernel.run(main())
    assert len(checks) == 2
    assert not kernel.tasks and not kernel.timers and not kernel.parking.parked()
