"""Promise 8: given the same inputs and a virtual clock, the same program runs in the same order."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

import minios
from minios.sim import VirtualClock
from syscalls import GetTid, Nice, Now, Park, Sleep, Spawn, Wait, Wake


def history(seed):
    """Run a seeded program; what happened, as a list."""
    dice = random.Random(seed)
    log = []

    def worker(depth):
        tid = yield GetTid()
        for _ in range(dice.randrange(6)):
            log.append((tid, (yield Now())))
            action = dice.randrange(6)
            if action == 0 and depth < 4:
                task = yield Spawn(worker(depth + 1))
                if dice.random() < 0.5:
                    yield Wait(task)
            elif action == 1:
                yield Sleep(dice.choice((0, 0.1, 0.2, 1.5)))
            elif action == 2:
                yield Wake("x", None)
            elif action == 3 and dice.random() < 0.3:
                yield Nice(dice.choice((-2, 3)))
            elif action == 4 and tid > 3:
                yield Spawn(waker(), daemon=True)
                yield Park("x")
            else:
                yield

    def waker():
        yield Sleep(0.3)
        while True:
            yield Wake("x", None)
            yield Sleep(1)

    kernel = minios.Kernel(clock=VirtualClock())
    for _ in range(5):
        kernel.spawn(worker(0))
    kernel.run()
    return log, kernel.now()


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32))
def test_a_program_runs_in_the_same_order_every_time(seed):
    assert history(seed) == history(seed)


def test_tasks_become_ready_first_come_first_served(run):
    order = []

    def sleeper(n, seconds):
        yield Sleep(seconds)
        order.append(n)

    def main():
        for n in range(10):
            yield Spawn(sleeper(n, 5))
        yield Sleep(6)

    run(main())
    assert order == list(range(10))


def test_ten_thousand_sleepers_wake_in_the_order_of_their_times(run):
    times = list(range(1, 10_001))
    random.Random(7).shuffle(times)
    woken = []

    def sleeper(seconds):
        yield Sleep(seconds)
        woken.append(seconds)

    def main():
        for seconds in times:
            yield Spawn(sleeper(seconds))
        yield Sleep(20_000)

    run(main())
    assert woken == sorted(times)


def test_a_day_of_sleep_takes_no_real_time(run):
    def main():
        for _ in range(24):
            yield Sleep(3600)
        return (yield Now())

    assert run(main()) == 86_400
