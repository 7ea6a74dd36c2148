"""The timer heap: order, lazy cancelling, and its bound."""

import gc

from hypothesis import given
from hypothesis import strategies as st

from minios.kernel.timers import Timers
from syscalls import Kill, Now, Sleep, SleepUntil, Spawn


class Owner:
    def __init__(self, log, name):
        self.token, self.log, self.name = None, log, name

    def expired(self, kernel):
        self.log.append(self.name)


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans())))
def test_timers_expire_by_time_then_by_order_and_cancelled_ones_never(plan):
    timers, log = Timers(), []
    owners = []
    for name, (when, _) in enumerate(plan):
        owners.append(Owner(log, name))
        timers.start(owners[-1], when)
    for owner, (_, cancelled) in zip(owners, plan, strict=True):
        if cancelled:
            timers.cancel(owner)
            timers.cancel(owner)        # harmless
    live = [(when, name) for name, (when, cancelled) in enumerate(plan) if not cancelled]
    assert len(timers) == len(live)
    assert timers.next_due() == (min(live)[0] if live else None)
    for now in range(21):
        timers.expire(now, None)
    assert log == [name for _, name in sorted(live)]
    assert len(timers) == 0 and timers.next_due() is None


def test_cancelled_timers_do_not_pile_up():
    timers = Timers()
    for n in range(10_000):
        owner = Owner([], n)
        timers.start(owner, 1e9)
        timers.cancel(owner)
    assert len(timers._heap) < 200


def test_a_timer_calls_a_function_and_can_be_cancelled(kernel):
    log = []

    def main():
        kernel.call_at(5, log.append, "five")
        cancelled = kernel.call_at(6, log.append, "six")
        yield Sleep(5.5)
        cancelled.cancel()
        yield Sleep(5)

    kernel.run(main())
    assert log == ["five"]


def test_a_function_of_a_timer_that_fails_is_logged_and_the_kernel_goes_on(kernel, caplog):
    def main():
        kernel.call_at(1, lambda: 1 / 0)
        yield Sleep(2)
        return "went on"

    assert kernel.run(main()) == "went on"
    assert "ZeroDivisionError" in caplog.text


def test_sleep_until_a_moment_that_has_passed_gives_up_the_turn(run):
    def main():
        yield SleepUntil(10)
        assert (yield Now()) == 10
        yield SleepUntil(5)
        return (yield Now())

    assert run(main()) == 10


def test_a_hundred_thousand_cancelled_sleeps_leave_an_empty_heap(kernel):
    def sleeper():
        yield Sleep(1000)

    def main():
        for _ in range(100):
            tasks = []
            for _ in range(1000):
                tasks.append((yield Spawn(sleeper())))
            yield
            for task in tasks:
                yield Kill(task, 9)
        assert len(kernel.timers) == 0 and len(kernel.timers._heap) < 3000

    gc.disable()
    try:
        kernel.run(main())
    finally:
        gc.enable()
